"""The shard step: a city's articles to pairs, runners-up and aligned sentences.

Reads `articles`, writes `pairs`, `candidates` and `sentences` of one city. The same articles give
the same bytes, whatever was stored before: only `aligned_at` is carried over, where a pair stands
as it stood.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipelines import documents, schema, sentences, store
from pipelines.documents import Document, Pairing, Prepared, Scored
from pipelines.encoder import Encoder, VectorCache, load_encoder
from pipelines.flags import flags
from pipelines.kept import KeptBeads
from pipelines.store import Row

MAX_DAYS = 60
"""How late English usually is at most, where no city file says."""
KEPT_RUNNERS_UP = 3
"""Candidates stored for each English article beside its pair."""


class UnknownPairError(ValueError):
    """Two articles that are not both stored, or are not compared. The message says how to go on."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What aligning a city found: articles compared (duplicates aside), pairs, beads."""

    zh: int
    en: int
    pairs: int
    likely: int
    candidates: int
    sentences: int


def align_shard(
    output: Path,
    city: str,
    *,
    encoder: str | None = None,
    max_days: Mapping[str, int] | None = None,
) -> Summary:
    """Align one city with the encoder called `encoder`; `max_days` is by city. Picklable."""
    days = (max_days or {}).get(city, MAX_DAYS)
    return align_city(output, city, encoder=load_encoder(encoder), max_days=days)


