"""CSS selectors on a parsed page; plain ones are looked up."""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

from cssselect import HTMLTranslator
from cssselect.parser import SelectorError
from lxml import etree

# A selector of tag, classes and id without combinators, and the white space of HTML (not Unicode).
_PLAIN = re.compile(r"([a-z][a-z0-9]*)?((?:[.#][\w-]+)*)(?<!^)")
_NAME = re.compile(r"[.#][\w-]+")
_SPACE = re.compile(r"[ \t\n\r\f]+")


class ElementIndex:
    """Elements of a tree by class and id, for many plain selectors."""

    def __init__(self, tree: etree._Element, elements: Sequence[etree._Element]) -> None:
        self.tree = tree
        self.elements = elements

    @cached_property
    def _named(self) -> dict[str, list[int]]:
        """The places among `elements` of each `.class` and `#id`, in order."""
        alike: dict[str, list[int]] = {}
        named: dict[str, list[int]] = {}
        for place, node in enumerate(self.elements):
            if mark := node.get("class"):
                alike.setdefault(mark, []).append(place)
            if identity := node.get("id"):
                named.setdefault(f"#{identity}", []).append(place)
        # Most elements of a page share their class attribute with others: each is taken apart once.
        for mark, places in alike.items():
            for name in set(mark.split() if mark.isascii() else _SPACE.split(mark)):
                named.setdefault(f".{name}", []).extend(places)
        for places in named.values():
            places.sort()
        return named

    def select(self, selectors: Sequence[str]) -> list[etree._Element]:
        """Return the elements that any CSS selector matches, in document order.

        A page is asked some fifty selectors, nearly all of them a tag, a class or an id, most of
        which it has not: these are looked up. A path through the tree for each of them took half of
        a page's time.
        """
        hits: list[list[etree._Element]] = []
        for selector in selectors:
            plain = _plain(selector)
            if plain is None:
                return select(self.tree, selectors)
            tag, names = plain
            if names:
                places = self._named.get(names[0], [])
                for name in names[1:]:
                    places = sorted(set(places).intersection(self._named.get(name, [])))
                nodes = [self.elements[place] for place in places]
                if tag:
                    nodes = [node for node in nodes if node.tag == tag]
            else:
                nodes = list(self.tree.iter(tag))
            if nodes:
                hits.append(nodes)
        if len(hits) > 1:  # only the tree has their order among each other
            return select(self.tree, selectors)
        return hits[0] if hits else []

    def inside(self, root: etree._Element, selectors: Sequence[str]) -> frozenset[etree._Element]:
        """Return the elements under `root` that any of `selectors` matches.

        Without `root` itself.
        """
        hits: set[etree._Element] = set()
        for selector in selectors:
            hits.update(self.select([selector]) if _plain(selector) else select(root, [selector]))
        hits.discard(root)
        return frozenset(hits.intersection(root.iter()) if hits else ())


def select(root: etree._Element, selectors: Sequence[str]) -> list[etree._Element]:
    """Return the elements under `root` that CSS selectors match, in order."""
    if not selectors:
        return []
    nodes = _xpath(", ".join(selectors))(root)
    return [node for node in nodes if isinstance(node, etree._Element)]


@lru_cache(maxsize=512)
def _plain(selector: str) -> tuple[str | None, tuple[str, ...]] | None:
    """Return tag, classes and id of a plain selector, else None.

    A plain selector has nothing else.
    """
    plain = _PLAIN.fullmatch(selector)
    return (plain[1], tuple(_NAME.findall(plain[2]))) if plain else None


@lru_cache(maxsize=512)
def _xpath(selector: str) -> etree.XPath:
    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(selector))
    except SelectorError as error:
        raise ValueError(f"{selector!r} is not a CSS selector: {error}") from error
