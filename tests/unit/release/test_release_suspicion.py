"""`mt_suspect` is a suspicion with a stated error, on paragraphs that did not shape it."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from release_corpus import NOW, article, release, rows, write_corpus

from crawler.rows import rows_in
from pipelines.release.content import suspicion
from pipelines.tables import articles

SETS = Path(__file__).parent / "suspicion"
# Of paragraphs held apart: what was measured when the model was fitted, and must not get worse.
FLOORS = {"recall": 0.62, "false_alarms": 0.0, "area": 0.92}


def paragraphs(name: str) -> list[tuple[str, ...]]:
    return rows_in((SETS / f"{name}.tsv").read_text(encoding="utf-8"))


def scored(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of a set's paragraphs, and which of them are machine-like."""
    kinds, _, texts = zip(*paragraphs(name), strict=True)
    scores, _ = suspicion.suspicion_scores(pa.array(texts))
    told = scores.is_valid().to_numpy(zero_copy_only=False)
    machine = np.array([kind == "machine" for kind in kinds])
    return scores.drop_null().to_numpy(), machine[told]


def test_the_suspicion_reaches_its_floors_on_paragraphs_held_apart() -> None:
    scores, machine = scored("held")
    assert (machine.sum(), (~machine).sum()) == (16, 16)
    suspect = scores >= suspicion.SUSPECT
    assert suspect[machine].mean() >= FLOORS["recall"]
    assert suspect[~machine].mean() <= FLOORS["false_alarms"]
    above = (scores[machine][:, None] > scores[~machine][None, :]).mean()
    assert above >= FLOORS["area"]


def test_the_stated_error_is_the_measured_one() -> None:
    scores, machine = scored("held")
    stated = suspicion.model()["held_apart"]
    suspect = scores >= suspicion.SUSPECT
    assert stated["recall"]["value"] == pytest.approx(suspect[machine].mean(), abs=1e-3)
    assert stated["false_alarms"]["value"] == pytest.approx(suspect[~machine].mean(), abs=1e-3)


def test_no_paragraph_is_in_both_sets() -> None:
    fit, held = ({row[2] for row in paragraphs(name)} for name in ("fit", "held"))
    assert not fit & held


@pytest.mark.parametrize(
    ("sign", "text"),
    [
        ("untranslated", "The hall has 新 rooms、new lamps and，as promised，a wide stair. "),
        ("figures", "It cost 3.5 hundred million yuan and was seen by 2.1 ten thousand people. "),
        ("phrases", "The relevant departments shall vigorously do a good job for the masses. "),
        ("reporting", "The meeting was held and the mayor pointed out that the reporter came. "),
    ],
)
def test_what_a_suspicion_rests_on_is_named(sign: str, text: str) -> None:
    scores, signs = suspicion.suspicion_scores(pa.array([text * 4]))
    assert sign in signs[0].as_py()
    assert scores[0].as_py() > suspicion.SUSPECT


def test_short_texts_and_no_text_are_not_judged() -> None:
    scores, signs = suspicion.suspicion_scores(pa.array(["Do a good job in all work.", None, ""]))
    assert scores.to_pylist() == signs.to_pylist() == [None, None, None]


def test_a_model_of_other_signs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspicion, "SIGNS", {"other": "x"})
    suspicion.weights.cache_clear()
    with pytest.raises(
        ValueError, match=r"fit it again with `python -m benchmarks\.learn\.fit_suspicion`"
    ):
        suspicion.weights()
    suspicion.weights.cache_clear()


def test_a_release_tells_it_of_english_text_that_is_held(tmp_path: Path) -> None:
    output = write_corpus(tmp_path)
    machine = paragraphs("held")[0][2]
    for city in ("anbei", "chunan"):
        new = article(city, "en", "mt", machine, 3)
        articles.write_articles(output, city, [new], run_id="r2", now=NOW)
    made = release(output)
    found = {(r["city"], r["url"].rpartition("/")[2]): r for r in rows(made, "articles")}
    expected = suspicion.suspicion_scores(pa.array([machine]))
    assert found["anbei", "mt.html"]["mt_suspect"] == expected[0][0].as_py()
    assert found["anbei", "mt.html"]["mt_signs"] == expected[1][0].as_py()
    assert found["chunan", "mt.html"]["mt_suspect"] is None  # nobody has cleared its text
    assert {r["mt_suspect"] for r in found.values() if r["lang"] == "zh"} == {None}
    told = made.manifest["statistics"]["mt_suspect"]
    assert sum(told[name] for name in ("suspect", "not_suspect", "not_told")) == 37
    json.dumps(told)
