"""Probabilities are learnt again from verdicts: never silently, never for the worse, reversibly."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from builders import (
    NOW,
    article,
    numbered_pairs,
    store_articles,
    store_rows,
    store_verdicts,
    stored_rows,
    verdict_row,
)
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from pipelines import align
from pipelines.cli import app
from pipelines.pairs import calibration
from pipelines.pairs.calibration import CalibrationError
from pipelines.quality import calibrate
from pipelines.quality.calibrate import Lesson
from pipelines.tables import files, parquet, schema


def corpus(
    output: Path, *, slope: float, shift: float = 0.0, judged: int = 400, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Store 3,000 pairs, right with log odds `shift + slope * stated`; return stated and true."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(1, 2, 3000)
    stated = (1 / (1 + np.exp(-odds))).astype(np.float32)
    true = 1 / (1 + np.exp(-(shift + slope * odds)))
    right = rng.random(3000) < true
    store_rows(output, "pairs", "x", pairs(stated))
    judge(output, rng.choice(3000, judged, replace=False).tolist(), right)
    return stated, true


def pairs(stated: np.ndarray) -> list[parquet.Row]:
    """Return rows of pairs, of which two and two share a Chinese article."""
    rows = numbered_pairs("x", stated, method="encoder-1 pairing-1")
    return [row | {"zh_id": f"z{n // 2}"} for n, row in enumerate(rows)]


def judge(output: Path, numbers: list[int], right: np.ndarray, name: str = "all") -> None:
    listed = pairs(right)
    rows = [
        verdict_row(listed[n], "translation" if right[n] else "different", verdict_id=f"{name}{n}",
                judged_at=NOW + timedelta(seconds=n), probability=None)
        for n in numbers
    ]  # fmt: skip
    store_verdicts(output, rows, name)


def lesson(count: int = 300, seed: int = 0) -> Lesson:
    rng = np.random.default_rng(seed)
    odds = rng.normal(1, 2, count)
    right = (rng.random(count) < 1 / (1 + np.exp(-0.5 * odds))).astype(np.float64)
    return Lesson("m", odds, right, rng.uniform(0.5, 2, count), np.arange(count), "d")


def test_what_is_learnt_is_nearer_to_the_truth_on_pairs_nobody_judged(tmp_path: Path) -> None:
    stated, true = corpus(tmp_path, slope=0.4, shift=-0.5)
    record = calibrate.learn(tmp_path, now=NOW)
    assert record.slope == pytest.approx(0.4, abs=0.1)
    assert record.shift == pytest.approx(-0.5, abs=0.25)
    assert record.after.log_loss < record.before.log_loss
    assert record.after.brier < record.before.brier
    after = np.array([record.calibration.apply(float(p)) for p in stated])
    assert np.abs(after - true).mean() < 0.3 * np.abs(stated - true).mean()


def test_probabilities_that_are_right_are_left_alone(tmp_path: Path) -> None:
    corpus(tmp_path, slope=1.0, seed=6)
    with pytest.raises(CalibrationError, match="refused: pairs held apart were told no better"):
        calibrate.learn(tmp_path)
    assert not (tmp_path / "calibration").exists()


@pytest.mark.parametrize(
    ("judged", "slope", "shift"), [(99, 0.4, 0.0), (150, 1.0, 6.0)], ids=["few", "all right"]
)
def test_too_few_verdicts_teach_nothing(
    tmp_path: Path, judged: int, slope: float, shift: float
) -> None:
    corpus(tmp_path, judged=judged, slope=slope, shift=shift)
    with pytest.raises(CalibrationError, match=r"too few verdicts .* at least 100, 10 of each"):
        calibrate.learn(tmp_path)


def test_a_score_that_tells_the_contrary_is_refused(tmp_path: Path) -> None:
    corpus(tmp_path, slope=-3.0, judged=1500)
    with pytest.raises(CalibrationError, match="of higher probability are not right more often"):
        calibrate.learn(tmp_path)


def test_the_same_verdicts_give_the_same_version(tmp_path: Path) -> None:
    corpus(tmp_path, slope=0.4)
    first = calibrate.learn(tmp_path, now=NOW)
    assert calibrate.learn(tmp_path, now=NOW + timedelta(days=1)) == first
    assert [record.version for record in calibration.history(tmp_path)] == ["calibration-1"]


def test_going_back_puts_the_one_before_in_force(tmp_path: Path) -> None:
    corpus(tmp_path, slope=0.4)
    first = calibrate.learn(tmp_path, now=NOW)
    judge(tmp_path, list(range(200)), np.arange(3000) % 3 > 0, "more")
    second = calibrate.learn(tmp_path, now=NOW)
    assert (second.version, second.replaces) == ("calibration-2", "calibration-1")
    assert calibrate.revert(tmp_path) == (second, first)
    assert calibrate.revert(tmp_path) == (first, None)
    assert calibration.in_force(tmp_path) is None
    with pytest.raises(CalibrationError, match="no calibration is in force"):
        calibrate.revert(tmp_path)
    # Nothing is lost: both are still there, and numbers are not used twice.
    assert len(calibration.history(tmp_path)) == 2
    assert calibrate.learn(tmp_path, now=NOW).version == "calibration-3"


def test_the_next_is_learnt_on_the_models_own_probabilities(tmp_path: Path) -> None:
    corpus(tmp_path, slope=0.4)
    first = calibrate.learn(tmp_path, now=NOW)
    rows = stored_rows(tmp_path, "pairs", "x")
    for row in rows:
        row["probability"] = float(np.float32(first.calibration.apply(row["probability"])))
        row["method"] = f"{first.method} {first.version}"
    store_rows(tmp_path, "pairs", "x", rows)
    judge(tmp_path, [1], np.ones(3000), "more")
    second = calibrate.learn(tmp_path, now=NOW)
    assert (second.shift, second.slope) == pytest.approx((first.shift, first.slope), abs=0.02)


def test_verdicts_on_texts_that_have_changed_teach_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(tmp_path, slope=0.4, judged=110)
    rows = parquet.read_table(tmp_path / "reviews" / "all.parquet", schema.REVIEWS).to_pylist()
    for text, now in (("正文。", NOW - timedelta(days=1)), ("更正。", NOW + timedelta(days=1))):
        store_articles(tmp_path, *(article(r["zh_id"], text=text) for r in rows[:20]), now=now)
    with pytest.raises(
        CalibrationError, match=r"too few verdicts .*count for nothing: 2\d of level"
    ):
        calibrate.learn(tmp_path)
    corpus(tmp_path, slope=0.4)
    assert app.main(["calibrate", "--output", str(tmp_path)]) == 0
    (record,) = calibration.history(tmp_path)
    assert record.stale > 0
    assert record.judged + record.stale == 400
    told = capsys.readouterr().out
    assert f"{record.stale} verdicts on pairs were left out: their texts have changed" in told


def test_a_dry_run_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus(tmp_path, slope=0.4)
    assert app.main(["calibrate", "--dry-run", "--output", str(tmp_path)]) == 0
    assert "nothing was kept" in capsys.readouterr().out
    assert not (tmp_path / "calibration").exists()


def test_the_commands_say_what_is_in_force(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(tmp_path, slope=0.4)
    at = ["--output", str(tmp_path)]
    assert app.main(["calibrate", "--list", *at]) == 0
    assert "probabilities are the model's own" in capsys.readouterr().out
    assert app.main(["calibrate", *at]) == 0
    told = capsys.readouterr().out
    assert "calibration-1 is in force. The tables change when `shizheng align` runs next." in told
    assert app.main(["calibrate", "--list", "--json", *at]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["in_force"] == listed["calibrations"][0]["version"] == "calibration-1"
    assert app.main(["calibrate", "--revert", *at]) == 0
    assert "calibration-1 is no longer in force" in capsys.readouterr().out
    assert app.main(["calibrate", "--revert", *at]) == 2
    assert "nothing to revert" in capsys.readouterr().err


def test_a_file_that_was_damaged_is_named(tmp_path: Path) -> None:
    corpus(tmp_path, slope=0.4)
    calibrate.learn(tmp_path, now=NOW)
    (tmp_path / "calibration" / "calibration-1.json").write_text('{"version": "calib')
    with pytest.raises(CalibrationError, match=r"calibration-1\.json: not a readable calibration"):
        calibration.in_force(tmp_path)


def test_applying_and_undoing_give_the_same_and_keep_the_order() -> None:
    one = calibration.Calibration("calibration-1", "m", -0.3, 0.6)
    values = [0.01, 0.1, 0.5, 0.9, 0.999]
    mapped = [one.apply(value) for value in values]
    assert mapped == sorted(mapped)
    assert [one.undo(value) for value in mapped] == pytest.approx(values)


def test_figures_equal_scikit_learns() -> None:
    told = lesson()
    chance = 1 / (1 + np.exp(-told.odds))
    found = calibrate.figures(told, told.odds)
    assert found.log_loss == pytest.approx(log_loss(told.right, chance, sample_weight=told.weight))
    brier = brier_score_loss(told.right, chance, sample_weight=told.weight)
    assert found.brier == pytest.approx(brier)


def test_the_calibration_error_is_that_of_scikit_learns_curve() -> None:
    told = lesson()
    chance = 1 / (1 + np.exp(-told.odds))
    observed, stated = calibration_curve(told.right, chance, n_bins=10, strategy="uniform")
    held = np.histogram(chance, np.linspace(0, 1, 11))[0]
    expected = np.abs(observed - stated) @ held[held > 0] / len(chance)
    assert calibrate.expected_calibration_error(chance, told.right) == pytest.approx(expected)


def test_the_calibration_error_of_a_table_worked_by_hand() -> None:
    # .95 stated of four, of which three are right, and .25 stated of one that is wrong, weighed
    # double: (4 * |.95 - .75| + 2 * |.25 - 0|) / 6.
    stated, right = np.array([0.95] * 4 + [0.25]), np.array([1.0, 1, 1, 0, 0])
    found = calibrate.expected_calibration_error(stated, right, np.array([1.0, 1, 1, 1, 2]))
    assert found == pytest.approx((4 * 0.2 + 2 * 0.25) / 6)


def test_the_curve_is_scikit_learns_logistic_regression_when_verdicts_are_many() -> None:
    told = lesson(20_000)
    shift, slope = calibrate.fit(told.odds, told.right, told.weight)
    peer = LogisticRegression(C=np.inf).fit(told.odds[:, None], told.right, told.weight)
    assert (shift, slope) == pytest.approx((peer.intercept_[0], peer.coef_[0, 0]), abs=2e-3)


def test_few_verdicts_move_little() -> None:
    few, many = lesson(15), lesson(3000)
    moved = [abs(1 - calibrate.fit(one.odds, one.right, one.weight)[1]) for one in (few, many)]
    assert moved[1] == pytest.approx(0.5, abs=0.1)
    peer = LogisticRegression(C=np.inf).fit(few.odds[:, None], few.right, few.weight)
    assert moved[0] < abs(1 - peer.coef_[0, 0])


def test_align_applies_what_is_in_force_and_says_so(tmp_path: Path) -> None:
    texts = [
        ("z1", "zh", "地铁2号线开通", "地铁2号线今天开通运营。首班车6时发车，共有23座车站。"),
        ("e1", "en", "Metro Line 2 opens", "Metro Line 2 opened today, with 23 stations."),
        ("z2", "zh", "樱花节开幕", "樱花节在公园开幕。市民5000人前来赏花。"),
        ("e2", "en", "Cherry festival", "The cherry festival opened with 5,000 people."),
    ]
    rows = [article(key, lang, title=title, text=text) for key, lang, title, text in texts]
    store_articles(tmp_path, *rows)
    align.align_city(tmp_path, "x", now=NOW)
    own = stored_rows(tmp_path, "pairs", "x")
    digest = tables(tmp_path)
    method = own[0]["method"]
    figures = {"log_loss": 1.0, "brier": 1.0, "calibration_error": 1.0}
    record = {
        "version": "calibration-1", "method": method, "made_at": "2024-05-01T00:00:00+00:00",
        "shift": -1.0, "slope": 0.5, "judged": 100, "right": 50.0, "wrong": 50.0, "verdicts": "d",
        "before": figures, "after": figures, "replaces": None,
    }  # fmt: skip
    folder = tmp_path / "calibration"
    folder.mkdir()
    (folder / "calibration-1.json").write_text(json.dumps(record))
    (folder / "in-force.json").write_text('{"version": "calibration-1"}')
    # Making it changes nothing; aligning does, and again gives the same bytes.
    assert tables(tmp_path) == digest
    align.align_city(tmp_path, "x", now=NOW)
    mapped = stored_rows(tmp_path, "pairs", "x")
    assert [row["pair_id"] for row in mapped] == [row["pair_id"] for row in own]
    for before, after in zip(own, mapped, strict=True):
        odds = np.log(before["probability"] / (1 - before["probability"]))
        assert after["probability"] == pytest.approx(1 / (1 + np.exp(1 - odds / 2)), abs=1e-5)
        assert (after["score"], after["method"]) == (before["score"], f"{method} calibration-1")
    once = tables(tmp_path)
    align.align_city(tmp_path, "x", now=NOW + timedelta(days=1))
    assert tables(tmp_path) == once
    calibrate.revert(tmp_path)
    align.align_city(tmp_path, "x", now=NOW)
    assert tables(tmp_path) == digest


def test_what_was_learnt_for_another_model_is_not_applied(tmp_path: Path) -> None:
    corpus(tmp_path, slope=0.4)
    calibrate.learn(tmp_path, now=NOW)
    assert calibration.for_method(tmp_path, "encoder-1 pairing-1") is not None
    assert calibration.for_method(tmp_path, "encoder-1 pairing-2") is None


def tables(output: Path) -> list[str]:
    return [
        hashlib.sha256(files.table_path(output, name, "x").read_bytes()).hexdigest()
        for name in ("pairs", "candidates", "sentences")
    ]
