"""Sentence segmentation of Chinese and English text.

A line of the text is a paragraph, and a paragraph always ends a sentence; inside one the rules
are those of the language. Spans have no surrounding whitespace, do not overlap, and together
contain every character that is not whitespace.
"""

import re
from typing import NamedTuple

from crawler.script import HAN


class Span(NamedTuple):
    """Offsets of a sentence: characters `start` to `end`, exclusive."""

    start: int
    end: int


def split(text: str, lang: str) -> list[Span]:
    """Return the sentences of a text in `zh` or `en`, in order.

    Raises `ValueError` for another language.
    """
    if lang not in ("zh", "en"):
        raise ValueError(f"sentences are split in zh or en, not in {lang!r}")
    ends = _zh_ends if lang == "zh" else _en_ends
    spans: list[Span] = []
    for line in _LINE.finditer(text):
        start = line.start()
        found = [*ends(line.group()), len(line.group())]
        for end in _cut_at_semicolons(line.group(), found, _RUN_ON[lang]):
            stop = line.start() + end
            piece = text[start:stop]
            body = piece.strip()
            if body:
                lead = start + len(piece) - len(piece.lstrip())
                # Marks without a letter or figure (a lone closing quote) are no sentence.
                if spans and start > line.start() and not _WORD.search(body):
                    spans[-1] = Span(spans[-1].start, lead + len(body))
                else:
                    spans.append(Span(lead, lead + len(body)))
            start = stop
    return spans


_RUN_ON = {"zh": 160, "en": 480}
"""Characters from which a list of clauses is cut at its semicolons; set by hand, not measured."""
_SEMICOLON = re.compile(r"[；;]")


def _cut_at_semicolons(line: str, ends: list[int], longest: int) -> list[int]:
    """Add ends at the semicolons of sentences longer than `longest`.

    Official prose strings ten tasks together with ；, and its translation gives each a sentence: as
    one sentence they would not fit into any bead.
    """
    cut, start = [], 0
    for end in ends:
        if end - start > longest:
            marks = [m.end() for m in _SEMICOLON.finditer(line, start, end)]
            cut += [mark for mark in marks if mark < end] if len(marks) > 1 else []
        cut.append(end)
        start = end
    return cut


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c\x85]+")
_WORD = re.compile(r"\w")

# What closes after the stop still belongs to the sentence: 他说：“好。” In English a straight quote
# closes where it touches the stop; in Chinese, without spaces, `_zh_closed` counts.
_CLOSERS = "”’」』》〉）】〕］｝)］]}»›"
_OPENERS = "“‘「『《〈（【〔［｛([{«‹"
_CLOSE = rf"(?:[{re.escape(_CLOSERS)}\"']|\s+[”’」』])*"

# One or more stops, or an ellipsis. ； is not one: of 65 Chinese news sentences with it, 62
# are one sentence in their professional translation (but see `_cut_at_semicolons`). A plain full
# stop, of either width, ends a sentence only after a Chinese character (an editor's slip), never in
# a figure, a clause number (1．) or a Latin name.
_ZH_STOP = re.compile(
    rf"(?:[。！？｡]+|…{{2,}}|⋯{{2,}}|\.{{6}}|[!?]+|(?<=[{HAN}])．+"
    rf"|(?<=[{HAN}])\.(?=\s|$|[{HAN}]))"
    rf"[。！？!?…]*{_CLOSE}(?:\s?\[\d{{1,3}}\])*"
)
# A quotation inside a sentence: 有人喊“出水了！”，我们就往外跑。
_ZH_CARRIES_ON = re.compile(r"\s*[，、；：,;:的地得）)》—…·]")
# The speaker after a quotation: “去哪儿？”男人问。
_ZH_SPEAKER = re.compile(
    r"\s*[^\s，。！？；：,!?;:“”「」『』\"]{0,12}?"
    r"(?:说|问|道|喊|叫|答|嚷|骂|写|称|表示|指出|强调|透露|介绍|坦言|感叹|回忆)"
    r"[道着了过]?(?=[，。！？：；,!?…]|\s*$)"
)

