"""Headline of a page: the candidate on which head and page agree.

Candidates are the family's element, lines of the page, meta tags, structured data and the title
element. A head may name only the site or a column, a line may be half of a headline, and either may
be cut; then the others decide.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lxml import etree

from crawler.extract import lines
from crawler.extract.blocks import Block, bare, read_blocks, squeeze
from crawler.extract.claims import in_head, in_values
from crawler.extract.fields import Found, Metas
from crawler.extract.headings import tidied
from crawler.extract.kinds import reaches
from crawler.phrases import alternatives
from crawler.script import HAN

_WORDS = "crawler.extract/titles.tsv"
_TITLE_END = re.compile(r"\s*(?:_|\||(?:--+|—+|-|–)(?!\s*[a-z]+[\s,])|·|>+|»|«|<|::|：：)\s*")
_KICKER = re.compile(
    r"sub|pre|kick|shoulder|yinti|futi|fubiaoti|zhuti|introtitle|deck|bt2|ft", re.I
)
_NO_STORY = re.compile(alternatives(_WORDS, "no story"), re.I)
_OFFICE = re.compile(
    rf"[{HAN}·•\s]{{2,14}}{alternatives(_WORDS, 'office')}|"
    rf"(?:[\w.,&’'-]+\s+){{0,8}}{alternatives(_WORDS, 'office')}",
    re.I,
)
_SITE = re.compile(
    rf".{{0,14}}{alternatives(_WORDS, 'site')}[网站網群首页頁平台]{{0,4}}|"
    rf"(?:[\w.,&’'-]+\s+){{0,4}}{alternatives(_WORDS, 'site')}(?:\s+of(?:\s+[\w.,&’'-]+){{1,5}})?|"
    rf".{{0,4}}{alternatives(_WORDS, 'greeting')}.*",
    re.I,
)
_VERB = re.compile(alternatives(_WORDS, "verb"), re.I)
_LONGEST_NAME = 60
"""Characters of a site's name at most: a longer title that has one is a story; set by hand."""
_CUT = re.compile(r"\s*(?:…+|\.{2,}|。。。+|⋯+)\s*$")
_MARK = re.compile(
    r"(?:^|[-_\s])(?:(?:article|news|content|info|detail|post|main|page|entry|show|txt|text|con|xl|"
    r"big|arti|wz|nr)?[-_]?(?:tit(?:le)?s?|headline|bt|biaoti|subject))(?:$|[-_\s\d])",
    re.I,
)
"""Classes and ids of a headline, of whatever system."""
_OUTSIDE = frozenset(("nav", "aside", "footer"))
_HEADINGS = {"h1": 3.0, "h2": 2.5, "h3": 1.5, "h4": 1.2}
_MARKED = 2.0
"""Weight of a line as headline by its tag, or by its class; set by hand, not measured."""
_TITLE = range(4, 501)
_SHOWN = range(4, 461)
_SUBTITLE = range(4, 81)
"""Characters of a family's title, of a line that may be the title, and of a kicker or subtitle; set
by hand. Hong Kong's longest headlines have 280."""
_LONGEST_SECTION = 40
_LONGEST_COLUMN = 14
"""Most characters of a trailing part of a title that is a section, and of a column's name in a
link; set by hand."""
_SAME = 0.8
"""Ratio of matching characters above which two titles are one; set by hand, not measured."""
_LINKED_COST, _HEADING_GAIN = 0.6, 1.25
"""Weight that a headline loses as a link, and gains as a heading; set by hand, not measured."""
_LEAST_SHOWN = 0.3
"""Share of the head's title below which a line shows only site or section; set by hand."""
_MOST_LINES = 4
"""Most lines of one headline; set by hand, not measured."""
_PART = 2
"""Fewest letters of a line that is part of a headline; set by hand, not measured."""
_ABOVE, _INTO = 14, 3
"""Lines above the text, and of its own first ones, that may be the headline; set by hand."""
_SHORT, _SHORT_COST = 8, 1.0
"""Units of text below which a line rather names a column or place, and its weight less; set by
hand, not measured."""
_TELLING, _MOST_CUT = 8, 3
"""Letters of a list's title that its beginning shows, and the most that a list cuts; by hand."""
_FAR = 0.1
"""Weight that a line loses for each line between it and the text; set by hand, not measured."""


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


