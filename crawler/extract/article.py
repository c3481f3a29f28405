"""Extraction of one page: bytes to an `Article` or a `Reject`.

Pure: the same input gives the same result, nothing is fetched, nothing is raised. The order: the
type of the answer; the family's rules; the general reader; then the checks of the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawler.city import City, Source
from crawler.extract import fields, kinds
from crawler.extract.blocks import read_blocks
from crawler.extract.body import Cut
from crawler.extract.concealed import revealed
from crawler.extract.consensus import Opinion, ask_extractors
from crawler.extract.fullest import fullest
from crawler.extract.kinds import reaches
from crawler.extract.mates import mate_url
from crawler.extract.page import ParsedPage
from crawler.extract.page_fields import Field, Fields, find_fields, once
from crawler.extract.refusals import diagnose, is_document
from crawler.extract.region import Region, family_region, general_region, marked_region
from crawler.extract.rejects import PLAIN, reject, reject_of
from crawler.item import Article, Reject, article_id
from crawler.limits import MAX_ELEMENTS, MAX_LINES, MAX_TEXT
from crawler.unpacking import TOO_LARGE, is_packed

_WITHOUT_TEXT = ("too_short", "image_only", "empty_shell", "listing")
"""Reasons of rejects whose pages may conceal a text."""
_LONGEST_HEADING = 80
"""Characters of the first paragraph that serve as title where the page has none; set by hand."""
_LOW_AGREEMENT = 0.5
"""Likeness of the extractors below which an article is flagged; set by hand, not measured."""
_REPEATED = 20
"""Characters above which a page's first line that is known repeats the page before; set by hand."""
_LOST = "\ufffd"
"""Sign that stands for a character lost before the page was sent, or in reading it."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Result of a page with rules, cut lines and the extractors' opinions."""

    result: Article | Reject
    encoding: str
    fields: tuple[Field, ...] = ()
    cut: tuple[Cut, ...] = ()
    opinions: tuple[Opinion, ...] = ()


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
        images=once(image for article in every for image in article.images),
        captions=once(caption for article in every for caption in article.captions),
        attachments=once(url for article in every for url in article.attachments),
        flags=once(flags),
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
        return Explanation(reject(url, city, "too_large", TOO_LARGE), "")
    if not is_document(headers, body):
        return Explanation(reject(url, city, diagnose(url, 200, headers, body) or "not_html"), "")
    page = ParsedPage(url, body, headers)
    if len(page.elements) > MAX_ELEMENTS:
        size = f"{len(page.elements)} elements"
        return Explanation(reject(url, city, "too_large", size), page.decoded.encoding)
    edition = city.source_of(url, page.served)
    text = family_region(page, edition) or marked_region(page)
    if text is not None and len(text.blocks) > MAX_LINES:
        size = f"{len(text.blocks)} lines"
        return Explanation(reject(url, city, "too_large", size), page.decoded.encoding)
    opinions: tuple[Opinion, ...] = ()
    if compare or text is None or not text.blocks:
        # Among the lines of English pages stand teasers that only trafilatura leaves out.
        own = fullest(page.blocks, page.apart) if page.chinese else ""
        opinions = ask_extractors(
            page.markup, page.chinese, len(page.blocks), own=own, every=compare
        )
    if text is None and not opinions:
        size = f"{len(page.markup)} characters, {len(page.blocks)} lines"
        return Explanation(reject(url, city, "too_large", size), page.decoded.encoding)
    if text is None or (opinions and not text.blocks):
        general = general_region(page, opinions)
        # Where the family's own place is empty, only a plain article elsewhere is believed.
        if text is None or reaches((block.text for block in general.blocks), PLAIN):
            text = general
    found, result = _article(page, city, edition, text)
    if not compare:
        return Explanation(result, page.decoded.encoding)
    return Explanation(result, page.decoded.encoding, found.notes(), found.body.cut, opinions)


def _article(
    page: ParsedPage, city: City, edition: Source | None, text: Region
) -> tuple[Fields, Article | Reject]:
    found = find_fields(page, city, edition, text)
    result = reject_of(found) or _article_of(found)
    if isinstance(result, Reject) and (result.reason in _WITHOUT_TEXT or not found.body.paragraphs):
        shown = _shown_fields(page, city, edition, result.reason)
        if shown is not None and reject_of(shown) is None:
            found, result = shown, _article_of(shown)
    return found, result


def _shown_fields(
    page: ParsedPage, city: City, edition: Source | None, reason: str
) -> Fields | None:
    """Return the fields of a page with its scripts run, or None.

    A list is one unless the concealed text has the page's own title.
    """
    shown = revealed(page)
    if shown is None or (reason == "listing" and not shown.fits):
        return None
    blocks = read_blocks(shown.node, frozenset())
    places = shown.page.places_in([shown.node])
    text = Region(blocks, [shown.node], places, shown.rule, concealed=True)
    return find_fields(shown.page, city, edition, text)


def _article_of(found: Fields) -> Article:
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
        flags=once(_flags(found, heading)),
        rights=found.city.rights_of(page.url).text,
        parts=found.parts,
        following=found.following,
        mate_id=article_id(mate) if (mate := mate_url(page)) else None,
    )


def _flags(found: Fields, heading: str) -> Iterator[str]:
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


def _value(found: fields.Found[str] | None) -> str | None:
    return found.value if found else None
