"""The miniature web over real HTTP: what a crawler that follows its lists finds there."""

import html as entities
import re
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urljoin, urlsplit

import pytest
from parsel import Selector

from crawler.city import City
from crawler.city_file import load_cities
from crawler.cms import FAMILIES
from crawler.cms.family import Link
from crawler.demo import DEMO_CITIES
from crawler.demo.content import Entry, load_content
from crawler.demo.editions import EDITIONS, edition_of
from crawler.demo.gold import gold_rejects
from crawler.demo.pages import old_url, twin_urls
from crawler.demo.server import serve
from crawler.demo.site import build_site, url_of
from crawler.item import article_id

ENTRIES = [entry for entries in load_content().values() for entry in entries]
CITIES = load_cities(DEMO_CITIES)


@dataclass(frozen=True)
class Reply:
    url: str
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        """The body with entities resolved."""
        return entities.unescape(self.body.decode("utf-8"))


Fetch = Callable[..., Reply]
Followed = dict[str, list[tuple[str, list[Link], int]]]
"""By city, for each source: its list, the links found, and how many list pages were asked for."""


@pytest.fixture(scope="module")
def web() -> Iterator[tuple[Fetch, Counter[str]]]:
    """Give a function that fetches through the proxy, and the count of requests by URL."""
    counts: Counter[str] = Counter()
    with serve(counts=counts) as port:
        proxy = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{port}"})
        opener = urllib.request.build_opener(proxy)

        def fetch(url: str, **headers: str) -> Reply:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            try:
                with opener.open(urllib.request.Request(url, headers=named), timeout=10) as reply:
                    return Reply(reply.url, reply.status, reply.headers, reply.read())
            except urllib.error.HTTPError as error:
                with error:
                    return Reply(url, error.code, error.headers, error.read())

        yield fetch, counts


@pytest.fixture(scope="module")
def fetch(web: tuple[Fetch, Counter[str]]) -> Fetch:
    return web[0]


@pytest.fixture(scope="module")
def followed(fetch: Fetch) -> Followed:
    """Return, by city, for each source: its list, the links found and the list pages fetched."""
    found: Followed = {}
    for city in CITIES.values():
        for source in city.sources:
            links: list[Link] = []
            queue, asked = [source.list], {source.list}
            for url in queue:
                reply = fetch(url)
                assert reply.status == 200, url
                listing = FAMILIES[source.cms].read_list(reply.body.decode(), url)
                links += listing.links
                queue += [more for more in listing.more if more not in asked]
                asked |= set(listing.more)
            found.setdefault(city.key, []).append((source.list, links, len(asked)))
    return found


def page_of(entry: Entry) -> str:
    return url_of(entry, [other for other in ENTRIES if other.city == entry.city])


def trapped(trap: str) -> list[Entry]:
    found = [entry for entry in ENTRIES if entry.trap == trap]
    assert found, f"no article has the trap {trap}"
    return found


@pytest.mark.parametrize("city", CITIES.values(), ids=CITIES.keys())
def test_lists_show_each_article_once_with_its_whole_title(city: City, followed: Followed) -> None:
    titles = {page_of(entry): entry.title for entry in ENTRIES if entry.city == city.key}
    for list_url, links, _ in followed[city.key]:
        assert len({link.url for link in links}) == len(links), list_url
        for link in links:
            if link.url in titles and link.url not in {page_of(e) for e in trapped("interleaved")}:
                assert link.title == titles[link.url]


def test_lists_show_dates_where_the_edition_does(
    followed: Followed,
) -> None:
    for city in followed.values():
        for list_url, links, _ in city:
            shows = "en.yunze" not in list_url
            assert all((link.date is not None) is shows for link in links), list_url


def test_every_kind_of_paging_is_exercised(
    followed: Followed,
) -> None:
    paged = {url for city in followed.values() for url, _, pages in city if pages > 1}
    listings = {
        column.listing
        for edition in EDITIONS
        for column in edition.columns.values()
        if edition.list_url(column) in paged
    }
    assert listings == {
        "hanweb_groups", "hanweb_records", "jeecms", "trs_zero", "trs_one",
        "ucap_info", "ucap_search", "ucap_static", "generic",
    }  # fmt: skip


@pytest.mark.parametrize("city", CITIES)
def test_one_list_of_each_city_is_empty(city: str, followed: Followed) -> None:
    assert sum(not links for _, links, _ in followed[city]) == 1


def test_markers_never_reach_a_page() -> None:
    pages = [
        response.body.decode("utf-8", "replace")
        for response in build_site().responses.values()
        if response.headers.get("Content-Type", "").startswith("text/html")
    ]
    assert len(pages) > 250
    assert not [page[:200] for page in pages if re.search(r"\{\d+\}", page)]


