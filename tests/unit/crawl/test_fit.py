"""Fit of pages to the promises of lists."""

from datetime import date, datetime

import pytest

from crawler.crawl.fit import (
    content_key,
    day_fits,
    is_notice,
    is_whole,
    same_place,
    same_title,
    title_fits,
)
from crawler.item import NEWS_TIME, Article
from crawler.state.promises import Promise

ROOT = "http://www.qiaoxi.example"


def article(title: str = "", text: str = "", day: str = "", source: str | None = None) -> Article:
    moment = datetime.fromisoformat(day).replace(tzinfo=NEWS_TIME) if day else None
    return Article(
        "0" * 16, "qiaoxi", "", ROOT, title, text,
        published_at=moment, published_precision="day" if day else None, source=source,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("桥西区老年食堂增至十二家", "桥西区老年食堂增至十二家", True),
        ("老年食堂增至十二家", "【民生】桥西区老年食堂增至十二家", True),
        ("桥西区老年食堂新增十二家", "桥西区老年食堂增至十二家", True),
        ("Canteens for the elderly reach 12", "Canteens for the Elderly Reach 12 in Qiaoxi", True),
        ("第27次常务会议召开", "第28次常务会议召开", False),
        ("桥西区老年食堂增至十二家", "系统维护公告", False),
        ("要闻", "区政府要闻发布会召开情况通报", False),
        ("Notice of maintenance", "Canteens for the elderly reach 12", False),
    ],
)
def test_titles_of_one_article(one: str, other: str, same: bool) -> None:
    assert same_title(one, other) is same_title(other, one) is same


@pytest.mark.parametrize(
    ("asked", "found", "same"),
    [
        ("/xw/202403/t20240304_77.html", "/news/2024/t20240304_77.html", True),
        ("/art/2024/3/4/art_19_88213.html", "/c/88213/content.html", True),
        ("/show.aspx?id=40213", "/detail/40213.html", True),
        ("/xw/202403/t20240304_77.html", "/login?ret=/xw/202403/t20240304_77.html", False),
        ("/xw/202403/t20240304_77.html", "/", False),
        ("/xw/a.html?from=list", "/xw/a.html", True),
        ("/xw/a.html#top", "/xw/a.html", True),
        ("/?id=1", "/?id=2", False),
        ("/xw/bridge.html", "/zt/bridge.html", False),
        ("/xw/202403/index.html", "/zt/202403/index.html", False),
        ("/xw/20240304/77.html", "/gg/20240304/notice.html", False),
    ],
)
def test_addresses_of_one_page(asked: str, found: str, same: bool) -> None:
    assert same_place(ROOT + asked, ROOT + found) is same


def test_a_promise_is_of_a_title_or_of_a_day() -> None:
    promises = [Promise("桥西区老年食堂增至十二家", date(2024, 3, 4)), Promise()]
    assert title_fits(["门户", "桥西区老年食堂增至十二家 - 桥西区政府"], promises)
    assert not title_fits(["门户"], promises)
    dated = article(day="2024-03-04T09:00")
    assert day_fits(dated, f"{ROOT}/1.html", promises)
    assert day_fits(dated, f"{ROOT}/202403/t20240304_1.html", [])
    assert not day_fits(dated, f"{ROOT}/1.html", [])
    assert not day_fits(article(), f"{ROOT}/1.html", promises)


def test_a_notice_is_short_and_no_article_with_a_source() -> None:
    notice = article("公告", "本站系统升级，暂停服务至六时。", "2024-03-04T00:00", "区大数据中心")
    assert is_notice(notice)
    assert not is_whole(notice)
    news = article("食堂", "区里新开了四家老年食堂。", "2024-03-04T00:00", "桥西日报")
    assert is_whole(news)
    assert not is_whole(article("食堂", "区里新开了四家老年食堂。", "2024-03-04T00:00"))
    long = article("平台", "全区政务平台升级工作座谈会召开，与会人员交流了经验。" * 20)
    assert not is_notice(long)


def test_one_notice_with_the_time_in_it_is_one_text() -> None:
    one = article("提示", "服务器忙 08:31:22 http://www.qiaoxi.example/a/1.html")
    other = article("提示", "服务器忙 08:31:25 http://www.qiaoxi.example/a/2.html")
    assert content_key(one) == content_key(other)
    assert content_key(one) != content_key(article("第2号提示", one.text))
