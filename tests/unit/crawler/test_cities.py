"""The city files that ship: loadable, honest about what is known, fit to be crawled."""

import re
from pathlib import Path

import pytest

from crawler.city import City
from crawler.city_file import CITIES_DIR, load_cities
from crawler.rows import rows_in

CITIES = load_cities()


EXPECTED, KNOWN = (
    rows_in(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    for name in ("divisions.tsv", "known_articles.tsv")
)
DIVISIONS = {key: division for key, division, _ in EXPECTED if division != "-"}
LANGUAGES = {key: set(languages.split()) for key, _, languages in EXPECTED}


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_that_ships_claims_nothing_that_was_not_checked(city: City) -> None:
    assert city.status == "unverified"
    assert (city.rights, city.rights_terms) == ("metadata+excerpt", None)
    assert city.rights_checked is None
    assert city.division == DIVISIONS.get(city.key)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_has_the_languages_that_are_known_of_it_and_notes(city: City) -> None:
    assert {source.lang for source in city.listings} == LANGUAGES.get(city.key, {"zh", "en"})
    assert len({source.list for source in city.sources}) == len(city.sources)
    text = Path(city.file).read_text(encoding="utf-8")
    assert re.search(r"^# Maintainer's notes$", text, re.MULTILINE)


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_every_listing_that_ships_has_its_last_sign(city: City) -> None:
    assert [source.list for source in city.sources if source.seen is None] == []


def test_what_was_not_seen_is_said_to_be_inferred_in_every_city_with_a_home_page_for_a_list() -> (
    None
):
    for city in CITIES.values():
        if any(re.fullmatch(r"https?://[^/]+/", source.list) for source in city.sources):
            notes = Path(city.file).read_text(encoding="utf-8").partition("# Maintainer's notes")[2]
            assert re.search("home pages? serves? as", " ".join(re.split(r"[\s#]+", notes))), (
                city.key
            )


def test_there_are_at_least_forty_cities() -> None:
    assert len(CITIES) >= 40
    assert set(CITIES) == {path.stem for path in CITIES_DIR.iterdir()}


@pytest.mark.parametrize(("key", "lang", "cms", "url"), KNOWN, ids=[row[3] for row in KNOWN])
def test_an_article_of_known_address_is_followed_and_belongs_to_its_source(
    key: str, lang: str, cms: str, url: str
) -> None:
    city = CITIES[key]
    assert city.allows(url)
    source = city.source_of(url)
    assert source is not None
    assert (source.lang, source.cms) == (lang, cms)
    assert source.wants(url)


def test_twins_and_mirrors_of_hong_kongs_releases_are_not_followed() -> None:
    city = CITIES["hongkong"]
    release = "https://www.info.gov.hk/gia/general/200903/02/P200903020221"
    wants = city.sources[0].wants
    assert wants(f"{release}.htm")
    assert not wants(f"{release}_print.htm")
    assert not wants(f"{release}p.htm")
    assert not city.allows("https://sc.isd.gov.hk/TuniS/www.info.gov.hk/gia/general/x.htm")
