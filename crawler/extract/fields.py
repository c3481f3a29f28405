"""Date, source and other fields of a page, with rules."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from lxml import etree

from crawler.extract import lines, properties
from crawler.extract.blocks import SEPARATOR, Block, bare, squeeze
from crawler.extract.dates import Moment, date_in_url, is_part_of_date, leading_date
from crawler.extract.headings import tidied
from crawler.phrases import alternatives
from crawler.script import HAN

T = TypeVar("T")

_PUBLISHED = (
    "pubdate",
    "publishdate",
    "articlepublishedtime",
    "ogpublishedtime",
    "ogarticlepublishedtime",
    "articlepublished",
    "datepublished",
    "publisheddate",
    "publishedtime",
    "firstpublishedtime",
    "publicationdate",
    "releasedate",
    "releasetime",
    "dcdateissued",
    "dctermsissued",
    "dctermsavailable",
    "dctermsdate",
    "publishtime",
    "pubtime",
    "citationpublicationdate",
    "parselypubdate",
    "issuedate",
)
_DATED = ("dcdate", "date")
"""Names of meta tags that give the day of publication, without their signs; and those that may give
another day, since the standards leave it open."""
_NATIONAL = frozenset(("articletitle", "columnname", "pubdate", "contentsource"))
_THIS_SITE = ("本网", "本站", "本网站", "本网讯")
_NO_AUTHOR = re.compile(alternatives("crawler.extract/labels.tsv", "no author"), re.IGNORECASE)
_KEYWORD_END = re.compile(r"[;；,，、|]+")
_TELLING = re.compile(r"[:：]|\d{4}|[年民]|\b(?:19|20)\d\d", re.IGNORECASE)
_NUMBER = re.compile(r"[\d\W]+")
_LONGEST_NEAR, _LONGEST_SECTION = 200, 40
"""Most characters of a line with fields or a breadcrumb, and of a section; set by hand."""
_ABOVE_TEXT, _ABOVE_TITLE, _BELOW_TEXT = 8, 6, 14
"""Lines above a text without title, above the title and below the text that may have fields; set by
hand, not measured."""
_INTO = 4
"""Lines of a text among which a box of properties may begin; set by hand, not measured."""
_PART_OF_TITLE = 4
"""Letters from which a line may be a part of a headline of several lines; set by hand."""
_PARTS_OF_DATE = 2
"""Lines besides the first on which a date's day, month and year may be."""
_BESIDE = 2
"""Lines from title or text within which a bare date may be theirs; set by hand, not measured."""
_SENTENCE = 12
"""Letters beside a bare date above which it is in a sentence; set by hand, not measured."""
_MIGRATED = timedelta(days=30)
"""Age of an article when its system was filled, from which it was moved; set by hand."""
_CONFLICT = timedelta(days=2)
"""Distance of two dates of one page from which they contradict each other; set by hand."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """Value and the rule that found it, for `shizheng page`."""

    value: T
    rule: str


@dataclass(frozen=True, slots=True)
class Metas:
    """Meta tags of a page in document order, without empty values.

    Names are in lower case. `national` is the place of the first name of the national block.
    """

    entries: tuple[tuple[str, str], ...]
    national: int

    def first(self, *names: str) -> Found[str] | None:
        """Return the first value under the first of `names` that has one."""
        for name in names:
            for key, value in self.entries:
                if key == name and value:
                    return Found(value, f"meta {name}")
        return None

    def own(self, name: str) -> Found[str] | None:
        """Return a value of the article itself.

        If a page has the national block, a name in or after it is the article's, even when it is
        empty there; the same name before it describes the whole site.
        """
        inside = [value for key, value in self.entries[self.national :] if key == name]
        values = inside if inside else [value for key, value in self.entries if key == name]
        return next((Found(value, f"meta {name}") for value in values if value), None)


def read_metas(tree: etree._Element) -> Metas:
    """Return the meta tags of `tree`, `name`, `property` and `itemprop` alike."""
    entries: list[tuple[str, str]] = []
    for node in tree.iter("meta"):
        name = node.get("name") or node.get("property") or node.get("itemprop")
        if name:
            entries.append((name.strip().lower(), squeeze(node.get("content") or "")))
    national = next((at for at, (name, _) in enumerate(entries) if name in _NATIONAL), 0)
    return Metas(tuple(entries), national)


def published_of(
    metas: Metas,
    near: Sequence[lines.MetaLine],
    url: str,
    structured: str | None = None,
    named: Callable[[], Moment | None] = lambda: None,
) -> tuple[Found[Moment] | None, tuple[str, ...]]:
    """Return the date of publication, and flags of contradictions.

    The order: meta tags, then labelled lines, then `structured` data, then meta tags that only name
    a date. Without these the address, which a bare date near the title or an update line may make
    finer; or either alone; then what `named` returns, of fields and scripts; and last the day on
    which the text was written. Attributes of the body are never read: templates leave stale dates
    there. `migrated` marks a page whose system was filled long after the article was published,
    `date_conflict` one whose dates disagree.
    """
    meta = _meta_date(metas, _PUBLISHED)
    line = _first_of("date line", (seen.published for seen in near))
    bare = _first_of("date near the title", (seen.bare for seen in near))
    data = _first_of("structured data", (leading_date(structured or ""),))
    address = _first_of("URL", (date_in_url(url),))
    stated = [found for found in (meta, line, data, _meta_date(metas, _DATED)) if found]
    weak = [found for found in (bare, _update(near, address)) if found]
    written = _first_of("line of the day of writing", (seen.written for seen in near))
    found = next((each for each in (*stated, address, *weak) if each), None)
    if found is None:
        found = _first_of("named value", (named(),)) or written
    if found is None:
        return None, ()
    asides = (Found(each.aside, "date aside") for each in near if each.aside)
    for other in (*stated, *weak, *asides):
        # A meta tag to the day and a line to the minute of the same day: the line is finer.
        if _finer(other.value, found.value):
            found = other
    days = [each.value for each in stated] or ([bare.value] if bare else [])
    return found, tuple(_date_flags(metas, found.value, days, address.value if address else None))


def _update(near: Sequence[lines.MetaLine], address: Found[Moment] | None) -> Found[Moment] | None:
    """Return an update that is the best date of publication."""
    updated = _first_of("update line", (seen.updated for seen in near))
    if updated and address and address.value.at < updated.value.at:
        return updated if _finer(updated.value, address.value) else None
    return updated


def _date_flags(
    metas: Metas, found: Moment, days: Sequence[Moment], address: Moment | None
) -> Iterator[str]:
    made = metas.first("maketime", "createtime")
    later = (leading_date(made.value) if made else None, address)
    if any(moment and moment.at - found.at > _MIGRATED for moment in later):
        yield "migrated"
    # An address may be days older or younger than the publication: the system's, not the page's.
    early = address is not None and found.at - address.at > _MIGRATED
    if early or any(_apart(found, day) for day in days):
        yield "date_conflict"


def _apart(a: Moment, b: Moment) -> bool:
    """Return True if two dates contradict each other."""
    if "year" in (a.precision, b.precision):
        return a.at.year != b.at.year
    if "month" in (a.precision, b.precision):
        return (a.at.year, a.at.month) != (b.at.year, b.at.month)
    return abs(a.at - b.at) > _CONFLICT


def _first_of(rule: str, moments: Iterable[Moment | None]) -> Found[Moment] | None:
    return next((Found(moment, rule) for moment in moments if moment), None)


def source_of(metas: Metas, near: Sequence[lines.MetaLine]) -> Found[str] | None:
    """Return who the page names as its source."""
    for found in (metas.own("contentsource"), metas.own("source")):
        if found:
            seen = lines.read_line(found.value)
            value = seen.source or lines.plausible_name(found.value)
            if value:
                named = Found(re.sub(r"\s*(?:原创稿?|转载)$", "", value), found.rule)
                return _spelled_out(named, metas)
    shown = next((Found(seen.source, "source line") for seen in near if seen.source), None)
    return _spelled_out(shown, metas) if shown else None


def _spelled_out(source: Found[str], metas: Metas) -> Found[str]:
    """Return a source; for "this site", the site's own name."""
    site = metas.first("sitename") if source.value in _THIS_SITE else None
    return Found(site.value, f"{source.rule}, named by {site.rule}") if site else source


