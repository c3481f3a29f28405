"""Batches of an encoder on disk: fewer calls, the same vectors."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformer

from pipelines.vectors.load import load_encoder

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
