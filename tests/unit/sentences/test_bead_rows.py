"""Rows of sentences, sentences cut by blanks and marks, and the widths of runs."""

import math
from typing import Any

import numpy as np
import pytest

from pipelines.pairs.prepared import Document
from pipelines.sentences import align, lengths
from pipelines.sentences.align import Bead
from pipelines.sentences.rows import Counterpart, bead_rows, flag_repeated, texts_to_align

ZH = Document("z", "zh", "题", "天气很好。\n桥已建成。明年通车。")
EN = Document("e", "en", "T", "The bridge is built. It opens next year.\nThe end.")
BEADS = [Bead((0,), (), 0.25), Bead((1, 2), (0, 1), 0.75), Bead((), (2,), 0.5)]


class Cache:
    """Cache whose alignments are given."""

    def __init__(self, *beads: Bead) -> None:
        self.beads, self.asked = list(beads), list[Any]()

    def align(self, zh: Any, en: Any) -> list[Bead]:
        self.asked.append(([*zh], [*en]))
        return self.beads

    def similarity(self, zh: list[str], en: list[str]) -> float:
        return 0.1 * len(zh) + 0.01 * len(en) + 0.00049


def test_a_row_has_the_texts_of_its_sentences_and_where_they_stand() -> None:
    cache = Cache(*BEADS)
    found = bead_rows("p", ZH, EN, cache, {})  # type: ignore[arg-type]
    assert [(row["pair_id"], row["position"], row["kind"]) for row in found] == [
        ("p", 0, "1-0"), ("p", 1, "2-2"), ("p", 2, "0-1"),
    ]  # fmt: skip
    assert [(row["zh"], row["en"]) for row in found] == [
        ("天气很好。", ""),
        ("桥已建成。明年通车。", "The bridge is built. It opens next year."),
        ("", "The end."),
    ]
    for row in found:
        for side, document in (("zh", ZH), ("en", EN)):
            if row[side]:
                assert document.text[row[f"{side}_start"] : row[f"{side}_end"]] == row[side]
                assert row[f"{side}_lang"] == side
            else:
                assert f"{side}_start" not in row
    assert [row["probability"] for row in found] == [0.25, 0.75, 0.5]
    assert found[1]["similarity"] == pytest.approx(0.22)
    assert found[1]["length_ratio"] > 0
    assert "similarity" not in found[0]
    assert "length_ratio" not in found[2]
    assert texts_to_align(ZH, EN, {}) == [
        (["天气很好。", "桥已建成。", "明年通车。"],
         ["The bridge is built.", "It opens next year.", "The end."]),
    ]  # fmt: skip
    assert [tuple(map(list, one)) for one in texts_to_align(ZH, EN, {})] == cache.asked


def test_paragraphs_that_a_page_itself_sets_side_by_side_are_translations() -> None:
    zh = Document("z", "zh", "题", "天气很好。\n桥已建成。")
    en = Document("e", "en", "T", "It is fine.\nThe bridge is built. It is long.")
    mates = {"z": Counterpart("e", (0, 1)), "e": Counterpart("z", (0, 1))}
    cache = Cache(Bead((0,), (0, 1), 0.5))
    found = bead_rows("p", zh, en, cache, mates)  # type: ignore[arg-type]
    assert [(row["zh"], row["en"], row["probability"]) for row in found] == [
        ("天气很好。", "It is fine.", 1.0),
        ("桥已建成。", "The bridge is built. It is long.", 0.5),
    ]
    assert cache.asked == [(["桥已建成。"], ["The bridge is built.", "It is long."])]
    for other in ({}, {"z": mates["z"]}, mates | {"z": Counterpart("q", (0, 1))}):
        plain = Cache(*BEADS[:1])
        bead_rows("p", zh, en, plain, other)  # type: ignore[arg-type]
        assert len(plain.asked[0][0]) == 2


@pytest.mark.parametrize(
    ("line", "articles", "flagged"),
    [
        ("责任编辑：王", 4, True),
        ("责任编辑：王", 3, False),
        ("会议指出。", 4, False),
        ("", 9, False),
    ],
)
def test_a_line_without_an_end_in_four_articles_is_its_pages(
    line: str, articles: int, flagged: bool
) -> None:
    pairs = [{"pair_id": f"p{n}", "zh_id": f"z{n}", "en_id": f"e{n}"} for n in range(9)]
    beads = [
        {"pair_id": f"p{n}", "zh": line, "en": f"Line {n}", "flags": ["length_outlier"]}
        for n in (*range(articles), 0)  # twice in one article counts once
    ]
    flag_repeated(beads, pairs)
    expected = ["boilerplate", "length_outlier"] if flagged else ["length_outlier"]
    assert all(bead["flags"] == expected for bead in beads)


