"""The shard step: a city's articles to pairs, runners-up and aligned sentences.

Reads `articles`, writes `pairs`, `candidates` and `sentences` of one city. The same articles give
the same bytes, whatever was stored before: only `aligned_at` is carried over, where a pair stands
as it stood. A calibration in force (`pipelines.pairs.calibration`) maps the model's probabilities
last, so that it does not change which articles are paired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow.compute as pc

from crawler.errors import ShizhengError
from pipelines.pairs import explanation, pair
from pipelines.pairs.calibration import for_method
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.pair import Pairing
from pipelines.pairs.prepared import Document, PreparedArticle, Unread, attempt, prepare
from pipelines.pairs.rows import (
    RUNNERS_UP,
    as_float32,
    calibrate_rows,
    pair_row,
    runners_up_rows,
    set_aligned_at,
)
from pipelines.sentences.cache import AlignmentCache
from pipelines.sentences.rows import Counterpart, bead_rows
from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.cache import Findings
from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import DECISION
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.encoder import Encoder
from pipelines.vectors.load import load_encoder

MAX_DAYS = 60
"""How late English usually is at most, where no city file says."""


class UnknownPairError(ShizhengError):
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
    zh, en = (prepare(side, cache, articles, unread) for side in _read(output, city))
    articles.save()
    mates = _mates(output, city)
    pairing = _paired(zh, en, mates, max_days=max_days, kept=compared, unread=unread)
    compared.save()
    cache.save()
    method = f"{cache.name} {load_pair_model().version}"
    pairs = [
        pair_row(city, one, zh, en, method)
        | {"relation": one.relation, "margin": as_float32(one.margin)}
        for one in pairing.pairs
    ]
    runners_up = [pair_row(city, one, zh, en, method) for one in runners_up_rows(pairing)]
    calibrate_rows(output, method, (pairs, runners_up))
    set_aligned_at(output, city, pairs, now)
    kept = AlignmentCache(folder / f"{cache.name}.beads.parquet", cache)
    beads: list[Row] = []
    for row, one in zip(pairs, pairing.pairs, strict=True):
        ours, theirs = zh[one.zh].document, en[one.en].document
        step = partial(bead_rows, row["pair_id"], ours, theirs, kept, mates)
        beads += attempt(step, theirs, unread, told=f"aligned with {ours.id}") or []
    runners_up.sort(key=lambda row: str(row["pair_id"]))
    for name, rows, of in (
        ("candidates", runners_up, schema.CANDIDATES),
        ("sentences", beads, schema.SENTENCES),
        ("pairs", pairs, schema.PAIRS),
    ):
        table = parquet.rows_to_table(rows, of)
        parquet.write_table(files.table_path(output, name, city), table)
    kept.save()
    likely = sum(row["probability"] >= DECISION for row in pairs)
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
    for city in files.cities_with_articles(output):
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
            zh, en = (prepare(side, cache, None, unread) for side in (zh_side, en_side))
            pairing = pair.pair(zh, en, unread=unread)
            for one in unread:
                if one.article_id in (zh_id, en_id):
                    return f"Not a pair: {one.article_id} was {one.reason}."
            model = load_pair_model()
            calibration = for_method(output, f"{cache.name} {model.version}")
            ids = (zh_id, en_id)
            return explanation.explain_pair(pairing, zh, en, ids, model, calibration=calibration)
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
    for batch in read_articles(output, city, columns).to_batches(max_chunksize=1000):
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
    rows = read_articles(output, city, columns)
    imported = rows.filter(pc.equal(rows["extractor"], "import"))
    return {
        row["article_id"]: row["lang"]
        for row in imported.to_pylist()
        if row["lang"] in _LANGUAGES and "lang_mismatch" in (row["flags"] or ())
    }


def _mates(output: Path, city: str) -> dict[str, Counterpart]:
    """Return by article_id what is known of articles that share a page with their mate."""
    columns = ["article_id", "mate_id", "mate_groups"]
    return {
        row["article_id"]: Counterpart(row["mate_id"], tuple(row["mate_groups"] or ()))
        for row in read_articles(output, city, columns).to_pylist()
        if row["mate_id"]
    }


def _paired(
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    mates: Mapping[str, Counterpart],
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
        return pair.pair(zh, en, max_days=max_days, runners_up=RUNNERS_UP, kept=kept, unread=unread)
    rest_zh = [at for at in range(len(zh)) if at not in {i for i, _ in known}]
    rest_en = [at for at in range(len(en)) if at not in {j for _, j in known}]
    found = pair.pair(
        [zh[i] for i in rest_zh],
        [en[j] for j in rest_en],
        max_days=max_days,
        runners_up=RUNNERS_UP,
        kept=kept,
        unread=unread,
    )
    pairs = [replace(one, zh=rest_zh[one.zh], en=rest_en[one.en]) for one in found.pairs]
    rest = [replace(one, zh=rest_zh[one.zh], en=rest_en[one.en]) for one in found.unassigned]
    for i, j in known:
        alone = pair.pair([zh[i]], [en[j]], max_days=max_days, kept=kept, unread=unread)
        pairs += [
            replace(one, zh=i, en=j, probability=1.0, relation="translation")
            for one in (*alone.pairs, *alone.unassigned)
        ]
    pairs.sort(key=lambda one: (zh[one.zh].document.id, en[one.en].document.id))
    return Pairing(tuple(pairs), tuple(rest))
