"""The plan: the newest good capture of each address, cursors, outcomes, and what a kill leaves."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from crawler.backfill.capture import Capture, Cursor, Window
from crawler.backfill.plan import Plan, PlanError
from crawler.city import City, Source
from crawler.city_file import load_cities

ONE = "http://en.dl.gov.cn/News/ChinaNews/1.jhtml"
TWO = "http://en.dl.gov.cn/News/ChinaNews/2.jhtml"


def plan(
    path: Path, *, every: bool = False, window: Window | None = None, replays: bool = False
) -> Plan:
    return Plan.open(
        path, "service", load_cities()["dalian"], window or Window(), every=every,
        place=lambda capture: f"{capture.file}#{capture.offset} {capture.timestamp} {capture.url}",
        replays=replays,
    )  # fmt: skip


def capture(url: str, day: str, digest: str = "", **fields: object) -> Capture:
    return Capture(url, f"{day}000000", digest, **fields)  # type: ignore[arg-type]


def wanted(found: Plan) -> list[tuple[str, str, str]]:
    return [(w.capture.url, w.capture.timestamp[:8], w.first[:8]) for w in found.wanted()]


def test_the_newest_good_capture_of_an_address_is_wanted(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [
            capture(ONE, "20180101"), capture(f"https{ONE[4:]}", "20190101"),
            capture(f"{ONE}?from=weixin", "20170101"), capture(ONE, "20200101", problem="status"),
            capture(TWO, "20180101", problem="truncated"),
            capture("http://x.cn/1.jhtml", "20180101"),
        ])  # fmt: skip
        assert wanted(found) == [(f"https{ONE[4:]}", "20190101", "20170101")]
        assert found.rows() == {
            "rows": 6, "good": 3, "status": 1, "truncated": 1, "other_address": 1,
        }  # fmt: skip


def test_the_page_itself_is_wanted_before_a_newer_other_view(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [capture(ONE, "20180101"), capture(ONE[:-6] + "_print.jhtml", "20200101")])
        assert wanted(found) == [(ONE, "20180101", "20180101")]


def test_every_text_of_an_address_is_wanted_once(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite", every=True) as found:
        found.take("q", [
            capture(ONE, f"201{year}0101", digest) for year, digest in enumerate("AABBA", 4)
        ])  # fmt: skip
        found.settle()
        assert [day for _, day, _ in wanted(found)] == ["20140101", "20160101", "20180101"]


def test_a_revisit_is_wanted_from_an_archive_that_replays_it(tmp_path: Path) -> None:
    revisit = capture(ONE, "20190101", problem="revisit")
    with plan(tmp_path / "a.sqlite") as found:
        found.take("q", [capture(ONE, "20180101"), revisit])
        assert [day for _, day, _ in wanted(found)] == ["20180101"]
        assert found.rows()["revisit"] == 1
    with plan(tmp_path / "b.sqlite", replays=True) as found:
        found.take("q", [capture(ONE, "20180101"), revisit])
        assert [day for _, day, _ in wanted(found)] == ["20190101"]


def test_a_window_chooses_the_newest_within(tmp_path: Path) -> None:
    window = Window(until=date(2018, 12, 31))
    with plan(tmp_path / "p.sqlite", window=window) as found:
        found.take("q", [capture(ONE, "20180101"), capture(ONE, "20190101")])
        assert [day for _, day, _ in wanted(found)] == ["20180101"]


def test_a_query_that_broke_off_goes_on_at_its_cursor(tmp_path: Path) -> None:
    def broken() -> Iterator[Capture | Cursor]:
        yield capture(ONE, "20180101")
        yield Cursor("page 1")
        yield capture(TWO, "20180101")
        raise KeyboardInterrupt

    with plan(tmp_path / "p.sqlite") as found:
        assert found.cursor("q") == ""
        with pytest.raises(KeyboardInterrupt):
            found.take("q", broken())
        assert found.cursor("q") == "page 1"
        assert found.rows() == {"rows": 1, "good": 1}
        found.take("q", [capture(TWO, "20180101")])
        assert found.cursor("q") is None
        assert found.rows() == {"rows": 2, "good": 2}
        found.forget("q")
        assert found.cursor("q") == ""


def test_what_was_fetched_is_wanted_no_more_by_place_or_content(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [capture(ONE, "20180101", "A"), capture(TWO, "20180101", "B")])
        one, two = found.wanted()
        found.mark([(one, "archived", ("f", 7)), (two, "missing", ("", -1))])
        assert list(found.wanted()) == []
        assert found.last_place() == ("f", 7)
        assert found.outcomes() == {"archived": 1, "missing": 1}
        # A newer capture of the same content brings nothing; one of another does.
        found.take("r", [capture(ONE, "20190101", "A"), capture(TWO, "20190101", "C")])
        assert wanted(found) == [(TWO, "20190101", "20180101")]
    # Another plan of the same archive does not ask for them, either.
    with plan(tmp_path / "p.sqlite", every=True) as found:
        found.take("q", [capture(ONE, "20180101", "A")])
        assert list(found.wanted()) == []


def test_the_capture_before_one_that_cannot_be_had_is_wanted(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [capture(ONE, f"20{year}0101", "A") for year in (17, 18, 19)])
        found.take("r", [capture(TWO, f"20{year}0101") for year in (17, 18)])
        for outcome, day, days in (
            ("", "20190101", 2), ("broken", "20180101", 2), ("archived", "", 1),
        ):  # fmt: skip
            if outcome:
                found.mark(
                    [(one, outcome, ("", -1)) for one in found.wanted() if one.address[-7] == "1"]
                )
            assert [d for url, d, _ in wanted(found) if url == ONE] == [day] * bool(day)
            assert sum(part.captures for part in found.parts()) == days
        # What the archive keeps to itself it keeps with all its captures.
        found.mark([(one, "excluded", ("", -1)) for one in found.wanted()])
        assert wanted(found) == []


def test_a_changed_rule_of_the_city_asks_the_index_again(tmp_path: Path) -> None:
    def opened(*sources: Source) -> Plan:
        city = City("x", "x市", "X", ("www.x.example",), sources)
        return Plan.open(
            tmp_path / "p.sqlite", "service", city, Window(), every=False,
            place=lambda capture: capture.url, replays=True,
        )  # fmt: skip

    one = Source("zh", "trs", "http://www.x.example/list/index.html", None)
    old = "http://www.x.example/old/1.asp"
    with opened(one) as found:
        found.take("q", [capture(old, "20180101")])
        assert (found.cursor("q"), wanted(found)) == (None, [])
    with opened(one, Source("zh", "generic", "http://www.x.example/old/", "/old/")) as found:
        assert found.cursor("q") == ""
        found.take("q", [capture(old, "20180101")])
        assert [url for url, _, _ in wanted(found)] == [old]


def test_a_plan_of_an_older_version_keeps_its_outcomes(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [capture(ONE, "20180101"), capture(TWO, "20180101")])
        found.mark([(next(found.wanted()), "archived", ("f", 7))])
    with sqlite3.connect(tmp_path / "p.sqlite") as database:
        database.executescript("PRAGMA user_version=0; ALTER TABLE captures ADD COLUMN slot TEXT")
    with plan(tmp_path / "p.sqlite") as found:
        assert found.cursor("q") == ""
        found.take("q", [capture(ONE, "20180101"), capture(TWO, "20180101")])
        assert [url for url, _, _ in wanted(found)] == [TWO]


def test_copies_without_a_note_are_noted(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [capture(ONE, "20180101", "A", file="w", offset=5)])
        [one] = found.wanted()
        assert found.recover([(one.place, ("f", 0))]) == 1
        assert list(found.wanted()) == []


def test_captures_are_fetched_in_the_order_of_their_files(tmp_path: Path) -> None:
    with plan(tmp_path / "p.sqlite") as found:
        found.take("q", [
            capture(f"http://en.dl.gov.cn/{n}.jhtml", "20180101", file=f"w{n % 2}", offset=5000 - n)
            for n in range(1200)
        ])  # fmt: skip
        places = [(w.capture.file, w.capture.offset) for w in found.wanted()]
        assert places == sorted(places)
        assert len(places) == 1200
        parts = found.parts()
        assert [(p.year, p.host, p.pattern, p.captures) for p in parts] == [
            ("2018", "en.dl.gov.cn", "jeecms", 1200)
        ]


def test_a_file_that_is_no_plan_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(PlanError, match=r"p\.sqlite.*delete it"):
        plan(path)
