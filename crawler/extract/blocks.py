"""Parsed pages as blocks: visible lines in order, with their markup.

One walk over the tree serves everything after it: the body's paragraphs, the lines that carry date
and source, the breadcrumb, and the vote of the general extractors.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from lxml import etree

from crawler.script import HAN, outside_ascii

Kind = Literal["text", "heading", "item", "cell", "caption"]

SEPARATOR = "\x1f"
"""Separator of the inline pieces of a block in `Block.pieces`; a label's value may end at it."""

_BLOCK_TAGS = frozenset(
    re.findall(
        r"\S+",
        r"address article aside blockquote body center dd details dialog dir div dl dt "
        r"fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html "
        r"legend li main menu nav ol option p pre section summary table tbody td tfoot th "
        r"thead tr ul caption marquee ucapcontent ucaptitle",
    )
)
_SKIPPED_TAGS = frozenset(
    re.findall(
        r"\S+",
        r"script style noscript iframe select button textarea svg canvas object embed head "
        r"template input audio video map applet math link meta title",
    )
)
_Sort = Literal["block", "skipped", "picture", "link", "break", "seam", "inline", "none"]


class _Sorts(dict[object, _Sort]):
    """Action of the walk at each tag.

    Other tags are inline; a node without a tag is a comment.
    """

    def __missing__(self, tag: object) -> _Sort:
        return "inline" if isinstance(tag, str) else "none"


