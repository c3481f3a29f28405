"""A city is well when its assertions hold; when not, a sentence says which and by how much."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.city import Assertions, City, Source
from crawler.item import Article
from pipelines import health, lock, runs, store

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def city(**assertions: object) -> City:
    return City(
        key="somewhere", name_zh="某市", name_en="Somewhere", hosts=("x.example",), sources=(),
        assertions=Assertions(**assertions),  # type: ignore[arg-type]
    )  # fmt: skip


def store_articles(output: Path, *langs: str, now: datetime = NOW) -> None:
    articles = [
        Article(f"a{n}", "somewhere", "x.example", f"http://x.example/{n}", "题", "文", lang=lang)
        for n, lang in enumerate(langs)
    ]
    store.write_articles(output, "somewhere", articles, run_id="r", now=now)


def test_a_city_that_keeps_its_assertions_is_well(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh", "en")
    assert health.failures(tmp_path, city(min_articles={"zh": 1, "en": 1}), {}, NOW) == []


def test_too_few_articles_of_a_language_are_told_with_both_numbers(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    found = health.failures(tmp_path, city(min_articles={"zh": 1, "en": 2}), {}, NOW)
    assert found == ["0 en articles stored, at least 2 expected"]


def test_too_many_rejects_are_told_as_a_share(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    counts = {"articles": 7, "rejects": 3}
    assert health.failures(tmp_path, city(max_rejects=0.3), counts, NOW) == []
    assert health.failures(tmp_path, city(max_rejects=0.2), counts, NOW) == [
        "3 of 10 pages rejected, at most 20% expected"
    ]


def test_a_quiet_city_is_told_after_its_days(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    later = NOW + timedelta(days=15)
    assert health.failures(tmp_path, city(quiet_days=15), {}, later) == []
    assert health.failures(tmp_path, city(quiet_days=14), {}, later) == [
        "nothing new for 15 days, at most 14 expected"
    ]


def test_status_tells_the_last_success_apart_from_the_last_run(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh", "zh", "en")
    for failed in (False, True):
        run = runs.start(tmp_path, "crawl", ("somewhere",))
        runs.finish(run, {"somewhere": {"articles": 3, "failed": failed}}, 0)
    first, last = sorted(r["finished_at"] for r in runs.history(tmp_path))
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert (standing.zh, standing.en, standing.pairs) == (2, 1, 0)
    assert standing.last_success in (first, last)
    assert standing.last_run == last
    assert (standing.health == "well") == (standing.last_success == last)


def test_a_city_without_a_run_was_never_crawled(tmp_path: Path) -> None:
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert standing.health == "never crawled"


def test_an_edition_whose_listings_all_died_is_told_although_the_other_lives(
    tmp_path: Path,
) -> None:
    store_articles(tmp_path, "zh", "en")
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
        Article(
            f"{lang}{n}", "somewhere", "x.example", f"http://x.example/{lang}{n}", "题", f"文{n}",
            lang=lang, published_at=NOW - timedelta(days=age), published_precision="day",
        )
        for lang, ages in days.items()
        for n, age in enumerate(ages)
    ]  # fmt: skip
    store.write_articles(output, "somewhere", articles, run_id="r", now=NOW)


def test_status_tells_the_newest_of_each_language_and_the_trend(tmp_path: Path) -> None:
    dated(tmp_path, zh=(1, 20, 27, 28, 55, 56), en=(40, -3))
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert standing.newest_zh == "2024-04-30T08:00:00+08:00"
    # A date that is yet to come is a mistake of the page, and no news.
    assert standing.newest_en == "2024-03-22T08:00:00+08:00"
    assert (standing.recent, standing.before) == (3, 3)


def test_a_failure_is_told_by_what_the_run_said_then(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    run = runs.start(tmp_path, "run", ("somewhere",))
    told = {"city": "somewhere", "code": "time_limit", "detail": "ended after its limit of 6 h"}
    page = {"city": "somewhere", "code": "timeout", "detail": "no city's failure"}
    runs.gather_issues(run, [told, page, told | {"city": "elsewhere", "detail": "not ours"}])
    runs.finish(run, {"somewhere": {"failed": True}}, 3)
    (standing,) = health.standings(tmp_path, {"somewhere": city(min_articles={"en": 1})}, NOW)
    assert standing.health == "failed"
    assert standing.why == (
        "ended after its limit of 6 h", "0 en articles stored, at least 1 expected",
    )  # fmt: skip


def test_a_run_that_did_not_end_is_told_until_one_did(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    runs.start(tmp_path, "run", ("somewhere",))
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert standing.health == "failed"
    assert "did not end (it was killed, or the machine went down); run again" in standing.why[0]
    # Ids of one second are in no order: the next run is of a later one.
    folder = runs.start(tmp_path, "run", ("somewhere",)).folder
    later = replace(runs.Run("9", tmp_path / "runs" / "9", "run", ("somewhere",), NOW), terms={})
    folder.rename(later.folder)
    runs.abandon(later, "stopped by SIGTERM", 1)
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert "did not end (stopped by SIGTERM)" in standing.why[0]
    runs.finish(later, {"somewhere": {"failed": False}}, 0)
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert (standing.health, standing.why) == ("well", ())


def test_a_city_whose_lock_is_held_is_running_but_for_its_holder(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    with lock.hold(tmp_path, ["somewhere"]):
        (seen,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
        (held,) = health.standings(tmp_path, {"somewhere": city()}, NOW, held=["somewhere"])
    assert (seen.health, held.health) == ("running", "never crawled")
    assert seen.why == (f"process {os.getpid()} is working on it",)


def test_an_import_says_nothing_of_the_site(tmp_path: Path) -> None:
    store_articles(tmp_path, "zh")
    run = runs.start(tmp_path, "import", ("somewhere",))
    runs.finish(run, {"somewhere": {"new": 1}}, 0)
    (standing,) = health.standings(tmp_path, {"somewhere": city()}, NOW)
    assert (standing.health, standing.last_run) == ("never crawled", None)


def test_a_city_with_a_damaged_table_has_failed_and_the_others_stand_as_they_do(
    tmp_path: Path,
) -> None:
    store_articles(tmp_path, "zh", "en")
    other = Article("b", "elsewhere", "y.example", "http://y.example/1", "题", "文", lang="zh")
    store.write_articles(tmp_path, "elsewhere", [other], run_id="r", now=NOW)
    path = next(store.articles_folder(tmp_path, "somewhere").glob("*.parquet"))
    path.write_bytes(b"PAR1 not really")
    elsewhere, somewhere = health.standings(tmp_path, {}, NOW)
    assert (elsewhere.health, elsewhere.zh) == ("imported", 1)
    assert somewhere.health == "failed"
    assert [f"{path}: not a readable Parquet file" in why for why in somewhere.why] == [True]
    assert health.failures(tmp_path, city(), {}, NOW) == list(somewhere.why)