def author_of(
    metas: Metas, near: Sequence[lines.MetaLine], editor: str | None, reporter: str | None = None
) -> Found[str] | None:
    """Return the author, or else the editor; numbers are no names."""
    for name in ("author", "article:author"):
        found = metas.own(name)
        if found and _NUMBER.sub("", found.value) and not found.value.startswith("http"):
            value = lines.plausible_name(found.value)
            if value and not _is_no_author(value, metas):
                return Found(lines.person(value), found.rule)
    for seen in near:
        if seen.author and not _is_no_author(seen.author, metas):
            return Found(lines.person(seen.author), "author line")
    if reporter:
        return Found(reporter, "reporter in the text")
    for seen in near:
        if seen.editor:
            return Found(lines.person(seen.editor), "editor line")
    return Found(lines.person(editor), "editor's credit") if editor else None


def _is_no_author(name: str, metas: Metas) -> bool:
    """Return True for the account or site that filled the page in."""
    sites = (metas.first("sitename"), metas.first("og:site_name"))
    return bool(_NO_AUTHOR.fullmatch(name)) or any(site and site.value == name for site in sites)


def column_of(metas: Metas, blocks: Iterable[Block], title: str) -> Found[str] | None:
    """Return the section from the national meta tag or the breadcrumb."""
    found = metas.own("columnname")
    if found:
        return found
    for block in blocks:
        if len(block.text) <= _LONGEST_NEAR and lines.is_breadcrumb(block.text):
            value = lines.column_of(block.pieces, title)
            if value:
                return Found(value, "breadcrumb")
    section = metas.first("article:section")
    return section if section and len(section.value) <= _LONGEST_SECTION else None


