"""Rows of the tables `pairs` and `candidates`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from pipelines.pairs import model
from pipelines.pairs.calibration import for_method
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Coverage
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import PreparedArticle
from pipelines.tables import files, parquet, schema
from pipelines.tables.parquet import Row

RUNNERS_UP = 3
"""Candidates stored for each English article beside its pair."""
_NAMES_ABSENT, _PLACES_ABSENT = 0.7, 0.6
"""Shares of absent names and places above which they are more than one alone (`comparison` adds a
constant to all); set by hand, not measured."""
_NUMBERS_MISSING = 0.5
"""Share of missing figures that counts as contradiction; set by hand, not measured."""


def runners_up(pairing: Pairing) -> list[Scored]:
    """Return the best candidates of each English article beside its pair."""
    by_english: dict[int, list[Scored]] = {}
    for candidate in pairing.unassigned:
        by_english.setdefault(candidate.en, []).append(candidate)
    return [each for listed in by_english.values() for each in listed[:RUNNERS_UP]]


def as_float32(value: float) -> float:
    """Round a number to the precision of the tables."""
    return float(np.float32(value))


def candidate_row(
    city: str,
    scored: Scored,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    method: str,
) -> Row:
    """Return the columns that `pairs` and `candidates` share."""
    zh_article, en_article = zh[scored.zh], en[scored.en]
    zh_document, en_document = zh_article.document, en_article.document
    return {
        "pair_id": hashlib.sha256(f"{zh_document.id} {en_document.id}".encode()).hexdigest()[:16],
        "city": city,
        "zh_id": zh_document.id,
        "en_id": en_document.id,
        "zh_url": zh_document.url or None,
        "en_url": en_document.url or None,
        "zh_title": zh_document.title,
        "en_title": en_document.title,
        "probability": as_float32(scored.probability),
        "score": as_float32(scored.score),
        "evidence": {
            name: as_float32(value) if isinstance(value, float) else value
            for name, value in _evidence(scored, zh_article, en_article).items()
        },
        "method": method,
    }


def pair_row(
    city: str,
    scored: Scored,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    method: str,
) -> Row:
    """Return a row of `pairs`, without `aligned_at`."""
    row = candidate_row(city, scored, zh, en, method)
    return row | {"relation": scored.relation, "margin": as_float32(scored.margin)}


def _evidence(
    scored: Scored, zh: PreparedArticle, en: PreparedArticle
) -> dict[str, float | int | bool | None]:
    """Return the fields of `evidence`; null without facts in both texts."""
    coverage = scored.coverage
    return {
        "similarity": max(0.0, min(1.0, coverage.similarity)),
        "order": min(1.0, coverage.order),
        **_agreement(scored.comparison, coverage),
        "length_ratio": model.length_ratio(zh, en, coverage),
        "days_apart": model.days_apart(zh.document, en.document),
        "link": model.linked(zh.document, en.document),
    }


def _agreement(facts: FactComparison, coverage: Coverage) -> dict[str, float | None]:
    """Return agreement minus contradiction by kind of fact, -1 to 1."""
    figures = coverage.figures_agree + coverage.figures_clash
    clash = coverage.figures_clash / figures if figures else 0.0
    dated = facts.dates_said or facts.years_agree or facts.years_clash or facts.periods_said
    named = facts.names_said or facts.places_agree or facts.places_missing
    return {
        "numbers": _clip(facts.numbers_agree - max(clash, _NUMBERS_MISSING * facts.numbers_missing))
        if facts.numbers_said
        else None,
        "dates": _clip(
            max(facts.dates_agree, facts.periods_agree)
            - max(facts.dates_clash, facts.years_clash, facts.periods_clash)
        )
        if dated
        else None,
        "ordinals": _clip(facts.ordinals_agree - facts.ordinals_clash)
        if facts.ordinals_said
        else None,
        "names": _clip(
            max(facts.names_agree, facts.places_agree)
            - max(_absent(facts), facts.guests_clash, facts.countries_clash)
        )
        if named
        else None,
    }


def _absent(facts: FactComparison) -> float:
    """Return the share of absent names, if they are several."""
    names = facts.names_missing if facts.names_missing > _NAMES_ABSENT else 0.0
    places = facts.places_missing if facts.places_missing > _PLACES_ABSENT else 0.0
    return max(names, places)


def calibrate_rows(output: Path, method: str, tables: Sequence[list[Row]]) -> None:
    """Apply the calibration in force to the probabilities of rows of `method`."""
    calibration = for_method(output, method)
    if calibration is None:
        return
    for row in (row for rows in tables for row in rows):
        row["probability"] = as_float32(calibration.apply(row["probability"]))
        row["method"] = f"{method} {calibration.version}"


def _clip(value: float) -> float:
    return max(-1.0, min(1.0, value))


def set_aligned_at(output: Path, city: str, pairs: list[Row], now: datetime) -> None:
    """Set `aligned_at`: the stored date of an unchanged pair, else `now`."""
    path = files.table_path(output, "pairs", city)
    stored = {row["pair_id"]: row for row in parquet.read_table(path, schema.PAIRS).to_pylist()}
    names = [field.name for field in schema.PAIRS if field.name != "aligned_at"]
    for row in pairs:
        old = stored.get(row["pair_id"])
        same = old is not None and all(old[name] == row[name] for name in names)
        row["aligned_at"] = old["aligned_at"] if old is not None and same else now
