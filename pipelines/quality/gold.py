"""Scores against gold: articles, document pairs, sentence beads.

Gold is read here and nowhere else; no step that makes the corpus can see it.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crawler.errors import ShizhengError
from crawler.script import HAN
from pipelines.quality.calibrate import expected_calibration_error
from pipelines.tables import articles, files, parquet, schema, text_files
from pipelines.tables.json_text import JsonError, parse_json
from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import DECISION, RELATIONS

_TOKEN = re.compile(rf"[{HAN}]|[^\W{HAN}]+")
_SPACE = re.compile(r"\s+")


class GoldError(ShizhengError):
    """An unusable gold file; the message names file, line and expectation."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 (0-1) with their counts.

    `right` of the `claimed` are in gold; `reached` of the `expected` in gold were claimed.
    """

    right: int
    claimed: int
    reached: int
    expected: int

    def __add__(self, other: "Scores") -> "Scores":
        return Scores(
            self.right + other.right,
            self.claimed + other.claimed,
            self.reached + other.reached,
            self.expected + other.expected,
        )

    @property
    def precision(self) -> float:
        return self.right / self.claimed if self.claimed else 0.0

    @property
    def recall(self) -> float:
        return self.reached / self.expected if self.expected else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_json(self) -> dict[str, Any]:
        rounded = {name: round(getattr(self, name), 4) for name in ("precision", "recall", "f1")}
        return rounded | asdict(self)


@dataclass(frozen=True, slots=True)
class GoldPair:
    """A pair known to be right (`label` pair) or wrong (`label` negative)."""

    zh_id: str
    en_id: str
    relation: str
    label: str = "pair"


@dataclass(frozen=True, slots=True)
class GoldBeads:
    """Beads of one document pair, as texts.

    A null bead has one empty side.
    """

    zh_id: str
    en_id: str
    beads: tuple[tuple[str, str], ...]


def read_gold_pairs(path: Path) -> list[GoldPair]:
    """Read gold pairs from TSV or CSV with a header line.

    Columns: `zh_id`, `en_id`, `relation` and, optionally, `label`.
    """
    lines = text_files.lines(text_files.read_text(path, GoldError))
    between = "\t" if not lines or "\t" in lines[0] else ","
    header = lines[0].split(between) if lines else []
    missing = {"zh_id", "en_id", "relation"} - set(header)
    if missing:
        raise GoldError(
            f"{path}:1: expected a header of zh_id, en_id, relation, with tabs or commas between "
            f"them; lacks {', '.join(sorted(missing))}"
        )
    pairs = []
    for number, row in enumerate(csv.DictReader(lines, delimiter=between), start=2):
        if not row["zh_id"] or not row["en_id"]:
            raise GoldError(f"{path}:{number}: zh_id and en_id must not be empty")
        label = row.get("label") or "pair"
        if label not in ("pair", "negative"):
            raise GoldError(f"{path}:{number}: label must be pair or negative, not {label!r}")
        pairs.append(GoldPair(row["zh_id"], row["en_id"], row["relation"] or "", label))
    if not pairs:
        raise GoldError(f"{path}: holds no pair below its header line")
    return pairs


def read_gold_beads(path: Path) -> list[GoldBeads]:
    """Read gold beads from JSON Lines, one document pair a line.

    A line is `{"zh_id", "en_id", "beads": [[zh, en], ...]}`.
    """
    return [
        GoldBeads(row["zh_id"], row["en_id"], tuple((zh, en) for zh, en in row["beads"]))
        for row in _json_lines(path)
    ]


def text_f1(pages: Iterable[tuple[str, str]]) -> float:
    """Return the F1 of 4-gram overlap over (gold, found) texts.

    Each Han character is a token. Precision and recall are averaged over pages and then combined,
    as in the article extraction benchmark (github.com/scrapinghub/article-extraction-benchmark).
    """
    precisions, recalls = [], []
    for gold, found in pages:
        want, got = _shingles(gold), _shingles(found)
        if not want:
            continue
        hits = sum((want & got).values())
        recalls.append(hits / sum(want.values()))
        if got:
            precisions.append(hits / sum(got.values()))
    if not precisions:
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def score_articles(output: Path, gold: Path) -> dict[str, Any]:
    """Score stored articles against gold lines `{"article_id", "city", "text", ...}`."""
    texts: dict[str, str] = {}
    for city in files.cities_with_articles(output):
        table = articles.read_articles(output, city, ["article_id", "text"])
        texts |= dict(zip(table["article_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    rows = list(_json_lines(gold))
    missing = [row["article_id"] for row in rows if row["article_id"] not in texts]
    surplus = texts.keys() - {row["article_id"] for row in rows}
    pages = [(row["text"], texts.get(row["article_id"], "")) for row in rows]
    return {
        "expected": len(rows),
        "found": len(rows) - len(missing),
        "surplus": len(surplus),
        "recall": round(1 - len(missing) / len(rows), 4) if rows else 0.0,
        "text_f1": round(text_f1(pages), 4),
    }


def score_pairs(
    pairs: Sequence[Mapping[str, Any]],
    gold: Sequence[GoldPair],
    clusters: Mapping[str, str] | None = None,
) -> Scores:
    """Score pairs claimed at `DECISION` against gold.

    `clusters` maps an article to the first of its duplicates: a counterpart's repost counts as the
    counterpart.
    """
    same = clusters or {}
    expected = {
        (same.get(g.zh_id, g.zh_id), same.get(g.en_id, g.en_id)) for g in gold if g.label == "pair"
    }
    claimed = {
        (same.get(p["zh_id"], p["zh_id"]), same.get(p["en_id"], p["en_id"]))
        for p in pairs
        if p["probability"] >= DECISION
    }
    correct = len(expected & claimed)
    return Scores(correct, len(claimed), correct, len(expected))


def score_beads(output: Path, gold: Sequence[GoldBeads]) -> dict[str, Scores]:
    """Score stored sentences against gold beads, strictly and laxly.

    Both are compared by their spans in the stored articles' texts, white space aside. Strict: a
    bead has the same spans as a gold bead. Lax: it overlaps one on both sides. Null beads count in
    precision only. A gold pair that was not made loses all its beads' recall.
    """
    texts: dict[str, str] = {}
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for city in files.cities_with_articles(output):
        table = articles.read_articles(output, city, ["article_id", "text"])
        texts |= dict(zip(table["article_id"].to_pylist(), table["text"].to_pylist(), strict=True))
        pairs = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS)
        ids = {row["pair_id"]: (row["zh_id"], row["en_id"]) for row in pairs.to_pylist()}
        path = files.table_path(output, "sentences", city)
        for row in parquet.read_table(path, schema.SENTENCES).to_pylist():
            found.setdefault(ids[row["pair_id"]], []).append(row)
    strict = lax = Scores(0, 0, 0, 0)
    for document in gold:
        zh, en = texts.get(document.zh_id, ""), texts.get(document.en_id, "")
        rows = found.get((document.zh_id, document.en_id), ())
        stored = [
            (
                _squeezed(zh, row["zh_start"], row["zh_end"]),
                _squeezed(en, row["en_start"], row["en_end"]),
            )
            for row in rows
        ]
        in_document = _score_document(document, zh, en, stored)
        strict, lax = strict + in_document[0], lax + in_document[1]
    return {"strict": strict, "lax": lax}


def _score_document(
    gold: GoldBeads, zh: str, en: str, stored: "Sequence[_Spans]"
) -> tuple[Scores, Scores]:
    """Return the strict and the lax scores of one document pair."""
    wanted = list(
        zip(
            _locate([bead[0] for bead in gold.beads], zh),
            _locate([bead[1] for bead in gold.beads], en),
            strict=True,
        )
    )
    linked = [bead for bead in wanted if all(bead)]
    stored_linked = [bead for bead in stored if all(bead)]
    # A gold bead that is not in the stored texts is expected, too.
    expected = len(linked) + sum(
        all(bead) and not all(spans) for bead, spans in zip(gold.beads, wanted, strict=True)
    )
    strict = Scores(
        sum(bead in wanted for bead in stored),
        len(stored),
        sum(bead in stored for bead in linked),
        expected,
    )
    lax = Scores(
        sum(bead in wanted or _overlaps(bead, linked) for bead in stored),
        len(stored),
        sum(_overlaps(bead, stored_linked) for bead in linked),
        expected,
    )
    return strict, lax


def evaluate(output: Path, gold: Path) -> dict[str, Any]:
    """Score the pairs in `output` against a gold file of `read_gold_pairs`' form.

    The calibration error is over every scored pair of two articles named in gold: assigned ones
    and runners-up. Relations are compared where gold has one of `RELATIONS`.
    """
    expected = read_gold_pairs(gold)
    pairs, candidates, clusters, ids = _stored_pairs(output)
    if not pairs:
        raise GoldError(f"{output}: holds no pairs to evaluate; run `shizheng align` first")
    right = {(g.zh_id, g.en_id): g.relation for g in expected if g.label == "pair"}
    wrong = {(g.zh_id, g.en_id) for g in expected if g.label == "negative"}
    named = {key for pair in (*right, *wrong) for key in pair}
    judged = [
        row for row in (*pairs, *candidates) if row["zh_id"] in named and row["en_id"] in named
    ]
    stated = np.array([row["probability"] for row in judged], dtype=np.float64)
    observed = np.array([(row["zh_id"], row["en_id"]) in right for row in judged], dtype=np.float64)
    claimed = [
        ((row["zh_id"], row["en_id"]), row["relation"])
        for row in pairs
        if row["probability"] >= DECISION
    ]
    relations = [right[ids] == found for ids, found in claimed if right.get(ids) in RELATIONS]
    return {
        "pairs": score_pairs(pairs, expected, clusters).as_json(),
        "calibration_error": round(expected_calibration_error(stated, observed), 4),
        "relation_accuracy": round(sum(relations) / len(relations), 4) if relations else None,
        "negatives_claimed": sum(ids in wrong for ids, _ in claimed),
        "not_stored": sum(not {g.zh_id, g.en_id} <= ids for g in expected),
    }


def _stored_pairs(output: Path) -> tuple[list[Row], list[Row], dict[str, str], set[str]]:
    """Return pairs, candidates, clusters, and the ids of all articles.

    Clusters are the first article of each duplicate's.
    """
    ids: set[str] = set()
    pairs: list[Row] = []
    candidates: list[Row] = []
    clusters: dict[str, str] = {}
    columns = ["article_id", "duplicate_of", "duplicate_city"]
    for city in files.cities_with_articles(output):
        path = files.table_path(output, "pairs", city)
        pairs += parquet.read_table(path, schema.PAIRS).to_pylist()
        path = files.table_path(output, "candidates", city)
        candidates += parquet.read_table(path, schema.CANDIDATES).to_pylist()
        for row in articles.read_articles(output, city, columns).to_pylist():
            ids.add(row["article_id"])
            if row["duplicate_of"] and not row["duplicate_city"]:
                clusters[row["article_id"]] = row["duplicate_of"]
    return pairs, candidates, clusters, ids


_Span = tuple[int, int] | None
_Spans = tuple[_Span, _Span]


def _locate(parts: Sequence[str], text: str) -> list[_Span]:
    """Return the span of each part in `text`, without white space.

    None for an empty or missing part.
    """
    squeezed, at, spans = _SPACE.sub("", text), 0, []
    for part in parts:
        wanted = _SPACE.sub("", part)
        start = squeezed.find(wanted, at) if wanted else -1
        spans.append((start, start + len(wanted)) if start >= 0 else None)
        at = start + len(wanted) if start >= 0 else at
    return spans


def _squeezed(text: str, start: int | None, end: int | None) -> _Span:
    """Return a span of `text` in the text without white space."""
    if start is None or end is None or start >= end:
        return None
    before = len(_SPACE.sub("", text[:start]))
    return before, before + len(_SPACE.sub("", text[start:end]))


def _overlaps(bead: _Spans, others: Iterable[_Spans]) -> bool:
    return any(_meet(bead[0], other[0]) and _meet(bead[1], other[1]) for other in others)


def _meet(a: _Span, b: _Span) -> bool:
    return a is not None and b is not None and a[0] < b[1] and b[0] < a[1]


def _shingles(text: str, n: int = 4) -> Counter[tuple[str, ...]]:
    tokens = _TOKEN.findall(text.lower())
    return Counter(tuple(tokens[i : i + n]) for i in range(max(1, len(tokens) - n + 1)) if tokens)


def _json_lines(path: Path) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(text_files.lines(text_files.read_text(path, GoldError)), start=1):
        try:
            yield parse_json(line)
        except JsonError as error:
            raise GoldError(f"{path}:{number}: {error}") from error
