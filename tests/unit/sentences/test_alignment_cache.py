"""Alignments between runs, and alignment within the groups of a bilingual page."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.pairs.prepared import Document
from pipelines.sentences import rows
from pipelines.sentences.cache import AlignmentCache
from pipelines.sentences.rows import Counterpart
from pipelines.vectors.encoder import Vectors
from pipelines.vectors.load import load_encoder

ZH = ["跨江大桥通车。", "新建学校三所。", "公园免费开放。"]
EN = ["The river bridge opened.", "Three schools were built.", "The park is free of charge."]


def test_the_next_run_reads_the_alignments_that_this_one_used(tmp_path: Path) -> None:
    path, encoder = tmp_path / "beads.parquet", load_encoder()
    first = AlignmentCache(path, encoder)
    whole, part = first.align(ZH, EN), first.align(ZH[:1], EN[:1])
    assert first.save()
    second = AlignmentCache(path, encoder)
    assert second.align(ZH, EN) == whole
    assert second.align(ZH[:1], EN[:1]) == part
    assert not second.save()  # the same rows
    third = AlignmentCache(path, encoder)
    third.align(ZH, EN)
    assert third.save()  # what is used no more goes


class Plain:
    """The bundled encoder without its own way for runs; a text about rain is too much for it."""

    name, dim = "plain", 512

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, sentences: Sequence[str]) -> Vectors:
        self.calls += 1
        if any("rain" in sentence for sentence in sentences):
            raise ValueError("rain")
        return load_encoder().encode(sentences)


def test_what_was_aligned_ahead_is_found_and_an_error_is_left_to_its_own_pair(
    tmp_path: Path,
) -> None:
    encoder = Plain()
    cache = AlignmentCache(tmp_path / "beads.parquet", encoder)
    pairs = [(ZH, EN), (ZH[:2], EN[:2]), (ZH[1:], EN[1:])]
    cache.align_ahead(pairs)
    calls = encoder.calls
    found = [cache.align(*pair) for pair in pairs]
    assert encoder.calls == calls
    assert [len(beads) for beads in found] == [3, 2, 2]
    wet = (ZH[:1], ["It rains."])
    cache.align_ahead([wet, (ZH[2:], EN[2:])])
    assert len(cache.align(ZH[2:], EN[2:])) == 1
    with pytest.raises(ValueError, match="rain"):
        cache.align(*wet)


def test_paragraphs_known_to_be_translations_are_aligned_within_themselves(tmp_path: Path) -> None:
    # Two sentences of unlike contents, alone in their group, then three that are alike.
    zh = Document("z", "zh", "题", "\n".join(["天气很好。", "".join(ZH)]), None)
    en = Document("e", "en", "T", "\n".join(["Nothing else was said.", " ".join(EN)]), None)
    known = {"z": Counterpart("e", (0, 1)), "e": Counterpart("z", (0, 1))}
    found = rows.bead_rows(
        "p", zh, en, AlignmentCache(tmp_path / "b.parquet", load_encoder()), known
    )
    assert [(row["kind"], row["zh"], row["en"]) for row in found] == [
        ("1-1", "天气很好。", "Nothing else was said."),
        *(("1-1", one, other) for one, other in zip(ZH, EN, strict=True)),
    ]
    assert found[0]["probability"] == 1.0


def test_a_sentence_facing_two_in_its_group_loses_neither(tmp_path: Path) -> None:
    zh = Document("z", "zh", "题", f"{ZH[0]}\n{ZH[1]}", None)
    en = Document("e", "en", "T", f"{EN[0]} It is new.\n{EN[1]}", None)
    known = {"z": Counterpart("e", (0, 1)), "e": Counterpart("z", (0, 1))}
    found = rows.bead_rows(
        "p", zh, en, AlignmentCache(tmp_path / "b.parquet", load_encoder()), known
    )
    assert " ".join(row["en"] for row in found if row["en"]) == f"{EN[0]} It is new. {EN[1]}"
