"""The shard step: a city's articles to pairs, runners-up and aligned sentences.

Reads `articles`, writes `pairs`, `candidates` and `sentences` of one city. The same articles give
the same bytes, whatever was stored before: only `aligned_at` is carried over, where a pair stands
as it stood. A calibration in force (`pipelines.calibrate`) maps the model's probabilities last, so
that it does not change which articles are paired.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from pipelines import (
    calibrate,
    documents,
    explanation,
    interleaved,
    schema,
    sentences,
    store,
)
from pipelines.documents import Document, Pairing, Prepared, Scored, Unread
from pipelines.encoder import Encoder, VectorCache, load_encoder
from pipelines.findings import Findings
from pipelines.flags import flags
from pipelines.kept import KeptBeads
from pipelines.preparation import attempt
from pipelines.sentences import Bead, Span
from pipelines.store import Row

MAX_DAYS = 60
"""How late English usually is at most, where no city file says."""
KEPT_RUNNERS_UP = 3
"""Candidates stored for each English article beside its pair."""


class UnknownPairError(ValueError):
    """Two articles that are not both stored, or are not compared. The message says how to go on."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What aligning a city found: articles compared (duplicates aside), pairs, beads.

    `unread` are the articles that could not be read, or not compared or aligned with another.
    """

    zh: int
    en: int
    pairs: int
    likely: int
    candidates: int
    sentences: int
    unread: tuple[Unread, ...] = ()


def align_shard(
    output: Path,
    city: str,
    *,
    encoder: str | None = None,
    max_days: Mapping[str, int] | None = None,
    now: datetime | None = None,
) -> Summary:
    """Align one city with the encoder called `encoder`; `max_days` is by city. Picklable."""
    days = (max_days or {}).get(city, MAX_DAYS)
    return align_city(output, city, encoder=load_encoder(encoder), max_days=days, now=now)


def align_city(
    output: Path,
    city: str,
    *,
    encoder: Encoder | str | None = None,
    max_days: int = MAX_DAYS,
    now: datetime | None = None,
) -> Summary:
    """Pair a city's articles, align the sentences of every pair, and write the three tables.

    `now` dates new and changed pairs (default: the clock). Sentence vectors, alignments and what
    was found out about articles and candidates are kept under `vectors/`, so that only what is new
    is encoded and aligned, and only what it touches compared. An article that cannot be read costs
    itself only. Raises `StoreError` for tables that cannot be read or written.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    cache = _cache(output, city, encoder)
    folder = output / "vectors" / city
    articles = Findings(folder / f"{cache.name}.articles.parquet")
    compared = Findings(folder / f"{cache.name}.candidates.parquet")
    unread: list[Unread] = []
    zh, en = (documents.prepare(side, cache, articles, unread) for side in _read(output, city))
    articles.save()
    mates = _mates(output, city)
    pairing = _paired(zh, en, mates, max_days=max_days, kept=compared, unread=unread)
    compared.save()
    cache.save()
    method = f"{cache.name} {documents.load_model().version}"
    pairs = [
        _row(city, one, zh, en, method) | {"relation": one.relation, "margin": _f32(one.margin)}
        for one in pairing.pairs
    ]
    runners_up = [_row(city, one, zh, en, method) for one in _runners_up(pairing)]
    _calibrate(output, method, (pairs, runners_up))
    _keep_dates(output, city, pairs, now)
    kept = KeptBeads(folder / f"{cache.name}.beads.parquet", cache)
    beads: list[Row] = []
    for row, one in zip(pairs, pairing.pairs, strict=True):
        ours, theirs = zh[one.zh].document, en[one.en].document
        step = partial(_beads, row["pair_id"], ours, theirs, kept, mates)
        beads += attempt(step, theirs, unread, told=f"aligned with {ours.id}") or []
    runners_up.sort(key=lambda row: str(row["pair_id"]))
    for name, rows, of in (
        ("candidates", runners_up, schema.CANDIDATES),
        ("sentences", beads, schema.SENTENCES),
        ("pairs", pairs, schema.PAIRS),
    ):
        table = store.rows_to_table(rows, of)
        store.write_table(store.table_path(output, name, city), table)
    kept.save()
    likely = sum(row["probability"] >= 0.5 for row in pairs)
    return Summary(
        len(zh),
        len(en),
        len(pairs),
        likely,
        len(runners_up),
        len(beads),
        tuple(dict.fromkeys(unread)),
    )


