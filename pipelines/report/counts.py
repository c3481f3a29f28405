"""Counts of a corpus, column by column; no article's text is read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
    claimed,
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
"""Reasons for a second look at a pair; see `doubts`."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The articles of one city in one language.

    `matched` articles are in a pair at `DECISION` or above; `unmatched` ones are neither matched
    nor duplicates. `months` counts (matched, unmatched, duplicates) by `year * 12 + month - 1`.
    """

    lang: str
    articles: int
    undated: int
    duplicates: int
    matched: int
    unmatched: int
    months: Mapping[int, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class CityCounts:
    """One city's counts.

    `bands` counts all its pairs by probability, lowest band first. Of the pairs claimed (`kept`),
    `expected` are right if probabilities are, and in `clashes` the texts contradict each other.
    """

    city: str
    editions: tuple[Edition, ...]
    bands: tuple[int, ...]
    kept: int
    expected: float
    clashes: int
    rejects: int


@dataclass(frozen=True, slots=True)
class RejectedPage:
    """A rejected page, to look at."""

    city: str
    url: str
    detail: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of one command. Times are ISO 8601, UTC.

    `counts` are summed over its cities.
    """

    run_id: str
    command: str
    finished_at: str
    exit_code: int | None
    version: str
    cities: int
    counts: Mapping[str, int]
    issues: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """Counts of the whole corpus.

    Relations, beads and doubts are those of the pairs claimed: at `DECISION` or above;
    `probabilities` and `methods` are those of all pairs. `as_of` is the newest time in the tables.
    """

    cities: tuple[CityCounts, ...]
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
    reject_examples: Mapping[str, tuple[RejectedPage, ...]]
    runs: tuple[RunSummary, ...]
    as_of: datetime | None


NEAR = (0.4, 0.6)
"""Probabilities around the decision that raise a doubt. Set by hand; not measured."""

CLOSE = 0.5
"""Log odds between a pair and its runner-up that raise a doubt. Set by hand; not measured."""

LENGTHS = (0.5, 2)
"""Least and greatest length ratio that raise no doubt. Set by hand; not measured."""

APART = 30
"""Days between publications that raise no doubt. Set by hand; not measured."""

REJECTED_SHOWN = 3
"""Examples of each reason for rejecting pages."""


def doubts(pairs: pa.Table) -> dict[str, Mask]:
    """Return the rows of a table of pairs by doubt.

    `numbers`, `dates`, `ordinals`, `names`: the texts contradict each other; `near`: a probability
    within `NEAR`; `close`: another candidate scores within `CLOSE`; `length`: outside `LENGTHS`
    times the usual length; `apart`: published more than `APART` days apart. An unknown measure
    raises no doubt.
    """
    probability = floats(pairs["probability"])
    ratio, days = (evidence(pairs, name) for name in ("length_ratio", "days_apart"))
    return {name: evidence(pairs, name) < 0 for name in CONTRADICTIONS} | {
        "near": (probability >= NEAR[0]) & (probability < NEAR[1]),
        "close": floats(pairs["margin"]) < CLOSE,
        "length": (ratio < LENGTHS[0]) | (ratio > LENGTHS[1]),
        "apart": np.abs(days) > APART,
    }


def is_one_sided(kind: str) -> bool:
    """Return True if beads of this type have one side only."""
    return kind.startswith("0-") or kind.endswith("-0")


def read_counts(output: Path, recent_runs: int = 10) -> CorpusCounts:
    """Count everything in `output`.

    Raises `StoreError` for a table that cannot be read.
    """
    found = [_read_city(output, city) for city in files.cities_in(output, "pairs", "rejects")]
    runs = _history(output)
    times = [time for one in found for time in one.newest]
    times += [datetime.fromisoformat(run.finished_at) for run in runs if run.finished_at]
    reasons, examples = _by_reason(found)
    return CorpusCounts(
        cities=tuple(one.counts for one in found),
        probabilities=_joined(one.probabilities for one in found),
        length_ratios=_joined(one.length_ratios for one in found),
        days_apart=_joined(one.days_apart for one in found),
        relations=_sum(one.relations for one in found),
        methods=_sum(one.methods for one in found),
        doubts=_sum(one.doubts for one in found),
        kinds=_sum(one.kinds for one in found),
        article_flags={lang: _sum(one.article_flags[lang] for one in found) for lang in LANGS},
        sentence_flags=_sum(one.sentence_flags for one in found),
        reject_reasons=reasons,
        reject_examples=examples,
        runs=tuple(runs[-recent_runs:][::-1]),
        as_of=max(times).astimezone(UTC) if times else None,
    )


