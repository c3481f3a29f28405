"""Rows of the tables `pairs` and `candidates`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from pipelines.pairs import model
from pipelines.pairs.calibration import for_method
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import PreparedArticle
from pipelines.tables import files, parquet, schema
from pipelines.tables.parquet import Row

RUNNERS_UP = 3
"""Candidates stored for each English article beside its pair."""


def runners_up_rows(pairing: Pairing) -> list[Scored]:
    by_english: dict[int, list[Scored]] = {}
    for one in pairing.unassigned:
        by_english.setdefault(one.en, []).append(one)
    return [one for rows in by_english.values() for one in rows[:RUNNERS_UP]]


def as_float32(value: float) -> float:
    return float(np.float32(value))


def pair_row(
    city: str,
    one: Scored,
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    method: str,
) -> Row:
    ours, theirs = zh[one.zh].document, en[one.en].document
    return {
        "pair_id": hashlib.sha256(f"{ours.id} {theirs.id}".encode()).hexdigest()[:16],
        "city": city,
        "zh_id": ours.id,
        "en_id": theirs.id,
        "zh_url": ours.url or None,
        "en_url": theirs.url or None,
        "zh_title": ours.title,
        "en_title": theirs.title,
        "probability": as_float32(one.probability),
        "score": as_float32(one.score),
        "evidence": {
            name: as_float32(value) if isinstance(value, float) else value
            for name, value in _evidence(one, zh[one.zh], en[one.en]).items()
        },
        "method": method,
    }


def _evidence(
    one: Scored, zh: PreparedArticle, en: PreparedArticle
) -> dict[str, float | int | bool | None]:
    """The evidence columns: agreement less contradiction, null where a side has nothing."""
    facts, cover = one.comparison, one.coverage
    local = cover.figures_agree + cover.figures_clash
    clash = cover.figures_clash / local if local else 0.0
    named = facts.names_compared or bool(facts.places_agree or facts.places_missing)
    return {
        "similarity": max(0.0, min(1.0, cover.similarity)),
        "order": min(1.0, cover.order),
        "numbers": _clip(facts.numbers_agree - max(clash, 0.5 * facts.numbers_missing))
        if facts.numbers_compared
        else None,
        "dates": _clip(
            max(facts.dates_agree, facts.periods_agree)
            - max(facts.dates_clash, facts.years_clash, facts.periods_clash)
        )
        if facts.dates_compared or facts.years_agree or facts.years_clash or facts.periods_compared
        else None,
        "ordinals": _clip(facts.ordinals_agree - facts.ordinals_clash)
        if facts.ordinals_compared
        else None,
        "names": _clip(
            max(facts.names_agree, facts.places_agree)
            - max(facts.names_missing, facts.guests_clash, facts.places_missing)
        )
        if named
        else None,
        "length_ratio": en.size / (zh.size * model.WORDS_PER_CHARACTER),
        "days_apart": model.days_apart(zh.document, en.document),
        "link": model.linked(zh.document, en.document),
    }


def calibrate_rows(output: Path, method: str, tables: Sequence[list[Row]]) -> None:
    """Map the probabilities of rows made by `method` as the calibration in force does, if any."""
    calibration = for_method(output, method)
    if calibration is None:
        return
    for row in (row for rows in tables for row in rows):
        row["probability"] = as_float32(calibration.apply(row["probability"]))
        row["method"] = f"{method} {calibration.version}"


def _clip(value: float) -> float:
    return max(-1.0, min(1.0, value))


def set_aligned_at(output: Path, city: str, pairs: list[Row], now: datetime) -> None:
    """Set `aligned_at`: as stored where the pair is what it was, else `now`."""
    path = files.table_path(output, "pairs", city)
    stored = {row["pair_id"]: row for row in parquet.read_table(path, schema.PAIRS).to_pylist()}
    for row in pairs:
        old = stored.get(row["pair_id"])
        same = old is not None and all(
            old[field.name] == row[field.name]
            for field in schema.PAIRS
            if field.name != "aligned_at"
        )
        row["aligned_at"] = old["aligned_at"] if old is not None and same else now