@dataclass(frozen=True, slots=True)
class _Line:
    """Line, or lines of one headline, that the page shows."""

    text: str
    node: etree._Element
    place: int
    heading: bool
    link_density: float
    joined: bool = False


def title_of(page: Page) -> Found[str] | None:
    """Return the headline, with the kicker and subtitle around it."""
    page = replace(page, blocks=_without_buttons(page))
    columns = _columns(page)
    claims = _claims(page, columns)
    found = _chosen(page, claims, columns)
    if found is None:
        return None
    whole = _whole(found.value, page, claims)
    return Found(whole, found.rule) if whole != found.value else found


def _without_buttons(page: Page) -> list[Block]:
    """Return the lines of a page, those that may be headlines tidied."""
    near = range(page.start - _ABOVE, page.start + _INTO)
    return [
        tidied(block) if block.kind == "heading" or place in near else block
        for place, block in enumerate(page.blocks)
    ]


def _chosen(page: Page, claims: Sequence[Found[str]], columns: frozenset[str]) -> Found[str] | None:
    """Return the best candidate, which may be cut."""
    named = [line for node in page.named if (line := _line_of(node, claims))]
    named = [line for line in named if len(line.text) in _TITLE]
    heads = [claim.value for claim in claims]
    if page.listed and not _is_name(page.listed, page.metas, columns):
        heads.append(_listed(page))
    for line in named:
        if heads and _echoed(line.text, heads):
            return Found(_with_siblings(line, page.metas, columns), "family title")
    own = next((claim for claim in claims if claim.rule == "meta articletitle"), None)
    shown = _shown(page, heads, columns)
    if shown and (own is None or _same(shown.text, own.value)):
        return Found(_with_siblings(shown, page.metas, columns), "headline on the page")
    if own:
        return own
    near = _headline_above_text(page, columns)
    family = next((line for line in named if not _is_name(line.text, page.metas, columns)), None)
    best = family or near
    stated = _stated(claims, page.metas, columns)
    if best and (stated is None or _tells_more(best.text, stated, claims)):
        rule = "family title, alone" if family else "headline above the text"
        return Found(_with_siblings(best, page.metas, columns), rule)
    return stated or _valued(page, columns) or _last_resort(page)


def _valued(page: Page, columns: frozenset[str]) -> Found[str] | None:
    """Return the title among a page's named values that names a story."""
    for claim in in_values(page.values(), page.blocks[max(0, page.start) :]):
        title = _without_site(claim.value, page.metas, columns)
        if not _is_name(title, page.metas, columns):
            return Found(title, claim.rule)
    return None


def _listed(page: Page) -> str:
    """Return the list's title, whole if a line continues it.

    Lists cut titles, and not all of them show it.
    """
    key = bare(page.listed)
    for block in page.blocks[max(0, page.start - _ABOVE) : page.start + 1]:
        whole = bare(block.text)
        if len(key) >= _TELLING and whole.startswith(key) and len(whole) <= _MOST_CUT * len(key):
            return page.listed if re.search(r"[。；;]$", block.text) else block.text
    return page.listed


def _last_resort(page: Page) -> Found[str] | None:
    """Return the head as it is, or the first heading."""
    for claim in (*in_head(page.tree, page.metas, page.data),):
        return Found(_without_site(claim.value, page.metas), claim.rule)
    heading = next((block for block in page.blocks if block.kind == "heading"), None)
    return Found(heading.text, "first heading") if heading else None


