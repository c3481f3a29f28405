"""Alignment with an encoder on disk, before and after its texts are gathered in batches.

    python -m benchmarks.cost.encoder_batches [--layers 6] [--dim 384] [--documents 30] [--package]
    python -m benchmarks.cost.encoder_batches --scores [--documents 1000]

A transformer of random weights takes the place of a downloaded one: it costs the same. The sets of
`alignment_sets` are prepared (each sentence) and aligned with it as ONNX or, with `--package`,
with sentence-transformers where that is installed. "Before": each text alone, and of every text
pair all runs of one to five sentences. Seconds are the encoder's. `--scores` compares both ways by
F1, with the bundled encoder as if it had no way of its own for runs.
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
    """An encoder that counts what it is asked."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.name, self.dim = encoder, encoder.name, encoder.dim
        self.texts = self.characters = self.calls = 0
        self.seconds = 0.0

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.calls += 1
        self.texts += len(sentences)
        self.characters += sum(map(len, sentences))
        start = time.process_time()
        found = self._encoded(sentences)
        self.seconds += time.process_time() - start
        return found

    def _encoded(self, sentences: Sequence[str]) -> Vectors:
        return self.encoder.encode(sentences)


class Whole(Gathered):
    """The same with every run."""

    def encode_spans(self, sentences: Sequence[str], width: int) -> list[Vectors]:
        return encode_spans(_Encoding(self), sentences, width)


class Alone(Whole):
    """The same, text by text."""

    def _encoded(self, sentences: Sequence[str]) -> Vectors:
        rows = [self.encoder.encode([sentence]) for sentence in sentences]
        return np.concatenate([np.empty((0, self.dim), np.float32), *rows])


class _Encoding:
    """The way to encode of an encoder, without that for runs."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dim, self.encode = encoder.name, encoder.dim, encoder.encode


def main() -> None:
    """Print a line for each set and way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--documents", type=int, default=30, help="of each set at most")
    parser.add_argument("--package", action="store_true", help="with sentence-transformers")
    parser.add_argument("--scores", action="store_true", help="F1 with the bundled encoder")
    options = parser.parse_args()
    sets = read_sets(whole=False)
    listed = {name: sets[name][: options.documents] for name in SETS if name in sets}
    texts = [text for each in listed.values() for one in each for text in (*one.zh, *one.en)]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        if options.scores:
            encoder = load_encoder()
        elif options.package:
            encoder = load_encoder(str(_of_package(Path(folder) / "model", texts, options)))
        else:
            encoder = load_encoder(str(_onnx(Path(folder) / "model", texts, options)))
        for name, documents in listed.items():
            _compare(name, documents, encoder, Path(folder) / name, scored=options.scores)


def _compare(
    name: str, documents: Sequence[Document], encoder: Encoder, folder: Path, *, scored: bool
) -> None:
    ways = [Whole(encoder) if scored else Alone(encoder), Gathered(encoder)]
    sentences = [text for one in documents for text in (*one.zh, *one.en)]
    vectors = []
    for label, way in zip(("before", "now"), ways, strict=True):
        cache = VectorCache(folder / f"{label}.parquet", way)
        vectors.append(cache.encode(sentences))
        beads = align_many([(one.zh, one.en) for one in documents], cache)
        line = (f"{name:16} {label:7} {way.texts:7} texts {way.characters:9} characters "
                f"{way.calls:5} calls {way.seconds:8.1f} CPU s")  # fmt: skip
        if scored:
            found = [[(bead.zh, bead.en) for bead in each] for each in beads]
            line += " strict {:.4f} lax {:.4f}".format(*scores(documents, found)[:2])
        print(line, flush=True)
    difference = float(np.abs(vectors[0] - vectors[1]).max())
    print(f"{name:16} {ways[0].seconds / ways[1].seconds:.1f} times faster; "
          f"{len(sentences)} vectors differ by {difference:.1e} at most", flush=True)  # fmt: skip


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
