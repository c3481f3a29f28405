"""The shard step: a city's articles to pairs, runners-up and aligned sentences.

Reads `articles`, writes `pairs`, `candidates` and `sentences` of one city. The same articles give
the same bytes after any earlier run, but for `aligned_at`, which unchanged pairs carry over. A
calibration in force (`pipelines.pairs.calibration`) maps the model's probabilities last, so that it
does not change the pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow.compute as pc

from crawler.errors import ShizhengError
from crawler.item import NEWS_TIME
from pipelines.pairs import events, explanation, pair
from pipelines.pairs.calibration import for_method
from pipelines.pairs.model import load_pair_model
from pipelines.pairs.pair import Pairing, Scored
from pipelines.pairs.prepared import Document, PreparedArticle, Unread, attempt, prepare
from pipelines.pairs.rows import (
    RUNNERS_UP,
    calibrate_rows,
    candidate_row,
    pair_row,
    runners_up,
    set_aligned_at,
)
from pipelines.sentences.cache import AlignmentCache
from pipelines.sentences.rows import Counterpart, bead_rows, flag_repeated, texts_to_align
from pipelines.tables import dictionary, files, parquet, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.cache import ByteCache
from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import DECISION
from pipelines.vectors.cache import VectorCache
from pipelines.vectors.encoder import Encoder
from pipelines.vectors.load import load_encoder

_ALIGNED_AT_ONCE = 200
"""Pairs whose sentences are encoded together by an encoder that gains from it."""
MAX_DAYS = 60
"""Days that English usually is late at most, without a value in the city file."""


class UnknownPairError(ShizhengError):
    """Two articles that are not stored or not compared."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of one city's alignment: articles compared (duplicates aside), pairs, beads.

    `unread`: articles that could not be read, or not compared or aligned with another.
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
    """Align one city with the encoder called `encoder`; picklable.

    `max_days` is by city.
    """
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
    """Pair a city's articles, align their sentences, and write three tables.

    `now` dates new and changed pairs (default: the clock). Sentence vectors, alignments, prepared
    articles and comparisons are cached under `vectors/`, so that only new articles are encoded and
    aligned, and only what they affect is compared. An article that cannot be read is left out.
    Raises `StoreError` for tables that cannot be read or written.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    vectors = _vectors(output, city, encoder)
    folder = output / "vectors" / city
    articles = ByteCache(folder / f"{vectors.name}.articles.parquet")
    compared = ByteCache(folder / f"{vectors.name}.candidates.parquet")
    unread: list[Unread] = []
    zh, en = (prepare(side, vectors, articles, unread) for side in _documents(output, city))
    articles.save()
    counterparts = _counterparts(output, city)
    pairing = _paired(zh, en, counterparts, max_days=max_days, cache=compared, unread=unread)
    compared.save()
    vectors.save()
    method = f"{vectors.name} {load_pair_model().version}"
    pairs = [pair_row(city, each, zh, en, method) for each in pairing.pairs]
    candidates = [candidate_row(city, each, zh, en, method) for each in runners_up(pairing)]
    calibrate_rows(output, method, (pairs, candidates))
    events.set_events(pairs)
    set_aligned_at(output, city, pairs, now)
    alignments = AlignmentCache(folder / f"{vectors.name}.beads.parquet", vectors)
    beads: list[Row] = []
    texts = [(zh[each.zh].document, en[each.en].document) for each in pairing.pairs]
    for start in range(0, len(texts), _ALIGNED_AT_ONCE):
        batch = texts[start : start + _ALIGNED_AT_ONCE]
        alignments.align_ahead(
            parts for sides in batch for parts in texts_to_align(*sides, counterparts)
        )
        for row, sides in zip(pairs[start:], batch, strict=False):
            step = partial(bead_rows, row["pair_id"], *sides, alignments, counterparts)
            beads += attempt(step, sides[1], unread, action=f"aligned with {sides[0].id}") or []
    flag_repeated(beads, pairs)
    candidates.sort(key=lambda row: str(row["pair_id"]))
    for name, rows, of in (
        ("candidates", candidates, schema.CANDIDATES),
        ("sentences", beads, schema.SENTENCES),
        ("pairs", pairs, schema.PAIRS),
    ):
        table = parquet.rows_to_table(rows, of)
        parquet.write_table(files.table_path(output, name, city), table)
    alignments.save()
    dictionary.describe(output)
    likely = sum(row["probability"] >= DECISION for row in pairs)
    counts = (len(zh), len(en), len(pairs), likely, len(candidates), len(beads))
    return Summary(*counts, tuple(dict.fromkeys(unread)))


def explain(
    output: Path,
    zh_id: str,
    en_id: str,
    *,
    cities: Sequence[str] = (),
    encoder: Encoder | str | None = None,
) -> str:
    """Explain why two stored articles are a pair or not.

    `cities`: those to look in, all by default; an imported id may be in several.
    Probabilities are those that `align` would store: by the calibration in force, if there is one.
    Raises `UnknownPairError` if no city has both articles, each in its language.
    """
    ids = (zh_id, en_id)
    for city in cities or files.cities_with_articles(output):
        doubtful = _mislabelled(output, city)
        for key in ids:
            if key in doubtful:
                return (
                    f"Not a pair: {key} was not compared, because it was imported as another "
                    f"language than {_LANGUAGES[doubtful[key]]}, which it is in. If it is the "
                    "right text, import it again with its own language, or with null."
                )
        sides = _documents(output, city)
        if all(key in {each.id for each in side} for key, side in zip(ids, sides, strict=True)):
            return _explained(output, city, ids, sides, encoder)
    asked = f"none of {', '.join(cities)}" if cities else "no city"
    raise UnknownPairError(
        f"{output}: {asked} holds a Chinese article {zh_id} and an English article {en_id} that "
        "are compared; duplicates are compared through the article that duplicate_of names"
    )


def _explained(
    output: Path,
    city: str,
    ids: tuple[str, str],
    sides: tuple[list[Document], list[Document]],
    encoder: Encoder | str | None,
) -> str:
    vectors = _vectors(output, city, encoder)
    unread: list[Unread] = []
    zh, en = (prepare(side, vectors, None, unread) for side in sides)
    pairing = pair.pair(zh, en, unread=unread)
    for each in unread:
        if each.article_id in ids:
            return f"Not a pair: {each.article_id} was {each.reason}."
    model = load_pair_model()
    calibration = for_method(output, f"{vectors.name} {model.version}")
    return explanation.explain_pair(pairing, zh, en, ids, model, calibration=calibration)


def _vectors(output: Path, city: str, encoder: Encoder | str | None) -> VectorCache:
    bare = load_encoder(encoder) if encoder is None or isinstance(encoder, str) else encoder
    return VectorCache(output / "vectors" / city / f"{bare.name}.parquet", bare)


def _documents(output: Path, city: str) -> tuple[list[Document], list[Document]]:
    """Return the Chinese and English articles to be compared, by id.

    Duplicates are left out, but not reposts of another city's article: their counterparts, if any,
    are in their own city. Articles imported as the other language are left out too: their pairs
    would look as right as any.
    """
    columns = ["article_id", "lang", "title", "text", "published_at", "url"]
    columns += ["duplicate_of", "duplicate_city", "flags", "first_seen"]
    sides: dict[str, list[Document]] = {"zh": [], "en": []}
    doubtful = _mislabelled(output, city)
    represented: set[str] = set()
    for batch in read_articles(output, city, columns).to_batches(max_chunksize=1000):
        for row in batch.to_pylist():
            if row["article_id"] in doubtful:
                continue
            original = row["duplicate_of"]
            if original in doubtful:
                # The original is left out: the first of its duplicates replaces it.
                first = original not in represented
                represented.add(original)
            else:
                first = not original or bool(row["duplicate_city"])
            if first and row["lang"] in sides:
                bounded = "bounded" in (row["flags"] or ())
                sides[row["lang"]].append(
                    Document(row["article_id"], row["lang"], row["title"] or "", row["text"] or "",
                             row["published_at"], row["url"] or "",
                             row["first_seen"].astimezone(NEWS_TIME) if bounded else None)
                )  # fmt: skip
    return sides["zh"], sides["en"]


_LANGUAGES = {"zh": "Chinese", "en": "English"}


def _mislabelled(output: Path, city: str) -> dict[str, str]:
    """Return the true language of imported articles declared in another, by article_id.

    Nobody declares the language of a crawled article: its column may differ from its text.
    """
    columns = ["article_id", "lang", "extractor", "flags"]
    rows = read_articles(output, city, columns)
    imported = rows.filter(pc.equal(rows["extractor"], "import"))
    return {
        row["article_id"]: row["lang"]
        for row in imported.to_pylist()
        if row["lang"] in _LANGUAGES and "lang_mismatch" in (row["flags"] or ())
    }


def _counterparts(output: Path, city: str) -> dict[str, Counterpart]:
    """Return the counterparts of articles from bilingual pages, by article_id."""
    columns = ["article_id", "mate_id", "mate_groups"]
    return {
        row["article_id"]: Counterpart(row["mate_id"], tuple(row["mate_groups"] or ()))
        for row in read_articles(output, city, columns).to_pylist()
        if row["mate_id"]
    }


def _paired(
    zh: Sequence[PreparedArticle],
    en: Sequence[PreparedArticle],
    counterparts: Mapping[str, Counterpart],
    *,
    max_days: int,
    cache: ByteCache,
    unread: list[Unread],
) -> Pairing:
    """Pair a city's articles; counterparts of bilingual pages are certain pairs."""
    place = {article.document.id: at for at, article in enumerate(zh)}
    place_en = {article.document.id: at for at, article in enumerate(en)}
    # Either page may be the one that names the other.
    of_en = {
        (place[counterpart.id], at)
        for key, at in place_en.items()
        if (counterpart := counterparts.get(key)) and counterpart.id in place
    }
    of_zh = {
        (at, place_en[counterpart.id])
        for key, at in place.items()
        if (counterpart := counterparts.get(key)) and counterpart.id in place_en
    }
    known = sorted(of_en | of_zh, key=lambda pair: pair[1])
    step = partial(pair.pair, max_days=max_days, cache=cache, unread=unread)
    free_zh = _without(len(zh), {i for i, _ in known})
    free_en = _without(len(en), {j for _, j in known})
    found = step([zh[i] for i in free_zh], [en[j] for j in free_en], runners_up=RUNNERS_UP)

    def placed(each: Scored) -> Scored:
        return replace(each, zh=free_zh[each.zh], en=free_en[each.en])

    pairs = [placed(each) for each in found.pairs]
    for i, j in known:
        alone = step([zh[i]], [en[j]])
        pairs += [
            replace(each, zh=i, en=j, probability=1.0, relation="translation")
            for each in (*alone.pairs, *alone.unassigned)
        ]
    pairs.sort(key=lambda each: (zh[each.zh].document.id, en[each.en].document.id))
    return Pairing(tuple(pairs), tuple(placed(each) for each in found.unassigned))


def _without(count: int, places: set[int]) -> list[int]:
    return [at for at in range(count) if at not in places]
