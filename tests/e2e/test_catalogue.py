"""A city is added from the addresses of its lists, looked at, and crawled: no Python is written."""

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from operating import Ended, ended

from crawler.city_file import load_city
from crawler.demo import DEMO_CITIES
from crawler.demo.server import serve
from crawler.demo.site import Site, build_site
from pipelines.tables.articles import read_articles

LANGANG = (
    "http://www.langang.example/zwgk/tzgg/index.html",
    "http://english.langang.example/col/col108249/index.html",
)
QINGYA = (
    "http://www.qingya.example/qysrmzf/qyyw/nav_list.shtml",
    "http://www.qingya.example/english/news/",
)
CITIES = ("langang", "qingya")
EMPTY = "http://www.langang.example/xwzx/ztzl/index.html"


def langang_on(host: str) -> Site:
    """Return the miniature web with the notices of Langang moved to another host of theirs."""
    site = build_site()
    first = LANGANG[0].removeprefix("http://")
    page = site.responses[first]
    moved = page.body.replace(b'href="/zwgk/tzgg/2', f'href="http://{host}/zwgk/tzgg/2'.encode())
    pages = {
        key.replace("www.langang.example", host): answer
        for key, answer in site.responses.items()
        if key.startswith("www.langang.example/")
    }
    listed = {first: replace(page, body=moved)}
    return Site(site.responses | pages | listed, site.hosts | {host})


@dataclass(frozen=True)
class Desk:
    """Someone who adds cities: folders of their own, and the miniature web behind a proxy."""

    folder: Path
    port: int

    @property
    def cities(self) -> Path:
        return self.folder / "cities"

    @property
    def fixtures(self) -> Path:
        return self.folder / "fixtures"

    def run(self, *command: str) -> Ended:
        return ended(self.port, *command, "--cities-dir", str(self.cities))

    def add(self, urls: Sequence[str], *more: str) -> Ended:
        self.cities.mkdir(exist_ok=True)
        return self.run("cities", "add", *urls, "--fixtures", str(self.fixtures), *more)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serve() as port:
        yield Desk(tmp_path_factory.mktemp("desk"), port)


@pytest.fixture(scope="module")
def added(desk: Desk) -> Desk:
    """Two cities added from nothing but the addresses of a list in each language."""
    named = ("--zh", "岚港市", "--en", "Langang", "--division", "990200")
    for urls, more in ((LANGANG, named), (QINGYA, ())):
        ended = desk.add(urls, *more)
        assert ended.code == 0, ended.errors
    return desk


def test_the_family_of_each_list_is_told_from_its_pages(added: Desk) -> None:
    found = {
        key: [
            (source.lang, source.cms, source.list)
            for source in load_city(added.cities / f"{key}.yaml").sources
        ]
        for key in CITIES
    }
    assert found == {
        "langang": [("zh", "trs", LANGANG[0]), ("en", "hanweb", LANGANG[1])],
        "qingya": [("zh", "ucap", QINGYA[0]), ("en", "generic", QINGYA[1])],
    }


def test_a_city_is_unverified_and_named_as_told_or_as_its_site_names_itself(added: Desk) -> None:
    told, guessed = (load_city(added.cities / f"{key}.yaml") for key in CITIES)
    assert (told.status, told.name_zh, told.division) == ("unverified", "岚港市", "990200")
    assert (guessed.status, guessed.name_zh, guessed.name_en) == ("unverified", "青崖市", "Qingya")
    assert "was guessed" in Path(guessed.file).read_text(encoding="utf-8")


def test_languages_that_share_a_host_are_told_apart(added: Desk) -> None:
    city = load_city(added.cities / "qingya.yaml")
    assert city.hosts == ("www.qingya.example",)
    langs = {
        source.lang
        for url in (
            "http://www.qingya.example/qysrmzf/qyyw/202405/197e38487a47a9abc8ac8d4711a3afbf.shtml",
            "http://www.qingya.example/english/news/2024-06/18/c_904201.htm",
        )
        if (source := city.source_of(url)) and source.wants(url)
    }
    assert langs == {"zh", "en"}


def test_one_article_of_each_language_is_recorded_as_a_draft(added: Desk) -> None:
    cases = sorted(str(p.relative_to(added.fixtures)) for p in added.fixtures.glob("*/*"))
    assert cases == ["langang/hanweb-en", "langang/trs-zh", "qingya/generic-en", "qingya/ucap-zh"]
    for case in cases:
        page = html.unescape((added.fixtures / case / "page.html").read_text(encoding="utf-8"))
        draft = json.loads((added.fixtures / case / "expected.json").read_text(encoding="utf-8"))
        assert "take out this line" in draft["draft"]
        assert draft["title"] in page
        assert all(paragraph[:20] in page for paragraph in draft["text"])


def test_a_look_at_the_sites_tells_what_works_and_what_does_not(added: Desk) -> None:
    text = (DEMO_CITIES / "langang.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "- {" not in line or EMPTY in line]
    (added.cities / "emptied.yaml").write_text("\n".join(kept), encoding="utf-8")
    ended = added.run("cities", "check", "--live", "--json")
    assert ended.code == 3, "done, but a source does not work"
    cities: dict[str, list[dict[str, Any]]] = json.loads(ended.output)["cities"]
    assert [(s["code"], s["links"]) for s in cities.pop("emptied")] == [("list_empty", 0)]
    sources = [source for each in cities.values() for source in each]
    assert {source["cms"] for source in sources} == {"trs", "hanweb", "ucap", "generic"}
    for source in sources:
        assert source["code"] is None
        assert source["links"] >= 4
        read = [article for article in source["articles"] if not article["code"]]
        assert read
        assert all({"title", "text", "published_at"} <= set(article["fields"]) for article in read)
        assert {article["lang"] for article in read} == {source["lang"]}


def test_cities_that_were_added_are_crawled(added: Desk, tmp_path: Path) -> None:
    ended = added.run("crawl", *CITIES, "--since", "2024-04-20", "--output", str(tmp_path))
    assert ended.code == 0, ended.errors
    langs = {
        (key, row["lang"]) for key in CITIES for row in read_articles(tmp_path, key).to_pylist()
    }
    assert langs == {(key, lang) for key in CITIES for lang in ("zh", "en")}


def test_articles_on_another_host_are_refused_until_it_is_named(tmp_path: Path) -> None:
    articles = langang_on("news.langang.example")
    with serve(articles) as port:
        elsewhere = Desk(tmp_path, port)
        ended = elsewhere.add([LANGANG[0]])
        assert ended.code == 4
        assert "all on news.langang.example" in ended.errors
        ended = elsewhere.add([LANGANG[0]], "--host", "news.langang.example")
    assert ended.code == 0, ended.errors
    city = load_city(elsewhere.cities / "langang.yaml")
    assert city.hosts == ("www.langang.example", "news.langang.example")


def test_a_page_without_a_list_is_refused_and_nothing_is_written(
    desk: Desk, tmp_path: Path
) -> None:
    elsewhere = Desk(tmp_path, desk.port)
    ended = elsewhere.add([EMPTY])
    assert ended.code == 4
    assert f"{EMPTY}: no list of articles was found" in ended.errors
    assert "nothing was written" in ended.errors
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
