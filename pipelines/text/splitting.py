"""Sentence segmentation of Chinese and English text.

A line of the text is a paragraph, and a paragraph always ends a sentence, but for lines that were
wrapped within one (`_paragraphs`); inside a paragraph the rules are those of the language. Spans
have no surrounding whitespace, do not overlap, and together contain every character that is not
whitespace.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import NamedTuple

from crawler.rows import words
from crawler.script import HAN
from pipelines.text.script import simplified


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
    read = _read(text, lang)
    for first, last in _paragraphs(read, lang):
        start, line = first, read[first:last]
        found = [*ends(line), len(line)]
        for end in _cut_at_semicolons(line, found, _RUN_ON[lang]):
            stop = first + end
            piece = text[start:stop]
            body = piece.strip()
            if body:
                lead = start + len(piece) - len(piece.lstrip())
                # A lone closing quote or number of a footnote is no sentence.
                if spans and start > first and not _WORD.search(body):
                    spans[-1] = Span(spans[-1].start, lead + len(body))
                else:
                    spans.append(Span(lead, lead + len(body)))
            start = stop
    return spans


def _read(text: str, lang: str) -> str:
    """Return the form in which a text is read, character for character.

    Chinese is in Simplified characters, with its straight quotes turned, and spaces are plain.
    """
    plain = text.translate(_SPACES)
    if lang == "en":
        return plain
    chinese = simplified(plain)
    lines = [
        _turned(line) for line in (chinese if len(chinese) == len(plain) else plain).split("\n")
    ]
    return "\n".join(lines)


_SPACES = dict.fromkeys((0xA0, 0x2002, 0x2003, 0x2009, 0x202F), " ")


def _turned(line: str) -> str:
    """Turn the straight quotes of a line, if each has its other."""
    parts = line.split('"')
    if len(parts) % 2 == 0:
        return line
    return "".join(part + mark for part, mark in zip(parts, cycle("“”"), strict=False))[: len(line)]


def unwrapped(text: str, lang: str) -> str:
    """Return a text with lines that were wrapped within a sentence joined."""
    lines = (text[first:last] for first, last in _paragraphs(text, lang))
    return "\n".join(_BREAK.sub(" ", line) for line in lines)


_BREAK = re.compile(r"\r?\n")


def _paragraphs(text: str, lang: str) -> Iterator[Span]:
    """Yield lines, those wrapped within a sentence joined."""
    lines = [Span(*line.span()) for line in _LINE.finditer(text)]
    width = max((line.end - line.start for line in lines), default=0)
    start = 0
    for at, (line, after) in enumerate(zip(lines, [*lines[1:], None], strict=False), 1):
        broken = after is not None and text[line.end : after.start] in ("\n", "\r\n")
        if after is None or not broken or not _wrapped(text, line, after, lang, width):
            yield Span(lines[start].start, line.end)
            start = at


def _wrapped(text: str, line: Span, after: Span, lang: str, width: int) -> bool:
    """Return True if a line's sentence goes on in the next.

    After a comma, or in English in lower case or after a word that ends none, if its first word
    would not have fitted.
    """
    mark = text[line.start : line.end].rstrip()[-1:]
    if lang == "zh":
        return mark in ("，", "、") and bool(_ZH_WRAPPED.match(text, after.start))
    open_ended = _EN_OPEN.search(text, line.start, line.end)
    word = (_EN_ANY if open_ended else _EN_WRAPPED).match(text, after.start)
    return word is not None and (
        mark == "," or (mark.isalnum() and line.end - line.start + len(word[0]) > width)
    )


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


_WORDS = "pipelines.text/splitting.tsv"


def _words(name: str) -> frozenset[str]:
    """Return an English word list."""
    return frozenset(words(_WORDS, name, "en"))


def _any(name: str, lang: str) -> str:
    """Return a pattern of any word of a list."""
    listed = sorted(words(_WORDS, name, lang), key=len, reverse=True)
    return "|".join(re.escape(word) for word in listed)


_LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c\x85]+")
_WORD = re.compile(r"[^\W①-⑳¹²³⁰-⁹]")
# No line of its own ends in one of these words: held on, the, nearly.
_EN_OPEN = re.compile(
    r"\b(?:an?|the|of|on|in|at|and|or|to|for|with|by|from|than|is|was|are|were|its|their|about)\s*$"
)
_EN_ANY = re.compile(r"[\w$€£]\S*")
_ZH_WRAPPED, _EN_WRAPPED = re.compile(f"[{HAN}“「《\\d]"), re.compile(r"[a-z]+(?=[ ,.])")

# What closes after the stop still belongs to the sentence: 他说：“好。” In English a straight quote
# closes where it touches the stop; in Chinese, without spaces, `_zh_closed` counts.
_CLOSERS = "”’」』》〉）】〕］｝)］]}»›"
_OPENERS = "“‘「『《〈（【〔［｛([{«‹"
_UNSEEN = "\u200b-\u200d\u2060\ufeff"
_CLOSE = rf"(?:[{re.escape(_CLOSERS)}{_UNSEEN}\"']|\s+[”’」』])*"

# One or more stops, or an ellipsis. ； is not one: of 65 Chinese news sentences with it, 62
# are one sentence in their professional translation (but see `_cut_at_semicolons`). A plain full
# stop, of either width, ends a sentence only after a Chinese character (an editor's slip), never in
# a figure, a clause number (1．) or a Latin name.
_ZH_STOP = re.compile(
    rf"(?:[。！？｡]+|…{{2,}}|⋯{{2,}}|\.{{6}}|[!?]+|(?<=[{HAN}])．+"
    rf"|(?:(?<=[{HAN}%％℃])|(?<=[A-Za-z{HAN}][)）]))\.(?=\s|$|[{HAN}])|(?:(?<=\d[:：]\d\d)|(?<=\d[A-Za-z])|(?<=\d[A-Za-z]{{2}})|(?<=\d[A-Za-z]{{3}}))\.(?=\s|$|[{HAN}]))"
    rf"[。！？!?…]*{_CLOSE}(?:\s?\[\d{{1,3}}\]|[¹²³⁰-⁹])*"
)
# A quotation inside a sentence: 有人喊“出水了！”，我们就往外跑。
_ZH_CARRIES_ON = re.compile(r"\s*(?:[，、；：,;:）)》—…。！？!?]|·(?!\s))")
# 要……还要……: what is left out is part of the sentence, and so is one of two short cries:
# “好！”“真棒！”众人欢呼。
_ZH_OMITS = re.compile(rf"[{HAN}]{{1,4}}(?:…{{2}}|⋯{{2}})")
_ZH_CRY = re.compile(r"[“「『][^“”「」『』。]{1,10}[!！][”」』]")
# 他“啊！”地叫了一声; not so in “通车了！”地铁站里有人喊.
_ZH_PARTICLE = re.compile(rf"\s*(?:的|(?!{_any('no particle', 'zh')})[地得])")
# The speaker after a quotation: “去哪儿？”男人问。“好了。”家住柳湾村的村民老周高兴地说。 The
# longer the phrase, the surer it must end in its verb. A colon introduces what follows.
_ZH_SAID = rf"(?:{_any('said', 'zh')})(?<!{_any('no verb', 'zh')})"
_SPEAKER_SHORT, _SPEAKER_LONG = 12, 48
"""Characters before the verb of a speaker: pronoun or post and name; with home, age and manner."""
_ZH_SPEAKER = re.compile(
    rf"\s*(?![无没]有?人)(?:[^\s，。！？；：,!?;:“”「」『』\"]{{0,{_SPEAKER_SHORT}}}?"
    rf"{_ZH_SAID}(?:[道着过]|了?(?:起来)?)?(?=[，。！？,!?…]|\s*$)"
    rf"|[^。！？；：!?;:“”「」『』\"]{{0,{_SPEAKER_LONG}}}?"
    rf"(?:{_ZH_SAID}(?:[道着了过]|一声|起来|(?:本报)?记者|大家)?"
    rf"|(?:{_any('told', 'zh')})[{HAN}]{{1,12}})"
    r"(?=[。！？!?]|[，,]\s?[“「『]|\s*$))"
)

# A mark in an address, or in the title of a book, is no stop.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[\w\-.~:/?#\[\]@!$&'()*+,;=%]{1,400}(?<![.!?,;:)\]'])", re.ASCII
)
_FIRM = re.compile(r"\b[A-Z][A-Za-z]+!(?= (?:Inc|Corp|Co|Ltd|Group)\b)")
_TITLE = re.compile(r"《[^《》]{1,60}》")
# A short quotation that is part of its sentence: 高呼“加油！加油！”为选手助威, "Go! Liuwan" opened.
_QUOTED = {
    "zh": re.compile(r"(?:“[^“”]{1,30}”|「[^「」]{1,30}」|『[^『』]{1,30}』)"),
    "en": re.compile(r"(?:“[^“”]{1,60}”|‘[^‘’]{1,60}’|\"[^\"]{1,60}\")"),
}
_REPEATED = re.compile(r"(.{1,12}?)[!?！？]+(?:\s?\1[!?！？]+)+")
_CRIED, _STOPPED = re.compile(r"[!?！？]"), re.compile(r"。|\.\s")
_ZH_CLAUSE, _EN_GOES_ON = re.compile(f"[{HAN}“「]"), re.compile(r" [a-z]")
# What a quotation completes: 主题为“你好，春天！”活动持续一周。
_ZH_IS = re.compile(r"[为是]")
# A note in brackets after a stop, but for numbers: （记者 丁晓）, (See the map on page 2.)
_NOTE = {
    "zh": re.compile(
        r"\s*（(?![一二三四五六七八九十\dA-Za-z]{1,3}）)[^（）]{2,60}）(?!\s*[，、；：。！？”」』])"
    ),
    "en": re.compile(r"\s*\((?!\w{1,4}\))[A-Z][^()]{2,120}\)(?=\s+[A-Z“\"])"),
}

_EN_STOP = re.compile(
    rf"(?:(?<![.!?])[.!?]++|(?<!…)…++|[。！？])(?:\[\d+\]|[¹²³⁰-⁹])*{_CLOSE}(?=\s|$|[{re.escape(_OPENERS)}])"
)
_ABBREVIATIONS = _words("abbreviation")
# These also end sentences: the first when a capital follows; the second, from which names go on
# (U.S. Embassy, St. Andrews, Co. Ltd), only before a word that hardly continues a name.
_MAY_END, _IN_NAMES = _words("may end"), _words("in names")
_BEGINNERS = _words("beginner")
# The day, place or zone of an hour: 9 a.m. Monday, 8:30 a.m. Beijing time, Fri. Sept. 5.
_BEFORE_DAY = frozenset(
    ["a.m", "p.m", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"]
)
_OF_HOUR = re.compile(
    rf"(?:{_any('of an hour', 'en')})\b(?! (?:is|was|will|has|had)\b)"
    r"|(?:[A-Z]\w+ ){1,3}(?:(?:Standard|Daylight|Summer) )?[Tt]ime\b"
)
# Hall A, Team B, Vitamin C: a letter that numbers something, and no initial.
_LETTERED = re.compile(rf"\b(?:{_any('lettered', 'en')}) $", re.IGNORECASE)
_INITIALS = re.compile(r"[a-z](?:\.[a-z])+")
_WORD_BEFORE = re.compile(r"[A-Za-z](?:[A-Za-z]|\.(?=[A-Za-z]))*$")
# "1." or "II." where a sentence begins or a list goes on (…; 2. Improve …), "Article 5.".
_CLAUSE_NUMBER = re.compile(
    rf"(?:^|[;:]\s)\s*\(?(?:(?:{_any('numbered', 'en')})\s)?"
    r"(?:\d{1,3}(?:\.\d{1,2})*|[IVX]{1,5}|[ivx]{1,4})$"
)
# iPhone, eBay, pH and e-commerce begin in lower case.
_EN_BEGINS = re.compile(
    rf"[\s{re.escape(_OPENERS)}\"'”’—–•*-]*"
    r"(?:[A-Z0-9$£€]|[^\x00-\u024f]|[a-z]{1,2}[A-Z]|[a-z]-[a-z]{2}|[a-z]{1,3}\) |[ivx]{1,4}\. )"
)
# An editor's slip: a plain word, a stop, and a word that begins sentences, in lower case.
_PLAIN_WORD = re.compile(r"\b[a-z]{5,}$|\d$")
_EN_SLIP = re.compile(r"\s+(?:(?:the|it|they|he|she|we|this|these|there)\b |[“\"][a-z])")
_EN_SAID = _any("said", "en")
# The speaker after a quotation: "Where to?" Mr Li asked.
_EN_SPEAKER = re.compile(
    r"\s*(?!(?:No one|Nobody|Neither|None)\b)(?:"
    r"(?:[A-Z][\w.'’-]*\s+|(?:the|a|an|his|her|my|some|many|one)\s+|(?=[a-z])){1,4}?(?:\w+\s+)?"
    rf"(?:{_EN_SAID})\b"
    rf"|(?:[A-Z]|an? |the )[^.!?;:“”\"]{{0,{2 * _SPEAKER_LONG}}}? (?:{_EN_SAID})(?=[.,]|$))"
)


def _phrases(line: str, lang: str) -> list[Span]:
    """Return the spans of a line within which no sentence ends."""
    found = [Span(*hit.span()) for hit in (*_ADDRESS.finditer(line), *_FIRM.finditer(line))]
    if lang == "zh":
        found += [Span(*hit.span()) for hit in _TITLE.finditer(line)]
    found += _cries(line, lang)
    return sorted(found)


def _cries(line: str, lang: str) -> Iterator[Span]:
    """Yield quotations with a mark that are words of their sentence."""
    before = -1
    for hit in _QUOTED[lang].finditer(line):
        quoted = hit.group()[1:-1]
        if not _CRIED.search(quoted) or _STOPPED.search(quoted):
            continue
        for cry in _REPEATED.finditer(line, hit.start() + 1, hit.end() - 1):
            # 通了！通了！ is one cry: none of its marks but the last is a stop.
            yield Span(cry.start(), len(line[: cry.end()].rstrip("!?！？")))
        if lang == "en":
            rest = line[hit.end() : hit.end() + _AROUND]
            within = bool(_EN_GOES_ON.match(rest)) and not _EN_SPEAKER.match(rest)
        else:
            within = _is_word(line, hit.start(), hit.end(), before)
        if within or quoted[-1].isalnum():
            before = hit.end()
            yield Span(*hit.span())


def _is_word(line: str, start: int, end: int, before: int) -> bool:
    """Return True if a Chinese quotation continues a clause or is continued.

    `before` is the end of the last such quotation.
    """
    if start == before or _ZH_CARRIES_ON.match(line, end) or _ZH_PARTICLE.match(line, end):
        return True
    if start == 0 or not _ZH_CLAUSE.match(line, end):
        return False
    return bool(_ZH_CLAUSE.match(line, start - 1) and not _ZH_IS.match(line, start - 1))


def _outside(stops: Iterator[re.Match[str]], spans: Sequence[Span]) -> Iterator[re.Match[str]]:
    """Yield the stops that begin in none of the sorted spans."""
    at = 0
    for stop in stops:
        while at < len(spans) and spans[at].end <= stop.start():
            at += 1
        if at == len(spans) or stop.start() < spans[at].start:
            yield stop


def _zh_ends(line: str) -> list[int]:
    ends: list[int] = []
    quotes = at = 0
    for stop in _outside(_ZH_STOP.finditer(line), _phrases(line, "zh")):
        quotes += line.count('"', at, stop.start())
        at = stop.start()
        end = _zh_closed(line, stop, quotes)
        quoted = line[end - 1] in "”’」』\"'"
        if _ZH_CARRIES_ON.match(line, end):
            continue
        if quoted and (_ZH_PARTICLE.match(line, end) or _ZH_SPEAKER.match(line, end)):
            continue
        if (
            not quoted
            and stop.group()[0] in "…⋯"
            and (_ZH_OMITS.match(line, end) or _in_quotation(line, ends, stop.start()))
        ):
            continue
        if (
            quoted
            and _ZH_CRY.match(line, end)
            and _ZH_CRY.fullmatch(line, ends[-1] if ends else 0, end)
        ):
            continue
        ends += _with_note(line, end, "zh")
    return ends


def _in_quotation(line: str, ends: Sequence[int], at: int) -> bool:
    """Return True within a quotation that the last sentence began."""
    start = max(ends[-1] if ends else 0, at - _AROUND)
    opened = line.count("“", start, at) + line.count("「", start, at)
    closed = line.count("”", start, at) + line.count("」", start, at)
    return opened > closed or line.count('"', start, at) % 2 == 1


def _with_note(line: str, end: int, lang: str) -> list[int]:
    """Return a sentence's end, and that of a note after it."""
    note = _NOTE[lang].match(line, end)
    return [end, note.end()] if note else [end]


