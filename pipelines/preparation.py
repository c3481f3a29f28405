"""Articles made ready for pairing: their facts, their sentences and vectors, their size."""

import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

import numpy as np

from pipelines import evidence, splitting
from pipelines.coverage import Array, Sentences
from pipelines.encoder import Encoder
from pipelines.evidence import Facts, Key
from pipelines.shelf import Half, Records

MAX_SENTENCES = 400
"""Sentences of an article that are compared; what is longer is a book."""
MAX_CHARACTERS = 200_000
"""Characters of an article that facts are read from."""
MAX_FIGURES = 1000
"""Figures of an article that are compared, lest two long tables take the square of their length."""


@dataclass(frozen=True, slots=True)
class Document:
    """An article as pairing reads it."""

    id: str
    lang: str
    title: str
    text: str
    published: datetime | None = None
    url: str = ""


_HAN = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def readable(document: Document) -> bool:
    """Whether an article has words of the language it is filed under: most, where it has both.

    A Chinese article filed as English would be the best mate of itself; bare figures have no mate.
    """
    text = f"{document.title}\n{document.text}"
    han, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    return han >= max(1, words // 2) if document.lang == "zh" else words >= max(1, han // 2)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article with what is compared: facts, sentences, vectors of the whole and of the title.

    Facts and sentences lie on a shelf and are read when asked for; `keys` are those of the facts.
    """

    document: Document
    keys: tuple[Key, ...]
    vector: Array
    title: Half
    size: int
    records: Records = field(repr=False)
    place: int

    @property
    def facts(self) -> Facts:
        """What the article states."""
        return _read(self.records, self.place)[0]

    @property
    def sentences(self) -> Sentences:
        """Its sentences, title first."""
        return _read(self.records, self.place)[1]


@lru_cache(maxsize=256)
def _read(records: Records, place: int) -> tuple[Facts, Sentences]:
    facts, sentences = pickle.loads(records.take(place))
    return facts, sentences


def prepare(documents: Sequence[Document], encoder: Encoder) -> list[Prepared]:
    """Read facts and sentences of articles in one language."""
    prepared: list[Prepared] = []
    records = Records()
    # Most facts are in many articles: each is held once.
    known: dict[Key, Key] = {}
    for start in range(0, len(documents), _AT_ONCE):
        batch = documents[start : start + _AT_ONCE]
        cut = [_sentences(document) for document in batch]
        ends = [rows[-1][0] + len(rows[-1][1]) for rows in cut]
        read = [
            _facts(document, max(0, min(end - len(document.title) - 1, MAX_CHARACTERS)))
            for document, end in zip(batch, ends, strict=True)
        ]
        vectors = encoder.encode([sentence for rows in cut for _, sentence in rows])
        titles = encoder.encode([title for facts in read for title in facts.titles])
        at = title = 0
        for document, rows, facts in zip(batch, cut, read, strict=True):
            named = titles[title : title + len(facts.titles)]
            found = vectors[at : at + len(rows)]
            weights = _weights(rows)
            starts = np.array([start for start, _ in rows], np.int64)
            # Half precision is what encoders give here.
            held = Sentences(starts, weights, found.astype(np.float16), named.astype(np.float16))
            keys = tuple(known.setdefault(key, key) for key in sorted(facts.keys))
            place = records.append(pickle.dumps((facts, held), pickle.HIGHEST_PROTOCOL))
            whole = _unit(weights @ found)
            prepared.append(
                Prepared(
                    document,
                    keys,
                    whole,
                    vectors[at].astype(np.float16),
                    _size(document),
                    records,
                    place,
                )
            )
            at, title = at + len(rows), title + len(facts.titles)
    return prepared


_AT_ONCE = 1000


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


def _facts(document: Document, end: int) -> Facts:
    """Read the facts of title and text up to `end`, where the sentences that are compared end."""
    found = evidence.facts(
        document.text[:end],
        document.lang,
        title=document.title,
        published=document.published,
        url=document.url,
    )
    return replace(found, figures=found.figures[:MAX_FIGURES])


def _unit(vector: Array) -> Array:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _size(document: Document) -> int:
    if document.lang == "zh":
        return max(1, sum("\u3400" <= char <= "\u9fff" for char in document.text))
    return max(1, len(re.findall(r"[A-Za-z0-9][\w'’.,%-]*", document.text)))
