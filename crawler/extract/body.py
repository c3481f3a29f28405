"""Paragraphs of an article's body; furniture is cut with a reason."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

from crawler.extract import captions, lines, notices, properties
from crawler.extract.blocks import SEPARATOR, Block, bare
from crawler.extract.dates import date_apart, is_part_of_date
from crawler.extract.documents import attachments, is_named_document, resolve
from crawler.extract.headings import tidied
from crawler.extract.kinds import has_items
from crawler.extract.widgets import is_pager, is_widget
from crawler.script import HAN

_TERMINAL = re.compile(r"[。！？!?：:；;…”」』.)）》】]$")
_HAN = re.compile(rf"[{HAN}]")
_DOWNLOAD = re.compile(r"(?:点击)?下载|附件|attachment|download", re.I)
_ICON = re.compile(
    r"(?:^|/)(?:icon|ico|file_?type|blank|spacer|pixel|loading|lazy|logo|qr|ewm|erweima|share|print|"
    r"arrow|dot|line|bg)[\w-]*\.(?:gif|png|jpe?g|svg)|/(?:fileTypeImages|attached/file|emoticons?)/|"
    r"icon_\w+\.gif|\.svg$",
    re.I,
)


_ANY_BASE = "http://any.invalid/"
_EDGE = 4
"""Lines of text at either end among which date lines, credits and the like are looked for."""
_ENDED = "end mark"
_LEAF = 3
"""Lines of a date at most: day, month and year."""
_DAY_AND_MONTH = re.compile(r"\d{1,2}\s*[月./-]\s*\d{1,2}|\d\s*[A-Za-z]{3}|[A-Za-z]{3}\.?\s*\d")
_PART_OF_TITLE = 4
"""Letters from which a line may be a part of the headline; set by hand, not measured."""
_LONGEST_EDGE = 200
"""Characters of a line above which it is text even at the ends; set by hand, not measured."""
_PROSE = 60
"""Characters from which a line is a paragraph of prose; set by hand, not measured."""
_MOSTLY_LINK = 0.5
"""Share of linked characters above which a line is a link anywhere; set by hand, not measured."""
_RELATED = 0.5
"""Share of linked characters below a heading of related links; set by hand, not measured."""
_AFTER = 0.25
"""Most text after the editor's credit, as a share of that before it; set by hand, not measured."""
_HALF = 0.5
"""Share of full lines, and of those that end a sentence, that decides on wrapping; set by hand."""
_FEWEST_WRAPPED, _WIDEST, _FULL = 5, 110, 0.8
"""Fewest lines of a hand-wrapped text, characters of its widest line at most, and the share of them
that a full line has; set by hand, not measured."""
_LINK = 0.9
"""Share of linked characters above which a line at the ends is a link; set by hand."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A line left out of the text, and why."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Body:
    """Paragraphs of an article, cut lines, and the fields found in these."""

    paragraphs: tuple[str, ...]
    cut: tuple[Cut, ...] = ()
    meta: tuple[lines.MetaLine, ...] = ()
    editor: str | None = None

    @property
    def text(self) -> str:
        """Paragraphs joined by one newline."""
        return "\n".join(self.paragraphs)

    @property
    def reporter(self) -> str | None:
        """Reporters named in brackets in the report's first or last lines."""
        ends = (*self.paragraphs[:2], *self.paragraphs[-1:])
        return next(filter(None, map(lines.reporter, ends)), None)

    @property
    def captions(self) -> tuple[str, ...]:
        """Captions of the pictures, in order."""
        return tuple(dict.fromkeys(cut.text for cut in self.cut if cut.reason == "caption"))


def read_body(blocks: Sequence[Block], title: str) -> Body:
    """Return the paragraphs of `blocks` without furniture.

    Furniture is widgets, date lines, credits and links elsewhere. `title` is the headline: a first
    line that repeats it is no paragraph. Widgets, captions and pointers to other articles are cut
    anywhere; lines that look like dates, credits or titles only at the ends, because in the middle
    they may be news.
    """
    cut: list[Cut] = []
    inner: list[Block] = []
    key = bare(title)
    for block, caption in zip(blocks, captions.marks(blocks, key), strict=True):
        reason = _furniture(block) or ("caption" if caption else None)
        if reason:
            cut.append(Cut(block.text, reason))
        else:
            inner.append(block)
    stop = _related_from(inner)
    cut += [Cut(block.text, "related links") for block in inner[stop:]]
    end = _end_of_story(inner[:stop])
    cut += [Cut(block.text, "after the editor's credit") for block in inner[end:stop]]
    edges = _Edges(key, items=has_items(inner[:end]))
    kept = edges.trim(inner[:end])
    texts = _unwrap(kept)
    while texts:
        text, name = lines.credit_tail(texts[-1])
        if not name:
            break
        edges.author = edges.author or name
        cut.append(Cut(texts[-1][len(text) :], "editor's credit"))
        texts[-1:] = [text] if text else []
    if texts and (text := lines.without_end(texts[-1])) != texts[-1]:
        cut.append(Cut(texts[-1][len(text) :], _ENDED))
        texts[-1:] = [text] if text else []
    return Body(tuple(texts), (*cut, *edges.cut), tuple(edges.meta), edges.author)