_AROUND = 120
"""Characters read before and after a stop: more than any abbreviation, name or speaker needs."""


def _en_ends(line: str) -> list[int]:
    ends: list[int] = []
    for stop in _outside(_EN_STOP.finditer(line), _phrases(line, "en")):
        end = stop.end()
        rest = line[end : end + _AROUND]
        mark = stop.group()
        if mark.strip(".…") == "" and mark != "." and _in_quotation(line, ends, stop.start()):
            continue
        if not _EN_BEGINS.match(rest):
            start = max(0, stop.start() - _AROUND)
            if mark != "." or not _slipped(line[start : stop.start()], rest):
                continue
        if mark[0] == "." and mark[1:2] != ".":
            start = max(ends[-1] if ends else 0, stop.start() - _AROUND)
            if _abbreviated(line[start : stop.start()], rest):
                continue
        if line[end - 1] in "”’\"'" and mark[0] in "!?" and _EN_SPEAKER.match(rest):
            continue
        ends += _with_note(line, end, "en")
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


def _slipped(before: str, after: str) -> bool:
    """Return True if a sentence begins in lower case by a slip."""
    word = _PLAIN_WORD.search(before)
    return bool(word and _EN_SLIP.match(after) and word.group() not in _ABBREVIATIONS)


def _abbreviated(before: str, after: str) -> bool:
    """Return True if an abbreviation, initial or number ends in the stop."""
    if _CLAUSE_NUMBER.search(before):
        return True
    found = _WORD_BEFORE.search(before)
    if not found:
        return False
    word = found.group().lower()
    following = after.lstrip(" \t\u00a0\"'“‘([")
    if word in ("no", "nos"):
        return following[:1].isdigit()
    if len(word) == 1 and before[: found.start()].rstrip()[-1:].isdigit():
        return False
    if len(word) == 1:
        # J. Smith, Plan B. The: an initial unless the next word begins sentences. I ends them.
        if word == "i" or _LETTERED.search(before, 0, found.start()):
            return False
        return _first_word(following) not in _BEGINNERS
    if word in _BEFORE_DAY and _OF_HOUR.match(following):
        return True
    if word not in _ABBREVIATIONS:
        return bool(_INITIALS.fullmatch(word)) and _first_word(following) not in _BEGINNERS
    if word in _IN_NAMES:
        return _first_word(following) not in _BEGINNERS
    return word not in _MAY_END or following[:1].isdigit()


def _first_word(text: str) -> str:
    found = re.match(r"[A-Za-z]+", text)
    return found.group().lower() if found else ""
