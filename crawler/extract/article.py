"""From the bytes of a page to an `Article`, or to a `Reject` that says why there is none.

Pure: the same input gives the same result, nothing is fetched, nothing is raised. The order: is it
a page at all; the family's rules; the general reader; then what the text itself tells.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lxml import etree

from crawler.city import City, Source
from crawler.cms import FAMILIES
from crawler.cms.family import Rules
from crawler.extract import fields, kinds, lines
from crawler.extract.blocks import Block, read_blocks
from crawler.extract.body import Body, Cut, attachments, images, read_body
from crawler.extract.consensus import Opinion, agreement, ask_extractors, choose_blocks
from crawler.extract.kinds import is_listing, reaches, units, with_headlines
from crawler.extract.page import ParsedPage, parse
from crawler.extract.refusals import REASONS, diagnose, is_document
from crawler.item import Article, Reject, article_id
from crawler.limits import MAX_ELEMENTS, MAX_LINES, MAX_TEXT, MAX_TITLE
from crawler.unpacking import TOO_LARGE, is_packed

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
_DOUBTFUL = 400


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an explanation: its value as text, and the rule that found it."""

    name: str
    value: str
    rule: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a page was read: the result, a rule per field, what was cut, what each extractor said."""

    result: Article | Reject
    encoding: str
    fields: tuple[Field, ...] = ()
    cut: tuple[Cut, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """Where the body is: its blocks, the elements that hold it, and who found it."""

    blocks: list[Block]
    nodes: list[etree._Element]
    places: tuple[int, int]
    rule: str
    rules: Rules | None = None
    agreement: float | None = None


def extract(url: str, body: bytes, headers: Mapping[str, str], city: City) -> Article | Reject:
    """Read one fetched page as an article of `city`. Never raises."""
    return _guarded(url, body, headers, city, compare=False).result


def explain_page(url: str, body: bytes, headers: Mapping[str, str], city: City) -> Explanation:
    """Read one page as `extract` does, and say which rule found what. Never raises."""
    return _guarded(url, body, headers, city, compare=True)


def join_parts(first: Article, rest: Sequence[Article]) -> Article:
    """Return a multi-page article as one: `rest` are its pages 2..n, in order, as far as fetched.

    A page that repeats the end of the one before it adds only what is new. Pages that are missing,
    or have no room within `MAX_TEXT`, leave the flag `parts_missing`.
    """
    paragraphs = first.text.split("\n")
    rest = _within(MAX_TEXT - len(first.text), rest)
    for part in rest:
        new = part.text.split("\n")
        known = set(paragraphs)
        while new and new[0] in known and len(new[0]) > 20:
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
    )


def _within(room: int, parts: Sequence[Article]) -> list[Article]:
    """Return the parts, in order, whose text together has room in an article."""
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
    source = city.source_of(url, page.served)
    text = _family_text(page, source) or _marked_text(page)
    if text is not None and len(text.blocks) > MAX_LINES:
        size = f"{len(text.blocks)} lines"
        return Explanation(_reject(url, city, "too_large", size), page.decoded.encoding)
    said: tuple[Opinion, ...] = ()
    if compare or text is None:
        said = ask_extractors(page.markup, page.chinese, len(page.blocks), every=compare)
    if text is None:
        if not said:
            size = f"{len(page.markup)} characters, {len(page.blocks)} lines"
            return Explanation(_reject(url, city, "too_large", size), page.decoded.encoding)
        text = _general_text(page, said)
    return _article(page, city, source, text, said)


def _too_long(title: str, text: str) -> str:
    """Return the size of what is too long for an article; empty if nothing is."""
    if len(title) > MAX_TITLE:
        return f"a title of {len(title)} characters"
    return f"{len(text)} characters of text" if len(text) > MAX_TEXT else ""


def _article(
    page: ParsedPage, city: City, source: Source | None, text: _Text, said: tuple[Opinion, ...]
) -> Explanation:
    metas = page.metas
    rules = text.rules
    named = page.select(rules.title) if rules else []
    title = fields.title_of(page.tree, metas, named, page.blocks)
    heading = title.value if title else ""
    body = read_body(text.blocks, heading)
    start, end = text.places
    if body.paragraphs and text.rules is None:
        # The extractors may take title and date line along: the text starts after them.
        opening = body.paragraphs[0][:40]
        starts = (p for p in range(start, end) if page.blocks[p].text.startswith(opening))
        start = next(starts, start)
    near = [
        *_meta_lines(page, rules, start, end),
        *body.meta,
        *fields.near_lines(page.blocks, heading, start, end),
    ]
    published, date_flags = fields.published_of(metas, near, page.url, page.stated_date)
    found_source = fields.source_of(metas, near)
    author = fields.author_of(metas, near, body.editor, body.reporter)
    column = fields.column_of(metas, page.blocks[: max(start, 1)], heading)
    keywords = fields.keywords_of(metas)
    pictures = images(text.nodes, page.base)
    documents = attachments(_around(text.nodes), page.base)
    parts = (rules.parts(page.html, page.url) if rules else ()) or page.linked_parts()
    notes = tuple(
        Field(name, value, rule)
        for name, value, rule in (
            ("title", heading, title.rule if title else ""),
            (
                "published_at",
                f"{fields.cut_to(published.value):%Y-%m-%d %H:%M} ({published.value.precision})"
                if published
                else "",
                published.rule if published else "",
            ),
            _note("source", found_source),
            _note("author", author),
            _note("column", column),
            (
                "keywords",
                "; ".join(keywords.value) if keywords else "",
                keywords.rule if keywords else "",
            ),
            ("text", f"{len(body.text)} characters", text.rule),
            ("images", " ".join(pictures), "pictures in the body" if pictures else ""),
            ("captions", " / ".join(body.captions), "lines at pictures" if body.captions else ""),
            ("attachments", " ".join(documents), "documents linked" if documents else ""),
            ("parts", " ".join(parts), "pager" if parts else ""),
        )
        if rule
    )

    def done(result: Article | Reject) -> Explanation:
        return Explanation(result, page.decoded.encoding, notes, body.cut, said)

    rejected = _no_article(page, city, text, body, pictures=pictures, documents=documents)
    if rejected or not reaches([body.text], _DOUBTFUL):
        # Only little text is worth asking whether the page is a defence: it takes long on scripts.
        blocked = diagnose(page.url, 200, page.headers, page.body)
        rejected = _reject(page.url, city, blocked) if blocked else rejected
    if rejected and page.truncated and rejected.reason == "too_short":
        size = f"its first {len(page.html)} characters hold no text"
        rejected = _reject(page.url, city, "too_large", size)
    if not rejected and (size := _too_long(heading, body.text)):
        rejected = _reject(page.url, city, "too_large", size)
    if rejected:
        return done(rejected)
    if not heading:
        heading = body.paragraphs[0][:80]
    flags = [*page.decoded.flags, *date_flags]
    if page.truncated:
        flags.append("truncated")
    if published is None:
        flags.append("undated")
    if text.agreement is not None and text.agreement < 0.5:
        flags.append("low_agreement")
    flags += kinds.kind_flags(heading, body.paragraphs, text.blocks)
    return done(
        Article(
            article_id=article_id(page.url),
            city=city.key,
            site=(urlsplit(page.url).hostname or "").lower(),
            url=page.url,
            title=heading,
            text=body.text,
            lang_declared=source.lang if source else None,
            published_at=fields.cut_to(published.value) if published else None,
            published_precision=published.value.precision if published else None,
            source=found_source.value if found_source else None,
            author=author.value if author else None,
            column=column.value if column else None,
            keywords=keywords.value if keywords else (),
            images=pictures,
            captions=body.captions,
            attachments=documents,
            extractor=text.rule,
            extract_agreement=text.agreement,
            flags=_once(iter(flags)),
            rights=city.rights_of(page.url).text,
            parts=parts,
        )
    )


def _family_text(page: ParsedPage, source: Source | None) -> _Text | None:
    """Return the body where a family's rules find one.

    The family that the city file names comes first, then those to which the URL's shape belongs,
    then all others: their selectors are particular enough to be tried anywhere. A body that is all
    but empty is kept as the last resort: a family's place for text, without text, says much.
    """
    thin: _Text | None = None
    for name, rules, known in _rules_for(page, source):
        for selector in rules.body:
            if not known and not _PARTICULAR.search(selector):
                continue
            nodes = page.select([selector])
            if not nodes:
                continue
            node = nodes[0] if len(nodes) == 1 else max(nodes, key=_length)
            blocks = page.blocks_of(node, page.inside(node, rules.drop))
            if is_listing(blocks, "", general=False):
                continue
            text = _Text(blocks, [node], page.places_in([node]), f"{name}: {selector}", rules)
            if reaches((block.text for block in blocks), _ENOUGH):
                return text
            if known and thin is None and (blocks or node.find(".//img") is not None):
                thin = text
    return thin


def _rules_for(page: ParsedPage, source: Source | None) -> Iterator[tuple[str, Rules, bool]]:
    """Yield the rules to try, with whether the family is known to be the page's own.

    Of a family with several generations of templates, those that were in use on the day the page
    was served come first: an archive may span a redesign.
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