class _Edges:
    """Cutter of furniture at both ends of a body.

    It collects the fields found in the lines it cuts.
    """

    def __init__(self, title: str, *, items: bool) -> None:
        self.title = title
        self.items = items
        self.cut: list[Cut] = []
        self.meta: list[lines.MetaLine] = []
        self.author: str | None = None
        self.clock = ""
        self.ended = False

    def trim(self, blocks: Sequence[Block]) -> list[Block]:
        """Return `blocks` without furniture among the first and the last few."""
        kept: list[Block] = []
        begun = False
        box = next(properties.boxes(blocks), range(0))
        if box.start <= _EDGE:
            self.cut += [Cut(blocks[place].text, "catalogue box") for place in box]
            blocks = [*blocks[: box.start], *blocks[box.stop :]]
        leaf = _calendar_leaf(blocks)
        if leaf:
            self.cut += [Cut(block.text, "date and source line") for block in leaf]
            self.meta.append(lines.read_line(SEPARATOR.join(block.pieces for block in leaf)))
        for block in blocks:
            if block in leaf:
                continue
            if not begun and len(kept) < _EDGE and self._cuts(block, self._reasons_at_start):
                continue
            kept.append(block)
            # After the first paragraph of prose nothing is above the text any more.
            begun = begun or len(block.text) >= _PROSE
        tail: list[Block] = []
        while kept and len(tail) < _EDGE:
            block = kept.pop()
            if not self._cuts(block, self._reasons_at_end):
                tail.append(block)
        return kept + tail[::-1]

    def _cuts(self, block: Block, reasons: Callable[[Block], Iterator[tuple[str, bool]]]) -> bool:
        """Cut a block for the first true one of its `reasons`.

        Returns True if there is one.
        """
        if len(block.text) > _LONGEST_EDGE and bare(block.text) != self.title:
            return False
        reason = next((reason for reason, true in reasons(block) if true), None)
        if reason:
            self.cut.append(Cut(block.text, reason))
            self.ended = self.ended or reason == _ENDED
        return reason is not None

    def _reasons_at_start(self, block: Block) -> Iterator[tuple[str, bool]]:
        text = block.text
        yield "title", bool(self.title) and _is_of_title(bare(tidied(block).text), self.title)
        yield "breadcrumb", lines.is_breadcrumb(text)
        found = lines.read_line(f"{block.pieces} ")
        yield "date and source line", self._take_meta(text, found, bare=True)
        yield "editor's credit", self._take_credit(text, found)
        yield "byline", self._take_author(lines.byline(text))
        yield "catalogue box", lines.is_catalogue(text)
        yield "attachment", lines.is_attachment_label(text)
        yield "notice", notices.is_preamble(text)
        yield "link elsewhere", self._leads_elsewhere(block)

    def _reasons_at_end(self, block: Block) -> Iterator[tuple[str, bool]]:
        text = block.text
        yield "date and source line", self._take_clock(text)
        found = lines.read_line(f"{block.pieces} {self.clock}")
        # Below a text, a date without a word is its signature, part of a decree or a notice.
        yield "date and source line", self._take_meta(text, found, bare=bool(self.clock))
        yield _ENDED, lines.is_end(text, after_clock=bool(self.clock) or self.ended)
        yield "editor's credit", self._take_credit(text, found)
        yield "byline", self._take_author(lines.signature(text))
        yield "link to a neighbouring article", lines.is_neighbour(text, linked=False, last=True)
        yield "attachment", lines.is_attachment_label(text)
        yield "notice", notices.is_notice(text)
        yield "link elsewhere", self._leads_elsewhere(block)

    def _take_clock(self, text: str) -> bool:
        if not lines.is_clock(text):
            return False
        self.clock = text
        return True

    def _take_meta(self, text: str, found: lines.MetaLine, *, bare: bool) -> bool:
        """Note the fields of a date-and-source line; return True for one.

        A date without a label makes one only with `bare`.
        """
        if not lines.is_meta_line(text, found) or (found.is_unlabelled and not bare):
            return False
        self.meta.append(found)
        return True

    def _take_credit(self, text: str, found: lines.MetaLine) -> bool:
        return lines.is_credit(text) and self._take_author(found.editor or found.author or "")

    def _take_author(self, name: str | None) -> bool:
        self.author = self.author or name or None
        return name is not None

    def _leads_elsewhere(self, block: Block) -> bool:
        linked = block.link_density > _LINK and not self.items
        return linked and not re.search(r"[。！？.!?]$|https?:|www\.", block.text)


