"""Alignment with an encoder on disk, before and after its texts are gathered in batches.

    python -m benchmarks.cost.encoder_batches [--layers 6] [--dim 384] [--documents 20] [--package]

The sets of `alignment_sets` are prepared (each sentence) and aligned. "Before": each text alone,
and of every text pair all runs of one to five sentences. A transformer of random weights takes the
place of a downloaded one: it costs the same. It encodes all that is asked for, as ONNX or, with
`--package`, with sentence-transformers where that is installed; the answers are the bundled
encoder's, as if it had no way of its own for runs, so that the beads are real ones.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.accuracy.alignment_sets import Document, read_sets
from benchmarks.accuracy.sentences import scores
from pipelines.sentences.align import align_many
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.encoder import Encoder, Vectors, encode_spans
from pipelines.vectors.load import load_encoder

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
import transformer

SETS = ("news_resplit", "news_abridged", "literary_unseen", "literary_third")


class Gathered:
    """The bundled encoder, with what another one costs."""

    def __init__(self, timed: Encoder) -> None:
        self._bundled, self._timed = load_encoder(), timed
        self.name, self.dim = "plain", self._bundled.dim
        self.characters = self.calls = 0
        self.seconds = 0.0
        self.vectors: dict[str, Vectors] = {}

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.calls += 1
        self.characters += sum(map(len, sentences))
        start = time.process_time()
        found = self._encoded(sentences)
        self.seconds += time.process_time() - start
        self.vectors |= dict(zip(sentences, found, strict=True))
        return self._bundled.encode(sentences)

    def _encoded(self, sentences: Sequence[str]) -> Vectors:
        return self._timed.encode(sentences)


class Alone(Gathered):
    """The same, text by text and with every run."""

    def _encoded(self, sentences: Sequence[str]) -> Vectors:
        rows = [self._timed.encode([sentence]) for sentence in sentences]
        return np.concatenate([np.empty((0, self._timed.dim), np.float32), *rows])

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        return encode_spans(_Encoding(self), sentences, width)


class _Encoding:
    """The way to encode of an encoder, without that for runs."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dim, self.encode = encoder.name, encoder.dim, encoder.encode


def main() -> None:
    """Print a line for each set and way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--documents", type=int, default=20, help="of each set at most")
    parser.add_argument("--package", action="store_true", help="with sentence-transformers")
    options = parser.parse_args()
    sets = read_sets(whole=False)
    listed = {name: sets[name][: options.documents] for name in SETS if name in sets}
    texts = [text for each in listed.values() for one in each for text in (*one.zh, *one.en)]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        made = _of_package if options.package else _onnx
        encoder = load_encoder(str(made(Path(folder) / "model", texts, options)))
        for name, documents in listed.items():
            _compare(name, documents, encoder, Path(folder) / name)


def _compare(name: str, documents: Sequence[Document], encoder: Encoder, folder: Path) -> None:
    ways = Alone(encoder), Gathered(encoder)
    sentences = [text for one in documents for text in (*one.zh, *one.en)]
    for label, way in zip(("before", "now"), ways, strict=True):
        cache = VectorCache(folder / f"{label}.parquet", way)
        cache.encode(sentences)
        aligned = align_many([(one.zh, one.en) for one in documents], cache)
        found = [[(bead.zh, bead.en) for bead in each] for each in aligned]
        strict, lax, *_ = scores(documents, found)
        cost = f"{way.characters:9} characters {way.calls:5} calls {way.seconds:8.1f} CPU s"
        print(f"{name:16} {label:7} {cost}  strict {strict:.4f} lax {lax:.4f}", flush=True)
    shared = ways[0].vectors.keys() & ways[1].vectors.keys()
    most = max(float(np.abs(ways[0].vectors[text] - ways[1].vectors[text]).max())
               for text in shared)  # fmt: skip
    print(f"{name:16} {ways[0].seconds / ways[1].seconds:.1f} times faster; the vectors of "
          f"{len(shared)} texts differ by {most:.1e} at most", flush=True)  # fmt: skip


def _onnx(folder: Path, texts: list[str], options: argparse.Namespace) -> Path:
    heads = options.dim // 32
    return transformer.build(folder, texts, layers=options.layers, dim=options.dim, heads=heads)


def _of_package(folder: Path, texts: list[str], options: argparse.Namespace) -> Path:
    """Write a folder of sentence-transformers with random weights."""
    import torch  # type: ignore[import-not-found,unused-ignore]
    from sentence_transformers import (  # type: ignore[import-not-found,unused-ignore]
        SentenceTransformer,
        models,
    )
    from transformers import (  # type: ignore[import-not-found,unused-ignore]
        BertConfig,
        BertModel,
        BertTokenizerFast,
    )

    torch.manual_seed(1)
    bare = folder.with_name("bare")
    bare.mkdir()
    characters = sorted({char for text in texts for char in text.lower() if not char.isspace()})
    pieces = [*characters, *(f"##{char}" for char in characters)]
    vocabulary = bare / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces]))
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(bare)
    config = BertConfig(
        vocab_size=len(pieces) + 5, hidden_size=options.dim, num_hidden_layers=options.layers,
        num_attention_heads=options.dim // 32, intermediate_size=4 * options.dim,
    )  # fmt: skip
    BertModel(config).save_pretrained(bare)
    words = models.Transformer(str(bare), max_seq_length=512)
    pooled = models.Pooling(options.dim, "mean")
    SentenceTransformer(modules=[words, pooled], device="cpu").save(str(folder))
    return folder


if __name__ == "__main__":
    main()
