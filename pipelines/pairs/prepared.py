"""Articles made ready for pairing: their facts, their sentences and vectors, their size."""

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
from pipelines.tables.cache import Findings
from pipelines.tables.damage import StoreError
from pipelines.tables.fingerprint import fingerprint
from pipelines.tables.spill import Half, Records
from pipelines.text import splitting
from pipelines.vectors.encoder import Encoder

T = TypeVar("T")

DEPENDS_ON = ("pipelines.pairs", "pipelines.facts", "pipelines.vectors", "pipelines.text")
PACKAGES = ("numpy", "pypinyin", "opencc-python-reimplemented")
"""Rooms and packages that decide what is read from an article and how pairs compare."""

MAX_SENTENCES = 400
"""Sentences of an article that are compared; what is longer is a book."""
MAX_CHARACTERS = 200_000
"""Characters of an article that facts are read from."""
MAX_FIGURES = 1000
"""Facts of each kind (figures, days, names, ...) that are compared of an article, lest two long
tables take the square of their length."""


@dataclass(frozen=True, slots=True)
class Document:
    """An article as pairing reads it."""

    id: str
    lang: str
    title: str
    text: str
    published: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """An article that a step could not read and went on without, with the reason."""

    article_id: str
    url: str
    reason: str


def attempt(
    step: Callable[[], T], document: Document, unread: list[Unread] | None, *, told: str = "read"
) -> T | None:
    """Return what `step` makes of an article; None if it raises, which `unread` then reports.

    `told` names in a participle what could not be done. Without `unread` an error is raised as it
    is; so is, always, one that no article is to blame for: of files or of memory.
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
        reason = f"not {told} ({type(error).__name__}: {error})"
        unread.append(Unread(document.id, document.url, " ".join(reason.split())[:300]))
        return None


_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def readable(document: Document) -> bool:
    """Whether an article has words of the language it is filed under: most, where it has both.

    A Chinese article filed as English would be the best mate of itself; bare figures have no mate.
    """
    text = f"{document.title}\n{document.text}"
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return han >= max(1, words // 2) if document.lang == "zh" else words >= max(1, han // 2)


@dataclass(frozen=True, slots=True)
class PreparedArticle:
    """An article with what is compared: facts, sentences, vectors of the whole and of the title.

    `keys` are those of the facts, `weighed` (English only) those whose rarity counts in comparing,
    both sorted. Facts and sentences lie on a shelf, or are read from the text when asked for.
    `digest` is of all that they depend on.
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
        """What the article states."""
        return _read(self.readings, self.place)[0]

    @property
    def sentences(self) -> Sentences:
        """Its sentences, title first."""
        return _read(self.readings, self.place)[1]


