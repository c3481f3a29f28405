"""What a corpus holds, counted column by column: nothing here looks at an article's text."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tables import files, parquet, runs, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.columns import (
    Floats,
    Mask,
    bands,
    evidence,
    flat,
    floats,
    mask,
    probabilities,
)
from pipelines.tables.vocabulary import BANDS, DECISION, LANGS

CONTRADICTIONS = ("numbers", "dates", "ordinals", "names")
"""Facts of the texts that may contradict each other."""

DOUBTS = (*CONTRADICTIONS, "near", "close", "length", "apart")
"""What makes a pair worth a second look; see `doubts`."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The articles of one city in one language.

    `matched` articles are in a pair at `DECISION` or above. `unmatched` ones are not, and are no
    duplicates. `months` counts (matched, unmatched, duplicates) by `year * 12 + month - 1`.
    """

    lang: str
    articles: int
    undated: int
    duplicates: int
    matched: int
    unmatched: int
    months: Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class CityTally:
    """One city's counts. `bands` counts all its pairs by probability, lowest band first.

    Of the pairs kept, `expected` are right if probabilities are, and in `clashes` the texts
    contradict each other.
    """

    city: str
    editions: tuple[Edition, ...]
    bands: tuple[int, ...]
    kept: int
    expected: float
    clashes: int
    rejects: int


@dataclass(frozen=True, slots=True)
class Example:
    """A rejected page, to look at."""

    city: str
    url: str
    detail: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of one command. `counts` are added up over its cities; times are ISO 8601, UTC."""

    run_id: str
    command: str
    finished_at: str
    exit_code: int | None
    version: str
    cities: int
    counts: Mapping[str, int]
    issues: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """The whole corpus. Everything about relations, beads and doubts is of the pairs kept: those
    at `DECISION` or above; `probabilities` are of all. `as_of` is the newest time in the tables."""

    cities: tuple[CityTally, ...]
    probabilities: Floats
    length_ratios: Floats
    days_apart: Floats
    relations: Mapping[str, int]
    methods: Mapping[str, int]
    doubts: Mapping[str, int]
    kinds: Mapping[str, int]
    article_flags: Mapping[str, Mapping[str, int]]
    sentence_flags: Mapping[str, int]
    reject_reasons: Mapping[str, Mapping[str, int]]
    reject_examples: Mapping[str, tuple[Example, ...]]
    runs: tuple[RunSummary, ...]
    as_of: datetime | None


def doubts(pairs: pa.Table) -> dict[str, Mask]:
    """Return for each of `DOUBTS` which rows of a table of pairs raise it.

    `numbers`, `dates`, `ordinals`, `names`: the texts contradict each other; `near`: a probability
    of 0.4 to 0.6; `close`: another candidate scores within 0.5 log odds; `length`: under half or
    over twice the usual length; `apart`: published more than 30 days apart. What is unknown raises
    none.
    """
    probability = floats(pairs["probability"])
    ratio, days = (evidence(pairs, name) for name in ("length_ratio", "days_apart"))
    return {name: evidence(pairs, name) < 0 for name in CONTRADICTIONS} | {
        "near": (probability >= 0.4) & (probability < 0.6),
        "close": floats(pairs["margin"]) < 0.5,
        "length": (ratio < 0.5) | (ratio > 2),
        "apart": np.abs(days) > 30,
    }


def is_null(kind: str) -> bool:
    """Whether beads of this type have one side only."""
    return kind.startswith("0-") or kind.endswith("-0")


