"""Numbers that no page has: whatever a list writes, reading it gives a listing."""

from datetime import UTC, datetime

import pytest

from crawler.cms import FAMILIES
from crawler.fetch.pace import retry_after
from crawler.limits import whole_number

NUMBERS = (
    "9" * 5000, "²", "٣", "-1", "+1", "0", "00", "1e999", "NaN", "Infinity", "inf", "true", "null",
    '"' + "9" * 5000 + '"', "99999999999", "253402300800000", "9999-99-99", "0000-00-00",
)  # fmt: skip
PLACES = {
    "link": "<a href='index_{n}.html'>{n}</a>",
    "jhtml": "<a href='index_{n}.jhtml'>{n}</a> {n}/{n}页",
    "query": "<a href='index.html?page={n}'>{n}</a><a href='?n={n}&page={n}'>下一页</a>",
    "path": "<a href='/x/page/{n}/'>{n}</a>",
    "call": "createPageHTML({n}, {n}, 'index', 'html'); <a href='index_{n}.html'>2</a>"
    "createPageHTML(9, 0, 'index', 'html');",
    "total": "共{n}页 totalRecord: {n}, columnid: {n}, unitid: '1', perPage: {n}",
    "date": "<li><a href='/art/2024/1/5/art_1_1.html'>滨江市新闻标题</a>{n}-01-05 {n}年{n}月{n}日",
    "json": '{{"total":{n},"infolist":[{{"title":"a","link":"/content_1.html","pubtime":{n}}}]}}',
    "feed": "<rss><item><title>t</title><link>http://h.example/1.html</link>"
    "<pubDate>{n}, 0{n} Jan {n} {n}:00 +{n}</pubDate></item></rss>",
}
ADDRESSES = ("http://h.example/x/index.html", "http://h.example/x/a.aspx?n={n}&page={n}")


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:12])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_number_keeps_a_list_from_being_read(family: str, number: str) -> None:
    for text in PLACES.values():
        for url in ADDRESSES:
            listing = FAMILIES[family].read_list(text.format(n=number), url.format(n=number))
            assert len(listing.more) <= 7000
    for path in (f"art_{number}_{number}.html", f"{number}/{number}/t{number}_{number}.html"):
        FAMILIES[family].is_article(f"http://h.example/{path}?id={number}")


def test_whole_numbers_are_ascii_digits_of_bounded_length() -> None:
    assert [whole_number(text) for text in ("0", " 12 ", "0007", "999999999")] == [
        0,
        12,
        7,
        999999999,
    ]
    assert [whole_number(text) for text in ("", "²", "٣", "-1", "1.0", "1" * 10, "9" * 5000)] == [
        None
    ] * 7
    assert whole_number("1" * 15, digits=15) == 111111111111111


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("120", 120), ("²", None), ("9" * 5000, float("inf")), ("-5", None), ("Mon, 32 Foo", None)],
)
def test_a_rest_is_as_long_as_it_is_asked_for_or_not_asked_for(
    told: str, seconds: float | None
) -> None:
    assert retry_after(told, datetime(2024, 4, 2, tzinfo=UTC)) == seconds