class Readings:
    """Facts and sentences of articles of one language, put aside once read."""

    def __init__(self, documents: Sequence[Document], encoder: Encoder) -> None:
        self._documents = documents
        self._encoder = encoder
        self._records = Records()
        self._places: dict[int, int] = {}

    def read(
        self, places: Sequence[int], stated: "Sequence[_Stated] | None" = None
    ) -> list[tuple[Facts, Sentences]]:
        """Read the articles at `places` and put aside what they say.

        `stated` is what each states, where that is known.
        """
        if not places:
            return []
        stated = stated or [_state(self._documents[place]) for place in places]
        cut, read = [rows for rows, _ in stated], [facts for _, facts in stated]
        vectors = self._encoder.encode([sentence for rows in cut for _, sentence in rows])
        titles = self._encoder.encode([title for facts in read for title in facts.titles])
        at = title = 0
        both: list[tuple[Facts, Sentences]] = []
        for place, rows, facts in zip(places, cut, read, strict=True):
            named = titles[title : title + len(facts.titles)]
            found = vectors[at : at + len(rows)]
            starts = np.array([start for start, _ in rows], np.int64)
            # Half precision is what encoders give here.
            held = Sentences(
                starts, _weights(rows), found.astype(np.float16), named.astype(np.float16)
            )
            both.append((facts, held))
            self._places[place] = self._records.append(
                pickle.dumps((facts, held), pickle.HIGHEST_PROTOCOL)
            )
            at, title = at + len(rows), title + len(facts.titles)
        return both

    def take(self, place: int) -> tuple[Facts, Sentences]:
        """Return what the article at `place` says."""
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
    kept: Findings | None = None,
    unread: list[Unread] | None = None,
) -> list[PreparedArticle]:
    """Make articles of one language ready. Of those that `kept` knows, no text is read here.

    One that cannot be read is left out and added to `unread`; without, its error is raised.
    """
    prepared: list[PreparedArticle] = []
    readings = Readings(documents, encoder)
    version = fingerprint(DEPENDS_ON, PACKAGES) + encoder.name.encode()
    # Most facts are in many articles: each is held once.
    known: dict[Key, Key] = {}
    for start in range(0, len(documents), _AT_ONCE):
        batch = documents[start : start + _AT_ONCE]
        digests = [_digest(version, document) for document in batch]
        packed = {
            at: found
            for at, digest in enumerate(digests)
            if kept and (found := kept.get(digest)) is not None
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
                if kept:
                    kept.put(digests[at], made)
        for at, document in enumerate(batch):
            if at not in packed:
                continue
            words, size, keys, weighed, vectors = _unpacked(packed[at], known)
            prepared.append(
                PreparedArticle(
                    document,
                    digests[at],
                    words,
                    size,
                    keys,
                    weighed,
                    vectors[0],
                    vectors[1],
                    readings,
                    start + at,
                )
            )
    return prepared


_AT_ONCE = 1000
_HEAD = struct.Struct("<?iii")


def _packed(document: Document, facts: Facts, sentences: Sentences) -> bytes:
    """What is held of every article of a city: bytes, as they are remembered."""
    whole = _unit(sentences.weights @ sentences.vectors.astype(np.float32)).astype(np.float16)
    weighed = sorted(facts.weighed) if document.lang == "en" else []
    keys = json.dumps([sorted(facts.keys), weighed], separators=(",", ":")).encode()
    vectors = whole.tobytes() + sentences.vectors[0].tobytes()
    head = _HEAD.pack(readable(document), _size(document), len(whole), len(keys))
    return b"".join((head, vectors, keys))


def _unpacked(
    packed: bytes, known: dict[Key, Key]
) -> tuple[bool, int, tuple[Key, ...], tuple[Key, ...], Half]:
    """Return whether it is readable, its size, its keys, those asked for, and two vectors."""
    words, size, dim, length = _HEAD.unpack_from(packed)
    vectors = np.frombuffer(packed, np.float16, 2 * dim, _HEAD.size).reshape(2, dim).copy()
    keys, weighed = (
        tuple(known.setdefault(one, one) for one in map(tuple, part))
        for part in json.loads(packed[len(packed) - length :])
    )
    return words, size, keys, weighed, vectors


def _digest(version: bytes, document: Document) -> bytes:
    digest = hashlib.sha256(version)
    published = document.published.isoformat() if document.published else ""
    for part in (document.lang, document.title, document.text, published, document.url):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.digest()[:16]


def vectors(documents: Sequence[Document], encoder: Encoder) -> Array:
    """Return the vectors of the whole texts alone, shape (documents, dimensions)."""
    found = [np.empty((0, encoder.dim), np.float32)]
    for start in range(0, len(documents), _AT_ONCE):
        cut = [_sentences(document) for document in documents[start : start + _AT_ONCE]]
        encoded, at = encoder.encode([sentence for rows in cut for _, sentence in rows]), 0
        for rows in cut:
            found.append(_unit(_weights(rows) @ encoded[at : at + len(rows)])[None])
            at += len(rows)
    return np.concatenate(found)


def _weights(rows: Sequence[tuple[int, str]]) -> Array:
    """How much each sentence counts in the vector of the whole."""
    weights = np.sqrt([min(len(sentence), 400) for _, sentence in rows]).astype(np.float32)
    return np.asarray(weights / weights.sum(), np.float32)


def _sentences(document: Document) -> list[tuple[int, str]]:
    """Title and sentences with their offsets in title, newline, text."""
    shift = len(document.title) + 1
    spans = splitting.split(document.text, document.lang)[:MAX_SENTENCES]
    rows = [(shift + span.start, document.text[span.start : span.end]) for span in spans]
    return [(0, document.title or document.text[:80] or "-"), *rows]


_Stated = tuple[list[tuple[int, str]], Facts]


def _state(document: Document) -> _Stated:
    """Return the sentences of an article, title first, and its facts as far as these reach."""
    rows = _sentences(document)
    end = rows[-1][0] + len(rows[-1][1]) - len(document.title) - 1
    return rows, _facts(document, max(0, min(end, MAX_CHARACTERS)))


def _facts(document: Document, end: int) -> Facts:
    """Read the facts of title and text up to `end`, where the sentences that are compared end."""
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
    """Return at most `MAX_FIGURES` names, always the same ones."""
    return names if len(names) <= MAX_FIGURES else frozenset(sorted(names)[:MAX_FIGURES])


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _size(document: Document) -> int:
    if document.lang == "zh":
        return max(1, len(_HAN.findall(document.text)))
    return max(1, len(re.findall(r"[A-Za-z0-9][\w'’.,%-]*", document.text)))
