"""Articles of the miniature web as HTML pages.

With twins, parts and redirects.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit

import jinja2

from crawler.demo.content import Entry
from crawler.demo.editions import Edition, number
from crawler.demo.response import Response, html, redirect, static

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=jinja2.select_autoescape(("html",)),
    undefined=jinja2.StrictUndefined,
    trim_blocks=False,
    keep_trailing_newline=True,
)
_PARTS = 3
_ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea7356b0d0000000049454e44ae426082"
)
_DOC = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a listing on `host`."""

    url: str
    title: str
    date: datetime
    host: str

    @property
    def href(self) -> str:
        """The address as lists write it: without their own host."""
        return self.url.removeprefix(f"http://{self.host}")


@dataclass(frozen=True, slots=True)
class ArticlePage:
    """Values for an article template."""

    title: str
    date: datetime
    source: str
    url: str
    number: int
    paragraphs: Sequence[str]
    images: Sequence[str] = ()
    attachment: str | None = None
    attachment_name: str | None = None
    second_title: str | None = None
    twins: Sequence[str] = ()
    newer: Item | None = None
    older: Item | None = None
    bare: bool = False
    part: int = 0
    parts: int = 1
    ueditor: bool = False
    lead: str = ""

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def stem(self) -> str:
        return self.file.rpartition(".")[0]

    @property
    def extension(self) -> str:
        return self.file.rpartition(".")[2]


def render(template: str, **values: object) -> str:
    """Return the filled template, a path below templates/."""
    return _TEMPLATES.get_template(template).render(**values)


def twin_urls(edition: Edition, url: str) -> tuple[str, ...]:
    """Return the other addresses of the article at a URL."""
    stem, _, extension = url.rpartition(".")
    parts = urlsplit(url)
    if edition.mobile_host:
        mobile = f"http://{edition.mobile_host}{parts.path}"
    else:
        mobile = f"http://{parts.netloc}/mobile{parts.path}"
    return f"{stem}_print.{extension}", mobile, f"{url}?spm=C1201.weixin.0.0"


def old_url(edition: Edition, entry: Entry) -> str:
    """Return the former address of a moved article.

    It has another number in the same shape.
    """
    return edition.url(replace(entry, key=f"{entry.key}/before"))


def part_paragraphs(paragraphs: Sequence[str]) -> list[Sequence[str]]:
    """Split a long article's paragraphs evenly over its pages.

    As evenly as paragraph ends allow.
    """
    size = -(-len(paragraphs) // _PARTS)
    return [paragraphs[at : at + size] for at in range(0, len(paragraphs), size)]


def article_pages(
    edition: Edition,
    entry: Entry,
    *,
    other: Entry | None = None,
    neighbours: tuple[Item | None, Item | None] = (None, None),
) -> Iterator[tuple[str, Response]]:
    """Yield every URL an article answers at, with its response.

    `other` is the English text of an interleaved page; `neighbours` are the newer and the older
    article of the column.
    """
    url = edition.url(entry)
    column = edition.columns[entry.column]
    paragraphs: Sequence[str] = entry.paragraphs
    if other is not None:
        both = zip_longest(entry.paragraphs, other.paragraphs)
        paragraphs = [text for pair in both for text in pair if text]
    image = f"./W0202406{number(entry)}.png" if number(entry) % 4 == 0 else None
    twins = twin_urls(edition, url) if entry.trap == "twins" else ()
    page = ArticlePage(
        title=entry.title,
        date=entry.date,
        source=entry.source,
        url=url,
        number=number(entry),
        paragraphs=paragraphs,
        images=(image,) if image else (),
        second_title=other.title if other else None,
        twins=twins,
        newer=neighbours[0],
        older=neighbours[1],
        ueditor=entry.date.year >= 2024,
        lead=paragraphs[0][:60] if paragraphs else "",
    )
    context: Mapping[str, object] = {
        "edition": edition,
        "column": column,
        "list_url": edition.list_url(column),
        "columns": [
            {"url": edition.list_url(each), "label": each.label}
            for each in edition.columns.values()
        ],
        "declared": "gb2312" if entry.trap == "gb18030" else "UTF-8",
    }
    template = f"{edition.templates}/article.html"
    if entry.trap == "multipage":
        chunks = part_paragraphs(entry.paragraphs)
        for at, chunk in enumerate(chunks):
            part_url = url if at == 0 else f"{url.rpartition('.')[0]}_{at}.{page.extension}"
            part = replace(page, paragraphs=chunk, part=at, parts=len(chunks))
            yield part_url, html(render(template, page=part, **context), charset=edition.charset)
    else:
        yield url, _encoded(render(template, page=page, **context), edition, entry.trap)
    for twin in twins[:2]:
        text = render(template, page=replace(page, bare=True, twins=()), **context)
        yield twin, html(text, charset=edition.charset)
    if entry.trap == "redirect":
        yield old_url(edition, entry), redirect(url)
    if image:
        yield f"{url.rpartition('/')[0]}/{image[2:]}", static(_ONE_PIXEL, "image/png")


def image_page(edition: Edition, entry: Entry) -> Iterator[tuple[str, Response]]:
    """Yield an article page with one picture, and the picture."""
    yield from _odd_page(edition, entry, image=f"W0202402{number(entry)}.png")


def cover_page(edition: Edition, entry: Entry) -> Iterator[tuple[str, Response]]:
    """Yield a notice that only names its attached `.doc`, and the document."""
    yield from _odd_page(edition, entry, document=f"P0202403{number(entry)}.doc")


def _odd_page(
    edition: Edition, entry: Entry, *, image: str | None = None, document: str | None = None
) -> Iterator[tuple[str, Response]]:
    url = edition.url(entry)
    column = edition.columns[entry.column]
    page = ArticlePage(
        title=entry.title,
        date=entry.date,
        source=entry.source,
        url=url,
        number=number(entry),
        paragraphs=(),
        images=(f"./{image}",) if image else (),
        attachment=f"./{document}" if document else None,
        attachment_name=f"{entry.title.removeprefix('关于印发').removesuffix('的通知')}.doc",
    )
    text = render(
        f"{edition.templates}/article.html",
        page=page,
        edition=edition,
        column=column,
        list_url=edition.list_url(column),
        columns=[],
        declared="UTF-8",
    )
    yield url, html(text, charset=edition.charset)
    folder = url.rpartition("/")[0]
    if image:
        yield f"{folder}/{image}", static(_ONE_PIXEL, "image/png")
    if document:
        yield f"{folder}/{document}", static(_DOC, "application/msword")


def _encoded(text: str, edition: Edition, trap: str | None) -> Response:
    if trap == "gb18030":
        return static(text.encode("gb18030"), "text/html")
    if trap == "lying_charset":
        return static(text.encode("utf-8"), "text/html; charset=gb2312")
    return html(text, charset=edition.charset)