def _claims(page: Page, columns: frozenset[str]) -> list[Found[str]]:
    """Return the titles in the head that name a story."""
    kept: list[Found[str]] = []
    for claim in in_head(page.tree, page.metas, page.data):
        parts = [part for part in _TITLE_END.split(claim.value) if part]
        if any(not _is_name(part, page.metas, columns) for part in parts):
            kept.append(claim)
    return kept


def _columns(page: Page) -> frozenset[str]:
    """Return the names of columns: short links above the text, outside headings."""
    names: set[str] = set()
    above = page.blocks[: max(page.start, 0)]
    linked = {block.node for block in above if block.linked and block.kind != "heading"}
    for link, text in page.links.items():
        key = bare(text)
        if not 0 < len(key) <= _LONGEST_COLUMN or key in names:
            continue
        around: etree._Element | None = link
        while around is not None and around not in linked:
            around = around.getparent()
        if around is not None:
            names.add(key)
    return frozenset(names)


def _is_name(text: str, metas: Metas, columns: frozenset[str]) -> bool:
    """Return True for a name of a site, office, column or template."""
    key = bare(text)
    if not key or key in columns or _NO_STORY.fullmatch(text.strip()):
        return True
    names = (metas.first("sitename"), metas.first("og:site_name"), metas.first("application-name"))
    column = metas.own("columnname")
    if any(name and bare(name.value) == key for name in (*names, column)):
        return True
    if len(text) > _LONGEST_NAME:
        return False
    text = text.strip()
    if _SITE.fullmatch(text):
        return True
    return bool(_OFFICE.fullmatch(text)) and not _VERB.search(text)


def _stated(
    claims: Sequence[Found[str]], metas: Metas, columns: frozenset[str]
) -> Found[str] | None:
    """Return the title that the head gives, without section and site."""
    order = ("meta og:title", "meta twitter:title", "structured data", "title element")
    for rule in (*order, *(claim.rule for claim in claims)):
        claim = next((claim for claim in claims if claim.rule == rule), None)
        if claim:
            return Found(_without_site(claim.value, metas, columns), claim.rule)
    return None


def _tells_more(line: str, stated: Found[str], claims: Sequence[Found[str]]) -> bool:
    """Return True if a shown headline counts before the head.

    They disagree: names of sites and columns are shorter than headlines, and several sources of one
    title are no mistake.
    """
    agreeing = {claim.rule for claim in claims if _same(stated.value, claim.value)}
    return len(agreeing) < 2 and len(bare(line)) > len(bare(stated.value))


def _headline_above_text(page: Page, columns: frozenset[str]) -> _Line | None:
    """Return the likeliest headline just above the text."""
    best: tuple[float, _Line] | None = None
    for line in _runs(page.blocks, page.start):
        weight = _HEADINGS.get(_heading_tag(line.node), 0.0)
        if not weight and _MARK.search(_mark(line.node)):
            weight = _MARKED
        if not weight or len(line.text) not in _SHOWN or _is_name(line.text, page.metas, columns):
            continue
        if _is_outside(line.node):
            continue
        if lines.is_furniture(line.text) or line.link_density * len(line.text) > 1:
            continue
        weight -= _FAR * abs(page.start - line.place)
        weight -= 0 if reaches([line.text], _SHORT) else _SHORT_COST
        if best is None or weight > best[0]:
            best = (weight, line)
    return best[1] if best else _above_date(page, columns)


def _is_outside(node: etree._Element) -> bool:
    """Return True in navigation, a side column, foot or head."""
    around = [str(outer.tag) for outer in node.iterancestors()]
    if "header" in around and not {"article", "main"}.intersection(around):
        return True
    return not _OUTSIDE.isdisjoint(around)


def _above_date(page: Page, columns: frozenset[str]) -> _Line | None:
    """Return the plain line directly above the line of date and source."""
    for place in range(max(page.start - _INTO, 1), min(page.start + _INTO, len(page.blocks))):
        if not lines.is_meta_line(
            page.blocks[place].text, lines.read_line(page.blocks[place].pieces)
        ):
            continue
        block = page.blocks[place - 1]
        text = block.text
        if len(text) not in _SUBTITLE or block.linked or lines.is_furniture(text):
            return None
        if _is_name(text, page.metas, columns) or re.search(r"[。；;！]$", text):
            return None
        return _Line(text, block.node, place - 1, False, 0.0)
    return None


