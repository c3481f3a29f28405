"""A city is well when its assertions hold; when not, a sentence says which and by how much."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.city import Assertions, City, Source
from crawler.item import Article
from pipelines import health, runs, store

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
