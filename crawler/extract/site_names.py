"""Names of sites, offices and columns, in and beside a page's title."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from crawler.extract.blocks import Block, bare
from crawler.extract.fields import Metas
from crawler.phrases import alternatives
from crawler.script import HAN

_WORDS = "crawler.extract/titles.tsv"
_TITLE_END = re.compile(r"\s*(?:_|\||(?:--+|—+|-|–)(?!\s*[a-z]+[\s,])|·|>+|»|«|<|::|：：)\s*")
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
_LONGEST_SECTION = 40
_LONGEST_COLUMN = 14
"""Most characters of a trailing part of a title that is a section, and of a column's name in a
link; set by hand."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a site, by its meta tags, and of its columns."""

    metas: Metas
    columns: frozenset[str] = frozenset()


def column_names(above: Sequence[Block], links: Mapping[etree._Element, str]) -> frozenset[str]:
    """Return the names of columns: short links above the text, outside headings."""
    names: set[str] = set()
    linked = {block.node for block in above if block.linked and block.kind != "heading"}
    for link, text in links.items():
        key = bare(text)
        if not 0 < len(key) <= _LONGEST_COLUMN or key in names:
            continue
        around: etree._Element | None = link
        while around is not None and around not in linked:
            around = around.getparent()
        if around is not None:
            names.add(key)
    return frozenset(names)


def is_name(text: str, names: Names) -> bool:
    """Return True for a name of a site, office, column or template."""
    key = bare(text)
    if not key or key in names.columns or _NO_STORY.fullmatch(text.strip()):
        return True
    tags = ("sitename", "og:site_name", "application-name")
    given = (*map(names.metas.first, tags), names.metas.own("columnname"))
    if any(name and bare(name.value) == key for name in given):
        return True
    if len(text) > _LONGEST_NAME:
        return False
    text = text.strip()
    if _SITE.fullmatch(text):
        return True
    return bool(_OFFICE.fullmatch(text)) and not _VERB.search(text)


def title_parts(title: str) -> list[str]:
    """Return the parts of a title between its separators."""
    return [part for part in _TITLE_END.split(title) if part]


def without_site(head: str, names: Names | None = None) -> str:
    """Return a title without the names of section and site."""
    parts = title_parts(head)
    if len(parts) < 2:
        return head.strip()
    if names and is_name(parts[0], names):
        # The site first: its name and the column's, then the story.
        story = next((part for part in parts if not is_name(part, names)), None)
        if story:
            head = head[head.find(story) :]
            parts = title_parts(head)
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