def _runs(blocks: Sequence[Block], start: int) -> Iterator[_Line]:
    """Yield the lines and headings around the start of the text."""
    place, end = max(0, start - _ABOVE), min(len(blocks), start + _INTO)
    while place < end:
        last = place
        owner = _owner(blocks[place].node)
        while owner is not None and last + 1 < len(blocks) and last - place < _MOST_LINES:
            if _owner(blocks[last + 1].node) is not owner or _has_fields(blocks[last + 1]):
                break
            last += 1
        run = blocks[place : last + 1]
        linked = sum(block.linked for block in run)
        text = _joined([block.text for block in run])
        node = owner if owner is not None else blocks[place].node
        yield _Line(text, node, place, run[0].kind == "heading", linked / max(1, len(text)))
        place = last + 1


def _has_fields(block: Block) -> bool:
    found = lines.read_line(block.pieces)
    return lines.is_furniture(block.text) or bool(found.bare or found.published or found.source)


def _owner(node: etree._Element) -> etree._Element | None:
    """Return the heading or marked element around a line."""
    marked = None
    for around in (node, *node.iterancestors()):
        if around.tag in _HEADINGS:
            return around
        if around.tag in ("body", "td", "section", "article", "main"):
            break
        if marked is None and _MARK.search(_mark(around)):
            marked = around
    return marked


def _heading_tag(node: etree._Element) -> str:
    owner = _owner(node)
    return str(owner.tag) if owner is not None else ""


def _mark(node: etree._Element) -> str:
    return f"{node.get('class') or ''} {node.get('id') or ''}"


def _shown(page: Page, heads: Sequence[str], columns: frozenset[str]) -> _Line | None:
    """Return the lines that the head repeats most fully."""
    best: _Line | None = None
    score = 0.0
    keys = [bare(head) for head in heads]
    together = "\n".join(keys)
    stripped = [bare(_without_site(head, page.metas)) for head in heads]
    for place, block in enumerate(page.blocks if heads else ()):
        if len(block.text) > _SHOWN[-1] or bare(block.text) not in together:
            continue
        line = _grown(page.blocks, place, stripped)
        if len(line.text) not in _SHOWN or _is_name(line.text, page.metas, columns):
            continue
        value = len(bare(line.text)) * (1.0 - _LINKED_COST * min(1.0, line.link_density))
        value *= _HEADING_GAIN if line.heading else 1.0
        if value > score:
            best, score = line, value
    if best is None:
        return None
    if len(bare(best.text)) < _LEAST_SHOWN * len(keys[0]):
        # Only the site's name or a section was found, unless the head itself is mostly site.
        return best if best.heading else None
    return _spelled(best, heads) if best.joined else best


def _grown(blocks: Sequence[Block], place: int, heads: Sequence[str]) -> _Line:
    """Return a line with those that continue it in the head."""
    last, key = place, bare(blocks[place].text)
    while len(key) >= _PART and last + 1 < len(blocks) and last + 1 - place < _MOST_LINES:
        more = bare(blocks[last + 1].text)
        if len(more) < _PART or not any(key + more in head for head in heads):
            break
        key, last = key + more, last + 1
    run = blocks[place : last + 1]
    text = _joined([block.text for block in run])
    owner = _owner(run[0].node) if len(run) > 1 else None
    node = owner if owner is not None else run[0].node
    linked = sum(block.linked for block in run)
    return _Line(
        text, node, place, run[0].kind == "heading", linked / max(1, len(text)), len(run) > 1
    )


def _spelled(line: _Line, heads: Sequence[str]) -> _Line:
    """Return a headline of several lines as the head spells it."""
    key = bare(line.text)
    for head in heads:
        for text in (head, _without_site(head)):
            if bare(text) == key:
                return _Line(text, line.node, line.place, line.heading, line.link_density)
    return line