@dataclass(frozen=True, slots=True)
class _City:
    """One city's share of the counts.

    `newest` are the newest times in its tables.
    """

    counts: CityCounts
    probabilities: Floats
    length_ratios: Floats
    days_apart: Floats
    relations: Counter[str]
    methods: Counter[str]
    doubts: Counter[str]
    kinds: Counter[str]
    article_flags: Mapping[str, Counter[str]]
    sentence_flags: Counter[str]
    rejects: list[tuple[str, RejectedPage]]
    newest: list[datetime]


_PAIR_COLUMNS = ["pair_id", "zh_id", "en_id", "probability", "relation", "margin", "evidence",
                 "method", "aligned_at"]  # fmt: skip
_ARTICLE_COLUMNS = ["article_id", "lang", "published_at", "duplicate_of", "flags", "last_seen"]


def _read_city(output: Path, city: str) -> _City:
    pairs = _read(output, "pairs", city, schema.PAIRS, _PAIR_COLUMNS)
    articles = read_articles(output, city, _ARTICLE_COLUMNS)
    kept = claimed(pairs)
    beads = _read(output, "sentences", city, schema.SENTENCES, ["pair_id", "kind", "flags"])
    beads = beads.filter(pc.is_in(beads["pair_id"], value_set=flat(kept["pair_id"])))
    rejects = _read(output, "rejects", city, schema.REJECTS, ["url", "reason", "detail"])
    raised = doubts(kept)
    probability = probabilities(pairs)
    used = pa.concat_arrays([flat(kept["zh_id"]), flat(kept["en_id"])])
    by_lang = {lang: articles.filter(pc.equal(articles["lang"], lang)) for lang in LANGS}
    newest = (pc.max(pairs["aligned_at"]).as_py(), pc.max(articles["last_seen"]).as_py())
    return _City(
        counts=CityCounts(
            city=city,
            editions=tuple(_edition(rows, used, lang) for lang, rows in by_lang.items()),
            bands=tuple(np.bincount(bands(probability), minlength=BANDS).tolist()),
            kept=kept.num_rows,
            expected=float(probability[probability >= DECISION].sum()),
            clashes=int(np.logical_or.reduce([raised[name] for name in CONTRADICTIONS]).sum()),
            rejects=rejects.num_rows,
        ),
        probabilities=probability,
        length_ratios=_known(evidence(kept, "length_ratio")),
        days_apart=_known(evidence(kept, "days_apart")),
        relations=_counts(kept["relation"]),
        methods=_counts(pairs["method"]),
        doubts=Counter({name: int(rows.sum()) for name, rows in raised.items()}),
        kinds=_counts(beads["kind"]),
        article_flags={lang: _counts(pc.list_flatten(of["flags"])) for lang, of in by_lang.items()},
        sentence_flags=_counts(pc.list_flatten(beads["flags"])),
        rejects=[
            (row["reason"] or "?", RejectedPage(city, row["url"] or "", row["detail"] or ""))
            for row in rejects.to_pylist()
        ],
        newest=[time for time in newest if time],
    )


def _by_reason(
    cities: Sequence[_City],
) -> tuple[dict[str, Counter[str]], dict[str, tuple[RejectedPage, ...]]]:
    """Return rejected pages counted by reason and city, and examples."""
    found: dict[str, list[RejectedPage]] = {}
    for city in cities:
        for reason, page in city.rejects:
            found.setdefault(reason, []).append(page)
    return (
        {reason: Counter(page.city for page in pages) for reason, pages in found.items()},
        {reason: tuple(pages[:REJECTED_SHOWN]) for reason, pages in found.items()},
    )


def _edition(rows: pa.Table, used: pa.Array, lang: str) -> Edition:
    matched = mask(pc.is_in(rows["article_id"], value_set=used))
    duplicate = mask(pc.is_valid(rows["duplicate_of"]))
    state = np.where(matched, 0, np.where(duplicate, 2, 1))
    dated = mask(pc.is_valid(rows["published_at"]))
    when = rows["published_at"].filter(pa.array(dated))
    year, month = (np.asarray(part, dtype=np.int64) for part in (pc.year(when), pc.month(when)))
    counted = Counter(zip((12 * year + month - 1).tolist(), state[dated].tolist(), strict=True))
    return Edition(
        lang=lang,
        articles=rows.num_rows,
        undated=int((~dated).sum()),
        duplicates=int(duplicate.sum()),
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
        totals = Counter[str]()
        for counts in run["counts"].values():
            totals.update({k: v for k, v in counts.items() if type(v) is int})
        issues = runs.recorded(output, str(run["run_id"]))
        codes = Counter(str(issue.get("code", "?")) for issue in issues)
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


def _joined(parts: Iterable[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def _sum(parts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(parts, Counter[str]())


def _counts(column: Any) -> Counter[str]:
    counted = pc.value_counts(column)
    return Counter(
        {str(row["values"]): row["counts"] for row in counted.to_pylist() if row["values"]}
    )
