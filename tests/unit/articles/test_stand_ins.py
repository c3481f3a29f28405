"""Archives of a site out of order: its notices are no articles, its moved articles are."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.city import City
from pipelines.articles import archives

ROOT = "http://www.tongshan.example"
HTML = (("Content-Type", "text/html; charset=utf-8"),)
CITY = City("tongshan", "铜山市", "Tongshan", ("www.tongshan.example",), ())
NOTICE = """<title>公告</title><h1>关于网站升级的公告</h1>
<p>因机房搬迁，门户网站于今日零时至十八时进行系统升级，期间暂停访问，给您带来不便，敬请谅解。</p>"""
NEWS = """<title>夏粮收购全面启动</title><h1>夏粮收购全面启动</h1>
<div>2024-05-06 来源：铜山日报</div>
<p>铜山市夏粮收购工作六日全面启动，三十二个收购点同时开秤，各乡镇已经落实人员和仓容。</p>
<p>粮食部门要求各收购点公示价格和标准，现款结算，不得拖欠，方便群众就近售粮，并按日上报进度。</p>"""


def page(path: str, html: str) -> Exchange:
    return Exchange(
        f"{ROOT}{path}", "GET", (), 200, HTML, html.encode(), datetime(2024, 5, 6, 8, tzinfo=UTC),
        "article",
    )  # fmt: skip


def led(path: str, target: str) -> Exchange:
    return replace(page(path, ""), status=302, headers=(*HTML, ("Location", target)))


def script(path: str, target: str) -> Exchange:
    return page(path, f"<script>window.location.href='{target}';</script>")


@pytest.mark.parametrize(
    ("records", "reasons"),
    [
        ([led("/yw/1.html", "/tz/wh.html"), page("/tz/wh.html", NOTICE)], ["redirected_away"]),
        ([script("/yw/1.html", "/tz/wh.html"), page("/tz/wh.html", NOTICE)], ["redirected_away"]),
        ([page(f"/yw/{n}.html", NOTICE) for n in (1, 2, 3)], ["same_page"] * 3),
        (
            [*(led(f"/yw/{n}.html", "/zt/a.html") for n in (1, 2, 3)), page("/zt/a.html", NEWS)],
            ["redirected_away"],
        ),
        ([led("/yw/1.html", "/zt/xialiang.html"), page("/zt/xialiang.html", NEWS)], []),
        ([led("/yw/20240506.html", "/xw/20240506.html"), page("/xw/20240506.html", NEWS)], []),
        ([page("/tz/wh.html", NOTICE)], []),
        ([page(f"/{column}/1.html", NEWS) for column in ("a", "b", "c")], []),
    ],
)  # fmt: skip
def test_what_stands_in_the_place_of_others_is_refused(
    records: list[Exchange], reasons: list[str], tmp_path: Path
) -> None:
    with ArchiveWriter(tmp_path / "in", "a", known=lambda digest: None) as writer:
        for record in records:
            writer.write(record)
    (path,) = (tmp_path / "in").iterdir()
    wanted = archives._Filter({CITY.key: CITY}, None, any_host=False)
    found, _ = archives._read(path, wanted=wanted)
    assert [reject.reason for reject in found[CITY.key].rejects] == reasons
    shown = [
        record for record in records if record.status == 200 and b"<script>" not in record.body
    ]
    assert len(found[CITY.key].articles) == len(shown) - len(reasons)