def explain(output: Path, zh_id: str, en_id: str, *, encoder: Encoder | str | None = None) -> str:
    """Say in words why two stored articles are or are not a pair, and what else was in question.

    Probabilities are stated as `align` would store them: by the calibration in force, if there is
    one. Raises `UnknownPairError` when no city holds both articles, each in its language.
    """
    for city in store.cities_with_articles(output):
        doubtful = _mislabelled(output, city)
        for key in (zh_id, en_id):
            if key in doubtful:
                return (
                    f"Not a pair: {key} was not compared, because it was imported as another "
                    f"language than {_LANGUAGES[doubtful[key]]}, which it is in. If it is the "
                    "right text, import it again with its own language, or with null."
                )
        zh_side, en_side = _read(output, city)
        if any(one.id == zh_id for one in zh_side) and any(one.id == en_id for one in en_side):
            cache = _cache(output, city, encoder)
            unread: list[Unread] = []
            zh, en = (documents.prepare(side, cache, None, unread) for side in (zh_side, en_side))
            pairing = documents.pair(zh, en, unread=unread)
            for one in unread:
                if one.article_id in (zh_id, en_id):
                    return f"Not a pair: {one.article_id} was {one.reason}."
            model = documents.load_model()
            calibration = calibrate.for_method(output, f"{cache.name} {model.version}")
            ids = (zh_id, en_id)
            return explanation.explain(pairing, zh, en, ids, model, calibration=calibration)
    raise UnknownPairError(
        f"{output}: no city holds a Chinese article {zh_id} and an English article {en_id} that "
        "are compared; duplicates are compared through the article that duplicate_of names"
    )


def _cache(output: Path, city: str, encoder: Encoder | str | None) -> VectorCache:
    bare = load_encoder(encoder) if encoder is None or isinstance(encoder, str) else encoder
    return VectorCache(output / "vectors" / city / f"{bare.name}.parquet", bare)


def _read(output: Path, city: str) -> tuple[list[Document], list[Document]]:
    """Return the Chinese and English articles that stand for themselves, by id.

    A repost of another city's article does: its mate, if it has one, is in its own city. What was
    imported as the other language is left out: a pair of it would look as right as any.
    """
    columns = ["article_id", "lang", "title", "text", "published_at", "url"]
    columns += ["duplicate_of", "duplicate_city"]
    sides: dict[str, list[Document]] = {"zh": [], "en": []}
    doubtful = _mislabelled(output, city)
    stood_for: set[str] = set()
    for batch in store.read_articles(output, city, columns).to_batches(max_chunksize=1000):
        for row in batch.to_pylist():
            alone = not row["duplicate_of"] or row["duplicate_city"]
            if row["duplicate_of"] in doubtful and row["article_id"] not in doubtful:
                # What would stand for it is left out: the first of its twins does.
                alone = row["duplicate_of"] not in stood_for
                stood_for.add(row["duplicate_of"])
            if row["lang"] in sides and alone and row["article_id"] not in doubtful:
                sides[row["lang"]].append(
                    Document(row["article_id"], row["lang"], row["title"] or "", row["text"] or "",
                             row["published_at"], row["url"] or "")
                )  # fmt: skip
    return sides["zh"], sides["en"]


_LANGUAGES = {"zh": "Chinese", "en": "English"}


def _mislabelled(output: Path, city: str) -> dict[str, str]:
    """Return by article_id the language of imported articles that were declared to be in another.

    A crawled article may well be in another language than its column: nobody filed it by hand.
    """
    columns = ["article_id", "lang", "extractor", "flags"]
    rows = store.read_articles(output, city, columns)
    imported = rows.filter(pc.equal(rows["extractor"], "import"))
    return {
        row["article_id"]: row["lang"]
        for row in imported.to_pylist()
        if row["lang"] in _LANGUAGES and "lang_mismatch" in (row["flags"] or ())
    }


@dataclass(frozen=True, slots=True)
class _Mate:
    """The other article of a bilingual page, and the group of each paragraph."""

    id: str
    groups: tuple[int, ...]


def _mates(output: Path, city: str) -> dict[str, _Mate]:
    """Return by article_id what is known of articles that share a page with their mate."""
    columns = ["article_id", "mate_id", "mate_groups"]
    return {
        row["article_id"]: _Mate(row["mate_id"], tuple(row["mate_groups"] or ()))
        for row in store.read_articles(output, city, columns).to_pylist()
        if row["mate_id"]
    }


