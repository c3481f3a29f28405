"""Options of a run's crawls as arguments of the crawling processes."""

from datetime import date
from pathlib import Path

from pipelines.operations.crawl_processes import AT_ONCE, TIME_LIMIT, Options


def test_options_that_are_not_given_are_no_arguments() -> None:
    assert Options().arguments() == []
    assert Options().time_limit == TIME_LIMIT


def test_every_option_given_is_an_argument() -> None:
    options = Options(
        Path("cities"),
        date(2024, 3, 5),
        date(2024, 3, 6),
        {"A": "1=2", "B": ""},
        {"http_proxy": "x"},
    )
    assert options.arguments() == [
        "--cities-dir", "cities", "--since", "2024-03-05", "--until", "2024-03-06",
        "-s", "A=1=2", "-s", "B=",
    ]  # fmt: skip


def test_as_many_cities_are_crawled_side_by_side_as_the_option_allows() -> None:
    assert Options().at_once == AT_ONCE
    assert Options(at_once=3).arguments() == []
