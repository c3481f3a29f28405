"""Headline of a page: the candidate on which head and page agree.

Candidates are the family's element, lines of the page, meta tags, structured data and the title
element. A head may name only the site or a column, a line may be half of a headline, and either may
be cut; then the others decide.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lxml import etree

from crawler.extract.blocks import Block, bare, squeeze
from crawler.extract.claims import in_head, in_values
from crawler.extract.fields import Found, Metas
from crawler.extract.headings import tidied
from crawler.extract.headlines import ABOVE, INTO, echo_of, line_above, line_of, runs, with_siblings
from crawler.extract.site_names import Names, column_names, is_name, title_parts, without_site

_CUT = re.compile(r"\s*(?:…+|\.{2,}|。。。+|⋯+)\s*$")
_TITLE = range(4, 501)
"""Characters of a family's title; set by hand."""
_SAME = 0.8
"""Ratio of matching characters above which two titles are one; set by hand, not measured."""
_TELLING, _MOST_CUT = 8, 3
"""Letters of a list's title that its beginning shows, and the most that a list cuts; by hand."""


@dataclass(frozen=True, slots=True)
class Page:
    """Parts of a page among which a headline is.

    `named` are the family's title elements, `blocks` the lines of the page, `links` the texts of
    its links, `start` the place of the text among them, `data` the headline of structured data.
    `listed` is the title that a list gave the page: it says which line is the headline, but is none
    by itself, or every page in an article's place would have that article's. `values` returns the
    named values of fields and scripts.
    """

    tree: etree._Element
    metas: Metas
    named: Sequence[etree._Element]
    blocks: Sequence[Block]
    links: Mapping[etree._Element, str]
    start: int
    data: str | None = None
    listed: str = ""
    values: Callable[[], Sequence[tuple[str, str]]] = tuple


def title_of(page: Page) -> Found[str] | None:
    """Return the headline, with the kicker and subtitle around it."""
    page = replace(page, blocks=_without_buttons(page))
    names = Names(page.metas, column_names(page.blocks[: max(page.start, 0)], page.links))
    claims = _claims(page, names)
    found = _chosen(page, claims, names)
    if found is None:
        return None
    whole = _whole(found.value, page, claims)
    return Found(whole, found.rule) if whole != found.value else found


def _without_buttons(page: Page) -> list[Block]:
    """Return the lines of a page, those that may be headlines tidied."""
    near = range(page.start - ABOVE, page.start + INTO)
    return [
        tidied(block) if block.kind == "heading" or place in near else block
        for place, block in enumerate(page.blocks)
    ]


def _chosen(page: Page, claims: Sequence[Found[str]], names: Names) -> Found[str] | None:
    """Return the best candidate, which may be cut."""
    named = [line for node in page.named if (line := line_of(node, claims))]
    named = [line for line in named if len(line.text) in _TITLE]
    heads = [claim.value for claim in claims]
    if page.listed and not is_name(page.listed, names):
        heads.append(_listed(page))
    for line in named:
        if heads and _echoed(line.text, heads):
            return Found(with_siblings(line, names), "family title")
    own = next((claim for claim in claims if claim.rule == "meta articletitle"), None)
    shown = echo_of(heads, page.blocks, names)
    if shown and (own is None or _same(shown.text, own.value)):
        return Found(with_siblings(shown, names), "headline on the page")
    if own:
        return own
    near = line_above(page.blocks, page.start, names)
    family = next((line for line in named if not is_name(line.text, names)), None)
    best = family or near
    stated = _stated(claims, names)
    if best and (stated is None or _tells_more(best.text, stated, claims)):
        rule = "family title, alone" if family else "headline above the text"
        return Found(with_siblings(best, names), rule)
    return stated or _valued(page, names) or _last_resort(page)


def _valued(page: Page, names: Names) -> Found[str] | None:
    """Return the title among a page's named values that names a story."""
    for claim in in_values(page.values(), page.blocks[max(0, page.start) :]):
        title = without_site(claim.value, names)
        if not is_name(title, names):
            return Found(title, claim.rule)
    return None


def _listed(page: Page) -> str:
    """Return the list's title, whole if a line continues it.

    Lists cut titles, and not all of them show it.
    """
    key = bare(page.listed)
    for block in page.blocks[max(0, page.start - ABOVE) : page.start + 1]:
        whole = bare(block.text)
        if len(key) >= _TELLING and whole.startswith(key) and len(whole) <= _MOST_CUT * len(key):
            return page.listed if re.search(r"[。；;]$", block.text) else block.text
    return page.listed


def _last_resort(page: Page) -> Found[str] | None:
    """Return the head as it is, or the first heading."""
    for claim in (*in_head(page.tree, page.metas, page.data),):
        return Found(without_site(claim.value, Names(page.metas)), claim.rule)
    heading = next((block for block in page.blocks if block.kind == "heading"), None)
    return Found(heading.text, "first heading") if heading else None


def _claims(page: Page, names: Names) -> list[Found[str]]:
    """Return the titles in the head that name a story."""
    kept: list[Found[str]] = []
    for claim in in_head(page.tree, page.metas, page.data):
        if any(not is_name(part, names) for part in title_parts(claim.value)):
            kept.append(claim)
    return kept


def _stated(claims: Sequence[Found[str]], names: Names) -> Found[str] | None:
    """Return the title that the head gives, without section and site."""
    order = ("meta og:title", "meta twitter:title", "structured data", "title element")
    for rule in (*order, *(claim.rule for claim in claims)):
        claim = next((claim for claim in claims if claim.rule == rule), None)
        if claim:
            return Found(without_site(claim.value, names), claim.rule)
    return None


def _tells_more(line: str, stated: Found[str], claims: Sequence[Found[str]]) -> bool:
    """Return True if a shown headline counts before the head.

    They disagree: names of sites and columns are shorter than headlines, and several sources of one
    title are no mistake.
    """
    agreeing = {claim.rule for claim in claims if _same(stated.value, claim.value)}
    return len(agreeing) < 2 and len(bare(line)) > len(bare(stated.value))


def _whole(text: str, page: Page, claims: Sequence[Found[str]]) -> str:
    """Return a cut headline as another candidate gives it whole."""
    if not _CUT.search(text):
        return text
    key = bare(_CUT.sub("", text))
    given = [page.listed, *(without_site(claim.value, Names(page.metas)) for claim in claims)]
    given += [line.text for line in runs(page.blocks, page.start)]
    given += [str(name) for name in page.tree.xpath("//h1/@title | //h2/@title | //h3/@title")]
    given += [squeeze(node.get("title") or "") for block in page.blocks for node in (block.node,)]
    longer = [
        other for other in given if not _CUT.search(other) and bare(other).startswith(key) and key
    ]
    return min(longer, key=len) if longer else text


def _echoed(text: str, heads: Sequence[str]) -> bool:
    key = bare(text)
    return any(key in bare(head) or bare(head) in key for head in heads) or any(
        _same(text, head) for head in heads
    )


def _same(title: str, other: str) -> bool:
    a, b = bare(_CUT.sub("", title)), bare(_CUT.sub("", other))
    if not a or not b:
        return False
    return a in b or b in a or SequenceMatcher(None, a, b, autojunk=False).ratio() > _SAME