def align_city(
    output: Path,
    city: str,
    *,
    encoder: Encoder | str | None = None,
    max_days: int = MAX_DAYS,
    now: datetime | None = None,
) -> Summary:
    """Pair a city's articles, align the sentences of every pair, and write the three tables.

    `now` dates new and changed pairs (default: the clock). Sentence vectors and alignments are kept
    under `vectors/`, so that only what is new is encoded and aligned. Raises `StoreError` for
    tables that cannot be read or written.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    cache = _cache(output, city, encoder)
    zh, en = (documents.prepare(side, cache) for side in _read(output, city))
    cache.save()
    cache.forget()
    pairing = documents.pair(zh, en, max_days=max_days)
    method = f"{cache.name} {documents.load_model().version}"
    pairs = [
        _row(city, one, zh, en, method) | {"relation": one.relation, "margin": _f32(one.margin)}
        for one in pairing.pairs
    ]
    _keep_dates(output, city, pairs, now)
    kept = KeptBeads(output / "vectors" / city / f"{cache.name}.beads.parquet", cache)
    beads: list[Row] = []
    for row, one in zip(pairs, pairing.pairs, strict=True):
        beads += _beads(row["pair_id"], zh[one.zh].document, en[one.en].document, kept)
    runners_up = [_row(city, one, zh, en, method) for one in _runners_up(pairing)]
    runners_up.sort(key=lambda row: str(row["pair_id"]))
    for name, rows, of in (
        ("candidates", runners_up, schema.CANDIDATES),
        ("sentences", beads, schema.SENTENCES),
        ("pairs", pairs, schema.PAIRS),
    ):
        table = store.rows_to_table(rows, of)
        store.write_table(store.table_path(output, name, city), table)
    kept.save()
    likely = sum(one.probability >= 0.5 for one in pairing.pairs)
    return Summary(len(zh), len(en), len(pairs), likely, len(runners_up), len(beads))


def explain(output: Path, zh_id: str, en_id: str, *, encoder: Encoder | str | None = None) -> str:
    """Say in words why two stored articles are or are not a pair, and what else was in question.

    Raises `UnknownPairError` when no city holds both articles, each in its language.
    """
    for city in store.cities_with_articles(output):
        zh_side, en_side = _read(output, city)
        if any(one.id == zh_id for one in zh_side) and any(one.id == en_id for one in en_side):
            cache = _cache(output, city, encoder)
            zh, en = documents.prepare(zh_side, cache), documents.prepare(en_side, cache)
            return _explained(documents.pair(zh, en), zh, en, zh_id, en_id)
    raise UnknownPairError(
        f"{output}: no city holds a Chinese article {zh_id} and an English article {en_id} that "
        "are compared; duplicates are compared through the article that duplicate_of names"
    )


def _cache(output: Path, city: str, encoder: Encoder | str | None) -> VectorCache:
    bare = load_encoder(encoder) if encoder is None or isinstance(encoder, str) else encoder
    return VectorCache(output / "vectors" / city / f"{bare.name}.parquet", bare)


def _read(output: Path, city: str) -> tuple[list[Document], list[Document]]:
    """Return the Chinese and English articles that stand for themselves, by id."""
    columns = ["article_id", "lang", "title", "text", "published_at", "url", "duplicate_of"]
    sides: dict[str, list[Document]] = {"zh": [], "en": []}
    for row in store.read_articles(output, city, columns).to_pylist():
        if row["lang"] in sides and not row["duplicate_of"]:
            sides[row["lang"]].append(
                Document(row["article_id"], row["lang"], row["title"] or "", row["text"] or "",
                         row["published_at"], row["url"] or "")
            )  # fmt: skip
    return sides["zh"], sides["en"]


def _runners_up(pairing: Pairing) -> list[Scored]:
    by_english: dict[int, list[Scored]] = {}
    for one in pairing.rest:
        by_english.setdefault(one.en, []).append(one)
    return [one for rows in by_english.values() for one in rows[:KEPT_RUNNERS_UP]]


def _f32(value: float) -> float:
    return float(np.float32(value))


def _row(
    city: str, one: Scored, zh: Sequence[Prepared], en: Sequence[Prepared], method: str
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
        "probability": _f32(one.probability),
        "score": _f32(one.score),
        "evidence": {
            name: _f32(value) if isinstance(value, float) else value
            for name, value in _evidence(one, zh[one.zh], en[one.en]).items()
        },
        "method": method,
    }


def _evidence(one: Scored, zh: Prepared, en: Prepared) -> dict[str, float | int | bool | None]:
    """The evidence columns: agreement less contradiction, null where a side has nothing."""
    facts, cover = one.comparison, one.coverage
    local = cover.figures_agree + cover.figures_clash
    clash = cover.figures_clash / local if local else 0.0
    named = facts.names_said or bool(facts.places_agree or facts.places_missing)
    return {
        "similarity": max(0.0, min(1.0, cover.similarity)),
        "order": min(1.0, cover.order),
        "numbers": _clip(facts.numbers_agree - max(clash, 0.5 * facts.numbers_missing))
        if facts.numbers_said
        else None,
        "dates": _clip(
            max(facts.dates_agree, facts.periods_agree)
            - max(facts.dates_clash, facts.years_clash, facts.periods_clash)
        )
        if facts.dates_said or facts.years_agree or facts.years_clash or facts.periods_said
        else None,
        "ordinals": _clip(facts.ordinals_agree - facts.ordinals_clash)
        if facts.ordinals_said
        else None,
        "names": _clip(
            max(facts.names_agree, facts.places_agree)
            - max(facts.names_missing, facts.guests_clash, facts.places_missing)
        )
        if named
        else None,
        "length_ratio": en.size / (zh.size * documents.WORDS_PER_CHARACTER),
        "days_apart": documents.days_apart(zh.document, en.document),
        "link": documents.linked(zh.document, en.document),
    }


def _clip(value: float) -> float:
    return max(-1.0, min(1.0, value))


def _keep_dates(output: Path, city: str, pairs: list[Row], now: datetime) -> None:
    """Set `aligned_at`: as stored where the pair is what it was, else `now`."""
    path = store.table_path(output, "pairs", city)
    stored = {row["pair_id"]: row for row in store.read_table(path, schema.PAIRS).to_pylist()}
    for row in pairs:
        old = stored.get(row["pair_id"])
        same = old is not None and all(
            old[field.name] == row[field.name]
            for field in schema.PAIRS
            if field.name != "aligned_at"
        )
        row["aligned_at"] = old["aligned_at"] if old is not None and same else now


def _beads(pair_id: str, zh: Document, en: Document, kept: KeptBeads) -> list[Row]:
    """Align the sentences of a pair: rows of the sentences table."""
    ours, theirs = sentences.split(zh.text, "zh"), sentences.split(en.text, "en")
    aligned = kept.align(
        [zh.text[span.start : span.end] for span in ours],
        [en.text[span.start : span.end] for span in theirs],
    )
    rows: list[Row] = []
    for position, bead in enumerate(aligned):
        row: Row = {
            "pair_id": pair_id,
            "position": position,
            "kind": f"{len(bead.zh)}-{len(bead.en)}",
            "zh": "",
            "en": "",
            "probability": _f32(bead.probability),
        }
        for lang, listed, spans, text in (
            ("zh", bead.zh, ours, zh.text),
            ("en", bead.en, theirs, en.text),
        ):
            if listed:
                start, end = spans[listed[0]].start, spans[listed[-1]].end
                row |= {lang: text[start:end], f"{lang}_start": start, f"{lang}_end": end}
        row["flags"] = flags(row["zh"], row["en"])
        rows.append(row)
    return rows


def _explained(
    pairing: Pairing, zh: Sequence[Prepared], en: Sequence[Prepared], zh_id: str, en_id: str
) -> str:
    everything = [*pairing.pairs, *pairing.rest]
    mine = [one for one in everything if en[one.en].document.id == en_id]
    mine.sort(key=lambda one: -one.score)
    asked = next((one for one in mine if zh[one.zh].document.id == zh_id), None)
    if asked is None:
        return (
            f"{zh_id} and {en_id} were not compared: neither similarity, nor shared facts, nor the "
            f"titles proposed the two. Compared with {en_id}: "
            + (", ".join(zh[one.zh].document.id for one in mine[:5]) or "nothing")
        )
    model = documents.load_model()
    verdict = (
        f"a pair ({asked.relation})" if asked in pairing.pairs and asked.probability >= 0.5
        else "not a pair"
    )  # fmt: skip
    lines = [
        f"{zh[asked.zh].document.title}  [{zh_id}]",
        f"{en[asked.en].document.title}  [{en_id}]",
        f"{verdict}: probability {asked.probability:.3f}, log odds {asked.score:+.2f}",
        "",
        "what counted (log odds):",
    ]
    worth = {name: model.weights[name] * value for name, value in asked.features.items()
             if name in model.weights}  # fmt: skip
    for name in sorted(worth, key=lambda name: -abs(worth[name])):
        if abs(worth[name]) >= 0.05:
            lines.append(f"  {worth[name]:+6.2f}  {name} = {asked.features[name]:.2f}")
    if asked.comparison.remarks:
        lines += ["", "remarks:", *(f"  {remark}" for remark in asked.comparison.remarks)]
    rival = next((one for one in mine if one is not asked), None)
    if rival is not None:
        lines += ["", f"next candidate: {zh[rival.zh].document.title}  "
                      f"[{zh[rival.zh].document.id}], log odds {rival.score:+.2f}"]  # fmt: skip
        lines += [f"  {remark}" for remark in rival.comparison.remarks]
    return "\n".join(lines)
