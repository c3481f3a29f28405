"""Three invented sites of different makes, for tests that begin at a home page.

Luoqiao runs a system with dated folders and has an English host; Huwan numbers its posts and has an
English folder behind a menu; Tingxi runs a system of its own, addressed by queries, and links its
English edition by a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from crawler.demo.response import Response, html

ZH = (
    "洛水两岸新建绿道全线贯通", "城东小学新校舍本周启用", "市里召开第{n}次防汛会商会",
    "老旧小区加装电梯再添{n}部", "夜间公交线路增至{n}条", "秋粮收购工作全面展开",
    "图书馆延长周末开放时间", "本市新增{n}处社区食堂",
)  # fmt: skip
EN = (
    "New riverside greenway opens to walkers", "East city primary school moves into new building",
    "City holds flood control meeting number {n}", "{n} more lifts fitted in old housing blocks",
    "Night bus network grows to {n} routes", "Autumn grain purchase under way across the city",
    "Library extends its weekend opening hours", "{n} community canteens open in the city",
)  # fmt: skip
NOTICES = ("关于第{n}号道路施工绕行的通告", "事业单位公开招聘公告（{n}）", "停水通知第{n}号")
TRAVEL = ("Ten walks in the old town, part {n}", "Where to eat noodles, stop {n}")
ZH_TEXT = (
    "记者从有关部门了解到，这项工程历时{n}个月，沿线共设置休息点十二处，方便市民停留。",
    "负责人表示，下一步将继续听取居民意见，完善照明和标识，争取年内全部完工并向公众开放。",
    "不少市民早晨就来到现场，有人跑步，有人带着孩子散步，纷纷表示出行比过去方便了许多。",
)
EN_TEXT = (
    "The project took {n} months and has twelve places along the way where people may sit down.",
    "Officials said that they would listen to residents and finish lights and signs this year.",
    "Many people came in the morning to run or to walk with their children, and liked what it is.",
)


@dataclass(frozen=True)
class Web:
    """Answers by absolute URL, queries included."""

    pages: Mapping[str, str]
    hosts: frozenset[str] = frozenset()

    def answer(self, url: str) -> Response:
        """Return the page of a URL, 404 without."""
        parts = urlsplit(url)
        key = f"{parts.netloc}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
        found = self.pages.get(key)
        return html(found) if found is not None else html("<p>404</p>", status=404)


def page(title: str, body: str, menu: str = "", lang: str = "zh") -> str:
    """Return a page with a menu above its body."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'</head><body><div class="nav">{menu}</div>{body}'
        '<div class="footer"><a href="/about/">About</a></div></body></html>'
    )


def menu(*links: tuple[str, str]) -> str:
    """Return the links of a menu: name, address."""
    return "<ul>" + "".join(f'<li><a href="{to}">{name}</a></li>' for name, to in links) + "</ul>"


def entries(titles: Sequence[str], addresses: Sequence[str], first: date) -> str:
    """Return the entries of a list, the newest first, two days apart."""
    named = [titles[n % len(titles)].format(n=n + 2) for n in range(len(addresses))]
    days = [first - timedelta(days=2 * n) for n in range(len(addresses))]
    rows = [
        f'<li><a href="{to}" title="{title}">{title}</a><span>{day}</span></li>'
        for to, title, day in zip(addresses, named, days, strict=True)
    ]
    return f'<div class="list"><ul>{"".join(rows)}</ul></div>'


def article(title: str, texts: Sequence[str], day: date, number: int) -> str:
    """Return an article's page."""
    body = "".join(f"<p>{text.format(n=number + 3)}</p>" for text in texts * 2)
    return page(
        title,
        f'<h1>{title}</h1><div class="info">发布时间：{day} 来源：本网</div>'
        f'<div class="TRS_Editor" id="zoom">{body}</div>',
    )


def filled(
    pages: dict[str, str],
    place: tuple[str, str],
    news: tuple[str, Sequence[str], Sequence[str]],
    listed: tuple[Sequence[str], date],
    top: str,
) -> None:
    """Add a list and its articles to a site."""
    (host, at), (name, titles, texts), (addresses, first) = place, news, listed
    found = [to if to.startswith("/") else at + to for to in addresses]
    pages[host + at] = page(name, f"<h2>{name}</h2>" + entries(titles, found, first), top)
    for n, to in enumerate(found):
        title = titles[n % len(titles)].format(n=n + 2)
        pages[host + to] = article(title, texts, first - timedelta(days=2 * n), n)


def dated(first: date, count: int, number: int) -> list[str]:
    """Return addresses in dated folders."""
    days = [first - timedelta(days=2 * n) for n in range(count)]
    return [f"{day:%Y%m}/t{day:%Y%m%d}_{number - n}.html" for n, day in enumerate(days)]