def _general_text(page: ParsedPage, said: tuple[Opinion, ...]) -> _Text:
    chosen = with_headlines(page.blocks, choose_blocks(page.blocks, said))
    places = (chosen[0], chosen[-1] + 1) if chosen else (0, 0)
    kept = set(chosen)
    blocks = [
        block if place in kept else block._replace(kind="caption")
        for place, block in enumerate(page.blocks[: places[1]])
        # What the extractors pass over in the middle of a text, set in the middle, is a caption.
        if place in kept or (place > places[0] and block.centred and _may_be_caption(block))
    ]
    nodes = page.around(blocks[0].node, blocks[-1].node) if blocks else []
    return _Text(blocks, nodes, places, "consensus", None, agreement(said))


def _may_be_caption(block: Block) -> bool:
    return 4 <= len(block.text) <= 60 and not block.linked and not lines.is_furniture(block.text)


def _meta_lines(
    page: ParsedPage, rules: Rules | None, start: int, end: int
) -> Iterator[lines.MetaLine]:
    """Yield what the family's date-and-source elements say, those near the body only.

    Lists of other articles, in a side column, carry dates in elements of the same name.
    """
    if rules is None:
        return
    near = [*page.blocks[max(0, start - 12) : start + 1], *page.blocks[end : end + 6]]
    for node in page.select(rules.meta_line):
        inside = set(node.iter())
        if not any(block.node in inside for block in near):
            continue
        for block in read_blocks(node, frozenset()):
            if len(block.text) <= 300:
                seen = lines.read_line(block.pieces)
                if seen.has_fields:
                    yield seen


