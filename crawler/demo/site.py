"""Miniature web as data: every URL with its response.

Built from the authored content and the templates alone, so that the same sources always give the
same bytes; nothing here reads a clock or draws a random number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crawler.demo.content import ContentError, Entry, load_content
from crawler.demo.editions import EDITIONS, Edition, digest, edition_of
from crawler.demo.listings import drawn_list, list_pages
from crawler.demo.oddities import Oddity, oddities
from crawler.demo.pages import (
    Item,
    article_pages,
    cover_page,
    image_page,
    old_url,
    render,
    twin_urls,
)
from crawler.demo.response import Response, html, request_key, static

_CLOSED = {"hanweb": "/art/2021/", "trs": "/xwzx/lgyw/2021", "ucap": "/qysrmzf/qyyw/2021"}


@dataclass(frozen=True, slots=True)
class Site:
    """Responses by request key (see `request_key`); `hosts` are the names that exist."""

    responses: Mapping[str, Response]
    hosts: frozenset[str]

    def answer(self, url: str) -> Response:
        """Return the response to a GET of an absolute URL.

        404 for an unknown one.
        """
        found = self.responses.get(request_key(url))
        return found or html(render("plain/missing.html"), status=404)


def build_site(content: Mapping[str, Sequence[Entry]] | None = None) -> Site:
    """Build the whole web from `content` (by default, all that ships).

    Raises `ContentError` if two pages would have one URL.
    """
    content = load_content() if content is None else content
    responses: dict[str, Response] = {}
    for edition in EDITIONS:
        for url, response in _edition(edition, content.get(edition.city, ())):
            key = request_key(url)
            if key in responses and responses[key] != response:
                raise ContentError(f"{edition.city}: two different pages at {url}: rename a key")
            responses[key] = response
    return Site(responses, frozenset(key.partition("/")[0] for key in responses))


def interleaved(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Return English articles by the Chinese key they share a page with."""
    return {
        entry.counterparts[0]: entry
        for entry in entries
        if entry.lang == "en" and entry.trap == "interleaved"
    }


def owner(entry: Entry, entries: Sequence[Entry]) -> Entry:
    """Return the article on whose page an entry is.

    Itself, or its counterpart on an interleaved page.
    """
    by_key = {each.key: each for each in entries}
    shared = {english.key: by_key[key] for key, english in interleaved(entries).items()}
    return shared.get(entry.key, entry)


def url_of(entry: Entry, entries: Sequence[Entry]) -> str:
    """Return the final address of an article, after redirects."""
    shown = owner(entry, entries)
    return edition_of(shown).url(shown)


def city_oddities(edition: Edition) -> tuple[Oddity, ...]:
    """Return the odd pages of an edition.

    The Chinese one of each city has them.
    """
    return oddities(edition.city, edition.name[:2]) if edition.lang == "zh" else ()


def _edition(edition: Edition, entries: Sequence[Entry]) -> Iterator[tuple[str, Response]]:
    yield from _plain_pages(edition)
    shared = interleaved(entries)
    own = sorted(
        (entry for entry in entries if entry.lang == edition.lang),
        key=lambda entry: (entry.date, entry.key),
        reverse=True,
    )
    odd = city_oddities(edition)
    for oddity in odd:
        yield from _odd_page(edition, oddity)
    for name, column in edition.columns.items():
        members = [entry for entry in own if entry.column == name]
        items = [_item(entry, entries) for entry in members]
        listed = [
            listing
            for entry, item in zip(members, items, strict=True)
            for listing in _listed(edition, entry, item)
        ]
        listed += [_item(o.entry, entries) for o in odd if o.entry.column == name]
        listed.sort(key=lambda item: item.date, reverse=True)
        yield from list_pages(edition, column, listed)
        if name == edition.drawn:
            yield from drawn_list(edition, column, listed)
        for place, entry in enumerate(members):
            if entry.key in {english.key for english in shared.values()}:
                continue
            newer = items[place - 1] if place > 0 else None
            older = items[place + 1] if place + 1 < len(items) else None
            yield from article_pages(
                edition, entry, other=shared.get(entry.key), neighbours=(newer, older)
            )


def _item(entry: Entry, entries: Sequence[Entry]) -> Item:
    return Item(url_of(entry, entries), entry.title, entry.date, edition_of(entry).host)


def _listed(edition: Edition, entry: Entry, item: Item) -> list[Item]:
    """Return the list's items for an article.

    Itself, its old URL, or its twins besides.
    """
    if entry.trap == "redirect":
        return [replace(item, url=old_url(edition, entry))]
    if entry.trap == "twins":
        return [item, *(replace(item, url=twin) for twin in twin_urls(edition, item.url))]
    return [item]


def _plain_pages(edition: Edition) -> Iterator[tuple[str, Response]]:
    columns = [
        {"url": edition.list_url(column), "label": column.label}
        for column in edition.columns.values()
    ]
    closed = [path for path in [_CLOSED.get(edition.family)] if path and edition.lang == "zh"]
    if edition is next(e for e in EDITIONS if e.host == edition.host):
        home = render("plain/home.html", edition=edition, columns=columns)
        yield f"http://{edition.host}/", html(home)
        robots = render("plain/robots.txt", closed=[*closed, "/module/visitcount/"]).encode()
        for host in filter(None, (edition.host, edition.mobile_host)):
            yield f"http://{host}/robots.txt", static(robots, "text/plain")


def _odd_page(edition: Edition, oddity: Oddity) -> Iterator[tuple[str, Response]]:
    url = edition.url(oddity.entry)
    if oddity.why == "missing":
        yield url, html(render("plain/missing.html"), status=oddity.status)
    elif oddity.why == "challenge":
        token = digest(oddity.entry)
        template = "plain/scripts.html" if oddity.status == 200 else "plain/challenge.html"
        yield url, html(render(template, token=token), status=oddity.status)
    elif oddity.why == "image_only":
        yield from image_page(edition, oddity.entry)
    elif oddity.why == "cover_notice":
        yield from cover_page(edition, oddity.entry)
    else:
        yield from article_pages(edition, oddity.entry)