def read(output: Path, recent_runs: int = 10) -> Tally:
    """Count everything in `output`. Raises `store.StoreError` for a table that cannot be read."""
    cities: list[CityTally] = []
    columns: dict[str, list[Floats]] = {"probability": [], "length": [], "days": []}
    relations, methods, doubted = Counter[str](), Counter[str](), Counter[str]()
    kinds, sentence_flags = Counter[str](), Counter[str]()
    article_flags: dict[str, Counter[str]] = {lang: Counter() for lang in LANGS}
    reasons: dict[str, Counter[str]] = {}
    examples: dict[str, list[Example]] = {}
    times: list[datetime] = []
    wanted = ["pair_id", "zh_id", "en_id", "probability", "relation", "margin", "evidence"]
    wanted += ["method", "aligned_at"]
    for city in files.cities_in(output, "pairs", "rejects"):
        path = files.table_path(output, "pairs", city)
        pairs = parquet.read_table(path, schema.PAIRS, wanted)
        probability = probabilities(pairs)
        kept = pairs.filter(pa.array(probability >= DECISION))
        columns["probability"].append(probability)
        columns["length"].append(_known(evidence(kept, "length_ratio")))
        columns["days"].append(_known(evidence(kept, "days_apart")))
        relations += _counts(kept["relation"])
        methods += _counts(pairs["method"])
        raised = doubts(kept)
        doubted += Counter({name: int(rows.sum()) for name, rows in raised.items()})
        clashes = int(np.logical_or.reduce([raised[name] for name in CONTRADICTIONS]).sum())
        beads = _read(output, "sentences", city, schema.SENTENCES, ["pair_id", "kind", "flags"])
        beads = beads.filter(pc.is_in(beads["pair_id"], value_set=flat(kept["pair_id"])))
        kinds += _counts(beads["kind"])
        sentence_flags += _counts(pc.list_flatten(beads["flags"]))
        articles = read_articles(
            output,
            city,
            ["article_id", "lang", "published_at", "duplicate_of", "flags", "last_seen"],
        )
        used = pa.concat_arrays([flat(kept["zh_id"]), flat(kept["en_id"])])
        for lang in LANGS:
            rows = articles.filter(pc.equal(articles["lang"], lang))
            article_flags[lang] += _counts(pc.list_flatten(rows["flags"]))
        rejects = _read(output, "rejects", city, schema.REJECTS, ["url", "reason", "detail"])
        for row in rejects.to_pylist():
            reason = row["reason"] or "?"
            reasons.setdefault(reason, Counter())[city] += 1
            found = examples.setdefault(reason, [])
            if len(found) < 3:
                found.append(Example(city, row["url"] or "", row["detail"] or ""))
        newest = (pc.max(pairs["aligned_at"]).as_py(), pc.max(articles["last_seen"]).as_py())
        times += [time for time in newest if time]
        cities.append(
            CityTally(
                city=city,
                editions=tuple(_edition(articles, used, lang) for lang in LANGS),
                bands=tuple(np.bincount(bands(probability), minlength=BANDS).tolist()),
                kept=kept.num_rows,
                expected=float(probability[probability >= DECISION].sum()),
                clashes=clashes,
                rejects=rejects.num_rows,
            )
        )
    history = _history(output)
    times += [datetime.fromisoformat(run.finished_at) for run in history if run.finished_at]
    return Tally(
        cities=tuple(cities),
        probabilities=_joined(columns["probability"]),
        length_ratios=_joined(columns["length"]),
        days_apart=_joined(columns["days"]),
        relations=relations,
        methods=methods,
        doubts=doubted,
        kinds=kinds,
        article_flags=article_flags,
        sentence_flags=sentence_flags,
        reject_reasons=reasons,
        reject_examples={reason: tuple(found) for reason, found in examples.items()},
        runs=tuple(history[-recent_runs:][::-1]),
        as_of=max(times).astimezone(UTC) if times else None,
    )


def _edition(articles: pa.Table, used: pa.Array, lang: str) -> Edition:
    rows = articles.filter(pc.equal(articles["lang"], lang))
    matched = mask(pc.is_in(rows["article_id"], value_set=used))
    duplicate = mask(pc.is_valid(rows["duplicate_of"])) & ~matched
    state = np.where(matched, 0, np.where(duplicate, 2, 1))
    dated = mask(pc.is_valid(rows["published_at"]))
    when = rows["published_at"].filter(pa.array(dated))
    month = (
        12 * pc.year(when).to_numpy().astype(np.int64) + pc.month(when).to_numpy().astype(np.int64)
    ) - 1
    counted: Counter[tuple[int, int]] = Counter(
        zip(month.tolist(), state[dated].tolist(), strict=True)
    )
    return Edition(
        lang=lang,
        articles=rows.num_rows,
        undated=int((~dated).sum()),
        duplicates=int(mask(pc.is_valid(rows["duplicate_of"])).sum()),
        matched=int(matched.sum()),
        unmatched=int((state == 1).sum()),
        months={
            at: (counted[at, 0], counted[at, 1], counted[at, 2])
            for at in sorted({month for month, _ in counted})
        },
    )


def _history(output: Path) -> list[RunSummary]:
    found = []
    for run in runs.history(output):
        totals, codes = Counter[str](), Counter[str]()
        for counts in run["counts"].values():
            whole = {k: v for k, v in counts.items() if type(v) is int}
            totals.update(whole)
        codes.update(
            str(issue.get("code", "?")) for issue in runs.recorded(output, str(run["run_id"]))
        )
        found.append(
            RunSummary(
                run_id=str(run["run_id"]),
                command=str(run["command"]),
                finished_at=str(run["finished_at"] or ""),
                exit_code=run.get("exit_code"),
                version=str(run.get("shizheng", "")),
                cities=len(run["counts"]),
                counts=totals,
                issues=dict(codes.most_common()),
            )
        )
    return found


def _read(output: Path, table: str, city: str, expected: pa.Schema, columns: list[str]) -> pa.Table:
    return parquet.read_table(files.table_path(output, table, city), expected, columns)


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def _counts(column: Any) -> Counter[str]:
    counted = pc.value_counts(column)
    return Counter(
        {str(row["values"]): row["counts"] for row in counted.to_pylist() if row["values"]}
    )
