"""Near-duplicates within a city: reposts, twins, corrected copies.

Candidates come from MinHash (shingles of characters for Chinese, of words for English), the
decision from comparing the two texts. Municipal news is full of texts that differ only in a
decisive detail: the 27th and the 29th meeting, January's and February's figures. So two articles
with different numbers are never the same, however similar otherwise, with one exception: a repost
that corrects a figure, recognised by title, day, dates, session numbers and the other figures.

Reposts by another city are found separately, after the cities' own: see `reposts`.
"""

import pickle
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Protocol

from crawler.script import MONTH_NAMES
from pipelines.articles import details
from pipelines.tables import articles, files, parquet, schema
from pipelines.tables.spill import Records
from pipelines.text import minhash
from pipelines.text.normal import narrow
from pipelines.text.numerals import ZH_DIGITS, ZH_NUMERAL
from pipelines.text.script import simplified

SAME = 0.8
"""Jaccard similarity from which two texts are the same, if nothing contradicts it."""
_EXCHANGED = 0.6
"""Similarity (difflib's ratio) from which two sentences are one with a detail exchanged; set by
hand, not measured."""
_BATCH = 500
"""Articles in memory with their texts while they are read."""
_SENTENCE_END = re.compile(r"[。！？；\n]+|[.!?;]\s+")
_MOST_COMPARED = 50
"""Candidates that a text is compared with."""
_MOST_SENTENCES = 60
"""Sentences of a text that are compared, among those that the other does not have."""
_LONGEST_SENTENCE = 1_000
"""Characters beyond which two sentences are compared only between their common beginning and
end."""
_EFFORT = 20_000_000
"""Products of the lengths of compared sentences, for two texts: a second or two."""
_LATE = datetime.max.replace(tzinfo=UTC)
_KEPT = re.compile(r"[^\W_]+")
# Numerals are looked for only where a run of them begins: begun anew at each character of a long
# one, the search would take the square of its length.
_NUMBER = re.compile(
    rf"\d+(?:[.,:]\d+)*|(?<![{ZH_NUMERAL}])[{ZH_NUMERAL}]+(?=[次届屆批期号號章条條月日年%])"
)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_MONTH = "|".join(MONTH_NAMES).lower()
_ORDINAL_WORD = re.compile(
    r"\b(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?(?:first|second|third|fourth|"
    r"fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth|thirtieth|\w+tieth)\b|"
    rf"\b(?:{_MONTH}|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b",
    re.IGNORECASE,
)


# Numbers that identify an event, not an amount: dates, hours, ordinals.
_MARK_ZH = re.compile(
    r"第\d+|(?<!\d)(?:\d+(?=[年月日号號时時点點次届屆期批条條章])|\d+:\d+)|"
    rf"(?<![{ZH_DIGITS}十百])[{ZH_DIGITS}十百]+(?=[次届屆批期号號章条條月日年])"
)
_MARK_EN = re.compile(
    r"\b\d+(?:st|nd|rd|th)\b|\b(?:19|20)\d\d\b|\b\d+:\d+|\b\d+(?=\s*(?:a\.m|p\.m|o'clock))|"
    rf"(?:{_MONTH})\.?\s+(\d{{1,2}})\b|\b(\d{{1,2}})\s+(?:{_MONTH})",
)
_SOON = timedelta(days=3)
"""Time between an article and its repost with a corrected figure, at most; set by hand."""
_FIGURES = 5
"""Figures that such a repost must share, for each one that it changes; set by hand."""


class ArticleFields(Protocol):
    """Compared fields of an article."""

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
class ArticleRow:
    """Compared fields of a stored article."""

    article_id: str
    lang: str
    title: str
    text: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """Stored article; title and text are read from where they were spilled."""

    article_id: str
    lang: str
    published_at: datetime | None
    spilled: Records
    place: int

    @property
    def title(self) -> str:
        return self.spilled.take(self.place).decode()

    @property
    def text(self) -> str:
        return self.spilled.take(self.place + 1).decode()


def cluster(documents: Iterable[ArticleFields]) -> dict[str, str]:
    """Return {article_id: id of the article that it repeats, or its own}.

    The representative is the earliest published of its cluster, then the smallest id; undated ones
    come last. Every member has been compared with its representative itself. The order of
    `documents` makes no difference. Of each only a sketch stays in memory; it is read again for
    the comparison with a similar one.
    """
    ordered = sorted(documents, key=lambda d: (d.published_at or _LATE, d.article_id))
    representative: dict[str, str] = {}
    for lang in sorted({document.lang for document in ordered}):
        _cluster_language([d for d in ordered if d.lang == lang], representative)
    return {document.article_id: representative[document.article_id] for document in ordered}


def cluster_shard(output: Path, city: str) -> int:
    """Mark the duplicates among a city's stored articles; return the rows changed."""
    return articles.mark_duplicates(output, city, cluster(_stored(output, city)))


