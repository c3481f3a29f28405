"""Which articles of a city are the same text again: reposts, twins, corrected copies.

Candidates come from MinHash (shingles of characters for Chinese, of words for English), the
decision from comparing the two texts. Municipal news is full of texts that differ only in what
matters: the 27th and the 29th meeting, January's and February's figures. So two articles whose
numbers differ are never the same, however alike they are otherwise - with one exception: a repost
that corrects a figure, which title, day, dates and session numbers and the other figures give away.

Reposts by another city are found apart, after the cities' own: see `reposts`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Protocol

from crawler.script import MONTH_NAMES
from pipelines.tables import articles
from pipelines.text import minhash
from pipelines.text.numerals import ZH_DIGITS, ZH_NUMERAL
from pipelines.text.script import simplified

SAME = 0.8
"""Jaccard similarity from which two texts are the same, if nothing contradicts it."""
_EXCHANGED = 0.6
"""Likeness (difflib's ratio) from which two sentences are one with a detail exchanged."""
_SENTENCE_END = re.compile(r"[。！？；\n]+|[.!?;]\s+")
_MOST_COMPARED = 50
_MOST_SENTENCES = 60
"""Sentences of a text, of those the other lacks, that are compared with the other's."""
_LONGEST_SENTENCE = 1_000
"""Characters from which of two sentences only what lies between what they share at both ends is
told apart."""
_EFFORT = 20_000_000
"""Products of the lengths of two sentences that are compared, for two texts: a second or two."""
_LATE = datetime.max.replace(tzinfo=UTC)
_KEPT = re.compile(r"[^\W_]+")
# Numerals are looked for only where a run of them begins: begun anew at each character of a long
# one, the search would take the square of its length.
_NUMBER = re.compile(
    rf"\d+(?:[.,:]\d+)*|(?<![{ZH_NUMERAL}])[{ZH_NUMERAL}]+(?=[次届屆批期号號章条條月日年%])"
)
_MONTH = "|".join(MONTH_NAMES).lower()
_ORDINAL_WORD = re.compile(
    r"\b(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?(?:first|second|third|fourth|"
    r"fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth|thirtieth|\w+tieth)\b|"
    rf"\b(?:{_MONTH}|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)


# Numbers that say which event is told, not how much of something there was: dates, hours, ordinals.
_MARK_ZH = re.compile(
    r"第\d+|(?<!\d)(?:\d+(?=[年月日号號时時点點次届屆期批条條章])|\d+:\d+)|"
    rf"(?<![{ZH_DIGITS}十百])[{ZH_DIGITS}十百]+(?=[次届屆批期号號章条條月日年])"
)
_MARK_EN = re.compile(
    r"\b\d+(?:st|nd|rd|th)\b|\b(?:19|20)\d\d\b|\b\d+:\d+|\b\d+(?=\s*(?:a\.m|p\.m|o'clock))|"
    rf"(?:{_MONTH})\.?\s+(\d{{1,2}})\b|\b(\d{{1,2}})\s+(?:{_MONTH})",
)
_SOON = timedelta(days=3)
"""How far apart an article and its repost with a corrected figure are published at most."""
_FIGURES = 5
"""Figures that such a repost must share, for each one that it changes."""


class Document(Protocol):
    """What is compared of an article: an `Article` will do."""

    @property
    def article_id(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def published_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One stored article as far as duplicates go."""

    article_id: str
    lang: str
    title: str
    text: str
    published_at: datetime | None


def cluster(documents: Iterable[Document]) -> dict[str, str]:
    """Return {article_id: id of the article it repeats} for every document; itself if none.

    The representative is the earliest published of its cluster, then the smallest id; undated ones
    come last. Every member has been compared with its representative itself. The order of
    `documents` makes no difference.
    """
    ordered = sorted(documents, key=lambda d: (d.published_at or _LATE, d.article_id))
    representative: dict[str, str] = {}
    for lang in sorted({document.lang for document in ordered}):
        _cluster_language([d for d in ordered if d.lang == lang], representative)
    return {document.article_id: representative[document.article_id] for document in ordered}


def cluster_shard(output: Path, city: str) -> int:
    """Mark the duplicates among a city's stored articles; return how many rows changed."""
    columns = ["article_id", "lang", "title", "text", "published_at"]
    rows = articles.read_articles(output, city, columns).to_pylist()
    return articles.mark_duplicates(output, city, cluster(Row(**row) for row in rows))


def same(one: Document, other: Document) -> bool:
    """Whether two articles of one language are the same text, told by the texts themselves.

    They share four fifths of their shingles; the numbers of one (ordinals, dates and months in
    words included) all occur in the other; and if their titles name different things, then no
    sentence of the one is a sentence of the other with a detail exchanged. A sentence that was
    added, dropped or written anew is what a repost does.

    A figure may differ between two articles of one title that were published within three days, if
    their dates, hours and ordinals agree, there is at least one, and they share five figures for
    each that one of them has alone: a correction. A daily bulletin differs in its date, a monthly
    one in most figures, so neither is taken for one.
    """
    return alike(prepare(one), prepare(other))


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article as it is compared: words of title and text, sentences, shingles, numbers.

    `marks` are those of the numbers that say which event is told: dates, hours, ordinals.
    """

    key: str
    published: datetime | None
    title: tuple[str, ...]
    tokens: tuple[str, ...]
    sentences: tuple[str, ...]
    shingles: frozenset[tuple[str, ...]]
    numbers: Counter[str]
    marks: Counter[str]

    @property
    def whole(self) -> tuple[object, ...]:
        """What two articles share that are the same to the letter; of short ones the title too."""
        title = () if len(self.tokens) >= 8 else self.title
        return (self.tokens, tuple(sorted(self.numbers.items())), title)


def _cluster_language(documents: Sequence[Document], representative: dict[str, str]) -> None:
    index = minhash.Index()
    heads: list[Prepared] = []
    exact: dict[object, str] = {}
    for document in documents:
        prepared = prepare(document)
        twin = exact.get(prepared.whole) if prepared.tokens else None
        signed = sketch(prepared.shingles)
        if twin is None and prepared.shingles:
            near = (heads[at] for at in index.near(signed, _MOST_COMPARED))
            twin = next((head.key for head in near if alike(head, prepared)), None)
        if twin is not None:
            representative[prepared.key] = twin
            continue
        representative[prepared.key] = prepared.key
        exact.setdefault(prepared.whole, prepared.key)
        if prepared.shingles:
            heads.append(prepared)
            index.add(signed)


def prepare(document: Document) -> Prepared:
    """Read an article as it is compared: in Simplified characters, or in lower case."""
    chinese = document.lang != "en"
    title, text = _plain(document.title, chinese), _plain(document.text, chinese)
    tokens = _tokens(text, chinese)
    size = 4 if chinese else 3
    whole = f"{title}\n{text}"
    numbers = Counter(_NUMBER.findall(whole))
    marks = Counter(match.group() for match in (_MARK_ZH if chinese else _MARK_EN).finditer(whole))
    if not chinese:
        words = Counter(word.lower() for word in _ORDINAL_WORD.findall(whole))
        numbers, marks = numbers + words, marks + words
    return Prepared(
        document.article_id,
        document.published_at,
        tuple(_tokens(title, chinese)),
        tuple(tokens),
        tuple(filter(None, map(str.strip, _SENTENCE_END.split(text)))),
        frozenset(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)),
        numbers,
        marks,
    )


def alike(one: Prepared, other: Prepared) -> bool:
    """Whether two prepared articles are the same text: see `same`."""
    if not one.shingles or not other.shingles:
        return one.tokens == other.tokens and one.title == other.title
    if not (nested(one.numbers, other.numbers) or _corrected(one, other)):
        return False
    if resemblance(one, other) < SAME:
        return False
    return _one_title(one.title, other.title) or not _exchanged(one.sentences, other.sentences)


def resemblance(one: Prepared, other: Prepared) -> float:
    """Return the Jaccard similarity of the shingles of two texts that have any, 0-1."""
    return len(one.shingles & other.shingles) / len(one.shingles | other.shingles)


def nested(one: Counter[str], other: Counter[str]) -> bool:
    """Whether all numbers of one text occur in the other."""
    return one <= other or other <= one


def _corrected(one: Prepared, other: Prepared) -> bool:
    """Whether two articles whose numbers differ may be one and its corrected copy."""
    if one.published is None or other.published is None or one.title != other.title:
        return False
    if abs(one.published - other.published) > _SOON or not (one.marks & other.marks):
        return False
    alone = max((one.numbers - other.numbers).total(), (other.numbers - one.numbers).total())
    shared = (one.numbers & other.numbers).total() - (one.marks & other.marks).total()
    return nested(one.marks, other.marks) and shared >= _FIGURES * alone


def _one_title(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two titles are the same or one holds the other (a kicker, a site's prefix)."""
    a, b = "\x1f".join(one), "\x1f".join(other)
    return not a or not b or a in b or b in a


def _exchanged(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a sentence of one text stands in the other with some words exchanged for others."""
    return any(True for _ in exchanges(one, other))


def exchanges(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield, for each two sentences that are much alike and not the same, where they differ.

    What is too long to be compared in reasonable time (`_LONGEST_SENTENCE`, `_EFFORT`) and has much
    the same characters is taken for alike, and for different as a whole.
    """
    theirs, ours = set(other), set(one)
    only_one = [sentence for sentence in one if sentence not in theirs][:_MOST_SENTENCES]
    only_other = [sentence for sentence in other if sentence not in ours][:_MOST_SENTENCES]
    left = _EFFORT
    for mine in only_one:
        for yours in only_other:
            matcher = SequenceMatcher(None, mine, yours, autojunk=False)
            if matcher.quick_ratio() < _EXCHANGED:
                continue
            effort = len(mine) * len(yours)
            if max(len(mine), len(yours)) > _LONGEST_SENTENCE or effort > left:
                yield (_between(mine, yours),)
                continue
            left -= effort
            if matcher.ratio() >= _EXCHANGED:
                yield tuple(
                    (mine[a:b], yours[c:d])
                    for kind, a, b, c, d in matcher.get_opcodes()
                    if kind != "equal"
                )


def _between(one: str, other: str) -> tuple[str, str]:
    """Return what lies between the beginnings and the ends that two texts share."""
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    end = _shared(one[::-1], other[::-1])
    return one[: len(one) - end], other[: len(other) - end]


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _plain(text: str, chinese: bool) -> str:
    text = text.translate(_WIDTHS)
    return simplified(text) if chinese else text.lower()


def _tokens(text: str, chinese: bool) -> list[str]:
    words = _KEPT.findall(text)
    return [char for word in words for char in word] if chinese else words


def sketch(shingles: frozenset[tuple[str, ...]]) -> minhash.Integers:
    """Return the MinHash signature of a text's shingles."""
    return minhash.signature("\x1f".join(shingle).encode() for shingle in shingles)


_WIDTHS = {0xFF10 + digit: str(digit) for digit in range(10)}