def _joined(texts: Sequence[str]) -> str:
    """Return the lines of a headline as one."""
    whole = ""
    for text in texts:
        tight = bool(re.search(rf"[{HAN}\W]$", whole) and re.match(rf"[{HAN}\W]", text))
        whole += text if tight or not whole else f" {text}"
    return whole


def _line_of(node: etree._Element, claims: Sequence[Found[str]]) -> _Line | None:
    """Return the text of a family's title element."""
    blocks = [tidied(block) for block in read_blocks(node, frozenset())]
    if not blocks:
        return None
    kicker = any(_KICKER.search(_mark(block.node)) for block in blocks if block.node is not node)
    texts = [block.text for block in blocks]
    spaced = " ".join(texts)
    keys = {bare(_without_site(claim.value)) for claim in claims}
    text = _joined(texts) if not kicker and (bare(spaced) in keys or _soft(blocks)) else spaced
    line = _Line(text, node, 0, node.tag in _HEADINGS, 0.0)
    return _spelled(line, [claim.value for claim in claims]) if len(blocks) > 1 else line


def _soft(blocks: Sequence[Block]) -> bool:
    return all(block.soft for block in blocks[1:])


def _whole(text: str, page: Page, claims: Sequence[Found[str]]) -> str:
    """Return a cut headline as another candidate gives it whole."""
    if not _CUT.search(text):
        return text
    key = bare(_CUT.sub("", text))
    given = [page.listed, *(_without_site(claim.value, page.metas) for claim in claims)]
    given += [line.text for line in _runs(page.blocks, page.start)]
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


def _with_siblings(line: _Line, metas: Metas, columns: frozenset[str]) -> str:
    """Return a headline with kicker and subtitle, joined by spaces."""
    node, text = line.node, line.text
    key = bare(text)
    before: list[str] = []
    after: list[str] = []
    for sibling, into in ((node.getprevious(), before), (node.getnext(), after)):
        other = sibling
        while other is not None and not isinstance(other.tag, str):
            other = other.getprevious() if into is before else other.getnext()
        if other is None or not _is_kicker(other, node):
            continue
        beside = " ".join(block.text for block in read_blocks(other, frozenset()))
        if len(beside) not in _SUBTITLE or bare(beside) in key or lines.is_furniture(beside):
            continue
        if not _is_name(beside, metas, columns):
            into.append(beside)
    return " ".join([*before, text, *after])


def _is_kicker(node: etree._Element, title: etree._Element) -> bool:
    if node.tag in ("h1", "h2", "h3", "h4", "h5") and title.tag in ("h1", "h2", "h3", "h4"):
        return True
    return node.tag in ("p", "div", "span", "h3", "h4", "h5") and bool(_KICKER.search(_mark(node)))


def _without_site(
    head: str, metas: Metas | None = None, columns: frozenset[str] = frozenset()
) -> str:
    """Return a title without the names of section and site."""
    parts = [part for part in _TITLE_END.split(head) if part]
    if len(parts) < 2:
        return head.strip()
    if metas and _is_name(parts[0], metas, columns):
        # The site first: its name and the column's, then the story.
        story = next((part for part in parts if not _is_name(part, metas, columns)), None)
        if story:
            head = head[head.find(story) :]
            parts = [part for part in _TITLE_END.split(head) if part]
            if len(parts) < 2:
                return head.strip()
    first, last = parts[0], parts[-1]
    if len(first) >= 6 or len(first) >= len(last):
        end = head.find(first) + len(first)
        rest = _TITLE_END.split(head[end:])
        # An English headline may hold a dash of its own: only short trailing parts are a site's.
        if re.search(r"[A-Za-z]", first) and len(rest) > 2 and len(rest[1]) > _LONGEST_SECTION:
            return head[: head.rfind(last)].strip(" -|_–—")
        return first.strip()
    return max(parts, key=len).strip()
