"""Texts in a page's bytes that only its scripts would show.

Read only where a page shows no text at all: in elements that their style hides, in `noscript` and
`template`, form fields and attributes, structured data, and the data and strings of scripts.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from crawler.cms.hydration import filled, hydrated, rows
from crawler.extract import notices
from crawler.extract.blocks import HIDDEN, bare, read_blocks
from crawler.extract.furniture import is_furniture
from crawler.extract.kinds import units
from crawler.extract.page import ParsedPage, grown, parse

_BODY = re.compile(
    r"(?:article|news|info|doc|page|detail|main|full|html|rich)?[-_]?"
    r"(?:body|content|contents|text|html|detail|article|txt|value|main|paragraphs?|blocks?|"
    r"neirong|zhengwen|nr|zw)\d?",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:article|news|info|doc)?[-_]?(?:title|headline|subject|biaoti)", re.IGNORECASE
)
_DATE = re.compile(r"\w*(?:publish|pub_?date|pub_?time|release)\w*", re.IGNORECASE)
_OTHER = re.compile(
    r"\w*(?:desc|summary|abstract|excerpt|intro|digest|keyword|copyright|cookie|notice|privacy|"
    r"agreement|tips?$|message|error|placeholder|css|style|footer|header)\w*",
    re.IGNORECASE,
)
"""Names of values that are never a body."""
_LINK = re.compile(r"url|href|link|title|headline", re.IGNORECASE)
_BLOCK = re.compile(r"<(?:p|br|div|section)\b", re.IGNORECASE)
_CODE = re.compile(r"function\s*\w*\(|=>|[{};]\s*[.}#@$]|\bvar \w+\s*=")
_SENTENCE = re.compile(r"[。！？；!?]|\.(?:\s|[”\"’]|$)")
_JSON = re.compile(r"[=(:,]\s*(?=[{\[])")
_LITERAL = re.compile(
    r"\"((?:[^\"\\\n]|\\(?s:.))*)\"|'((?:[^'\\\n]|\\(?s:.))*)'|`((?:[^`\\]|\\(?s:.))*)`"
)
_NAMED = re.compile(r"([\w$-]+)[\"']?\s*[:=]\s*(?:[\w.]+\(\s*)?$")
_JOINED = re.compile(r"\s*\+\s*")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": "", "v": "", "0": ""}
_PERCENT_U = re.compile(r"%u([0-9a-fA-F]{4})")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}){3}")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{80,}={0,2}")
_LEAST = 40
"""Units of prose from which a concealed text is one; set by hand, not measured."""
_SHORTEST = 30
"""Characters of a value that is looked at; set by hand, not measured."""
_SCRIPTS, _LONGEST, _VALUES, _TRIES, _DEEP = 60, 400_000, 20_000, 40, 40
"""Scripts of a page, characters of one, values of its data, places where data may begin, and their
depth, up to which they are read; set by hand, not measured."""
_FITTING = 10
"""Weight of a text whose own title is the page's; set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class _Value:
    """Text in a page's data, with its name and neighbours."""

    name: str
    text: str
    beside: Mapping[str, object]

    def field(self, names: re.Pattern[str]) -> str:
        """Return the text beside this one under any of `names`."""
        found = (v for k, v in self.beside.items() if isinstance(v, str) and names.fullmatch(k))
        return next((value for value in found if len(value) < 300), "")


@dataclass(frozen=True, slots=True)
class Revealed:
    """Page with a concealed text in its place.

    `fits` is True if the text's own title is the page's.
    """

    page: ParsedPage
    node: etree._Element
    rule: str
    fits: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """Concealed text with its place, rule and value."""

    place: etree._Element
    text: etree._Element
    rule: str
    value: _Value | None = None


def revealed(page: ParsedPage) -> Revealed | None:
    """Return a page as its scripts would show it, or None."""
    tree = parse(page.html)
    heading = bare("".join(text for node in tree.iter("title", "h1") for text in node.itertext()))
    best: tuple[int, bool, _Found] | None = None
    for found in _all(tree):
        size = _prose(found.text)
        title = bare(found.value.field(_TITLE)) if found.value else ""
        fits = bool(title) and title in heading
        weight = size * (_FITTING if fits else 1)
        if size >= _LEAST and (best is None or weight > best[0]):
            best = weight, fits, found
    if best is None:
        return None
    _, fits, found = best
    _show(tree, found)
    markup = str(etree.tostring(tree, encoding="unicode", method="html"))
    shown = ParsedPage(page.url, markup.encode(), {**page.headers, "content-type": _UTF8})
    shown.decoded, shown.stated_date = page.decoded, page.stated_date
    node = shown.tree.find(f".//*[@{_MARK}]")
    return None if node is None else Revealed(shown, node, found.rule, fits)


