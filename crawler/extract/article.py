"""Extraction of one page: bytes to an `Article` or a `Reject`.

Pure: the same input gives the same result, nothing is fetched, nothing is raised. The order: the
type of the answer; the family's rules; the general reader; then the checks of the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import urlsplit

from lxml import etree

from crawler.city import City, Source
from crawler.cms import FAMILIES
from crawler.cms.family import Rules
from crawler.extract import fields, kinds, lines, titles
from crawler.extract.blocks import Block, read_blocks
from crawler.extract.body import Body, Cut, images, read_body
from crawler.extract.concealed import revealed
from crawler.extract.consensus import Opinion, agreement, ask_extractors, choose_blocks
from crawler.extract.dates import Moment
from crawler.extract.documents import FRAMES, attachments, framed, pointed
from crawler.extract.kinds import is_listing, reaches, units, with_headlines
from crawler.extract.mates import mate_url
from crawler.extract.page import ParsedPage, parse
from crawler.extract.parts import called_parts, following_parts, linked_parts
from crawler.extract.refusals import REASONS, TELLING, diagnose, is_document
from crawler.extract.stated import date_named
from crawler.item import LISTED, Article, Reject, article_id
from crawler.limits import MAX_ELEMENTS, MAX_LINES, MAX_TEXT, MAX_TITLE
from crawler.unpacking import TOO_LARGE, is_packed

T = TypeVar("T")

_MARKERS = tuple(
    (re.compile(rf"<!--\s*{begin}\s*-->"), re.compile(rf"<!--\s*{end}"))
    for begin, end in (
        (r"<\$\[信息内容\]>begin", r"<\$\[信息内容\]>end\s*-->"),
        (r"ZJEG_RSS\.content\.begin", r"ZJEG_RSS\.content\.end"),
        (r"(?:文章)?正文\s*(?:begin|start|开始)", r"(?:文章)?正文\s*(?:end|结束)"),
    )
)
"""Comments with which publishing systems frame the body they fill in (Hanweb and its like)."""

_PARTICULAR = re.compile(
    r"trs_|ucap|#zoom|custom_union|#pressrelease|entry-content|area-essay", re.IGNORECASE
)
_ENOUGH = 24
"""Units of text from which a family's rule has found the body; set by hand, not measured."""
_OUTERMOST = 3
"""Elements around headline and foot of a page: html, body and a wrapper."""
_DOUBTFUL = 400
"""Units of text below which a page may be a defence: their own words stay below."""
_PLAIN = 80
"""Units of text from which an article is plainly one; set by hand, not measured."""
_TEASER, _LINE = 0.2, 60
"""Share of a page's prose that a body by the name of a family not its own has at least, and
characters of a line of prose; set by hand."""
_WITHOUT_TEXT = ("too_short", "image_only", "empty_shell", "listing")
"""Reasons of rejects whose pages may conceal a text."""
_OPENING = 40
"""Characters of the first paragraph by which its line is found; set by hand, not measured."""
_LONGEST_HEADING = 80
"""Characters of the first paragraph that serve as title where the page has none; set by hand."""
_LOW_AGREEMENT = 0.5
"""Likeness of the extractors below which an article is flagged; set by hand, not measured."""
_REPEATED = 20
"""Characters above which a page's first line that is known repeats the page before; set by hand."""
_LOST = "\ufffd"
"""Sign that stands for a character lost before the page was sent, or in reading it."""
_CAPTION = range(4, 61)
"""Characters of a centred line between paragraphs that may be a caption; set by hand."""
_TOO_LITTLE = 40
"""Units of text below which a page may have a document in its place; set by hand, not measured."""
_LONGEST_META = 300
"""Most characters of a line in a family's date-and-source element; set by hand, not measured."""
_ABOVE, _BELOW = 12, 6
"""Lines around a body among which a family's date line is its own; set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class Field:
    """Field of an explanation: its value as text, and its rule."""

    name: str
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Result of a page with rules, cut lines and the extractors' opinions."""

    result: Article | Reject
    encoding: str
    fields: tuple[Field, ...] = ()
    cut: tuple[Cut, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """Body of a page: its blocks, their elements, and its rule."""

    blocks: list[Block]
    nodes: list[etree._Element]
    places: tuple[int, int]
    rule: str
    rules: Rules | None = None
    agreement: float | None = None
    concealed: bool = False


def extract(url: str, body: bytes, headers: Mapping[str, str], city: City) -> Article | Reject:
    """Read one fetched page as an article of `city`. Never raises."""
    return _guarded(url, body, headers, city, compare=False).result


def explain_page(url: str, body: bytes, headers: Mapping[str, str], city: City) -> Explanation:
    """Read one page as `extract` does, with a rule for each field.

    Never raises.
    """
    return _guarded(url, body, headers, city, compare=True)


def join_parts(first: Article, rest: Sequence[Article]) -> Article:
    """Join the pages of an article into one.

    `rest` are its pages 2..n, in order, as far as fetched. A page that repeats the end of the one
    before it adds only new paragraphs. Pages that are missing, or have no room within `MAX_TEXT`,
    leave the flag `parts_missing`.
    """
    paragraphs = first.text.split("\n")
    rest = _within(MAX_TEXT - len(first.text), rest)
    for part in rest:
        new = part.text.split("\n")
        known = set(paragraphs)
        while new and new[0] in known and len(new[0]) > _REPEATED:
            new = new[1:]
        paragraphs += new
    flags = [*first.flags, "multi_page"]
    if len(rest) < len(first.parts):
        flags.append("parts_missing")
    every = (first, *rest)
    return replace(
        first,
        text="\n".join(paragraphs),
        images=_once(image for article in every for image in article.images),
        captions=_once(caption for article in every for caption in article.captions),
        attachments=_once(url for article in every for url in article.attachments),
        flags=_once(iter(flags)),
        parts=(),
        following=(),
    )


def _within(room: int, parts: Sequence[Article]) -> list[Article]:
    """Return the first parts that together have room in an article."""
    kept: list[Article] = []
    for part in parts:
        room -= len(part.text)
        if room < 0:
            break
        kept.append(part)
    return kept


def _guarded(
    url: str, body: bytes, headers: Mapping[str, str], city: City, *, compare: bool
) -> Explanation:
    try:
        return _read(url, body, headers, city, compare)
    except Exception as error:
        # Hostile input must cost one page, not the crawl; the class and message say where to look.
        detail = f"Reading the page failed with {type(error).__name__}: {error}"
        return Explanation(Reject(url, city.key, "unreadable", detail[:300]), "")


def _read(
    url: str, body: bytes, headers: Mapping[str, str], city: City, compare: bool
) -> Explanation:
    if is_packed(headers):
        return Explanation(_reject(url, city, "too_large", TOO_LARGE), "")
    if not is_document(headers, body):
        return Explanation(_reject(url, city, diagnose(url, 200, headers, body) or "not_html"), "")
    page = ParsedPage(url, body, headers)
    if len(page.elements) > MAX_ELEMENTS:
        size = f"{len(page.elements)} elements"
        return Explanation(_reject(url, city, "too_large", size), page.decoded.encoding)
    edition = city.source_of(url, page.served)
    text = _family_text(page, edition) or _marked_text(page)
    if text is not None and len(text.blocks) > MAX_LINES:
        size = f"{len(text.blocks)} lines"
        return Explanation(_reject(url, city, "too_large", size), page.decoded.encoding)
    opinions: tuple[Opinion, ...] = ()
    if compare or text is None or not text.blocks:
        opinions = ask_extractors(page.markup, page.chinese, len(page.blocks), every=compare)
    if text is None and not opinions:
        size = f"{len(page.markup)} characters, {len(page.blocks)} lines"
        return Explanation(_reject(url, city, "too_large", size), page.decoded.encoding)
    if text is None or (opinions and not text.blocks):
        general = _general_text(page, opinions)
        # Where the family's own place is empty, only a plain article elsewhere is believed.
        if text is None or reaches((block.text for block in general.blocks), _PLAIN):
            text = general
    found, result = _article(page, city, edition, text)
    if not compare:
        return Explanation(result, page.decoded.encoding)
    return Explanation(result, page.decoded.encoding, found.notes(), found.body.cut, opinions)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Fields found on a page, before it is accepted or refused."""

    page: ParsedPage
    city: City
    edition: Source | None
    text: _Text
    body: Body
    title: fields.Found[str] | None
    published: fields.Found[Moment] | None
    date_flags: tuple[str, ...]
    source: fields.Found[str] | None
    author: fields.Found[str] | None
    column: fields.Found[str] | None
    keywords: fields.Found[tuple[str, ...]] | None
    images: tuple[str, ...]
    attachments: tuple[str, ...]
    parts: tuple[str, ...]
    following: tuple[str, ...]

    @property
    def heading(self) -> str:
        """Headline, or nothing."""
        return self.title.value if self.title else ""

    def notes(self) -> tuple[Field, ...]:
        """Return the fields that have a value as text with rules."""
        body = self.body
        rows = (
            _note("title", self.title, str),
            _note("published_at", self.published, _shown_moment),
            _note("source", self.source, str),
            _note("author", self.author, str),
            _note("column", self.column, str),
            _note("keywords", self.keywords, "; ".join),
            Field("text", f"{len(body.text)} characters", self.text.rule),
            Field("images", " ".join(self.images), "pictures in the body"),
            Field("captions", " / ".join(body.captions), "lines at pictures"),
            Field("attachments", " ".join(self.attachments), "documents linked"),
            Field("parts", " ".join(self.parts), "pager"),
        )
        return tuple(row for row in rows if row.value)


def _article(
    page: ParsedPage, city: City, edition: Source | None, text: _Text
) -> tuple[_Fields, Article | Reject]:
    found = _find_fields(page, city, edition, text)
    result = _reject_of(found) or _article_of(found)
    if isinstance(result, Reject) and (result.reason in _WITHOUT_TEXT or not found.body.paragraphs):
        shown = _shown_fields(page, city, edition, result.reason)
        if shown is not None and _reject_of(shown) is None:
            found, result = shown, _article_of(shown)
    return found, result


def _shown_fields(
    page: ParsedPage, city: City, edition: Source | None, reason: str
) -> _Fields | None:
    """Return the fields of a page with its scripts run, or None.

    A list is one unless the concealed text has the page's own title.
    """
    shown = revealed(page)
    if shown is None or (reason == "listing" and not shown.fits):
        return None
    blocks = read_blocks(shown.node, frozenset())
    places = shown.page.places_in([shown.node])
    text = _Text(blocks, [shown.node], places, shown.rule, concealed=True)
    return _find_fields(shown.page, city, edition, text)


def _find_fields(page: ParsedPage, city: City, edition: Source | None, text: _Text) -> _Fields:
    metas = page.metas
    rules = text.rules
    title = titles.title_of(
        titles.Page(
            tree=page.tree,
            metas=metas,
            named=page.index.select(rules.title) if rules else [],
            blocks=page.blocks,
            links=page.links,
            start=text.places[0],
            data=page.stated_headline,
            listed=page.headers.get(LISTED, ""),
            values=lambda: page.named_values,
        )
    )
    heading = title.value if title else ""
    body = read_body(text.blocks, heading)
    start, end = text.places
    if body.paragraphs and rules is None:
        # The extractors may take title and date line along: the text starts after them.
        opening = body.paragraphs[0][:_OPENING]
        starts = (p for p in range(start, end) if page.blocks[p].text.startswith(opening))
        start = next(starts, start)
    near = [
        *_meta_lines(page, rules, start, end),
        *body.meta,
        *fields.near_lines(page.blocks, heading, start, end),
    ]
    data = page.stated_date or page.stated_between(
        fields.title_place(page.blocks, heading, start), start
    )
    parts = rules.parts(page.html, page.url) if rules else ()
    parts = parts or linked_parts(page) or called_parts(page)
    published, date_flags = fields.published_of(
        metas, near, page.url, data, lambda: date_named(page.named_values)
    )
    return _Fields(
        page=page,
        city=city,
        edition=edition,
        text=text,
        body=body,
        title=title,
        published=published,
        date_flags=date_flags,
        source=fields.source_of(metas, near),
        author=fields.author_of(metas, near, body.editor, body.reporter),
        column=fields.column_of(metas, page.blocks[: max(start, 1)], heading),
        keywords=fields.keywords_of(metas),
        images=images(text.nodes, page.base),
        attachments=_documents(page, text, body),
        parts=parts,
        following=() if parts else following_parts(page),
    )


def _reject_of(found: _Fields) -> Reject | None:
    """Return the reject of a page without an article, or None."""
    page, city, body = found.page, found.city, found.body
    rejected = _no_article(found)
    if (
        not found.text.concealed
        and (rejected or not reaches([body.text], _DOUBTFUL))
        and sum(len(block.text) for block in page.blocks) <= TELLING
    ):
        # Only little text is worth asking whether the page is a defence: it takes long on scripts.
        blocked = diagnose(page.url, 200, page.headers, page.body)
        rejected = _reject(page.url, city, blocked) if blocked else rejected
    if rejected and page.truncated and rejected.reason == "too_short":
        size = f"its first {len(page.html)} characters hold no text"
        return _reject(page.url, city, "too_large", size)
    if rejected:
        return rejected
    if len(found.heading) > MAX_TITLE:
        size = f"a title of {len(found.heading)} characters"
        return _reject(page.url, city, "too_large", size)
    if len(body.text) > MAX_TEXT:
        return _reject(page.url, city, "too_large", f"{len(body.text)} characters of text")
    return None


def _article_of(found: _Fields) -> Article:
    page, body, published = found.page, found.body, found.published
    heading = found.heading or body.paragraphs[0][:_LONGEST_HEADING]
    return Article(
        article_id=article_id(page.url),
        city=found.city.key,
        site=(urlsplit(page.url).hostname or "").lower(),
        url=page.url,
        title=heading,
        text=body.text,
        lang_declared=found.city.lang_of(page.url, page.served),
        published_at=fields.cut_to(published.value) if published else None,
        published_precision=published.value.precision if published else None,
        source=_value(found.source),
        author=_value(found.author),
        column=_value(found.column),
        keywords=found.keywords.value if found.keywords else (),
        images=found.images,
        captions=body.captions,
        attachments=found.attachments,
        extractor=found.text.rule,
        extract_agreement=found.text.agreement,
        flags=_once(_flags(found, heading)),
        rights=found.city.rights_of(page.url).text,
        parts=found.parts,
        following=found.following,
        mate_id=article_id(mate) if (mate := mate_url(page)) else None,
    )


def _flags(found: _Fields, heading: str) -> Iterator[str]:
    """Yield the flags of an article."""
    yield from found.page.decoded.flags
    yield from found.date_flags
    if _LOST in found.body.text or _LOST in heading:
        yield "mojibake"
    if found.page.truncated:
        yield "truncated"
    if found.published is None:
        yield "undated"
    if found.text.agreement is not None and found.text.agreement < _LOW_AGREEMENT:
        yield "low_agreement"
    yield from kinds.kind_flags(heading, found.body.paragraphs, found.text.blocks)


def _family_text(page: ParsedPage, source: Source | None) -> _Text | None:
    """Return the body that a family's rules find, or None.

    The family that the city file names comes first, then those to which the URL's shape belongs,
    then all others: their selectors are particular enough to be tried anywhere. A body that is all
    but empty is the last resort: an empty element for the text is evidence, too.
    """
    thin: _Text | None = None
    for name, rules, known in _rules_for(page, source):
        for selector in rules.body:
            if not known and not _PARTICULAR.search(selector):
                continue
            nodes = page.index.select([selector])
            if not nodes:
                continue
            node = nodes[0] if len(nodes) == 1 else max(nodes, key=_length)
            blocks = page.blocks_of(node, page.index.inside(node, rules.drop))
            if is_listing(blocks, "", general=False):
                continue
            text = _Text(blocks, [node], page.places_in([node]), f"{name}: {selector}", rules)
            if reaches((block.text for block in blocks), _ENOUGH) and (
                known or _is_most(page, blocks)
            ):
                return text
            if known and thin is None:
                thin = text
    return thin


def _is_most(page: ParsedPage, blocks: Sequence[Block]) -> bool:
    """Return True unless a page has far more prose outside some blocks.

    Themes of other systems give a teaser the name of a body.
    """
    within = sum(map(_prose, blocks))
    return within >= _TEASER * sum(map(_prose, page.blocks))


def _prose(block: Block) -> int:
    return len(block.text) if len(block.text) >= _LINE and not block.linked else 0


def _rules_for(page: ParsedPage, source: Source | None) -> Iterator[tuple[str, Rules, bool]]:
    """Yield the rules to try, each with its family's name and claim.

    The claim is True if the family is known to be the page's own. Of a family with several
    generations of templates, those that were in use on the day the page was served come first: an
    archive may span a redesign.
    """
    own = [source.cms] if source else []
    own += [name for name, family in FAMILIES.items() if family.is_own_article(page.url)]
    served = page.served
    for name in dict.fromkeys([*own, *FAMILIES]):
        for rules in FAMILIES[name].rules_on(served):
            yield name, rules, name in own


def _marked_text(page: ParsedPage) -> _Text | None:
    """Return the body framed by a publishing system's comments."""
    if "<!--" not in page.html:
        return None
    for begin, end in _MARKERS:
        # Sought one after the other: one pattern for both takes the square of the page's length.
        opened = begin.search(page.html)
        closed = end.search(page.html, opened.end()) if opened else None
        framed = page.html[opened.end() : closed.start()] if opened and closed else ""
        if framed.strip():
            node = parse(f"<html><body><div>{framed}</div></body></html>")
            blocks = read_blocks(node, frozenset())
            if reaches((block.text for block in blocks), _ENOUGH):
                places = page.places_of([block.text for block in blocks])
                return _Text(blocks, [node], places, "comments around the body")
    return None


def _general_text(page: ParsedPage, opinions: tuple[Opinion, ...]) -> _Text:
    chosen = with_headlines(page.blocks, choose_blocks(page.blocks, opinions, page.apart))
    places = (chosen[0], chosen[-1] + 1) if chosen else (0, 0)
    kept = set(chosen)
    blocks = [
        block if place in kept else block._replace(kind="caption")
        for place, block in enumerate(page.blocks[: places[1]])
        # What the extractors pass over in the middle of a text, set in the middle, is a caption.
        if place in kept or (place > places[0] and block.centred and _may_be_caption(block))
    ]
    nodes = page.around(blocks[0].node, blocks[-1].node) if blocks else []
    return _Text(blocks, nodes, places, "consensus", None, agreement(opinions))


def _may_be_caption(block: Block) -> bool:
    return len(block.text) in _CAPTION and not block.linked and not lines.is_furniture(block.text)


def _meta_lines(
    page: ParsedPage, rules: Rules | None, start: int, end: int
) -> Iterator[lines.MetaLine]:
    """Yield the fields in the family's date-and-source elements near the body.

    Lists of other articles, in a side column, carry dates in elements of the same name.
    """
    if rules is None:
        return
    near = [*page.blocks[max(0, start - _ABOVE) : start + 1], *page.blocks[end : end + _BELOW]]
    for node in page.index.select(rules.meta_line):
        inside = set(node.iter())
        if not any(block.node in inside for block in near):
            continue
        for block in read_blocks(node, frozenset()):
            if len(block.text) <= _LONGEST_META:
                seen = lines.read_line(block.pieces)
                if seen.has_fields:
                    yield seen


def _around(nodes: Sequence[etree._Element]) -> list[etree._Element]:
    """Return the body's elements and their following siblings, such as attachment lists."""
    around = list(nodes)
    if len(nodes) == 1:
        around += [node for node in nodes[0].itersiblings() if isinstance(node.tag, str)]
    return around


def _documents(page: ParsedPage, text: _Text, body: Body) -> tuple[str, ...]:
    """Return the documents linked or framed, or in a text's place."""
    linked = attachments(_around(text.nodes), page.base)
    shown = framed((*page.taken_out, *page.tree.iter(*FRAMES)), page.base)
    if linked or shown or reaches(_own(body), _TOO_LITTLE):
        return _once(iter((*linked, *shown)))
    if text.rules is None:
        linked = attachments(page.outside_furniture("a"), page.base)
    return linked or pointed((*page.taken_out, *page.elements), page.base)


def _own(body: Body) -> list[str]:
    """Return the paragraphs of a body without the site's notices."""
    return [text for text in body.paragraphs if not lines.is_of_the_site(text)]


def _is_foot(found: _Fields) -> bool:
    """Return True if a short text is the foot of its page.

    Every page of a site ends in a foot: the last words below a film or a picture are no article,
    nor are words outside the box that has the headline and the film.
    """
    page, text = found.page, found.text
    if text.rules is not None or reaches(found.body.paragraphs, _PLAIN):
        return False
    shown = page.outside_furniture("img", "video", "audio", "embed", "object")
    if not shown or text.places[1] == len(page.blocks):
        return bool(shown)
    start = text.places[0]
    title = page.blocks[min(fields.title_place(page.blocks, found.heading, start), start)].node
    own = set(page.blocks[start].node.iterancestors())
    around = [node for node in (title, *title.iterancestors()) if node in own]
    # Words in one box with the headline are its text; the page itself is no box.
    if len(around) > _OUTERMOST:
        return False
    boxes = [node for node in title.iterancestors() if node not in own]
    return bool(boxes) and any(boxes[-1] in media.iterancestors() for media in shown)


def _no_article(found: _Fields) -> Reject | None:
    """Return the reject for a body that is no article, or None."""
    page, text, body, documents = found.page, found.text, found.body, found.attachments
    general = text.rules is None
    pictures = found.images or images(page.outside_furniture("img") if general else (), page.base)
    own = "" if _is_foot(found) else "\n".join(_own(body))
    reason = kinds.reject_reason(
        body.text if reaches([own], _ENOUGH) else own,
        text.blocks if text.blocks and not general else page.blocks,
        general=general,
        documents=len(documents),
        pictures=len(pictures),
    )
    if reason is None:
        return None
    details = {
        "cover_notice": f"attached: {' '.join(documents[:3])}",
        "image_only": f"pictures: {len(pictures)}",
        "too_short": f"{units(own)} characters"
        + (", and notices of the site" * (own != body.text)),
    }
    return _reject(page.url, found.city, reason, details.get(reason, ""))


def _reject(url: str, city: City, reason: str, detail: str = "") -> Reject:
    return Reject(url, city.key, reason, REASONS[reason] + (f" ({detail})" if detail else ""))


def _note(name: str, found: fields.Found[T] | None, shown: Callable[[T], str]) -> Field:
    return Field(name, shown(found.value), found.rule) if found else Field(name, "", "")


def _shown_moment(moment: Moment) -> str:
    return f"{fields.cut_to(moment):%Y-%m-%d %H:%M} ({moment.precision})"


def _value(found: fields.Found[str] | None) -> str | None:
    return found.value if found else None


def _length(node: etree._Element) -> int:
    return sum(len(text.strip()) for text in node.itertext())


def _once(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