def test_blanks_are_beads_of_their_own_and_marks_belong_to_the_sentence_before() -> None:
    forms = ["”", "一。", "」", "", "二。", "", "（", "三。"]
    read = align._entries(forms)
    assert [*map(list, read)] == [[0], [1, 2], [4], [7]] or [*map(list, read)] == [
        [0], [1, 2], [4], [6], [7],
    ]  # fmt: skip
    sides = (align._entries(["一。", "」", "", "二。"]), align._entries(["", "One.", "Two."]))
    beads = [Bead((0,), (0,), 0.9), Bead((1,), (), 0.4), Bead((), (1,), 0.3)]
    assert align._of_entries(beads, sides, (5, 4)) == [
        Bead((), (0,), 1.0),
        Bead((0, 1), (1,), 0.9),
        Bead((2,), (), 1.0),
        Bead((3,), (), 0.4),
        Bead((), (2,), 0.3),
        Bead((4,), (), 1.0),
        Bead((), (3,), 1.0),
    ]


def sure(zh: int, en: int) -> Bead:
    return Bead(tuple(range(zh)), tuple(range(en)), 0.999)


def test_a_section_is_complete_up_to_its_last_sure_bead() -> None:
    plain, null = Bead((0,), (0,), 0.3), Bead((0,), (), 0.999)
    assert align._complete([sure(1, 1)] * 6, 4, 6) == 4
    assert align._complete([sure(1, 1)] * 6, 6, 4) == 4
    assert align._complete([sure(1, 1)] * 3 + [plain] * 2, 9, 9) == 3
    assert align._complete([sure(1, 1)] * 3 + [null] * 2, 9, 9) == 3
    # Early sure beads alone would make the next section as long again.
    assert align._complete([sure(1, 1)] * 2 + [plain] * 2, 9, 9) == 4
    assert align._complete([sure(1, 1)] * 2 + [plain], 9, 9) == 2
    assert align._complete([plain] * 3, 9, 9) == 3
    assert align._complete([sure(3, 1)], 2, 9) == 1
    assert align._complete([sure(1, 2), sure(2, 1)], 2, 2) == 1


def test_lengths_are_of_letters_and_a_chinese_character_is_worth_three() -> None:
    zh, en = lengths.text_lengths(["三座桥A1。", "，"], ["A bridge, 12!", ""])
    assert zh == pytest.approx([3 * 3.3 + 2, 0])
    assert en.tolist() == [9, 0]


def test_the_gap_of_lengths_is_of_both_signs_and_narrower_for_long_ones() -> None:
    def gap(zh: float, en: float) -> float:
        return float(lengths.length_gap(np.array([zh], np.float32), np.array([en], np.float32))[0])

    assert gap(33, 33) == 0
    assert gap(33, 66) > 0 > gap(66, 33)
    assert gap(330, 660) > gap(33, 66)
    spread = math.sqrt(0.05 + 1.2 / 11.5)
    assert gap(33, 66) == pytest.approx(math.log(21.2 / 11.2) / spread, rel=1e-5)


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_runs_are_sums_of_neighbours(k: int) -> None:
    rows_of = np.arange(12, dtype=np.float32).reshape(6, 2) ** 2
    found = lengths.runs(rows_of, k)
    assert found.tolist() == [rows_of[i : i + k].sum(axis=0).tolist() for i in range(7 - k)]
    assert found.dtype == np.float32


@pytest.mark.parametrize("width", [3, 4, 7])
def test_a_wide_run_has_the_mean_direction_of_its_sentences_halves(width: int) -> None:
    random = np.random.default_rng(1)
    spans = []
    for k in (1, 2, 3):
        part = random.normal(size=(8 - k + 1, 4)).astype(np.float32)
        spans.append(part / np.linalg.norm(part, axis=1, keepdims=True))
    found = lengths.add_wide_spans(spans, width)
    assert len(found) == width
    for k in range(4, width + 1):
        assert len(found[k - 1]) == 8 - k + 1
        left, right = (k + 1) // 2, k // 2
        for i, row in enumerate(found[k - 1]):
            whole = found[left - 1][i] * left + found[right - 1][i + left] * right
            assert row == pytest.approx(whole / np.linalg.norm(whole), abs=1e-5)


@pytest.mark.parametrize(
    ("zh", "en", "expected"),
    [
        ([30.0] * 12, [30.0] * 12, (5, 5)),  # more than five sentences are no translation of one
        ([30.0] * 3, [30.0] * 2, (3, 2)),
        ([20.0] * 12, [140.0] * 2, None),
        ([140.0] * 2, [20.0] * 12, None),
        ([1.0] * 20, [900.0], (10, 1)),
    ],
)
def test_runs_are_as_wide_as_a_sentence_of_the_other_side_is_long(
    zh: list[float], en: list[float], expected: tuple[int, int] | None
) -> None:
    found = lengths.widest_runs(np.array(zh, np.float32), np.array(en, np.float32), 5)
    if expected is not None:
        assert found == expected
        return
    own, other = (zh, en) if len(zh) > len(en) else (en, zh)
    wide = found[0] if len(zh) > len(en) else found[1]
    assert 5 < wide < 12

    def gap(k: int) -> float:
        run, one = (np.array([value], np.float32) for value in (k * own[0], other[0]))
        pair = (run, one) if len(zh) > len(en) else (one, run)
        return abs(float(lengths.length_gap(*pair)[0]))

    assert gap(wide) <= lengths.MOST_GAP
    assert wide == lengths.WIDEST or gap(wide + 1) > lengths.MOST_GAP