def _stored(output: Path, city: str) -> Iterator[StoredArticle]:
    """Yield a city's articles, each once, with texts on disk."""
    columns = ["article_id", "revision", "lang", "published_at", "title", "text"]
    current = articles.read_articles(output, city, columns[:2])
    revisions = dict(zip(*(column.to_pylist() for column in current.columns), strict=True))
    spilled = Records()
    for path in files.article_files(output, city):
        for part in parquet.read_batches(path, schema.ARTICLES, columns, _BATCH):
            for row in part.to_pylist():
                # After a crash an article may be in two years: of equal revisions the first.
                if revisions.get(row["article_id"]) != row.pop("revision"):
                    continue
                del revisions[row["article_id"]]
                place = spilled.append((row.pop("title") or "").encode())
                spilled.append((row.pop("text") or "").encode())
                yield StoredArticle(**row, spilled=spilled, place=place)


def same(first: ArticleFields, second: ArticleFields) -> bool:
    """Return True if two articles of one language are the same text.

    They share four fifths of their shingles; the numbers of one (ordinals, dates and months in
    words included) all occur in the other; and no sentence of the one is a sentence of the other
    with a detail exchanged: anything if their titles name different things, else another place,
    person, number, time or direction (`details`). Reposts add, drop and
    rewrite sentences.

    A figure may differ between two articles of one title that were published within three days, if
    their dates, hours and ordinals agree, there is at least one, and they share five figures for
    each that only one of them has: a correction. A daily bulletin differs in its date, a monthly
    one in most figures, so neither is taken for one.
    """
    return alike(prepare_text(first), prepare_text(second))


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers and title of an article.

    They exclude most others before their texts are compared. `marks` are the numbers that identify
    the event: dates, hours, ordinals.
    """

    published: datetime | None
    title: tuple[str, ...]
    numbers: Counter[str]
    marks: Counter[str]


@dataclass(frozen=True, slots=True)
class PreparedText:
    """Article prepared for comparison."""

    key: str
    figures: Figures
    tokens: tuple[str, ...]
    sentences: tuple[str, ...]
    shingles: frozenset[tuple[str, ...]]
    chinese: bool

    @property
    def whole(self) -> tuple[object, ...]:
        """Key of equal texts, with the title of short ones."""
        title = () if len(self.tokens) >= 8 else self.figures.title
        return (self.tokens, tuple(sorted(self.figures.numbers.items())), title)


def _cluster_language(documents: Sequence[ArticleFields], representative: dict[str, str]) -> None:
    index = minhash.Index()
    heads: list[ArticleFields] = []
    exact: dict[bytes, str] = {}
    spilled = Records()
    prepared_head = lru_cache(_HEADS_PREPARED)(lambda at: prepare_text(heads[at]))
    figures_of = lru_cache(_FIGURES_READ)(lambda at: pickle.loads(spilled.take(at)))
    for document in documents:
        prepared = prepare_text(document)
        digest = blake2b(repr(prepared.whole).encode(), digest_size=16).digest()
        twin = exact.get(digest) if prepared.tokens else None
        signed = sketch(prepared.shingles)
        if twin is None and prepared.shingles:
            # Bulletins of one form have fifty candidates each, which differ in their figures.
            near = (
                prepared_head(at)
                for at in index.near(signed, _MOST_COMPARED)
                if compatible(figures_of(at), prepared.figures)
            )
            twin = next((head.key for head in near if alike(head, prepared)), None)
        if twin is not None:
            representative[prepared.key] = twin
            continue
        representative[prepared.key] = prepared.key
        exact.setdefault(digest, prepared.key)
        if prepared.shingles:
            heads.append(document)
            spilled.append(pickle.dumps(prepared.figures))
            index.add(signed)


_HEADS_PREPARED = 64
"""Articles in memory with their shingles, some 200 KB each: those compared again soon."""
_FIGURES_READ = 4096
"""Articles in memory with their figures, some 5 KB each."""


def prepare_text(document: ArticleFields) -> PreparedText:
    """Prepare an article, in Simplified characters or in lower case."""
    chinese = document.lang != "en"
    title, text = _plain(document.title, chinese), _plain(document.text, chinese)
    # A name is told from a word by its capital.
    written = text if chinese else narrow(document.text)
    tokens = _tokens(text, chinese)
    size = 4 if chinese else 3
    whole = f"{title}\n{text}"
    numbers = Counter(_NUMBER.findall(whole))
    marks = Counter(match.group() for match in (_MARK_ZH if chinese else _MARK_EN).finditer(whole))
    if not chinese:
        words = Counter(word.lower() for word in _ORDINAL_WORD.findall(whole))
        numbers, marks = numbers + words, marks + words
    return PreparedText(
        document.article_id,
        Figures(document.published_at, tuple(_tokens(title, chinese)), numbers, marks),
        tuple(tokens),
        tuple(filter(None, map(str.strip, _SENTENCE_END.split(written)))),
        frozenset(tuple(tokens[at : at + size]) for at in range(len(tokens) - size + 1)),
        chinese,
    )


def alike(first: PreparedText, second: PreparedText) -> bool:
    """Return True if two prepared articles are the same text: see `same`."""
    if not first.shingles or not second.shingles:
        return first.tokens == second.tokens and first.figures.title == second.figures.title
    if not compatible(first.figures, second.figures):
        return False
    if resemblance(first, second) < SAME:
        return False
    if _one_title(first.figures.title, second.figures.title):
        return not _another_detail(first, second)
    return not _exchanged(first.sentences, second.sentences)


def resemblance(first: PreparedText, second: PreparedText) -> float:
    """Return the Jaccard similarity of the shingles of two texts, 0-1.

    At least one of them must have a shingle.
    """
    return len(first.shingles & second.shingles) / len(first.shingles | second.shingles)


def nested(first: Counter[str], second: Counter[str]) -> bool:
    """Return True if all numbers of one text occur in the other."""
    return first <= second or second <= first


def compatible(first: Figures, second: Figures) -> bool:
    """Return True if two articles' numbers may be those of one text."""
    return nested(first.numbers, second.numbers) or _corrected(first, second)