_MARK = "data-revealed"
_UTF8 = "text/html; charset=utf-8"


def _show(tree: etree._Element, found: _Found) -> None:
    """Put a text after its container or script, with title and date."""
    place, text = found.place, found.text
    text.set(_MARK, "")
    if text is place:
        return
    box = etree.Element("div")
    if found.value is not None:
        if tree.find(".//h1") is None and (title := found.value.field(_TITLE)):
            title = _without_controls(title)
            etree.SubElement(box, "h1").text = title
            for head in tree.iter("title"):  # such pages have the site's name there
                head.text = title if title in (head.text or "") else f"{title}_{head.text}"
        if date := found.value.field(_DATE):
            etree.SubElement(box, "p").text = f"发布时间：{_without_controls(date)}"
    box.append(text)
    body = tree.find(".//body")
    parent = place.getparent()
    if next(place.iterancestors("head"), None) is not None or parent is None:
        (tree if body is None else body).append(box)
    else:
        parent.insert(parent.index(place) + 1, box)


def _prose(text: etree._Element) -> int:
    """Return the units of an element's sentences without links and notices."""
    return sum(
        units(block.text)
        for block in read_blocks(text, frozenset())
        if block.link_density <= 0.5
        and _SENTENCE.search(block.text)
        and not notices.is_of_the_site(block.text)
        and not _CODE.search(block.text)
    )


def _all(tree: etree._Element) -> Iterator[_Found]:
    """Yield every text that may be concealed in a page."""
    for node in list(tree.iter()):
        if not isinstance(node.tag, str) or is_furniture(node):
            continue
        if node.tag in ("noscript", "template"):
            node.tag = "div"
            yield _Found(node, node, "hidden element")
        elif HIDDEN.search(node.get("style") or "") and node.tag not in ("textarea", "input"):
            del node.attrib["style"]
            yield _Found(node, node, "hidden element")
        for value in _in_attributes(node):
            if (text := _element(value)) is not None:
                yield _Found(node, text, f"attribute {value.name}", value)
    scripts = list(islice(tree.iter("script"), _SCRIPTS))
    pushing = [node for node in scripts if "__next_f" in (node.text or "")]
    for row in rows([(node.text or "")[:_LONGEST] for node in pushing]):
        for value in _walk("html", _loaded(row) or row, {}):
            if (text := _element(value)) is not None:
                yield _Found(pushing[-1], text, "script data", value)
    for node in scripts:
        if node in pushing:
            continue
        for value in _in_script(node.get("type") or "", (node.text or "")[:_LONGEST]):
            if (text := _element(value)) is not None:
                yield _Found(node, text, f"script data {value.name}".strip(), value)


def _in_attributes(node: etree._Element) -> Iterator[_Value]:
    if node.tag == "textarea":
        # Markup in it is text to a browser; this parser makes elements of some.
        inner = "".join(str(etree.tostring(child, encoding="unicode")) for child in node)
        yield _Value("text", (node.text or "") + inner, {})
    for name, value in node.attrib.items():
        if len(value) >= _SHORTEST and (
            (name == "value" and node.tag == "input")
            or (name == "content" and node.get("itemprop") == "articleBody")
            or name.startswith("data-")
        ):
            yield _Value("text" if name in ("value", "content") else name[5:], _decoded(value), {})


def _element(value: _Value) -> etree._Element | None:
    """Return a body as an element, or None for another value."""
    text = value.text.strip()
    if len(text) < _SHORTEST or _OTHER.fullmatch(value.name):
        return None
    if "&lt;" in text and not _BLOCK.search(text):
        text = unescape(text)
    if _BLOCK.search(text):
        return grown(text)
    if not _BODY.fullmatch(value.name):
        return None
    box = etree.Element("div")
    for line in unescape(text).splitlines():
        etree.SubElement(box, "p").text = _without_controls(line)
    return box


