"""Reading of a list by its family, pagers and data included.

Families know the links of their articles, and some pagers of their own. Pagers of links and
scripts, data in place of markup, frames and endpoints belong to no family: they are read here, for
all of them. A page that its family cannot read is read by the generic family.
"""

from collections.abc import Callable
from dataclasses import replace

from crawler.cms.data import read_json, read_script, read_xml
from crawler.cms.endpoints import json_listing, page_field
from crawler.cms.entry_addresses import learned, patterns
from crawler.cms.family import Family, Link, Listing
from crawler.cms.inline import hidden_markup, inline_data
from crawler.cms.links import once
from crawler.cms.pagers import pager_of
from crawler.cms.paging import called_pages
from crawler.cms.posts import gets, posts
from crawler.cms.records import entries_of, links_of, without_columns
from crawler.cms.shells import data_scripts, endpoints, frames, named
from crawler.cms.tables import table_requests
from crawler.marked import Address
from crawler.posted import plain_url

_FEW = 2
"""Entries up to which a page may be a shell with a pinned entry; set by hand, not measured."""


def reading_all(family: Family, generic: Family) -> Family:
    """Return a family that reads everything in its lists."""

    def read_list(text: str, url: str) -> Listing:
        listing = _read(family, family.read_list, text, url)
        if listing.links or family is generic:
            return listing
        other = _read(generic, generic.read_list, text, url)
        more = once((*listing.more, *other.more), url)
        return replace(other, more=more, family=generic.name) if other.links else listing

    return replace(family, read_list=read_list)


def _read(family: Family, read: Callable[[str, str], Listing], text: str, url: str) -> Listing:
    data = read_json(text)
    own = Listing() if data is not None and not family.reads_data else read(text, url)
    if own.links and not family.pagers:
        return own
    records = data if data is not None or own.links else read_xml(text)
    if records is not None and not own.links:
        found = json_listing(records, url, read_markup=read)
        if found.links or data is not None:
            return replace(found, more=once((*own.more, *found.more), url))
    if data is not None or not family.pagers:
        return own
    if not own.links and (found := json_listing(read_script(text), url)).links:
        return found
    return _page(family, own, read, text, url)


def _page(
    family: Family, own: Listing, read: Callable[[str, str], Listing], text: str, url: str
) -> Listing:
    """Return the listing of a page with pagers and frames."""
    pager = pager_of(text, url, family.is_own_article, family.second)
    links = own.links
    joined = patterns(text, url) if len(links) <= _FEW else ()
    if len(links) <= _FEW:
        inner = _inline(text, url, family, joined, links)
        links = inner if len(inner) > len(links) else links
    if not links:
        links = _hidden(text, url, read)
    more = [*own.more]
    pages = None if more else called_pages(text, url, len(links))
    if pages:
        more += pages.urls(url)
    more += pager.urls
    if family.any_url:
        links = tuple(link for link in links if link.url not in pager.urls)
    if len(links) <= _FEW:
        sent = (*table_requests(text, url), *posts(text, url))
        asked = {plain_url(address).partition("?")[0] for address in sent}
        got = [at for at in endpoints(text, url) if at.partition("?")[0] not in asked]
        called = gets(text, url)
        better = {at.partition("?")[0] for at in called if page_field(at)}
        got = [at for at in got if page_field(at) or at.partition("?")[0] not in better]
        whole = {at.partition("?")[0] for at in got}
        called = tuple(at for at in called if at.partition("?")[0] not in whole)
        asks = (Address.of(at, joined) for at in (*got, *called, *sent))
        more += [*frames(text, url, every=True), *asks]
    else:
        more += frames(text, url, every=False)
    if not links and not more:
        more += data_scripts(text, url)
    further = once(more, url)
    unread = "" if further else pager.unread and f"a pager's {pager.unread} page has no address"
    if len(links) <= 1 and not further:
        unread = unread or named(text, scripts=not links)
    return Listing(
        links,
        further,
        total=pager.entries or (pages.total if pages else None),
        pages=pager.stated,
        unread=unread,
        state=pager.state,
    )


def _hidden(text: str, url: str, read: Callable[[str, str], Listing]) -> tuple[Link, ...]:
    """Return the entries in the markup that a page's scripts show."""
    for markup, fewest in hidden_markup(text):
        found = read(markup, url).links if markup else ()
        if len(found) >= fewest:
            return found
    return ()


def _inline(
    text: str, url: str, family: Family, joined: tuple[str, ...], shown: tuple[Link, ...]
) -> tuple[Link, ...]:
    """Return the entries in the data of a page's scripts.

    `joined` are the patterns of their addresses; entries `shown` as links show others.
    """
    found: dict[str, Link] = {}
    every = inline_data(text)
    if shown:
        joined += learned(shown, [entry for data in every for entry in entries_of(data)])
    for data in every:
        for link in without_columns(tuple(links_of(data, url, joined))):
            if family.is_article(link.url) or (family.any_url and link.date):
                found.setdefault(link.url, link)
    return tuple(found.values())
