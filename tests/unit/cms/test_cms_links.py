"""Dates and titles as lists show them."""

from datetime import date

import pytest

from crawler.cms.links import absolute, links, shown_date


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("关于停水的通知 2024-03-05", date(2024, 3, 5)),
        ("[2024/3/5] 关于停水的通知", date(2024, 3, 5)),
        ("2024年3月5日", date(2024, 3, 5)),
        ("2024.03.05 10:21", date(2024, 3, 5)),
        ("Library opens March 5, 2024", date(2024, 3, 5)),
        ("5 Mar 2024", date(2024, 3, 5)),
        ("5 ſep 2024", date(2024, 9, 5)),  # a pattern that ignores case takes ſ for s
        ("2023-12-31结转事项说明 2024-03-05", date(2024, 3, 5)),
        ("电话 0411-2024-9999", None),
        ("2024-13-45", None),
        ("03-05", None),
        ("March 45, 2024", None),
    ],
)
def test_the_last_whole_date_of_an_item_is_its_date(text: str, day: date | None) -> None:
    assert shown_date(text) == day


def test_a_neighbours_date_is_not_taken() -> None:
    items = "".join(f"<a href='/{n}.html'>{n}</a>" for n in (1, 2, 3))
    text = f"<div>{items}2024-01-02</div>"
    assert [link.date for link in links(text, "http://a.example/", lambda url: True)] == [None] * 3


@pytest.mark.parametrize(
    ("shown", "title"),
    [
        ("[2024-03-05] 停水通知", "停水通知"),
        ("停水通知（2024-03-05 09:30）", "停水通知"),
        ("Report on 2023 (Abstract)", "Report on 2023 (Abstract)"),
        ("关于2023-12-31前结转事项的说明", "关于2023-12-31前结转事项的说明"),
        ("停水通知...", None),
        ("停水通知……", None),
    ],
)
def test_a_title_loses_the_date_at_its_edge_and_nothing_else(shown: str, title: str | None) -> None:
    found = links(f"<a href='/1.html'>{shown}</a>", "http://a.example/", lambda url: True)
    assert found[0].title == title


def test_a_picture_link_takes_its_title_from_the_text_link() -> None:
    text = "<li><a href='/1.html'><img src='x.jpg'></a><a href='/1.html'>标题</a></li>"
    assert [link.title for link in links(text, "http://a.example/", lambda url: True)] == ["标题"]


@pytest.mark.parametrize(
    "href", ["", "#top", "javascript:;", "mailto:a@b", "ftp://a/b", "http://["]
)
def test_what_leads_to_no_page_has_no_address(href: str) -> None:
    assert absolute(href, "http://a.example/x/") is None


@pytest.mark.parametrize(
    "leaf",
    [
        "<b>05</b><i>2025-07</i>", "<i>2025/7</i><b>5</b>", "<i>2025年7月</i><b>05日</b>",
        "<i>2025</i><b>07-05</b>", "<b>7月5日</b><i>2025</i>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["<li>{1}{0}</li>", "<li>{0}{1}</li>"])
def test_a_calendar_leaf_dates_its_item(leaf: str, place: str) -> None:
    link = '<a href="/xw/88.html">道路工程2024年第3标段完工</a>'
    text = f"<ul>{place.format(link, f'<div>{leaf}</div>')}</ul>"
    (found,) = links(text, "http://www.a.example/xw/", lambda url: True)
    assert found.date == date(2025, 7, 5)