def _calendar_leaf(blocks: Sequence[Block]) -> Sequence[Block]:
    """Return the opening lines that make up a date."""
    for start, block in enumerate(blocks[:_EDGE]):
        if len(block.text) >= _PROSE:
            break
        for count in range(_LEAF, 0, -1):
            run = blocks[start : start + count]
            if not all(is_part_of_date(part.text) for part in run):
                continue
            whole = date_apart(SEPARATOR.join(part.pieces for part in run))
            if whole or (len(run) == 1 and _DAY_AND_MONTH.search(block.text)):
                return run
    return ()


def _is_of_title(line: str, title: str) -> bool:
    """Return True for a headline, or the start or end of one."""
    if len(line) < _PART_OF_TITLE:
        return line in (title, "")
    return title.startswith(line) or title.endswith(line)


def _furniture(block: Block) -> str | None:
    """Return the reason to cut a block at any place, or None."""
    text = block.text
    if is_pager(text):
        return "page numbers"
    if is_widget(text):
        return "widget"
    if notices.is_of_a_player(text):
        return "notice"
    if lines.is_neighbour(text, linked=block.linked > 0):
        return "link to a neighbouring article"
    if _DOWNLOAD.match(text) and is_named_document(text):
        return "attachment"
    if block.link_density > _MOSTLY_LINK:
        if is_named_document(text) or attachments([block.node], _ANY_BASE):
            return "attachment"
        if lines.is_pointer(text):
            return "related links"
    return None


def _related_from(blocks: Sequence[Block]) -> int:
    """Return the place from which on all lines are related links.

    The number of blocks, if there is no such place.
    """
    found = len(blocks)
    total = linked = 0  # characters between `place` and what was found already
    for place in range(len(blocks) - 1, 0, -1):
        block = blocks[place]
        if lines.is_related_heading(block.text) and (
            place + 1 == found or linked >= _RELATED * total
        ):
            found, total, linked = place, 0, 0
        else:
            total, linked = total + len(block.text), linked + block.linked
    return found


def _end_of_story(blocks: Sequence[Block]) -> int:
    """Return the place after an editor's credit that ends the story.

    It ends there if only a little text follows, which advertises another; else the number of
    blocks.
    """
    before, after = 0, sum(len(block.text) for block in blocks)
    for place, block in enumerate(blocks):
        after -= len(block.text)
        if lines.is_credit(block.text) and after <= _AFTER * before:
            return place + 1
        before += len(block.text)
    return len(blocks)


def _unwrap(blocks: Sequence[Block]) -> list[str]:
    """Return the texts of `blocks`, hand-wrapped lines joined again.

    Such lines end in a `<br>`.
    """
    texts: list[str] = []
    run: list[Block] = []
    for block in [*blocks, None]:
        if block is not None and block.soft and run:
            run.append(block)
            continue
        texts += _joined(run)
        run = [block] if block is not None else []
    return texts


def _joined(run: Sequence[Block]) -> list[str]:
    texts = [block.text for block in run]
    longest = max((len(text) for text in texts), default=0)
    full = [text for text in texts if len(text) >= _FULL * longest]
    if len(run) < _FEWEST_WRAPPED or longest > _WIDEST or len(full) < _HALF * len(texts):
        return texts
    if sum(bool(_TERMINAL.search(text)) for text in full) > _HALF * len(full):
        return texts
    joined = [texts[0]]
    for before, block in pairwise(run):
        if block.indented or len(before.text) < _FULL * longest:
            joined.append(block.text)
        else:
            gap = "" if _HAN.search(joined[-1][-1:] + block.text[:1]) else " "
            joined[-1] += gap + block.text
    return joined


def images(nodes: Sequence[etree._Element], base: str) -> tuple[str, ...]:
    """Return the absolute URLs of the pictures under `nodes`, without icons.

    Placeholders are left out, too.
    """
    found: dict[str, None] = {}
    for root in nodes:
        for node in root.iter("img"):
            for name in ("src", "data-src", "data-original", "data-lazy-src", "original"):
                value = (node.get(name) or "").strip()
                if not value or value.startswith("data:") or _ICON.search(value):
                    continue
                if any(
                    (node.get(side) or "").strip("px ") in ("0", "1")
                    for side in ("width", "height")
                ):
                    continue
                absolute = resolve(base, value)
                if absolute:
                    found.setdefault(absolute)
                    break
    return tuple(found)
