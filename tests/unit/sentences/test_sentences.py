"""Sentence alignment: every sentence once and in order, one model for all kinds of text."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.accuracy.alignment_sets import read_sets
from benchmarks.accuracy.sentences import scores
from pipelines.sentences.align import Bead, align
from pipelines.sentences.jsonl import AlignError, align_file
from pipelines.vectors.load import load_encoder

ZH = (
    "市政府召开第二十七次常务会议",
    "3月5日，市长主持召开市政府第二十七次常务会议。",
    "会议听取了全市老旧小区改造情况的汇报，今年将改造老旧小区126个，惠及居民5.2万户。",
    "会议指出，要把群众满意作为标准。",
    "要加强质量监管，确保如期完工。",
    "会议还审议通过了《城市公园管理办法》。",
    "办法自5月1日起施行。",
)
EN = (
    "Municipal Government Holds 27th Executive Meeting",
    "On March 5, the mayor presided over the 27th executive meeting of the municipal government.",
    "The meeting heard a report on the renovation of old residential communities. ",
    "This year 126 old communities will be renovated, benefiting 52,000 households.",
    "Public satisfaction must be the standard, and quality supervision must be strengthened so "
    "that the work is completed on schedule, the meeting said.",
    "The meeting also approved the Measures for the Administration of Urban Parks.",
    "The measures take effect on May 1.",
)
Pairs = list[tuple[tuple[int, ...], tuple[int, ...]]]


def found(zh: Sequence[str], en: Sequence[str]) -> Pairs:
    return [(bead.zh, bead.en) for bead in align(zh, en, load_encoder())]


def complete(beads: Sequence[Bead], zh: Sequence[str], en: Sequence[str]) -> bool:
    """Return True if the beads cover every sentence once, in order."""
    zh_found = [i for bead in beads for i in bead.zh]
    en_found = [j for bead in beads for j in bead.en]
    return zh_found == list(range(len(zh))) and en_found == list(range(len(en)))


def test_a_translation_is_aligned_with_its_merges() -> None:
    assert found(ZH, EN) == [
        ((0,), (0,)),
        ((1,), (1,)),
        ((2,), (2, 3)),
        ((3, 4), (4,)),
        ((5,), (5,)),
        ((6,), (6,)),
    ]


def test_what_an_abridged_translation_leaves_out_is_null() -> None:
    assert found(ZH, (EN[0], EN[1], EN[5])) == [
        ((0,), (0,)),
        ((1,), (1,)),
        ((2,), ()),
        ((3,), ()),
        ((4,), ()),
        ((5,), (2,)),
        ((6,), ()),
    ]


def test_what_only_english_says_is_null() -> None:
    added = "Photo by a staff reporter of the provincial daily."
    zh, en = (*ZH[:2], *ZH[5:]), (*EN[:2], added, *EN[5:])
    assert ((), (2,)) in found(zh, en)


def test_texts_that_share_nothing_are_nulls() -> None:
    other = (
        "The panda cub born last summer has learned to climb trees.",
        "Keepers feed it four times a day.",
        "Visitors may watch from a platform.",
    )
    linked = [bead for bead in found(ZH, other) if bead[0] and bead[1]]
    assert linked == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least_strict", "least_lax"),
    [("literary", 0.88, 0.985), ("literary_unseen", 0.9, 0.985), ("official_held", 0.7, 0.93)],
)
def test_free_translation_with_many_merges_stays_above_the_floors(
    name: str, least_strict: float, least_lax: float
) -> None:
    """Floors of strict and lax F1; docs/measurements/sentences.md has the figures."""
    documents = read_sets(whole=False)[name]
    strict, lax, *_ = scores(documents, [found(one.zh, one.en) for one in documents])
    assert strict > least_strict
    assert lax > least_lax


def test_a_dictionary_tells_apart_what_stands_alone_side_by_side() -> None:
    """Two sentences about the same lawsuits are no translations of each other."""
    zh = (
        "两州的居民上周联名起诉了总督府。",
        "山城和海州的一些城镇加入了诉讼。",
        "法院将于九月开庭审理此案。",
    )
    en = (
        "Residents of both states jointly sued the governor's office last week.",
        "A civil rights organization filed a petition on Thursday against the decree.",
        "The court will hear the case in September.",
    )
    linked = [bead for bead in align(zh, en, load_encoder()) if bead.zh and bead.en]
    likely = [(bead.zh, bead.en) for bead in linked if bead.probability > 0.5]
    assert likely == [((0,), (0,)), ((2,), (2,))]


def test_figures_decide_between_sentences_that_are_otherwise_alike() -> None:
    zh = ("第一产业增长2.1%。", "第二产业增长6.7%。", "第三产业增长8.4%。")
    en = ("The secondary sector grew 6.7 percent.", "The tertiary sector grew 8.4 percent.")
    assert found(zh, en) == [((0,), ()), ((1,), (0,)), ((2,), (1,))]


def test_probabilities_are_high_where_it_is_clear_and_lower_where_not() -> None:
    beads = align(ZH, EN, load_encoder())
    assert all(0 <= bead.probability <= 1 for bead in beads)
    assert beads[0].probability > 0.9


HOSTILE: dict[str, tuple[list[str], list[str]]] = {
    "both empty": ([], []),
    "no chinese": ([], ["One.", "Two."]),
    "no english": (["一。", "二。"], []),
    "a sentence of 40,000 characters": (["数" * 40_000, "好。"], ["x " * 20_000, "Good."]),
    "only figures": (["12", "3.4", "5%"] * 3, ["12", "3.4", "5%"] * 3),
    "empty strings": (["", " ", "。"], ["", "."]),
    "one against many": (["会议通过了办法。"], [f"Sentence {n}." for n in range(30)]),
    "no letters": (["……", "！！！"], ["...", "!!!"]),
    "lone surrogates": (["\ud800好", "\udfff"], ["good \ud800"]),
    "the languages swapped": (list(EN), list(ZH)),
}


@pytest.mark.parametrize(("zh", "en"), HOSTILE.values(), ids=HOSTILE.keys())
def test_every_sentence_is_covered_whatever_comes(zh: list[str], en: list[str]) -> None:
    assert complete(align(zh, en, load_encoder()), zh, en)


@pytest.mark.slow
def test_long_texts_are_cut_and_still_aligned() -> None:
    zh = [
        f"第{n}号项目位于{place}，投资{n}.5亿元。"
        for n in range(3, 43)
        for place in ("东港", "西山", "南湖")
    ]
    en = [
        f"Project No. {n} is in {place}, with an investment of {n * 100 + 50} million yuan."
        for n in range(3, 43)
        for place in ("Donggang", "Xishan", "Nanhu")
    ]
    zh, en = [*zh, *ZH, *zh[::-1]], [*en, *EN, *en[::-1]]
    beads = align(zh, en, load_encoder())
    assert complete(beads, zh, en)
    middle = [(bead.zh, bead.en) for bead in beads if bead.zh and bead.zh[0] >= 120][:2]
    assert middle == [((120,), (120,)), ((121,), (121,))]


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_file_is_aligned_row_by_row_and_other_keys_are_ignored(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.jsonl",
        {"id": "a", "zh": ZH[:2], "en": EN[:2], "gold": [], "note": "x"},
        {"id": "b", "zh": [], "en": ["Only English."]},
    )
    assert align_file(source, tmp_path / "out.jsonl") == 2
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b"]
    assert [row["beads"] for row in rows] == [[[[0], [0]], [[1], [1]]], [[[], [0]]]]
    assert [len(row["probabilities"]) for row in rows] == [2, 1]
    assert rows[0]["probabilities"][0] > 0.9
    assert rows[1]["probabilities"] == [1.0]


@pytest.mark.slow
def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    rows = [{"id": str(n), "zh": ZH[n % 5 :], "en": EN[n % 3 :]} for n in range(40)]
    source = write(tmp_path / "in.jsonl", *rows)
    for jobs in (1, 2):
        align_file(source, tmp_path / f"{jobs}.jsonl", jobs=jobs)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "b", "zh": ["好"', "not JSON"),
        ('{"id": ' + "[" * 100_000, "nested too deeply"),
        ('{"id": ' + "9" * 5_000 + ', "zh": [], "en": []}', "a number of 5,000 digits"),
        ('{"id": "b", "id": "c", "zh": [], "en": []}', 'the key "id" appears twice'),
        ('{"id": NaN, "zh": [], "en": []}', "NaN is no number"),
        ('["zh", "en"]', 'expected an object with "id", "zh" and "en"'),
        ('{"zh": [], "en": []}', 'expected an object with "id", "zh" and "en"'),
        ('{"id": "b", "zh": "好", "en": []}', '"zh" must be a list of sentences'),
        ('{"id": "b", "zh": ["好"], "en": [1]}', '"en" must be a list of sentences'),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(
    tmp_path: Path, line: str, message: str
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "zh": [], "en": []}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(AlignError, match=r"in\.jsonl:2") as raised:
        align_file(source, tmp_path / "out.jsonl")
    assert message in str(raised.value)
    assert not (tmp_path / "out.jsonl").exists()


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(AlignError, match=r"none\.jsonl: cannot be read"):
        align_file(tmp_path / "none.jsonl", tmp_path / "out.jsonl")