_EN_STOP = re.compile(
    rf"(?:[.!?]+|…+|[。！？])(?:\[\d+\])?{_CLOSE}(?=\s|$|[{re.escape(_OPENERS)}])"
)
_ABBREVIATIONS = _words("""
    mr mrs ms mx dr prof st sr jr rev hon gen col lt sgt capt maj cmdr adm gov sen rep pres messrs
    mmes mt ft no nos vol vols fig figs eq sec art ch pp p para ed eds al cf vs v viz etc approx est
    dept univ assn bros co corp inc ltd plc pte llc rd ave blvd hwy bldg sq min max tel ext
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun
    e.g i.e a.m p.m u.s u.k u.n e.u d.c ph.d m.d b.a m.a b.sc m.sc u.s.a p.r.c
""")
# These also end sentences: the first when a capital follows; the second, from which names go on
# (U.S. Embassy, St. Andrews, Co. Ltd), only before a word that hardly continues a name.
_MAY_END = _words("""
    etc inc ltd corp plc llc jr sr a.m p.m ph.d m.d b.a m.a b.sc m.sc al sq rd ave blvd
    mar may jan feb apr jun jul aug sep sept oct nov dec sun sat mon tue wed thu fri min max
""")
_IN_NAMES = _words("u.s u.k u.n e.u d.c u.s.a p.r.c st mt ft co")
_BEGINNERS = _words("""
    the a an he she it they we i you this that these those there here in on at for from with as
    when while if after before since but and so yet however meanwhile according his her its their
    our my what who how why although despite during among both all some many most one
""")
_WORD_BEFORE = re.compile(r"[A-Za-z](?:[A-Za-z]|\.(?=[A-Za-z]))*$")
# "1." or "II." where a sentence begins or a list goes on (…; 2. Improve …), "Article 5.".
_CLAUSE_NUMBER = re.compile(
    r"(?:^|[;:]\s)\s*\(?(?:(?:Article|Section|Chapter|Part)\s)?"
    r"(?:\d{1,3}(?:\.\d{1,2})*|[IVX]{1,5})$"
)
_EN_BEGINS = re.compile(rf"[\s{re.escape(_OPENERS)}\"'”’—–•*-]*(?:[A-Z0-9$£€]|[^\x00-\u024f])")
# The speaker after a quotation: "Where to?" Mr Li asked.
_EN_SPEAKER = re.compile(
    r"\s*(?:[A-Z][\w.'’-]*\s+|(?:the|a|his|her|my|said|says|asked)\s+){1,4}?(?:\w+\s+)?"
    r"(?:said|says|asked|asks|added|replied|cried|shouted|answered|wrote|told)\b"
)


def _zh_ends(line: str) -> list[int]:
    ends: list[int] = []
    quotes = at = 0
    for stop in _ZH_STOP.finditer(line):
        quotes += line.count('"', at, stop.start())
        at = stop.start()
        end = _zh_closed(line, stop, quotes)
        quoted = line[end - 1] in "”’」』\"'"
        if _ZH_CARRIES_ON.match(line, end) or (quoted and _ZH_SPEAKER.match(line, end)):
            continue
        ends.append(end)
    return ends


_AROUND = 80
"""Characters read before and after a stop: more than any abbreviation or name needs."""


def _en_ends(line: str) -> list[int]:
    ends: list[int] = []
    for stop in _EN_STOP.finditer(line):
        end = stop.end()
        rest = line[end : end + _AROUND]
        if not _EN_BEGINS.match(rest):
            continue
        mark = stop.group()
        if mark[0] == "." and mark[1:2] != ".":
            start = max(ends[-1] if ends else 0, stop.start() - _AROUND)
            if _abbreviated(line[start : stop.start()], rest):
                continue
        if line[end - 1] in "”’\"'" and mark[0] in "!?" and _EN_SPEAKER.match(rest):
            continue
        ends.append(end)
    return ends


def _zh_closed(line: str, stop: re.Match[str], quotes: int) -> int:
    """Return the end of a stop and its closing quotes.

    A straight quote closes only if one is open; `quotes` is the number of them before the stop.
    """
    for at in range(stop.start(), stop.end()):
        if line[at] == '"':
            if quotes % 2 == 0:
                return at
            quotes += 1
    return stop.end()


def _abbreviated(before: str, after: str) -> bool:
    """Return True if an abbreviation, initial or number ends in the stop."""
    if _CLAUSE_NUMBER.search(before):
        return True
    found = _WORD_BEFORE.search(before)
    if not found:
        return False
    word = found.group().lower()
    following = after.lstrip(" \t\u00a0\"'“‘(")
    if word in ("no", "nos"):
        return following[:1].isdigit()
    if len(word) == 1:
        # J. Smith, Plan B. The: an initial unless the next word begins sentences. I ends them.
        return word != "i" and _first_word(following) not in _BEGINNERS
    if word in _IN_NAMES:
        return _first_word(following) not in _BEGINNERS
    if word not in _ABBREVIATIONS:
        return False
    return word not in _MAY_END or following[:1].isdigit()


def _first_word(text: str) -> str:
    found = re.match(r"[A-Za-z]+", text)
    return found.group().lower() if found else ""
