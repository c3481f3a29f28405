"""Links of a page to the same article in the other language."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.cms import FAMILIES
from crawler.extract.page import ParsedPage
from crawler.item import LANGS, canonical_url, is_twin
from crawler.phrases import alternatives

_WORDS = {
    lang: re.compile(alternatives("crawler.extract/editions.tsv", f"to {lang}"), re.IGNORECASE)
    for lang in LANGS
}
_OTHER = {"zh": "en", "en": "zh"}
_HOME = re.compile(r"^/?(?:\w{2}(?:[-_]\w+)?/?)?(?:(?:index|default|home)\.\w+)?$", re.IGNORECASE)
"""Paths of home pages, of an edition too."""
_LEADING = ("link", "a", "button", "option")
_CALLED = re.compile(r"[\"']([^\"'\s<>]{0,300}[/.][^\"'\s<>]{1,300})[\"']")
"""Address in the script of a click."""
_LONGEST = 100
"""Characters of a link's name that may be a language's; set by hand, not measured."""
_BRACKETS = " \t\u3000[]()（）【】|/·"


def mate_url(page: ParsedPage) -> str | None:
    """Return the URL of the other language's page, or None.

    It must be an article's of the same family as the page itself: what is called English on most
    pages leads to the home page of the other edition. Copies that a machine converts to other
    characters are no mates.
    """
    own = [family for family in FAMILIES.values() if family.is_own_article(page.url)]
    here = canonical_url(page.url)
    # A page without a family's shape of address must state the language in its markup.
    for target, lang in _targets(page, _LEADING if own else ("link",)):
        if lang != _OTHER["zh" if page.chinese else "en"]:
            continue
        if is_twin(target) or canonical_url(target) == here:
            continue
        if any(family.is_own_article(target) for family in own):
            return target
        if not own and not _HOME.search(urlsplit(target).path):
            return target
    return None


def _targets(page: ParsedPage, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the links that name a language, with that language."""
    pictures: dict[etree._Element, list[etree._Element]] = {}
    for picture in page.tree.iter("img"):
        for link in picture.iterancestors("a"):
            pictures.setdefault(link, []).append(picture)
    for node in page.tree.iter(*tags):
        name, title, stated = page.links.get(node, ""), node.get("title"), node.get("hreflang")
        label = node.get("aria-label")
        # Nearly all links of a page are plain: a text and nothing else.
        if stated or title or label or node in pictures or node.tag not in ("a", "area"):
            names = [name, title or "", label or "", *_names(pictures.get(node, ()))]
            if node.tag in ("button", "option"):
                names.append("".join(node.itertext())[: _LONGEST + 1].strip())
            langs = _languages(node, names)
        else:
            langs = _named(name) if name and len(name) <= _LONGEST else ()
        href = _address(node) if langs else ""
        if not href:
            continue
        try:
            target = urljoin(page.base, href)
            urlsplit(target)
        except ValueError:
            continue
        for lang in langs:
            yield target, lang


def _address(node: etree._Element) -> str:
    """Return the address that an element leads to, as written."""
    href = (node.get("href") or "").strip()
    if href and not href.lower().startswith(("#", "javascript:")):
        return href
    for name in ("data-href", "data-url", "value"):
        if written := (node.get(name) or "").strip():
            return written
    called = _CALLED.search(f"{node.get('onclick') or ''} {href}")
    return called[1] if called else ""


def _languages(node: etree._Element, names: Sequence[str]) -> Sequence[str]:
    """Return the languages that a link's markup, or else its names, state."""
    stated = (node.get("hreflang") or "").lower()
    if node.tag == "link" or stated:
        return [stated.split("-")[0]] if stated != "x-default" else []
    named = [langs for name in names if name and len(name) <= _LONGEST and (langs := _named(name))]
    return [lang for lang in _WORDS if any(lang in langs for langs in named)] if named else []


@lru_cache(maxsize=4096)  # the links of a site's menus are the same on all its pages
def _named(name: str) -> tuple[str, ...]:
    name = name.strip(_BRACKETS)
    return tuple(lang for lang, words in _WORDS.items() if words.fullmatch(name))


def _names(pictures: Iterable[etree._Element]) -> Iterator[str]:
    """Yield the titles of pictures, and their files' names without endings."""
    for picture in pictures:
        yield picture.get("alt", "")
        yield picture.get("title", "")
        file = (picture.get("src") or "").partition("?")[0].rpartition("/")[2]
        yield file.partition(".")[0]