_SORTS = _Sorts(
    {
        **dict.fromkeys(_BLOCK_TAGS, "block"),
        **dict.fromkeys(_SKIPPED_TAGS, "skipped"),
        **dict.fromkeys(
            ("b", "em", "font", "i", "s", "span", "strong", "sub", "sup", "u"), "inline"
        ),
        "img": "picture",
        "a": "link",
        "br": "break",
        "wbr": "seam",
    }
)

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_MARKING = _HEADINGS | {"a", "li", "td", "th", "tr"}
_CAPTION = re.compile(
    r"(?:^|(?<!page)[\s_-])(?:fig|image|img|photo|picture|media)?[_-]?(?:caption|credits?)(?:$|[\s_-](?:text|wrap\w*)?)|"
    r"(?:^|\s)wp-caption-text",
    re.IGNORECASE,
)
_LONGEST_CAPTION = 400
_LONGEST_CELL, _MOST_CELLS = 80, 40
"""Most characters of a cell and cells of a row that become one line; set by hand, not measured."""
_CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LONGEST_LINE = 200
"""Characters of a text that is remembered by its letters; set by hand, not measured."""
_SIGNS = re.compile(r"[\W_]+")
# Soft hyphens, joiners, marks of direction, selectors of variants and tags, a place for an object;
# bullets of symbol fonts, and any other private sign that begins a line.
_UNSEEN = (
    "\u00ad\u061c\u115f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffc\uf020-\uf0ff\U000e0000-\U000e01ef"
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010fffd"
_INVISIBLE = re.compile(f"[{_UNSEEN}]")
_PRIVATE_BULLET = re.compile(f"^\\s*[{_PRIVATE}]+(?=\\s|\\w)")
_ODD = re.compile(f"[{_UNSEEN}{_PRIVATE}]")
"""Any of the signs above: one look shows that a line has none, as nearly all have."""
_PRIVATE_SPACE = "\ue5e5"
"""Wide space of GBK's oldest tables, in GB 18030 a private sign."""
_LINE_ENDS = re.compile("[\u2028\u2029]")
_TYPED_TAGS = frozenset(("pre", "xmp", "listing", "plaintext"))
_TYPED = re.compile(r"white-space\s*:\s*(?:pre\b|break-spaces)", re.IGNORECASE)
_WRAP = re.compile(
    rf"(?<=[{HAN}\u3000-\u303f\uff01-\uff60])[ \t\r\f\v]*\n\s*"
    rf"(?=[{HAN}\u3000-\u303f\uff01-\uff60])"
)
_BLANK = SEPARATOR + " \t\r\n\u3000\u00a0"
_INDENT = re.compile(r"^[ \t\r\n]*[\u3000\u00a0]{2}")


class Block(NamedTuple):
    """Line of a page.

    A tuple, because making a frozen dataclass takes four times as long. `pieces` is the same text
    with `SEPARATOR` between inline elements and at wide gaps; `linked` counts the characters inside
    links; `soft` is True after a mere `<br>` or the end of a typed line, `indented` for a line that
    starts with two ideographic or non-breaking spaces, as Chinese paragraphs do, or follows an
    empty typed one; `centred` for one set in the middle; `pictured` for one with a picture between
    it and the block before; `node` is the element around it.
    """

    text: str
    pieces: str
    kind: Kind
    linked: int
    soft: bool
    indented: bool
    node: etree._Element
    centred: bool = False
    pictured: bool = False

    @property
    def link_density(self) -> float:
        """Share of the characters that are inside links, 0-1."""
        return min(1.0, self.linked / max(1, len(self.text)))


def squeeze_line(text: str) -> str:
    """Return `squeeze` of a line, remembered if short."""
    return _squeezed(text) if len(text) <= _LONGEST_LINE else squeeze(text)


def squeeze(text: str) -> str:
    """Return one line with single spaces, none in wrapped Chinese text."""
    if not text.isascii():
        if "\n" in text:
            text = _WRAP.sub("", text)
        if _ODD.search(text):
            text = _PRIVATE_BULLET.sub("", without_invisible(text))
    return " ".join(text.split())


_squeezed = lru_cache(maxsize=8192)(squeeze)


def without_invisible(text: str) -> str:
    """Return a text without signs that a reader cannot see."""
    if not _ODD.search(outside_ascii(text)):
        return text
    return _INVISIBLE.sub("", text).replace(_PRIVATE_SPACE, "\u3000")


def text_of(node: etree._Element) -> str:
    """Return the text of an element and all in it, as written."""
    # Several times as quick as to join its `itertext`.
    return str(etree.tostring(node, encoding="unicode", method="text", with_tail=False))


def bare(text: str) -> str:
    """Return the letters and digits of a text, in lower case."""
    return _bare_line(text) if len(text) <= _LONGEST_LINE else _SIGNS.sub("", text).lower()


@lru_cache(maxsize=4096)  # lines above a text are compared with titles; a site's menu is the same
def _bare_line(text: str) -> str:
    return _SIGNS.sub("", text).lower()


def read_blocks(root: etree._Element, dropped: frozenset[etree._Element]) -> list[Block]:
    """Return the blocks under `root` without those under the elements of `dropped`.

    Scripts, styles, form controls and elements that their own style hides are left out. The walk
    is iterative: depth costs no stack.
    """
    walk = _Walk()
    parts = walk.parts
    events = etree.iterwalk(root, events=("start", "end"))
    # Every element of a page comes by here twice, and most of them are inline: no calls for those.
    for event, node in events:
        tag = node.tag
        sort = _SORTS[tag]
        left_out = sort == "skipped" or (dropped and node in dropped)
        if event == "start":
            if sort == "none":
                continue
            style = node.get("style")
            if left_out or (style and node is not root and HIDDEN.search(style)):
                events.skip_subtree()
                continue
            if style or tag in _TYPED_TAGS:
                walk.note_typed(node, tag, style)
            if sort == "inline":
                parts.append(SEPARATOR)
            elif sort == "block":
                walk.open(node, tag, style)
            elif sort != "seam":
                walk.mark(node, sort)
            if text := node.text:
                walk.add(text)
            continue
        if left_out:
            walk.leave_out(node)
        elif sort == "block":
            walk.close(node, tag)
        elif sort in ("inline", "link"):
            walk.links = max(0, walk.links - (sort == "link" and _leads(node)))
            parts.append(SEPARATOR)
        if walk.typed:
            walk.end_typed(node)
        if (tail := node.tail) and node is not root:
            walk.add(tail)
    walk.flush(root)
    return walk.blocks


def _leads(node: etree._Element) -> bool:
    """Return True for a link, False for a named place around lines."""
    if node.get("href") is not None or node.get("onclick") is not None:
        return True
    return not any(child.tag in _BLOCK_TAGS for child in node)


def _line(raw: str) -> tuple[str, bool]:
    """Return the text of a line, and True if it is indented."""
    bare = raw.replace(SEPARATOR, "")
    if not bare or bare.isspace():
        return "", False
    return squeeze(bare), not bare.isascii() and _INDENT.match(bare) is not None


_short_line = lru_cache(maxsize=8192)(_line)  # a site's menu is the same on all its pages


class _Walk:
    """State of a walk: the current line and its surroundings."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.parts: list[str] = []
        self.linked = 0
        self.links = 0
        self.soft = False
        self.parted = False
        self.pictured = False
        self.pictured_next = False
        self.looked_at = 0
        self.inked = False
        self.centres: list[etree._Element] = []
        self.kinds: list[tuple[etree._Element, Kind]] = []
        self.rows: list[tuple[etree._Element, int, int]] = []
        self.typed: list[etree._Element] = []

    def leave_out(self, node: etree._Element) -> None:
        """Note an element that has no lines of its own."""
        if node.tag in _BLOCK_TAGS:
            self.flush(node.getparent())

    def open(self, node: etree._Element, tag: str, style: str | None) -> None:
        """Begin a block."""
        if self.parts:
            self.flush(node.getparent())
        self.soft = False
        if _is_centred(node, tag, style):
            self.centres.append(node)
        if tag == "li":
            self.kinds.append((node, "item"))
        elif tag in _HEADINGS:
            self.kinds.append((node, "heading"))
        elif _is_caption(node, tag):
            self.kinds.append((node, "caption"))
        elif tag in ("td", "th"):
            self.kinds.append((node, "cell"))
        elif tag == "tr":
            self.rows.append((node, len(self.blocks), 0))

    def note_typed(self, node: etree._Element, tag: str, style: str | None) -> None:
        """Remember an element whose lines end where they were typed."""
        if tag in _TYPED_TAGS or _TYPED.search(style or ""):
            self.typed.append(node)

    def end_typed(self, node: etree._Element) -> None:
        """Forget a typed element that ends."""
        if self.typed[-1] is node:
            self.typed.pop()

    def mark(self, node: etree._Element, sort: _Sort) -> None:
        """Note a link, a picture or the break of a line."""
        if sort == "link":
            self.links += _leads(node)
            self.parts.append(SEPARATOR)
        elif sort == "picture":
            self.picture()
        elif sort == "break":
            self.flush(node.getparent())
            self.soft = True

    def close(self, node: etree._Element, tag: str) -> None:
        """End a block."""
        if self.parts:
            self.flush(node)
        self.soft = False
        if self.kinds and self.kinds[-1][0] is node:
            self.kinds.pop()
        if self.centres and self.centres[-1] is node:
            self.centres.pop()
        if tag == "tr" and self.rows and self.rows[-1][0] is node:
            self._join_row(self.rows.pop()[1])

    def add(self, text: str) -> None:
        """Add text to the current line, or lines where they are typed."""
        if self.typed and "\n" in text:
            first, *others = text.split("\n")
            self._append(first)
            for before, line in pairwise((first, *others)):
                self.flush(self.typed[-1])
                self.soft = True
                self.parted = self.parted or not before.strip()
                self._append(line)
        else:
            self.parts.append(text)
            if self.links:
                self.linked += len(text.strip())

    def _append(self, text: str) -> None:
        self.parts.append(text)
        if self.links:
            self.linked += len(text.strip())

    def picture(self) -> None:
        """Note a picture: before the line being gathered, or after it."""
        # Only what came since the picture before: 45,000 pictures in a row must not be quadratic.
        new = self.parts[self.looked_at :]
        self.inked = self.inked or any(part.strip(_BLANK) for part in new)
        if self.inked:
            self.pictured_next = True
        else:
            self.pictured = True
        self.parts.append(SEPARATOR)
        self.looked_at = len(self.parts)

    def flush(self, node: etree._Element) -> None:
        """End the current line; `node` is the element around its text."""
        if self.parts:
            raw = "".join(self.parts)
            if "\u2028" in raw or "\u2029" in raw:
                for line in _LINE_ENDS.split(raw):
                    self._end_line(line, node)
            else:
                self._end_line(raw, node)
            self.parts.clear()  # in place: the walk refers to it, too
            self.looked_at = 0
            self.inked = False
        self.linked = 0

    def _end_line(self, raw: str, node: etree._Element) -> None:
        text, indented = _short_line(raw) if len(raw) <= _LONGEST_LINE else _line(raw)
        if not text:
            return
        self.blocks.append(
            Block(
                text,
                raw,
                self.kinds[-1][1] if self.kinds else "text",
                self.linked,
                self.soft,
                self.parted or indented,
                node,
                bool(self.centres),
                self.pictured,
            )
        )
        self.soft = self.parted = False
        self.pictured, self.pictured_next = self.pictured_next, False

    def _join_row(self, start: int) -> None:
        """Join the cells of a table row into one line.

        A row with a cell of several lines, or of a paragraph, is layout and stays as it is.
        """
        row = self.blocks[start:]
        if len(row) < 2 or any(block.kind != "cell" or block.soft for block in row):
            return
        if any(len(block.text) > _LONGEST_CELL for block in row) or len(row) > _MOST_CELLS:
            return
        cells = {_cell(block.node) for block in row}
        if len(cells) != len(row):
            return
        first = row[0]
        self.blocks[start:] = [
            Block(
                text=" | ".join(block.text for block in row),
                pieces=SEPARATOR.join(block.pieces for block in row),
                kind="cell",
                linked=sum(block.linked for block in row),
                soft=False,
                indented=False,
                node=first.node,
            )
        ]


def stands_alone(node: etree._Element) -> bool:
    """Return True if a walk from an element gives the page's lines.

    So it does unless the element is inside a link, a list item, a cell and the like, since its
    lines would then bear that mark.
    """
    return node.tag in _BLOCK_TAGS and not any(
        around.tag in _MARKING
        or _is_caption(around, str(around.tag))
        or _is_centred(around, str(around.tag), around.get("style"))
        for around in node.iterancestors()
    )


def _is_caption(node: etree._Element, tag: str) -> bool:
    """Return True if an element is a caption by name and size.

    The size rules out an element around a whole story.
    """
    mark = node.get("class")
    if tag != "figcaption" and not (mark and _names_caption(mark)):
        return False
    size = 0
    for text in node.itertext():
        size += len(text.strip())
        if size > _LONGEST_CAPTION:
            return False
    return True


@lru_cache(maxsize=512)  # most elements of a page share their class with others
def _names_caption(mark: str) -> bool:
    return bool(_CAPTION.search(mark))


def _is_centred(node: etree._Element, tag: str, style: str | None) -> bool:
    """Return True if an element centres its text.

    A table's `align` places the table itself.
    """
    if tag == "center":
        return True
    align = node.get("align")
    if tag == "table" or not (align or style):
        return False
    return (align or "").lower() == "center" or bool(_CENTRED.search(style or ""))


def _cell(node: etree._Element) -> etree._Element:
    while node.tag not in ("td", "th") and node.getparent() is not None:
        node = node.getparent()
    return node


def pieces(block: Block) -> Iterator[str]:
    """Yield the non-empty inline pieces of a block, each squeezed."""
    for piece in re.split(rf"{SEPARATOR}+|[\u3000\u00a0 \t]{{2,}}|[\u3000\u00a0]", block.pieces):
        text = squeeze(piece)
        if text:
            yield text