def _without_controls(text: str) -> str:
    return "".join(char for char in text if char >= " " and not "\ud800" <= char <= "\udfff")


def _in_script(kind: str, code: str) -> Iterator[_Value]:
    """Yield the texts of a script."""
    if "html" in kind or "template" in kind or "plain" in kind:
        yield _Value("html", code, {})
        return
    if "json" in kind:
        yield from _walk("", hydrated(_loaded(code)), {})
        return
    rest = code = filled(code)
    tried = 0
    at = 0
    kept: list[str] = []
    decoder = json.JSONDecoder(strict=False)
    for start in islice(_JSON.finditer(code), _TRIES * 10):
        if start.end() < at or tried >= _TRIES:
            continue
        tried += 1
        try:
            data, end = decoder.raw_decode(code, start.end())
        except (ValueError, RecursionError):
            continue
        if end - start.end() >= _SHORTEST:
            name = _NAMED.search(code[max(0, start.end() - 60) : start.end()])
            yield from _walk(name[1] if name else "", data, {})
            kept.append(code[at : start.end()])
            at = end
    rest = "".join(kept) + code[at:]
    yield from _literals(rest)


def _literals(code: str) -> Iterator[_Value]:
    """Yield the strings of a script, joined ones as one."""
    beside: dict[str, object] = {}
    name, parts, last = "", list[str](), -1
    for literal in _LITERAL.finditer(code):
        text = _ESCAPE.sub(_sign, literal[1] or literal[2] or literal[3] or "")
        if parts and _JOINED.fullmatch(code, last, literal.start()):
            parts.append(text)
        else:
            yield from _read(name, "".join(parts), beside)
            named = _NAMED.search(code[max(0, literal.start() - 80) : literal.start()])
            name, parts = named[1] if named else "", [text]
            if len(text) < 300:
                beside.setdefault(name, text)
        last = literal.end()
    yield from _read(name, "".join(parts), beside)


def _sign(escape: re.Match[str]) -> str:
    code, short, _, sign = escape.groups()
    if code or short:
        return chr(int(code or short, 16))
    return _SIGNS.get(sign, sign) if sign else ""


def _read(name: str, text: str, beside: Mapping[str, object]) -> Iterator[_Value]:
    """Yield a string, or the texts of data in it."""
    if len(text) < _SHORTEST:
        return
    text = _decoded(text)
    if text.lstrip()[:1] in ("{", "["):
        yield from _walk(name, _loaded(text), {})
    else:
        yield _Value(name, text, beside)


def _walk(
    name: str, value: object, beside: Mapping[str, object], deep: int = 0
) -> Iterator[_Value]:
    """Yield the texts in data, lists of paragraphs as one."""
    if isinstance(value, str):
        if deep < _DEEP:
            yield from _read(name, value, beside)
    elif isinstance(value, dict):
        for key, inner in islice(value.items(), _VALUES):
            yield from _walk(str(key), inner, value, deep + 1)
    elif isinstance(value, list) and deep < _DEEP:
        paragraphs = [_paragraph(item) for item in value]
        if len(value) > 1 and all(paragraph is not None for paragraph in paragraphs):
            text = "\n".join(filter(None, paragraphs))
            yield _Value(name if name else "blocks", text, beside)
        else:
            for item in islice(value, _VALUES):
                yield from _walk(name, item, beside, deep + 1)


def _paragraph(item: object) -> str | None:
    """Return an item as a paragraph, or None."""
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and not any(map(_LINK.search, map(str, item))):
        texts = [v for k, v in item.items() if isinstance(v, str) and _BODY.fullmatch(str(k))]
        return "\n".join(texts) if texts else None
    return None


def _loaded(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _decoded(text: str) -> str:
    """Return a string as a script decodes it."""
    if _PERCENT_U.search(text):
        text = unquote(_PERCENT_U.sub(lambda code: chr(int(code[1], 16)), text))
    elif _PERCENT.search(text):
        text = unquote(text)
    if _BASE64.fullmatch(text) and " " not in text.strip():
        try:
            return base64.b64decode(text, validate=False).decode("utf-8")
        except (binascii.Error, ValueError):
            return text
    return text
