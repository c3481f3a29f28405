"""Links of a page to the same article in the other language."""

import re
from collections.abc import Iterable, Iterator, Sequence
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
_BRACKETS = " \t\u3000[]()（）【】|/·"


def mate_url(page: ParsedPage) -> str | None:
    """Return the URL of the other language's page, or None.

    It must be an article's of the same family as the page itself: what is called English on most
    pages leads to the home page of the other edition. Copies that a machine converts to other
    characters are no mates.
    """
    own = [family for family in FAMILIES.values() if family.is_own_article(page.url)]
    here, other = canonical_url(page.url), _OTHER["zh" if page.chinese else "en"]
    for target, stated in _targets(page, other, ("link", "a") if own else ("link",)):
        if is_twin(target) or canonical_url(target) == here:
            continue
        if any(family.is_own_article(target) for family in own):
            return target
        # A page without a family's shape of address must state the language in its markup.
        if stated and not own and not _HOME.search(urlsplit(target).path):
            return target
    return None


def _targets(page: ParsedPage, lang: str, tags: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the links that lead to `lang`; True if markup states it."""
    pictures: dict[etree._Element, list[etree._Element]] = {}
    for picture in page.tree.iter("img"):
        for link in picture.iterancestors("a"):
            pictures.setdefault(link, []).append(picture)
    for node in page.tree.iter(*tags):
        href = node.get("href")
        names = (page.links.get(node), node.get("title"), *_names(pictures.get(node, ())))
        if not href or not href.strip() or not _leads_to(node, names, lang):
            continue
        try:
            target = urljoin(page.base, href.strip())
            urlsplit(target)
        except ValueError:
            continue
        yield target, node.tag == "link"


def _leads_to(node: etree._Element, names: Iterable[str | None], lang: str) -> bool:
    """Return True if a link, in its markup or one of its names, names a language."""
    stated = (node.get("hreflang") or "").lower()
    if node.tag == "link" or stated:
        return stated.split("-")[0] == lang and stated != "x-default"
    words = _WORDS[lang]
    return any(name and words.fullmatch(name.strip(_BRACKETS)) for name in names)


def _names(pictures: Iterable[etree._Element]) -> Iterator[str | None]:
    """Yield the titles of pictures, and their files' names without endings."""
    for picture in pictures:
        yield picture.get("alt")
        yield picture.get("title")
        file = (picture.get("src") or "").partition("?")[0].rpartition("/")[2]
        yield file.partition(".")[0]
