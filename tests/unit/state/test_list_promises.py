"""Promises: what lists say of an address, one for each title."""

from datetime import date
from pathlib import Path

from crawler.state.promises import Promise
from crawler.state.visits import Visits

URL = "http://www.luoshan.example/xwzx/t20240301_1.html"


def test_an_address_keeps_the_promise_of_each_title_with_its_latest_day(tmp_path: Path) -> None:
    visits = Visits.open(tmp_path / "luoshan.sqlite")
    try:
        for title, day in (("甲", 3), ("乙", 1), ("甲", 5), ("甲", 4), (None, 2)):
            visits.promises.add(URL, Promise(title, date(2024, 3, day)))
        assert set(visits.promises.of([URL])) == {
            Promise(None, date(2024, 3, 2)),
            Promise("乙", date(2024, 3, 1)),
            Promise("甲", date(2024, 3, 5)),
        }
    finally:
        visits.close()
