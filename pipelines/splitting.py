"""Text to sentences, as offsets into the text: what ends a sentence in Chinese and in English.

A line of the text is a paragraph, and a paragraph always ends a sentence; inside one the rules
are those of the language. Spans carry no surrounding whitespace, do not overlap, and together hold
every character that is not whitespace.
"""

import re
from typing import NamedTuple


class Span(NamedTuple):
    """Where a sentence lies in its text: characters `start` to `end`, exclusive."""

    start: int
    end: int


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c\x85]+")

# What closes after the stop still belongs to the sentence: 他说：“好。”
_CLOSERS = "”’」』》〉）】〕］｝\"'）)]}»›"
_OPENERS = "“‘「『《〈（【〔［｛([{«‹"
# One or more stops, or an ellipsis of two characters or more; then closers.
_ZH_STOP = re.compile(
    rf"(?:[。！？!?｡．]+|…{{2,}}|\.{{6,}}|⋯{{2,}})[。！？!?…]*[{re.escape(_CLOSERS)}]*"
)
# A quotation that ends inside a sentence: “好！”他说。 What follows carries the sentence on.
_ZH_CARRIES_ON = re.compile(r"\s*[，、；：,;:的地得等之和与及]")

_EN_STOP = re.compile(rf"(?:[.!?]+|…+|[。！？])[{re.escape(_CLOSERS)}]*(?=\s|$|[{_OPENERS}])")
_ABBREVIATIONS = _words("""
    mr mrs ms mx dr prof st sr jr rev hon gen col lt sgt capt maj cmdr adm gov sen rep pres messrs
    mmes mt ft no nos vol vols fig figs eq sec art ch pp p para ed eds al cf vs v viz etc approx est
    dept univ assn bros co corp inc ltd plc pte llc rd ave blvd hwy bldg sq
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun
    e.g i.e a.m p.m u.s u.k u.n e.u d.c ph.d m.d b.a m.a b.sc m.sc u.s.a p.r.c
""")
# These also stand at the end of a sentence: it goes on only in lower case or in figures.
_MAY_END = _words("""
    etc inc ltd co corp plc llc jr sr a.m p.m u.s u.k u.n e.u d.c ph.d m.d b.a m.a u.s.a p.r.c al
    sq rd ave blvd no mar may jan feb apr jun jul aug sep sept oct nov dec sun sat
""")
_WORD_BEFORE = re.compile(r"[A-Za-z](?:[A-Za-z]|\.(?=[A-Za-z]))*$")
_STARTS_SENTENCE = re.compile(rf"[\s{re.escape(_OPENERS)}\"'”’—–-]*(?:[A-Z0-9]|[^\x00-\x7f])")


def split(text: str, lang: str) -> list[Span]:
    """Return the sentences of `text`, whose language is `zh` or `en`, as spans in order.

    Raises `ValueError` for another language.
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"sentences are split in zh or en, not in {lang!r}")
    ends = _zh_ends if lang == "zh" else _en_ends
    spans = []
    for line in _LINE.finditer(text):
        start = line.start()
        for end in [*ends(line.group()), len(line.group())]:
            stop = line.start() + end
            span = _trimmed(text, start, stop)
            if span:
                spans.append(span)
            start = stop
    return spans


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    lead = len(piece) - len(piece.lstrip())
    body = piece.strip()
    return Span(start + lead, start + lead + len(body)) if body else None


def _zh_ends(line: str) -> list[int]:
    ends = []
    for stop in _ZH_STOP.finditer(line):
        if _ZH_CARRIES_ON.match(line, stop.end()):
            continue
        ends.append(stop.end())
    return ends


def _en_ends(line: str) -> list[int]:
    ends = []
    for stop in _EN_STOP.finditer(line):
        rest = line[stop.end() :]
        if not rest.strip():
            continue
        if not _STARTS_SENTENCE.match(rest):
            continue
        if (
            stop.group()[0] == "."
            and not stop.group().startswith("..")
            and _abbreviated(line[: stop.start()], rest)
        ):
            continue
        ends.append(stop.end())
    return ends


def _abbreviated(before: str, after: str) -> bool:
    """Whether the full stop between the two belongs to an abbreviation or an initial."""
    found = _WORD_BEFORE.search(before)
    if not found:
        # "1." at the head of a line is a number in a list.
        return re.fullmatch(r"\s*\(?\d{1,3}", before) is not None
    word = found.group().lower()
    following = after.lstrip()[:1]
    if word == "no":
        return following.isdigit()
    if len(word) == 1 and found.group().isupper():
        return following.isupper()
    if word not in _ABBREVIATIONS:
        return False
    return word not in _MAY_END or following.isdigit()