def luoqiao(today: date, news: str = "/xwzx/lqyw/") -> Web:
    """Return Luoqiao: dated folders, an English host."""
    zh, en, pages = "www.luoqiao.example", "en.luoqiao.example", dict[str, str]()
    top = menu(
        ("首页", "/"), ("走进洛桥", "/zjlq/"), ("新闻中心", "/xwzx/"), ("政务公开", "/zwgk/"),
        ("办事服务", "/bsfw/"), ("互动交流", "/hdjl/"), ("English", f"http://{en}/"),
    )  # fmt: skip
    recent = today - timedelta(days=1)
    for at, name, titles, first, number in (
        (news, "洛桥要闻", ZH, recent, 720_100),
        ("/zwgk/tzgg/", "通知公告", NOTICES, recent, 730_100),
        ("/xwzx/bmdt/", "部门动态", ZH[::-1], today - timedelta(days=40), 740_100),
    ):
        filled(pages, (zh, at), (name, titles, ZH_TEXT), (dated(first, 12, number), first), top)
    blocks = "".join(
        f'<div class="block"><h3>{name} <a href="{at}">更多&gt;&gt;</a></h3></div>'
        for name, at in (
            ("洛桥要闻", news),
            ("通知公告", "/zwgk/tzgg/"),
            ("部门动态", "/xwzx/bmdt/"),
        )
    )
    home = blocks + '<p><a href="/xwzx/sp/1.mp4">视频</a></p>'
    pages[zh + "/"] = page("洛桥市人民政府门户网站", home, top)
    there = menu(
        ("Home", "/"), ("News", "/news/"), ("Travel", "/travel/"), ("中文", f"http://{zh}/")
    )
    filled(pages, (en, "/news/"), ("News", EN, EN_TEXT), (dated(recent, 10, 91_100), recent), there)
    filled(
        pages,
        (en, "/travel/"),
        ("Travel", TRAVEL, EN_TEXT),
        (dated(recent, 8, 92_100), recent),
        there,
    )
    pages[en + "/"] = page("Luoqiao, China", "<p>Welcome to Luoqiao</p>", there, "en")
    return Web(pages)


def huwan(today: date, news: str = "/xwzx/jrhw/") -> Web:
    """Return Huwan: numbered posts, an English folder behind a menu."""
    host, pages = "www.huwan.example", dict[str, str]()
    top = menu(
        ("首页", "/"), ("政务公开", "/zwgk/"), ("今日湖湾", news), ("公示公告", "/xwzx/gsgg/"),
        ("服务", "/fw/"),
    )  # fmt: skip
    top += (
        '<select onchange="window.open(this.value)"><option value="">语言</option>'
        '<option value="/english/index.html">English</option></select>'
    )
    first = today - timedelta(days=2)
    posts = [f"content/post_{5_100_200 - n}.html" for n in range(14)]
    filled(pages, (host, news), ("今日湖湾", ZH, ZH_TEXT), (posts, first), top)
    notices = [f"content/post_{5_200_200 - n}.html" for n in range(14)]
    filled(pages, (host, "/xwzx/gsgg/"), ("公示公告", NOTICES, ZH_TEXT), (notices, first), top)
    pages[host + "/"] = page("湖湾市人民政府", "<p>湖湾市人民政府主办</p>", top)
    there = menu(
        ("Home", "/english/index.html"), ("About Huwan", "/english/about/"),
        ("Press Releases", "/english/pr/"), ("Services", "/english/services/"),
    )  # fmt: skip
    english = [f"content/post_{5_300_200 - n}.html" for n in range(9)]
    filled(pages, (host, "/english/pr/"), ("Press Releases", EN, EN_TEXT), (english, first), there)
    pages[host + "/english/index.html"] = page("Huwan", "<p>Welcome to Huwan</p>", there, "en")
    return Web(pages)


def tingxi(today: date, news: str = "/list.php?cid=3") -> Web:
    """Return Tingxi: a system of its own, addressed by queries; a picture links the English."""
    host, pages = "www.tingxi.example", dict[str, str]()
    top = menu(
        ("首页", "/index.php"), ("亭溪概况", "/list.php?cid=1"), ("政务动态", news),
        ("政策文件", "/list.php?cid=5"),
    )  # fmt: skip
    top += '<a href="/en/index.php"><img src="/img/en.png" alt="English"></a>'
    first = today - timedelta(days=3)
    cid = news.rpartition("=")[2]
    for at, name, titles, number in (
        (news, "政务动态", ZH, 8_800),
        ("/list.php?cid=5", "政策文件", NOTICES, 9_800),
    ):
        reads = [f"/read.php?cid={at.rpartition('=')[2]}&id={number - n}" for n in range(11)]
        filled(pages, (host, at), (name, titles, ZH_TEXT), (reads, first), top)
    assert cid
    pages[host + "/"] = page("亭溪市人民政府", "<p>欢迎访问亭溪</p>", top)
    pages[host + "/index.php"] = pages[host + "/"]
    there = menu(("Home", "/en/index.php"), ("City News", "/en/list.php?cid=31"),
                 ("Living", "/en/list.php?cid=33"))  # fmt: skip
    for at, name, titles, number in (
        ("/en/list.php?cid=31", "City News", EN, 4_400),
        ("/en/list.php?cid=33", "Living", TRAVEL, 4_900),
    ):
        reads = [f"/en/read.php?cid={at.rpartition('=')[2]}&id={number - n}" for n in range(9)]
        filled(pages, (host, at), (name, titles, EN_TEXT), (reads, first), there)
    pages[host + "/en/index.php"] = page("Tingxi", "<p>Welcome to Tingxi</p>", there, "en")
    return Web(pages)
