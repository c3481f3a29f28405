"""Articles that do not fit their family's rules: when a changed layout is reported."""

import asyncio
import json
from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

from crawler.archive.reader import Answer
from crawler.city import City, Source
from crawler.crawl.articles import ArticleReader
from crawler.crawl.session import Session

LIST = "http://www.a.example/news/"
CITY = City(
    key="luoshan",
    name_zh="洛山市",
    name_en="Luoshan",
    hosts=("www.a.example",),
    sources=(Source("zh", "trs", LIST),),
)
TEXT = "<p>市政府三日召开会议，听取全市水利工程建设情况的汇报，部署下一阶段的工作。</p>" * 4


def page(number: int, *, by_rules: bool) -> Answer:
    """An article page, with or without the element that the family's rules name."""
    name = "TRS_Editor" if by_rules else "new-design"
    html = f"""<html><head><title>市政府召开第{number}次会议</title></head><body>
        <h1>市政府召开第{number}次会议</h1><p>发布时间：2024-03-05</p>
        <div class="{name}">{TEXT}</div></body></html>"""
    url = f"{LIST}202403/t20240305_{number}.html"
    return Answer(url, 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode())


@pytest.mark.parametrize(
    ("by_rules", "without", "reported"),
    [
        (0, 4, None),
        (0, 5, "5 of 5 articles do not look as their family's do"),
        (1, 5, "5 of 6 articles do not look as their family's do"),
        (2, 8, None),
        (2, 9, "9 of 11 articles do not look as their family's do"),
    ],
)
def test_a_layout_has_changed_if_few_of_five_articles_fit_the_rules(
    by_rules: int, without: int, reported: str | None, tmp_path: Path
) -> None:
    session = Session.open(get_crawler(settings_dict={"SHIZHENG_OUTPUT": str(tmp_path)}), CITY)
    reader = ArticleReader(session)
    for number in range(by_rules + without):
        asyncio.run(reader.read(page(number, by_rules=number < by_rules)))
    reader.conclude()
    session.close()
    files = list(tmp_path.glob("runs/*/luoshan.issues.jsonl"))
    issues = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert [(issue["code"], issue["evidence"]) for issue in issues] == (
        [("layout_changed", reported)] if reported else []
    )
