"""Scores are what the field means by them, on cases small enough to work out by hand."""

from pathlib import Path

import pytest
from builders import article, store_articles, store_rows

from crawler.item import Article
from pipelines.cli.app import main
from pipelines.quality import gold as evaluate
from pipelines.quality.gold import GoldBeads, GoldError, GoldPair
from pipelines.tables import parquet


def pair(zh: str, en: str, probability: float, relation: str = "translation") -> parquet.Row:
    return {
        "pair_id": f"{zh}-{en}", "zh_id": zh, "en_id": en,
        "probability": probability, "relation": relation,
    }  # fmt: skip


def corpus(output: Path, articles: list[Article], pairs: list[parquet.Row]) -> None:
    store_articles(output, *articles)
    store_rows(output, "pairs", "x", pairs)


def test_pairs_are_scored_at_one_half() -> None:
    gold = [GoldPair("z1", "e1", ""), GoldPair("z2", "e2", ""), GoldPair("z3", "e3", "")]
    claims = [pair("z1", "e1", 0.9), pair("z2", "e9", 0.8), pair("z3", "e3", 0.4)]
    scores = evaluate.score_pairs(claims, gold)
    assert (scores.precision, scores.recall) == (1 / 2, 1 / 3)
    assert scores.f1 == pytest.approx(0.4)


def test_a_pair_known_to_be_wrong_is_not_expected() -> None:
    gold = [GoldPair("z1", "e1", ""), GoldPair("z2", "e2", "", label="negative")]
    assert evaluate.score_pairs([pair("z1", "e1", 0.9)], gold).f1 == 1.0


def test_the_repost_of_a_counterpart_is_the_counterpart() -> None:
    claims = [pair("z1-again", "e1", 0.9)]
    gold = [GoldPair("z1", "e1", "")]
    assert evaluate.score_pairs(claims, gold).f1 == 0.0
    assert evaluate.score_pairs(claims, gold, {"z1-again": "z1"}).f1 == 1.0


def test_text_is_scored_by_overlap_of_four_tokens() -> None:
    assert evaluate.text_f1([("市政府召开会议", "市政府召开会议")]) == 1.0
    # Gold has 4 4-grams; losing the last character loses one: P 1, R 3/4.
    assert evaluate.text_f1([("市政府召开会议", "市政府召开会")]) == pytest.approx(2 * 0.75 / 1.75)
    assert evaluate.text_f1([("市政府召开会议", "")]) == 0.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("zh\ten\n", r"gold\.tsv:1: expected a header .* lacks en_id, relation, zh_id"),
        ("zh_id\ten_id\trelation\n", r"gold\.tsv: holds no pair below its header"),
        ("zh_id\ten_id\trelation\nz\t\tx\n", r"gold\.tsv:2: zh_id and en_id must not be empty"),
        ("zh_id\ten_id\trelation\tlabel\nz\te\tx\tmaybe\n", r"gold\.tsv:2: label must be"),
    ],
)
def test_a_bad_gold_file_is_named_by_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text(content)
    with pytest.raises(GoldError, match=message):
        evaluate.read_gold_pairs(path)


def sentence(position: int, zh: tuple[int, int] | None, en: tuple[int, int] | None) -> parquet.Row:
    return {
        "pair_id": "z-e", "position": position,
        "zh_start": zh[0] if zh else None, "zh_end": zh[1] if zh else None,
        "en_start": en[0] if en else None, "en_end": en[1] if en else None,
    }  # fmt: skip


GOLD = [GoldBeads("z", "e", (("一。", "One. "), ("二。三。", "Two three."), ("四。", "")))]


def beads(tmp_path: Path, *rows: parquet.Row) -> tuple[float, float, float, float]:
    corpus(
        tmp_path,
        [article("z", text="一。二。\n三。四。"), article("e", "en", text="One. Two three.")],
        [pair("z", "e", 0.9)],
    )
    store_rows(tmp_path, "sentences", "x", rows)
    scores = evaluate.score_beads(tmp_path, GOLD)
    strict, lax = scores["strict"], scores["lax"]
    return strict.precision, strict.recall, lax.precision, lax.recall


def test_beads_that_equal_gold_score_one_whatever_their_white_space(tmp_path: Path) -> None:
    rows = sentence(0, (0, 2), (0, 4)), sentence(1, (2, 7), (5, 15)), sentence(2, (7, 9), None)
    assert beads(tmp_path, *rows) == (1.0, 1.0, 1.0, 1.0)


def test_a_bead_cut_short_is_wrong_strictly_and_right_laxly(tmp_path: Path) -> None:
    rows = (
        sentence(0, (0, 2), (0, 4)),
        sentence(1, (2, 4), (5, 15)),
        sentence(2, (5, 7), None),
        sentence(3, (7, 9), None),
    )
    assert beads(tmp_path, *rows) == (0.5, 0.5, 0.75, 1.0)


def test_a_gold_pair_that_was_not_made_loses_its_recall(tmp_path: Path) -> None:
    assert beads(tmp_path) == (0.0, 0.0, 0.0, 0.0)


def test_evaluate_reports_relation_negatives_and_calibration(tmp_path: Path) -> None:
    corpus(
        tmp_path,
        [article("z1", text="一。"), article("e1", "en", text="One.")],
        [pair("z1", "e1", 0.95, "abridged"), pair("z2", "e2", 0.75)],
    )
    gold = tmp_path / "gold.tsv"
    gold.write_text(
        "zh_id\ten_id\tlabel\trelation\nz1\te1\tpair\ttranslation\nz2\te2\tnegative\tother year\n"
    )
    result = evaluate.evaluate(tmp_path, gold)
    assert (result["pairs"]["precision"], result["pairs"]["recall"]) == (0.5, 1.0)
    assert result["relation_accuracy"] == 0.0
    assert result["negatives_claimed"] == 1
    assert result["calibration_error"] == pytest.approx((0.05 + 0.75) / 2, abs=1e-4)


def test_gold_with_commas_is_read_and_ids_that_are_not_stored_are_stated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(
        tmp_path,
        [article("z1", text="一。"), article("e1", "en", text="One.")],
        [pair("z1", "e1", 0.95)],
    )
    gold = tmp_path / "gold.csv"
    gold.write_text("zh_id,en_id,relation\nz1,e1,translation\nz1,e9,translation\n")
    assert evaluate.evaluate(tmp_path, gold)["not_stored"] == 1
    assert main(["evaluate", "--gold", str(gold), "--output", str(tmp_path)]) == 0
    assert "1 of its pairs name articles that are not stored" in capsys.readouterr().err


def test_evaluating_before_aligning_says_what_to_do(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("zh_id\ten_id\trelation\nz\te\ttranslation\n")
    with pytest.raises(GoldError, match="run `shizheng align` first"):
        evaluate.evaluate(tmp_path, gold)
