"""A city is well when its assertions hold; when not, a sentence says which and by how much."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import builders
from builders import NOW, article, store_articles

from crawler.city import Source
from pipelines.operations import health
from pipelines.tables import lock, runs

city = partial(builders.city, "somewhere")


def store_langs(output: Path, *langs: str, now: datetime = NOW) -> None:
    """Store an article of each language."""
    listed = (article(f"a{n}", lang, city="somewhere") for n, lang in enumerate(langs))
    store_articles(output, *listed, now=now)


def test_a_city_that_keeps_its_assertions_is_well(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh", "en")
    assert health.failures(tmp_path, city(min_articles={"zh": 1, "en": 1}), {}, NOW) == []


def test_too_few_articles_of_a_language_are_reported_with_both_numbers(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    found = health.failures(tmp_path, city(min_articles={"zh": 1, "en": 2}), {}, NOW)
    assert found == ["0 en articles stored, at least 2 expected"]


def test_too_many_rejects_are_reported_as_a_share(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    counts = {"articles": 7, "rejects": 3}
    assert health.failures(tmp_path, city(max_rejects=0.3), counts, NOW) == []
    assert health.failures(tmp_path, city(max_rejects=0.2), counts, NOW) == [
        "3 of 10 pages rejected, at most 20% expected"
    ]


def test_a_quiet_city_is_reported_after_its_days(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    later = NOW + timedelta(days=15)
    assert health.failures(tmp_path, city(quiet_days=15), {}, later) == []
    assert health.failures(tmp_path, city(quiet_days=14), {}, later) == [
        "nothing new for 15 days, at most 14 expected"
    ]


def test_status_shows_the_last_success_apart_from_the_last_run(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store_langs(tmp_path, "zh", "zh", "en", now=now)
    # All end within one second, and the names of such runs are in no order.
    for failed in (False, True, False, True):
        run = runs.start(tmp_path, "crawl", ("somewhere",))
        runs.finish(run, {"somewhere": {"articles": 3, "failed": failed}}, 0)
        (status,) = health.statuses(tmp_path, {"somewhere": city()}, now)
        assert status.health == ("failed" if failed else "well")
        assert (status.zh, status.en, status.pairs) == (2, 1, 0)
        newest = [row["finished_at"] for row in runs.history(tmp_path)]
        assert status.last_run == newest[-1]
        assert status.last_success == (newest[-2] if failed else newest[-1])


def test_a_run_that_ended_later_than_now_is_reported_until_another_ended(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store_langs(tmp_path, "zh", now=now - timedelta(days=400))
    run = runs.start(tmp_path, "run", ("somewhere",))
    runs.finish(run, {"somewhere": {"failed": False}}, 0)
    behind = now - timedelta(days=390)
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, behind)
    assert status.health == "unwell"
    assert "which is later than now: this machine's clock was ahead" in status.why[0]
    (status,) = health.statuses(tmp_path, {"somewhere": city(quiet_days=999)}, now)
    assert (status.health, status.why) == ("well", ())


def test_a_state_that_is_ahead_of_the_clock_is_reported_by_the_run_and_by_status(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    store_langs(tmp_path, "zh", now=now)
    (failure,) = health.failures(tmp_path, city(), {"clock": 7}, now)
    assert failure.startswith("7 moments of its state are later than now")
    for count, word in ((7, "unwell"), (0, "well")):
        run = runs.start(tmp_path, "crawl", ("somewhere",))
        runs.finish(run, {"somewhere": {"clock": count, "failed": False}}, 0)
        (status,) = health.statuses(tmp_path, {"somewhere": city()}, now)
        assert status.health == word


def test_a_city_whose_articles_are_all_of_the_future_is_not_called_well(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh", now=NOW + timedelta(days=900))
    (failure,) = health.failures(tmp_path, city(), {}, NOW)
    assert failure.startswith("every article was first seen later than now")


def test_an_article_of_the_future_does_not_hide_that_a_city_is_quiet(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh", now=NOW - timedelta(days=99))
    store_langs(tmp_path, "zh", "zh", now=NOW + timedelta(days=900))
    assert health.failures(tmp_path, city(quiet_days=14), {}, NOW) == [
        "nothing new for 99 days, at most 14 expected"
    ]


def test_a_city_without_a_run_was_never_crawled(tmp_path: Path) -> None:
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, NOW)
    assert status.health == "never crawled"


def test_an_edition_whose_listings_all_died_is_reported_although_the_other_lives(
    tmp_path: Path,
) -> None:
    store_langs(tmp_path, "zh", "en")
    sources = tuple(Source(lang, "generic", f"http://x.example/{lang}/") for lang in ("zh", "en"))
    both = replace(city(), sources=sources)
    alive = {"lists": 3, "lists_zh": 2, "lists_en": 1}
    assert health.failures(tmp_path, both, alive, NOW) == []
    assert health.failures(tmp_path, both, {"lists": 2, "lists_zh": 2}, NOW) == [
        "no en listing gave an article link"
    ]


def dated(output: Path, **days: tuple[int, ...]) -> None:
    """Store articles published so many days before NOW, by language."""
    articles = [
        article(f"{lang}{n}", lang, NOW - timedelta(days=age), city="somewhere", text=f"文{n}")
        for lang, ages in days.items()
        for n, age in enumerate(ages)
    ]
    store_articles(output, *articles)


def test_status_shows_the_newest_of_each_language_and_the_trend(tmp_path: Path) -> None:
    dated(tmp_path, zh=(1, 20, 27, 28, 55, 56), en=(40, -3))
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, NOW)
    assert status.newest_zh == "2024-04-30T16:00:00+08:00"
    # A date that is yet to come is a mistake of the page, and no news.
    assert status.newest_en == "2024-03-22T16:00:00+08:00"
    assert (status.recent, status.before) == (3, 3)


def test_a_failure_is_reported_as_the_run_noted_it(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    run = runs.start(tmp_path, "run", ("somewhere",))
    noted = {"city": "somewhere", "code": "time_limit", "detail": "ended after its limit of 6 h"}
    page = {"city": "somewhere", "code": "timeout", "detail": "no city's failure"}
    runs.gather_issues(run, [noted, page, noted | {"city": "elsewhere", "detail": "not ours"}])
    runs.finish(run, {"somewhere": {"failed": True}}, 3)
    now = datetime.now(UTC)
    (status,) = health.statuses(
        tmp_path, {"somewhere": city(min_articles={"en": 1}, quiet_days=99999)}, now
    )
    assert status.health == "failed"
    assert status.why == (
        "ended after its limit of 6 h", "0 en articles stored, at least 1 expected",
    )  # fmt: skip


def test_a_run_that_did_not_end_is_reported_until_one_did(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    store_langs(tmp_path, "zh", now=now)
    runs.start(tmp_path, "run", ("somewhere",))
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, now)
    assert status.health == "failed"
    assert "did not end (it was killed, or the machine went down); run again" in status.why[0]
    later = runs.start(tmp_path, "run", ("somewhere",))
    runs.abandon(later, "stopped by SIGTERM", 1)
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, now)
    assert "did not end (stopped by SIGTERM)" in status.why[0]
    runs.finish(later, {"somewhere": {"failed": False}}, 0)
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, now)
    assert (status.health, status.why) == ("well", ())


def test_a_city_whose_lock_is_held_is_running_but_for_its_holder(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    with lock.hold(tmp_path, ["somewhere"]):
        (seen,) = health.statuses(tmp_path, {"somewhere": city()}, NOW)
        (held,) = health.statuses(tmp_path, {"somewhere": city()}, NOW, held=["somewhere"])
    assert (seen.health, held.health) == ("running", "never crawled")
    assert seen.why == (f"process {os.getpid()} is working on it",)


def test_an_import_says_nothing_of_the_site(tmp_path: Path) -> None:
    store_langs(tmp_path, "zh")
    run = runs.start(tmp_path, "import", ("somewhere",))
    runs.finish(run, {"somewhere": {"new": 1}}, 0)
    (status,) = health.statuses(tmp_path, {"somewhere": city()}, NOW)
    assert (status.health, status.last_run) == ("never crawled", None)