def _around(nodes: Sequence[etree._Element]) -> list[etree._Element]:
    """Return the body's elements and what follows them in their container: attachment lists."""
    around = list(nodes)
    if len(nodes) == 1:
        around += [node for node in nodes[0].itersiblings() if isinstance(node.tag, str)]
    return around


def _no_article(
    page: ParsedPage,
    city: City,
    text: _Text,
    body: Body,
    *,
    pictures: Sequence[str],
    documents: Sequence[str],
) -> Reject | None:
    """Return why the page gives no article, or None if it gives one."""
    general = text.rules is None
    shown = pictures or images(page.unlinked_pictures() if general else (), page.base)
    reason = kinds.reject_reason(
        body.text,
        text.blocks if text.blocks and not general else page.blocks,
        general=general,
        documents=len(documents),
        pictures=len(shown),
    )
    if reason is None:
        return None
    more = {
        "cover_notice": f"attached: {' '.join(documents[:3])}",
        "image_only": f"pictures: {len(shown)}",
        "too_short": f"{units(body.text)} characters",
    }
    return _reject(page.url, city, reason, more.get(reason, ""))


def _reject(url: str, city: City, reason: str, more: str = "") -> Reject:
    detail = REASONS[reason] + (f" ({more})" if more else "")
    return Reject(url, city.key, reason, detail)


def _note(name: str, value: fields.Found[str] | None) -> tuple[str, str, str]:
    return (name, value.value, value.rule) if value else (name, "", "")


def _length(node: etree._Element) -> int:
    return sum(len(text.strip()) for text in node.itertext())


def _once(values: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
