"""Three extractors of others, each asked for the text of one tree.

Chinese is converted so that they can count: readability weighs commas and knows only the ASCII one,
jusText's thresholds are lengths of English sentences.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import justext
import trafilatura
from justext import core
from lxml import etree
from lxml.html import HtmlElement
from readability import Document

from crawler.extract.blocks import read_blocks

_COMMA = ",\ue000"
"""The only comma that readability counts, marked as one that was Chinese."""
_LINE_GAP = re.compile(r"\s*\n\s*")
_SPACES = re.compile(r"\t|[ \t]{2,}")
_MOST_JUDGED = 1_500
"""Elements that jusText takes for paragraphs, cells among them, above which it is not asked: its
time grows with their square (a table of 4,500 figures takes half a minute)."""
_JUDGED = re.compile(rf"<(?:{'|'.join(sorted(core.PARAGRAPH_TAGS))})\b")
_NESTED_TABLES = 8
"""Tables within each other that extractors are shown as tables; layouts of the 2000s have six."""
_STOPWORDS = justext.get_stoplist("English")


def tree_of(html: str) -> HtmlElement | None:
    """Return the tree for all extractors, or None.

    All elements are of one class, so that lxml need not ask Python for the class of each.
    """
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    try:
        tree = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    return _without_nests(tree)


def _without_nests(tree: HtmlElement) -> HtmlElement:
    """Rename tables deep within tables.

    Trafilatura reads a table once for every table around it: a thousand took 17 seconds.
    """
    around = 0
    for event, table in etree.iterwalk(tree, events=("start", "end"), tag="table"):
        around += 1 if event == "start" else -1
        if event == "end" and around >= _NESTED_TABLES:
            table.tag = "div"
    return tree


def guarded(
    read: Callable[[HtmlElement, bool], str], tree: HtmlElement | None, chinese: bool
) -> str:
    try:
        return "" if tree is None else read(tree, chinese)
    except Exception:
        # Third-party extractors raise whatever their parsers raise; silence is an opinion too.
        return ""


def by_trafilatura(tree: HtmlElement, chinese: bool) -> str:
    return trafilatura.extract(tree, include_comments=False, favor_precision=True, fast=True) or ""


def trafilatura_at_ease(tree: HtmlElement, chinese: bool) -> str:
    return trafilatura.extract(tree, include_comments=False) or ""


class _Document(Document):  # type: ignore[misc]  # readability has no types
    """Page for readability: a tree without scripts, which needs no cleaning."""

    def _parse(self, input: HtmlElement) -> HtmlElement:  # noqa: A002
        tree = deepcopy(input)
        # As long as they are referenced lxml need not make them anew in every walk over the tree.
        self.elements = list(tree.iter())
        return tree

    def get_link_density(self, elem: HtmlElement) -> float:
        """Return the share of linked characters as readability does."""
        linked = sum(_length(link.text_content()) for link in elem.iter("a") if link is not elem)
        return linked / max(_length(elem.text_content()), 1)


def _length(text: str) -> int:
    """Return a text's length as readability counts it."""
    if "\n" in text:
        text = _LINE_GAP.sub("\n", text)
    if "\t" in text or "  " in text:
        text = _SPACES.sub(" ", text)
    return len(text.strip())


def by_readability(tree: HtmlElement, chinese: bool) -> str:
    if chinese:
        tree = deepcopy(tree)
        for node in tree.iter():
            if (text := node.text) and "，" in text:
                node.text = text.replace("，", _COMMA)
            if (tail := node.tail) and "，" in tail:
                node.tail = tail.replace("，", _COMMA)
    return _plain(_Document(tree).summary().replace(_COMMA, "，"))


def by_justext(tree: HtmlElement, chinese: bool) -> str:
    # As `justext.justext` does, which parses a page anew.
    paragraphs: list[Any] = core.ParagraphMaker.make_paragraphs(core.preprocessor(tree))
    if chinese:
        core.classify_paragraphs(paragraphs, frozenset(), 20, 50, 0, 0)
    else:
        core.classify_paragraphs(paragraphs, _STOPWORDS)
    core.revise_paragraph_classification(paragraphs)
    return "\n".join(each.text for each in paragraphs if not each.is_boilerplate)


def _plain(html: str) -> str:
    tree = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8"))
    return "" if tree is None else "\n".join(b.text for b in read_blocks(tree, frozenset()))


def may_judge(html: str) -> bool:
    """Return True for a page that jusText reads in bounded time."""
    return len(_JUDGED.findall(html)) <= _MOST_JUDGED