def _paired(
    zh: Sequence[Prepared],
    en: Sequence[Prepared],
    mates: Mapping[str, _Mate],
    *,
    max_days: int,
    kept: Findings,
    unread: list[Unread],
) -> Pairing:
    """Pair the articles of a city. Those that share a page are mates, whatever the model says."""
    place = {one.document.id: at for at, one in enumerate(zh)}
    known = [
        (place[mates[one.document.id].id], at)
        for at, one in enumerate(en)
        if one.document.id in mates and mates[one.document.id].id in place
    ]
    if not known:
        return documents.pair(
            zh, en, max_days=max_days, runners_up=KEPT_RUNNERS_UP, kept=kept, unread=unread
        )
    rest_zh = [at for at in range(len(zh)) if at not in {i for i, _ in known}]
    rest_en = [at for at in range(len(en)) if at not in {j for _, j in known}]
    found = documents.pair(
        [zh[i] for i in rest_zh],
        [en[j] for j in rest_en],
        max_days=max_days,
        runners_up=KEPT_RUNNERS_UP,
        kept=kept,
        unread=unread,
    )
    pairs = [replace(one, zh=rest_zh[one.zh], en=rest_en[one.en]) for one in found.pairs]
    rest = [replace(one, zh=rest_zh[one.zh], en=rest_en[one.en]) for one in found.rest]
    for i, j in known:
        alone = documents.pair([zh[i]], [en[j]], max_days=max_days, kept=kept, unread=unread)
        pairs += [
            replace(one, zh=i, en=j, probability=1.0, relation="translation")
            for one in (*alone.pairs, *alone.rest)
        ]
    pairs.sort(key=lambda one: (zh[one.zh].document.id, en[one.en].document.id))
    return Pairing(tuple(pairs), tuple(rest))


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


def _calibrate(output: Path, method: str, tables: Sequence[list[Row]]) -> None:
    """Map the probabilities of rows made by `method` as the calibration in force does, if any."""
    calibration = calibrate.for_method(output, method)
    if calibration is None:
        return
    for row in (row for rows in tables for row in rows):
        row["probability"] = _f32(calibration.apply(row["probability"]))
        row["method"] = f"{method} {calibration.version}"


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


def _beads(
    pair_id: str, zh: Document, en: Document, kept: KeptBeads, mates: Mapping[str, _Mate]
) -> list[Row]:
    """Align the sentences of a pair: rows of the sentences table."""
    ours, theirs = sentences.split(zh.text, "zh"), sentences.split(en.text, "en")
    told = [zh.text[span.start : span.end] for span in ours]
    telling = [en.text[span.start : span.end] for span in theirs]
    mate, other = mates.get(zh.id), mates.get(en.id)
    if mate and other and mate.id == en.id and _fits(zh, mate) and _fits(en, other):
        zh_of, en_of = _groups(zh, ours, mate.groups), _groups(en, theirs, other.groups)
        aligned = _align_groups(told, telling, zh_of, en_of, kept)
    else:
        aligned = kept.align(told, telling)
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


def _fits(document: Document, mate: _Mate) -> bool:
    """Whether every paragraph has its group: a text that was changed since has not."""
    return len(mate.groups) == document.text.count("\n") + 1


def _groups(document: Document, spans: Sequence[Span], numbers: Sequence[int]) -> list[int]:
    """Return the group of each sentence: that of its paragraph."""
    found, paragraph, at = [], 0, 0
    for span in spans:
        paragraph += document.text.count("\n", at, span.start)
        at = span.start
        found.append(numbers[paragraph])
    return found


def _align_groups(
    zh: Sequence[str],
    en: Sequence[str],
    zh_of: Sequence[int],
    en_of: Sequence[int],
    kept: KeptBeads,
) -> list[Bead]:
    """Align within the groups that are known to say the same, never across them."""
    found: list[Bead] = []
    for (i, k), (j, m) in interleaved.blocks(zh_of, en_of):
        if (k - i, m - j) == (1, 1):
            found.append(Bead((i,), (j,), 1.0))
            continue
        found += [
            Bead(tuple(at + i for at in bead.zh), tuple(at + j for at in bead.en), bead.probability)
            for bead in kept.align(zh[i:k], en[j:m])
        ]
    return found
