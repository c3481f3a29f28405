"""The city files that ship: loadable, honest about what is known, fit to be crawled."""

import re
from pathlib import Path

import pytest

from crawler.city import CITIES_DIR, City, load_cities
from crawler.cms import FAMILIES

CITIES = load_cities()

# GB/T 2260 codes of the divisions, from the standard: a wrong digit is another city.
DIVISIONS = {
    "beijing": "110000",
    "chengdu": "510100",
    "dalian": "210200",
    "guangzhou": "440100",
    "hangzhou": "330100",
    "hongkong": "810000",
    "jiaxing": "330400",
    "jinan": "370100",
    "macau": "820000",
    "nanjing": "320100",
    "ningbo": "330200",
    "shanghai": "310000",
    "shaoxing": "330600",
    "shenzhen": "440300",
    "suzhou": "320500",
    "wuhan": "420100",
    "xiamen": "350200",
}

# Articles whose addresses are known, with the source each belongs to.
KNOWN = [
    ("dalian", "http://en.dl.gov.cn/News/ChinaNews/23547.jhtml", "en", "jeecms"),
    ("dalian", "https://en.dl.gov.cn/art/2023/1/4/art_8632_2060160.html", "en", "hanweb"),
    ("dalian", "https://www.dl.gov.cn/art/2024/7/6/art_1185_2337797.html", "zh", "hanweb"),
    (
        "beijing",
        "https://english.beijing.gov.cn/government/reports/202402/t20240204_3554984.html",
        "en",
        "trs",
    ),
    (
        "shanghai",
        "https://www.shanghai.gov.cn/nw4411/20240129/7529892763da4fafbb66728b0cfacdb4.html",
        "zh",
        "generic",
    ),
    (
        "shenzhen",
        "http://www.sz.gov.cn/cn/xxgk/zfxxgj/zwdt/content/post_11970344.html",
        "zh",
        "generic",
    ),
    (
        "guangzhou",
        "http://www.eguangzhou.gov.cn/gzspecialreports/content/post_40986.html",
        "en",
        "generic",
    ),
    ("wuhan", "https://www.wuhan.gov.cn/sy/whyw/202606/t20260628_2813984.shtml", "zh", "trs"),
    (
        "wuhan",
        "https://english.wuhan.gov.cn/H_1/NWP/202601/t20260129_2721751.shtml",
        "en",
        "trs",
    ),
    (
        "jiaxing",
        "https://www.jiaxing.gov.cn/art/2023/5/10/art_1591186_59578812.html",
        "en",
        "hanweb",
    ),
    (
        "jiaxing",
        "https://www.jiaxing.gov.cn/art/2023/5/10/art_1229426419_59578813.html",
        "zh",
        "hanweb",
    ),
    (
        "jinan",
        "http://english.jinan.gov.cn/col108249/art/2022/art_108249_4776259.html",
        "en",
        "hanweb",
    ),
    (
        "hangzhou",
        "http://eng.hangzhou.gov.cn/art/2015/11/30/art_1208255_929519.html",
        "en",
        "hanweb",
    ),
    ("macau", "https://www.gov.mo/zh-hant/news/66372/", "zh", "generic"),
    (
        "hongkong",
        "https://www.info.gov.hk/gia/general/202305/09/P2023050900277.htm",
        "zh",
        "generic",
    ),
]


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_that_ships_claims_nothing_that_was_not_checked(city: City) -> None:
    assert city.status == "unverified"
    assert (city.rights, city.rights_terms) == ("metadata+excerpt", None)
    assert city.rights_checked is None
    assert city.division == DIVISIONS[city.key]


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES)
def test_a_city_has_both_languages_known_families_and_notes(city: City) -> None:
    assert {source.lang for source in city.sources} == {"zh", "en"}
    assert {source.cms for source in city.sources} <= set(FAMILIES)
    assert len({source.list for source in city.sources}) == len(city.sources)
    text = Path(city.file).read_text(encoding="utf-8")
    assert re.search(r"^# Maintainer's notes$", text, re.MULTILINE)


def test_there_are_at_least_twelve_cities() -> None:
    assert len(CITIES) >= 12
    assert set(CITIES) == {path.stem for path in CITIES_DIR.iterdir()}


@pytest.mark.parametrize(("key", "url", "lang", "cms"), KNOWN, ids=[row[1] for row in KNOWN])
def test_an_article_of_known_address_is_followed_and_belongs_to_its_source(
    key: str, url: str, lang: str, cms: str
) -> None:
    city = CITIES[key]
    assert city.allows(url)
    source = city.source_of(url)
    assert source is not None
    assert (source.lang, source.cms) == (lang, cms)
    pattern = source.articles
    assert re.search(pattern, url) if pattern else FAMILIES[cms].is_article(url)


def test_twins_and_mirrors_of_hong_kongs_releases_are_not_followed() -> None:
    city = CITIES["hongkong"]
    release = "https://www.info.gov.hk/gia/general/200903/02/P200903020221"
    pattern = city.sources[0].articles
    assert pattern
    assert re.search(pattern, f"{release}.htm")
    assert not re.search(pattern, f"{release}_print.htm")
    assert not re.search(pattern, f"{release}p.htm")
    assert not city.allows("https://sc.isd.gov.hk/TuniS/www.info.gov.hk/gia/general/x.htm")
