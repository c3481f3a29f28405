"""Fields of one page; title and text bound the search for others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree

from crawler.city import City, Source
from crawler.cms.family import Rules
from crawler.extract import fields, lines, notices, titles
from crawler.extract.blocks import read_blocks
from crawler.extract.body import Body, images, read_body
from crawler.extract.dates import Moment
from crawler.extract.documents import FRAMES, attachments, framed, pointed
from crawler.extract.kinds import reaches
from crawler.extract.page import ParsedPage
from crawler.extract.parts import called_parts, following_parts, linked_parts
from crawler.extract.region import Region
from crawler.extract.stated import date_named
from crawler.item import LISTED

T = TypeVar("T")
_OPENING = 40
"""Characters of the first paragraph by which its line is found; set by hand, not measured."""
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
class Fields:
    """Fields found on a page, before it is accepted or refused."""

    page: ParsedPage
    city: City
    edition: Source | None
    text: Region
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


def find_fields(page: ParsedPage, city: City, edition: Source | None, text: Region) -> Fields:
    """Return the fields of a page whose text is known."""
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
    return Fields(
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


def _documents(page: ParsedPage, text: Region, body: Body) -> tuple[str, ...]:
    """Return the documents linked or framed, or in a text's place."""
    linked = attachments(_around(text.nodes), page.base)
    shown = framed((*page.taken_out, *page.tree.iter(*FRAMES)), page.base)
    if linked or shown or reaches(own_paragraphs(body), _TOO_LITTLE):
        return once((*linked, *shown))
    if text.rules is None:
        linked = attachments(page.outside_furniture("a"), page.base)
    return linked or pointed((*page.taken_out, *page.elements), page.base)


def _around(nodes: Sequence[etree._Element]) -> list[etree._Element]:
    """Return the body's elements and their following siblings, such as attachment lists."""
    around = list(nodes)
    if len(nodes) == 1:
        around += [node for node in nodes[0].itersiblings() if isinstance(node.tag, str)]
    return around


def own_paragraphs(body: Body) -> list[str]:
    """Return the paragraphs of a body without the site's notices."""
    return [text for text in body.paragraphs if not notices.is_of_the_site(text)]


def _note(name: str, found: fields.Found[T] | None, shown: Callable[[T], str]) -> Field:
    return Field(name, shown(found.value), found.rule) if found else Field(name, "", "")


def _shown_moment(moment: Moment) -> str:
    return f"{fields.cut_to(moment):%Y-%m-%d %H:%M} ({moment.precision})"


def once(values: Iterable[str]) -> tuple[str, ...]:
    """Return values without repeats, in order."""
    return tuple(dict.fromkeys(values))