def keywords_of(metas: Metas) -> Found[tuple[str, ...]] | None:
    """Return the keywords of the article, in order, without repetitions."""
    found = metas.own("keywords") or metas.first("news_keywords")
    if not found:
        return None
    parts = _KEYWORD_END.split(found.value)
    if len(parts) == 1 and re.search(rf"[{HAN}]", found.value):
        parts = found.value.split()
    words = tuple(dict.fromkeys(word for part in parts if (word := squeeze(part))))
    return Found(words, found.rule) if words else None


def cut_to(moment: Moment) -> datetime:
    """Return the time of `moment` cut to its precision."""
    at = moment.at.replace(second=0, microsecond=0)
    if moment.precision != "minute":
        at = at.replace(hour=0, minute=0)
    if moment.precision in ("month", "year"):
        at = at.replace(day=1)
    return at.replace(month=1) if moment.precision == "year" else at


def near_lines(blocks: Sequence[Block], title: str, start: int, end: int) -> list[lines.MetaLine]:
    """Return the fields of the lines around the body, the likeliest first.

    `start` and `end` are the places of the body among `blocks`. Lines between title and body come
    first, then those just after the body, then those above the title.
    """
    top = title_place(blocks, title, start)
    places: Iterator[int] = iter(
        [
            *range(top + 1, start + 3),
            *range(max(top - _ABOVE_TITLE, 0), top),
            *range(end, min(end + _BELOW_TEXT, len(blocks))),
        ]
    )
    seen: list[lines.MetaLine] = []
    done: set[int] = set()
    for box in properties.boxes(blocks[: start + _INTO]):
        seen.append(lines.read_line(properties.pieces_of(blocks, box)))
        done.update(box)
    if top < len(blocks) and bare(title):
        # A date within the heading, in an element of its own.
        seen += _after_headline(blocks[top])
    for place in places:
        if place in done or place >= len(blocks) or len(blocks[place].text) > _LONGEST_NEAR:
            continue
        pieces, last = _joined_date(blocks, place)
        if not _TELLING.search(pieces):
            continue
        done.update(range(place, last + 1))
        following = blocks[place + 1].text if place + 1 < len(blocks) else ""
        hour = f" {following}" if lines.is_clock(following) else ""
        found = lines.read_line(pieces + hour)
        inside = start <= place < end
        # A table of the document's properties is a text to the extractors.
        own = lines.is_catalogue(blocks[place].text) and not found.is_unlabelled
        if found.has_fields and (
            not inside or own or lines.is_meta_line(blocks[place].text, found)
        ):
            # A date in a running sentence is news; a bare one is a date line.
            if found.bare and len(found.rest) > _SENTENCE and not found.published:
                found = lines.without_bare_date(found)
            elif not _belongs(blocks, place, top, start, end):
                found = lines.with_date_aside(found)
                if place < top and lines.is_clock_of_the_page(pieces):
                    continue
            seen.append(found)
    return seen