def test_a_gb18030_page_declares_gb2312_and_holds_more(fetch: Fetch) -> None:
    for entry in trapped("gb18030"):
        reply = fetch(page_of(entry))
        text = reply.body.decode("gb18030")
        assert "gb2312" in text
        assert all(paragraph in text for paragraph in entry.paragraphs)
        with pytest.raises(UnicodeDecodeError):
            reply.body.decode("gb2312")


def test_a_lying_header_says_gb2312_over_utf8(fetch: Fetch) -> None:
    for entry in trapped("lying_charset"):
        reply = fetch(page_of(entry))
        assert reply.headers["Content-Type"] == "text/html; charset=gb2312"
        assert entry.title in reply.text


def test_twins_share_text_and_article_id_and_are_listed(fetch: Fetch, followed: Followed) -> None:
    listed = {link.url for city in followed.values() for _, links, _ in city for link in links}
    for entry in trapped("twins"):
        url = page_of(entry)
        for twin in twin_urls(edition_of(entry), url):
            assert twin in listed
            assert article_id(twin) == article_id(url)
            assert CITIES[entry.city].allows(twin)
            assert entry.paragraphs[-1] in fetch(twin).text


def test_a_moved_article_answers_with_a_redirect(fetch: Fetch) -> None:
    for entry in trapped("redirect"):
        before = old_url(edition_of(entry), entry)
        assert before != page_of(entry)
        assert FAMILIES[edition_of(entry).family].is_article(before)
        assert fetch(before).url == page_of(entry)


def test_a_multi_page_article_is_whole_only_with_its_parts(fetch: Fetch) -> None:
    for entry in trapped("multipage"):
        url = page_of(entry)
        first = fetch(url).text
        parts = FAMILIES["trs"].rules[0].parts(first, url)
        assert len(parts) == 2
        assert not any(
            urlsplit(part).path in str(Selector(first).css("a").getall()) for part in parts
        )
        texts = [first, *(fetch(part).text for part in parts)]
        held = [sum(paragraph in text for text in texts) for paragraph in entry.paragraphs]
        assert held == [1] * len(entry.paragraphs)
        assert all(entry.title in text for text in texts)


def test_an_interleaved_page_holds_both_languages_by_turns(fetch: Fetch) -> None:
    for english in [entry for entry in trapped("interleaved") if entry.lang == "en"]:
        wanted = (english.city, english.counterparts[0])
        chinese = next(e for e in ENTRIES if (e.city, e.key) == wanted)
        text = fetch(page_of(english)).text
        wanted = [
            p for pair in zip(chinese.paragraphs, english.paragraphs, strict=True) for p in pair
        ]
        places = [text.index(paragraph) for paragraph in wanted]
        assert places == sorted(places)


def test_the_undated_english_host_shows_no_date(fetch: Fetch) -> None:
    entry = next(e for e in ENTRIES if e.city == "yunze" and e.trap == "yesterday")
    text = fetch(page_of(entry)).text
    for paragraph in entry.paragraphs:
        text = text.replace(paragraph, "")
    assert not re.search(r"20[12]\d", text)


@pytest.mark.parametrize("odd", list(gold_rejects()), ids=lambda odd: f"{odd['city']}-{odd['why']}")
def test_odd_pages_are_listed_and_answer_as_they_should(
    odd: dict[str, object],
    fetch: Fetch,
    followed: Followed,
) -> None:
    url = str(odd["url"])
    assert url in {link.url for _, links, _ in followed[str(odd["city"])] for link in links}
    reply = fetch(url)
    assert reply.status == odd["status"]
    if odd["why"] == "challenge":
        body = Selector(reply.text).css("body")
        body.css("script").drop()
        assert body.xpath("string()").get("").strip() == ""
    if odd["why"] == "disallowed":
        robots = fetch(f"http://{urlsplit(url).netloc}/robots.txt").text
        closed = re.findall(r"Disallow: (\S+)", robots)
        assert any(urlsplit(url).path.startswith(path) for path in closed)


def test_no_article_of_gold_is_closed_to_robots(fetch: Fetch) -> None:
    for entry in ENTRIES:
        parts = urlsplit(page_of(entry))
        robots = fetch(f"http://{parts.netloc}/robots.txt").text
        assert not any(parts.path.startswith(p) for p in re.findall(r"Disallow: (\S+)", robots))


def test_pictures_and_documents_in_pages_exist(fetch: Fetch) -> None:
    for why, kind in (("image_only", "image/png"), ("cover_notice", "application/msword")):
        for odd in [odd for odd in gold_rejects() if odd["why"] == why]:
            page = Selector(fetch(odd["url"]).text)
            files = page.css("[src*='W0']::attr(src), [href*='P0']::attr(href)").getall()
            found = [fetch(urljoin(odd["url"], file)).headers["Content-Type"] for file in files]
            assert found == [kind]