def _corrected(first: Figures, second: Figures) -> bool:
    """Return True if one article may be a corrected copy."""
    if first.published is None or second.published is None or first.title != second.title:
        return False
    if abs(first.published - second.published) > _SOON or not (first.marks & second.marks):
        return False
    alone = max((first.numbers - second.numbers).total(), (second.numbers - first.numbers).total())
    shared = (first.numbers & second.numbers).total() - (first.marks & second.marks).total()
    return nested(first.marks, second.marks) and shared >= _FIGURES * alone


def _one_title(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return True if titles are equal but for a kicker or prefix."""
    a, b = "\x1f".join(first), "\x1f".join(second)
    return not a or not b or a in b or b in a


def _another_detail(first: PreparedText, second: PreparedText) -> bool:
    """Return True if a sentence occurs with another deciding detail.

    Digits are compared by `nested` and `_corrected`.
    """
    for before, after, matcher in _similar(first.sentences, second.sentences):
        spans = (before, after) if matcher else _between(before, after)
        own, other = (_DIGITS.sub("0", span) for span in spans)
        if details.differ(own, other, chinese=first.chinese):
            return True
    return False


def other_words(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return True if similar Chinese sentences exclude each other: 上周五, 本周五."""
    return any(details.other_words(one, other) for one, other, _ in _similar(first, second))


def _exchanged(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return True if a sentence occurs with a detail exchanged."""
    return any(True for _ in exchanges(first, second))


def exchanges(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield the differences of each two similar sentences, as pairs of spans.

    Of sentences too long to be compared in reasonable time (`_LONGEST_SENTENCE`, `_EFFORT`) with
    much the same characters the difference is all between their common beginning and end.
    """
    for first, second, matcher in _similar(before, after):
        if matcher is None:
            yield (_between(first, second),)
            continue
        yield tuple(
            (first[a:b], second[c:d])
            for kind, a, b, c, d in matcher.get_opcodes()
            if kind != "equal"
        )


def _similar(
    before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, str, SequenceMatcher[str] | None]]:
    """Yield similar sentences with their matcher; None for long ones."""
    others, own = set(after), set(before)
    missing = [sentence for sentence in before if sentence not in others][:_MOST_SENTENCES]
    added = [sentence for sentence in after if sentence not in own][:_MOST_SENTENCES]
    left = _EFFORT
    for first, second in product(missing, added):
        matcher = SequenceMatcher(None, first, second, autojunk=False)
        if matcher.quick_ratio() < _EXCHANGED:
            continue
        effort = len(first) * len(second)
        if max(len(first), len(second)) > _LONGEST_SENTENCE or effort > left:
            yield first, second, None
            continue
        left -= effort
        if matcher.ratio() >= _EXCHANGED:
            yield first, second, matcher


def _between(first: str, second: str) -> tuple[str, str]:
    """Return the spans between the common beginning and end of two texts."""
    start = _shared(first, second)
    first, second = first[start:], second[start:]
    end = _shared(first[::-1], second[::-1])
    return first[: len(first) - end], second[: len(second) - end]


def _shared(first: str, second: str) -> int:
    """Return the length of the common beginning of two texts."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))


def _plain(text: str, chinese: bool) -> str:
    return simplified(narrow(text)) if chinese else narrow(text).lower()


def _tokens(text: str, chinese: bool) -> list[str]:
    words = _KEPT.findall(text)
    return [char for word in words for char in word] if chinese else words


def sketch(shingles: frozenset[tuple[str, ...]]) -> minhash.Integers:
    """Return the MinHash signature of a text's shingles."""
    return minhash.signature("\x1f".join(shingle).encode() for shingle in shingles)
