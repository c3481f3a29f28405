"""Every city that is crawled is a spider."""

from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from crawler.city_file import load_cities
from crawler.loader import CityLoader, UnknownCityError
from crawler.spiders.city import CitySpider

CITY = """\
name: {{zh: {zh}, en: {en}}}
hosts: [www.{key}.example]
status: {status}
sources: [{{lang: zh, cms: trs, list: "http://www.{key}.example/xw/index.html"}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cities = [("haiqing", "海晴市", "unverified"), ("songshan", "松山市", "active")]
    cities.append(("oldtown", "旧城市", "gone\nsince: 2024-01-01\nreason: merged into Haiqing"))
    for key, zh, status in cities:
        text = CITY.format(zh=zh, en=key.title(), key=key, status=status)
        (tmp_path / f"{key}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_cities_that_are_crawled_are_listed_and_others_are_not(folder: Path) -> None:
    assert CityLoader(folder).list() == ["haiqing", "songshan"]


def test_a_city_is_a_spider_of_its_name(folder: Path) -> None:
    spider = CityLoader(folder).load("haiqing")
    assert issubclass(spider, CitySpider)
    assert (spider.name, spider.city.name_zh) == ("haiqing", "海晴市")
    assert CitySpider.name == "city"


def test_a_waiver_of_tls_verification_is_a_setting_of_its_citys_spider_alone(folder: Path) -> None:
    waiver = "tls: {verify: false, reason: old}\n"
    with (folder / "haiqing.yaml").open("a", encoding="utf-8") as file:
        file.write(waiver)
    loader = CityLoader(folder)

    def verifies(city: str) -> bool:
        settings = Settings()
        settings.setmodule("crawler.settings", priority="project")
        loader.load(city).update_settings(settings)
        return settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")

    assert {city: verifies(city) for city in loader.list()} == {"haiqing": False, "songshan": True}


@pytest.mark.parametrize("wrong", ["haiqin", "Haiqing", "海晴"])
def test_an_unknown_city_is_told_near_matches(folder: Path, wrong: str) -> None:
    with pytest.raises(UnknownCityError, match=r"no city file is named .*did you mean haiqing\?"):
        CityLoader(folder).load(wrong)


def test_an_unknown_city_without_near_match_is_told_the_known_ones(folder: Path) -> None:
    with pytest.raises(KeyError) as caught:
        CityLoader(folder).load("atlantis")
    assert str(caught.value) == (
        "no city file is named 'atlantis'; known: haiqing, oldtown, songshan"
    )


def test_a_city_that_is_gone_says_since_when_and_why(folder: Path) -> None:
    with pytest.raises(UnknownCityError, match=r"gone since 2024-01-01 \(merged into Haiqing\)"):
        CityLoader(folder).load("oldtown")


def test_a_bad_city_file_is_a_usage_error_that_names_it(folder: Path) -> None:
    (folder / "bad.yaml").write_text("name: [")
    with pytest.raises(UsageError, match=r"bad\.yaml:1"):
        CityLoader(folder).list()


def test_the_city_of_a_page_is_found_by_its_host(folder: Path) -> None:
    loader = CityLoader(folder)
    assert loader.find_by_request(Request("http://www.songshan.example/x")) == ["songshan"]
    assert loader.find_by_request(Request("http://news.songshan.example/x")) == []


def test_the_cities_of_the_variable_add_to_those_that_ship(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="default")
    shipped = get_spider_loader(settings).list()
    monkeypatch.setenv("SHIZHENG_CITIES", str(folder))
    known = get_spider_loader(settings).list()
    assert "dalian" in shipped
    assert set(known) == {*shipped, "haiqing", "songshan"}


def test_a_city_of_the_user_replaces_one_of_the_same_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "songshan.yaml").rename(folder / "dalian.yaml")
    monkeypatch.setenv("SHIZHENG_CITIES", str(folder))
    assert load_cities()["dalian"].file == str(folder / "dalian.yaml")
