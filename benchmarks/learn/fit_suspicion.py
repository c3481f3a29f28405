"""Fits and measures the suspicion of machine translation.

`python -m benchmarks.learn.fit_suspicion [--write]`: logistic regression with a strong ridge (C =
0.3) on `tests/suspicion/fit.tsv`, measured on `tests/suspicion/held.tsv`, which shaped nothing:
recall is of machine-like paragraphs, false alarms of edited ones. Both sets are authored for this
project. With SHIZHENG_SHARED set, also on outside news: written in English by people, and
translated from Chinese by people.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from crawler.rows import rows_in
from pipelines.quality import intervals
from pipelines.release.content import suspicion

SETS = Path(__file__).parents[2] / "tests" / "unit" / "release" / "suspicion"
MODEL = Path(__file__).parents[2] / "pipelines" / "release" / "content" / "suspicion.json"


def authored(name: str) -> tuple[list[str], np.ndarray]:
    """Return a set's paragraphs, and which of them are machine-like."""
    cells = rows_in((SETS / f"{name}.tsv").read_text(encoding="utf-8"))
    kinds, _, texts = zip(*cells, strict=True)
    return list(texts), np.array([kind == "machine" for kind in kinds])


def fit() -> dict[str, object]:
    """Return a model of the paragraphs to fit on."""
    texts, machine = authored("fit")
    rates, _ = suspicion.sign_rates(pa.array(texts))
    mean, scale = rates.mean(axis=0), rates.std(axis=0).clip(0.25)
    fitted = LogisticRegression(C=0.3).fit((rates - mean) / scale, machine)
    columns = zip(suspicion.SIGNS, mean, scale, fitted.coef_[0], strict=True)
    return {
        "fitted_on": f"tests/suspicion/fit.tsv, {len(texts)} authored paragraphs",
        "intercept": round(float(fitted.intercept_[0]), 4),
        "signs": {
            name: {"mean": round(m, 4), "scale": round(s, 4), "weight": round(w, 4)}
            for name, m, s, w in columns
        },
    }


def store(model: dict[str, object]) -> None:
    MODEL.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


def told(name: str, texts: list[str]) -> dict[str, float | int]:
    """Print and return the share of suspect texts, with its interval."""
    scores = suspicion.suspicion_scores(pa.array(texts))[0].drop_null().to_numpy()
    size = len(scores)
    share = intervals.proportion(
        (scores >= suspicion.SUSPECT).astype(float), weight=np.ones(size),
        stratum=np.zeros(size, np.int64), cluster=np.arange(size), sizes={0: 1e9},
    )  # fmt: skip
    print(f"{name:28} {size:4}  suspect {share.value:.3f} ({share.low:.3f}-{share.high:.3f})")
    stated = {"value": share.value, "low": share.low, "high": share.high}
    return {key: round(value, 3) for key, value in stated.items()} | {"judged": size}


def outside(shared: Path) -> None:
    """Print false alarms on English that people wrote.
    And the score of the one municipal article at hand."""
    articles = (shared / "data/extraction/aeb/gold.jsonl").read_text(encoding="utf-8").splitlines()
    told("edited, outside (AEB)", [json.loads(line)["text"] for line in articles])
    news = (shared / "data/alignment/news_resplit.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in news]
    for name, start in (
        ("English news (NTREX)", "ntrex"),
        ("English news (WMT)", "wmt21_enzh"),
        ("translated by people (WMT)", "wmt21_zhen"),
    ):
        told(name, [" ".join(row["en"]) for row in rows if row["id"].startswith(start)])
    for path in sorted((shared / "data/seed").glob("*.en.txt")):
        score, signs = suspicion.suspicion_scores(pa.array([path.read_text(encoding="utf-8")]))
        print(f"{path.name}: {score[0].as_py():.2f} {signs[0].as_py()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="store the model")
    args = parser.parse_args()
    model = fit()
    if args.write:
        store(model)
        suspicion.model.cache_clear()
        suspicion.weights.cache_clear()
    measured: dict[str, dict[str, float | int]] = {}
    for name in ("fit", "held"):
        texts, machine = authored(name)
        for kind, mask in (("machine-like", machine), ("edited", ~machine)):
            own = [text for text, wanted in zip(texts, mask, strict=True) if wanted]
            measured[f"{kind}, {name}"] = told(f"{kind}, {name}", own)
    if args.write:
        found = {
            "recall": measured["machine-like, held"],
            "false_alarms": measured["edited, held"],
        }
        store(model | {"held_apart": found})
    if shared := os.environ.get("SHIZHENG_SHARED"):
        outside(Path(shared))


if __name__ == "__main__":
    main()
