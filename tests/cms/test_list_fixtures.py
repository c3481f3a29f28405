"""Every list page of `tests/cms/<city>/list-*/` reads as its expected.json says.

`links` are URL, whole title and date (null where the list does not tell them) in page order,
`more` the further pages. Names and texts are invented.
"""

from pathlib import Path

import pytest
from recorded import LISTS, expected, name, page

from crawler.cms import FAMILIES
from crawler.cms.family import Listing
from crawler.extract.charset import decode


def listing(case: Path) -> Listing:
    recorded = expected(case)
    text = decode(page(case).read_bytes(), recorded.get("headers", {})).text
    return FAMILIES[recorded["cms"]].read_list(text, recorded["url"])


@pytest.mark.parametrize("case", LISTS, ids=name)
def test_every_article_of_the_list_is_found_and_nothing_else(case: Path) -> None:
    assert [link.url for link in listing(case).links] == [row[0] for row in expected(case)["links"]]


@pytest.mark.parametrize("case", LISTS, ids=name)
def test_titles_are_whole(case: Path) -> None:
    found = [link.title for link in listing(case).links]
    assert found == [row[1] for row in expected(case)["links"]]


@pytest.mark.parametrize("case", LISTS, ids=name)
def test_dates_are_those_that_the_list_shows(case: Path) -> None:
    found = [link.date and link.date.isoformat() for link in listing(case).links]
    assert found == [row[2] for row in expected(case)["links"]]


@pytest.mark.parametrize("case", LISTS, ids=name)
def test_further_pages_are_named_nearest_first(case: Path) -> None:
    assert list(listing(case).more) == expected(case)["more"]


@pytest.mark.parametrize("case", LISTS, ids=name)
def test_what_is_listed_is_an_article_to_the_family_or_comes_from_its_endpoint(case: Path) -> None:
    family = FAMILIES[expected(case)["cms"]]
    if page(case).suffix != ".json":
        assert all(family.is_article(link.url) for link in listing(case).links)


def test_every_family_has_a_list() -> None:
    assert {expected(case)["cms"] for case in LISTS} == set(FAMILIES)