def _after_headline(block: Block) -> Iterator[lines.MetaLine]:
    """Yield the fields at a heading's end, in elements of their own."""
    kept = tidied(block).pieces
    if kept != block.pieces:
        yield lines.read_line(block.pieces[len(kept) :])


def title_place(blocks: Sequence[Block], title: str, start: int) -> int:
    """Return the place of the headline, or one near it."""
    key = bare(title)
    for place in range(min(start, len(blocks) - 1) if key else -1, -1, -1):
        text = bare(blocks[place].text)
        # A headline of two lines is two blocks.
        if key in text or (len(text) >= _PART_OF_TITLE and text in key):
            return place
    return max(0, start - _ABOVE_TEXT)


def _joined_date(blocks: Sequence[Block], place: int) -> tuple[str, int]:
    """Return the pieces of a line, and its last place.

    A line that is a day, month or year alone is one with its like below, a label with its value.
    """
    last = place
    if place + 1 < len(blocks) and lines.is_label(blocks[place].text):
        label, value = blocks[place].pieces.rstrip(" :：\x1f"), blocks[place + 1].pieces
        return f"{label}：{value}", place + 1
    while (
        last + 1 < len(blocks)
        and last - place < _PARTS_OF_DATE
        and is_part_of_date(blocks[place].text)
        and is_part_of_date(blocks[last + 1].text)
    ):
        last += 1
    return SEPARATOR.join(block.pieces for block in blocks[place : last + 1]), last


def _belongs(blocks: Sequence[Block], place: int, top: int, start: int, end: int) -> bool:
    """Return True if a bare date may be the article's.

    It is below the title, or just beside title or text within their own part of the page: a clock
    in the head of the page or the dates of other articles are elsewhere.
    """
    if top < place < end:
        return True
    beside = top if place < top else end - 1
    if not 0 <= beside < len(blocks) or abs(place - beside) > _BESIDE:
        return False
    around = set(blocks[beside].node.iterancestors())
    common = next((node for node in blocks[place].node.iterancestors() if node in around), None)
    return common is not None and common.tag not in ("html", "body")


def _meta_date(metas: Metas, wanted: Sequence[str]) -> Found[Moment] | None:
    """Return the date of the first meta tag in `wanted`."""
    names = {re.sub(r"[\W_]", "", key): key for key, value in metas.entries if value}
    for name in wanted:
        found = metas.own(names[name]) if name in names else None
        moment = leading_date(found.value) if found else None
        if found and moment:
            return Found(moment, found.rule)
    return None


def _finer(a: Moment, b: Moment) -> bool:
    order = ("year", "month", "day", "minute")
    if order.index(a.precision) <= order.index(b.precision):
        return False
    width = {"year": 4, "month": 7, "day": 10, "minute": 16}[b.precision]
    return a.at.isoformat()[:width] == b.at.isoformat()[:width]
