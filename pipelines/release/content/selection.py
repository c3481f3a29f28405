"""Selection of a release's articles and pairs: thresholds, rights, withdrawals.

A city's plan is made before any text is read: one row for each article that is released, with the
place at which it is stored. It takes some 60 bytes an article.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crawler.city import RIGHTS, City
from crawler.item import canonical_url
from pipelines.export.filters import Filters, Losses, Test, chosen_pairs, passed
from pipelines.release.content import rights
from pipelines.release.content.withdrawal import Withdrawn
from pipelines.tables import articles, files, parquet, schema
from pipelines.tables.vocabulary import DECISION, LANGS, RELATIONS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of a release.

    `since` and `until` are days of publication in the cities' time, inclusive; with either, undated
    articles are left out. `cities` empty: all. `scripts` are of Chinese articles; empty: all. The
    others are those of `Filters` that are about pairs and beads.
    """

    min_probability: float = DECISION
    relations: tuple[str, ...] = RELATIONS
    since: date | None = None
    until: date | None = None
    cities: tuple[str, ...] = ()
    langs: tuple[str, ...] = LANGS
    scripts: tuple[str, ...] = ()
    best: bool = False
    min_bead_probability: float = 0.0
    kinds: tuple[str, ...] = ()
    without_flags: tuple[str, ...] = ()
    min_similarity: float = 0.0

    def filters(self) -> Filters:
        """Return the filters of pairs and beads.

        Those of articles act before them.
        """
        return Filters(
            min_probability=self.min_probability,
            relations=self.relations,
            best=self.best,
            min_bead_probability=self.min_bead_probability,
            kinds=self.kinds,
            without_flags=self.without_flags,
            min_similarity=self.min_similarity,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the thresholds for a manifest."""
        return {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in asdict(self).items()
        }


@dataclass(slots=True)
class CityPlan:
    """Released articles of a city.

    `rows` has article_id, lang, script, day (days since 1970 in the cities' time; null: undated),
    duplicate_of, held, url, and the place of the row: `file` (position in `files`) and `row`.
    Sorted as it is released: by file, then date and id. `split` is one small integer for each row.
    `losses` are the articles that each filter removed.
    """

    city: str
    files: list[Path]
    rows: pa.Table
    withdrawn: list[str]
    split: np.ndarray[Any, np.dtype[np.int8]] = field(
        default_factory=lambda: np.zeros(0, dtype=np.int8)
    )
    losses: Losses = field(default_factory=Losses)


_LIGHT = [
    "article_id", "lang", "script", "published_at", "duplicate_of", "revision", "rights", "url",
]  # fmt: skip


def plan(
    output: Path, key: str, city: City | None, thresholds: Thresholds, withdrawn: Withdrawn
) -> CityPlan:
    """Return the plan of one city, without reading any text."""
    paths = files.article_files(output, key)
    parts = []
    for number, path in enumerate(paths):
        part = parquet.read_table(path, schema.ARTICLES, _LIGHT)
        part = part.append_column("file", pa.array(np.full(part.num_rows, number, np.int32)))
        parts.append(part.append_column("row", pa.array(np.arange(part.num_rows, dtype=np.int32))))
    rows = _once(pa.concat_tables(parts))
    gone = _withdrawn(rows, withdrawn)
    if gone:
        rows = rows.filter(pc.invert(pc.is_in(rows["article_id"], pa.array(gone, pa.string()))))
    local = pc.local_timestamp(rows["published_at"])
    day = pc.cast(pc.cast(local, pa.date32()), pa.int32())
    rows = rows.append_column("day", day).append_column("held", _held(rows, city))
    losses = Losses()
    rows = passed(rows, _of_articles(rows, thresholds), losses).sort_by(
        [("file", "ascending"), ("published_at", "ascending"), ("article_id", "ascending")]
    )
    kept = ["article_id", "lang", "script", "day", "duplicate_of", "held", "url", "file", "row"]
    return CityPlan(key, paths, rows.select(kept).combine_chunks(), gone, losses=losses)


def _of_articles(rows: pa.Table, thresholds: Thresholds) -> Iterator[Test]:
    yield "language", pc.is_in(rows["lang"], pa.array(thresholds.langs, pa.string()))
    for bound, compare in ((thresholds.since, pc.greater_equal), (thresholds.until, pc.less_equal)):
        if bound is not None:
            yield "date", compare(rows["day"], _days(bound))
    if thresholds.scripts:
        asked = pc.is_in(rows["script"], pa.array(thresholds.scripts, pa.string()))
        yield "script", pc.or_(pc.not_equal(rows["lang"], "zh"), asked)


def with_reposts(output: Path, withdrawn: Withdrawn) -> Withdrawn:
    """Return the list with the ids of reposts in every city."""
    if not withdrawn.articles and not withdrawn.urls:
        return withdrawn
    parts = [
        articles.read_articles(output, key, ["article_id", "url", "duplicate_of"])
        for key in files.cities_with_articles(output)
    ]
    gone = _withdrawn(pa.concat_tables(parts), withdrawn)
    return replace(withdrawn, articles=withdrawn.articles | frozenset(gone))


def unknown(output: Path, withdrawn: Withdrawn) -> list[str]:
    """Return the list's ids and URLs without a stored article: perhaps misspelt."""
    if not withdrawn.articles and not withdrawn.urls:
        return []
    ids, urls = set[str](), set[str]()
    for key in files.cities_with_articles(output):
        table = articles.read_articles(output, key, ["article_id", "url"])
        ids.update(table["article_id"].to_pylist())
        urls.update(canonical_url(url) for url in table["url"].to_pylist() if url)
    return [*sorted(withdrawn.articles - ids), *sorted(withdrawn.urls - urls)]


def pairs(output: Path, planned: CityPlan, thresholds: Thresholds, losses: Losses) -> pa.Table:
    """Return the city's released pairs, by pair_id.

    They pass the filters, and both articles are in the release; zh_script is beside them.
    """
    table = parquet.read_table(files.table_path(output, "pairs", planned.city), schema.PAIRS)
    ids = planned.rows["article_id"]
    present = pc.and_(pc.is_in(table["zh_id"], ids), pc.is_in(table["en_id"], ids))
    table = passed(table, [("their articles", present)], losses)
    table = chosen_pairs(table, thresholds.filters(), losses).sort_by("pair_id")
    script = planned.rows["script"].take(pc.index_in(table["zh_id"], ids))
    return table.append_column("zh_script", script)


def stored_texts(
    planned: CityPlan, wanted: np.ndarray[Any, np.dtype[np.int64]], columns: list[str]
) -> Iterator[tuple[np.ndarray[Any, np.dtype[np.int64]], pa.Table]]:
    """Yield positions and columns of the rows `wanted`, by row group.

    `wanted` are sorted positions in the plan.
    """
    file, row = planned.rows["file"].to_numpy(), planned.rows["row"].to_numpy()
    for number in np.unique(file[wanted]):
        here = wanted[file[wanted] == number]
        begin = 0
        with parquet.opened(planned.files[number]) as opened:
            for group in range(opened.num_row_groups):
                end = begin + opened.metadata.row_group(group).num_rows
                inside = here[(row[here] >= begin) & (row[here] < end)]
                if len(inside):
                    table = parquet.with_dates(opened.read_row_group(group, columns=columns))
                    yield inside, table.take(pa.array(row[inside] - begin))
                begin = end


def rulings(cities: Mapping[str, City], keys: list[str]) -> dict[str, Any]:
    """Return each city's rights for a manifest."""
    return {key: _ruling(cities.get(key)) for key in keys}


def names(cities: Mapping[str, City], keys: list[str]) -> dict[str, dict[str, str]]:
    """Return each city's names, its key if it has no file."""
    return {
        key: {"zh": cities[key].name_zh, "en": cities[key].name_en}
        if key in cities
        else {"zh": key, "en": key}
        for key in keys
    }


def _ruling(city: City | None) -> dict[str, Any]:
    if city is None:
        return {"text": None, "terms": None, "checked": None}
    stated = [("", city.rights_of(""))]
    stated += [(s.articles or "", s.rights) for s in city.sources if s.rights is not None]
    shown = [
        {
            "text": ruling.text,
            "terms": ruling.terms,
            "checked": ruling.checked.isoformat() if ruling.checked else None,
        }
        | ({"articles": pattern} if pattern else {})
        for pattern, ruling in stated
    ]
    return shown[0] | ({"sources": shown[1:]} if shown[1:] else {})


def _once(rows: pa.Table) -> pa.Table:
    """Return each article once.

    After a crash one may be in the files of two years.
    """
    if pc.count_distinct(rows["article_id"]).as_py() == rows.num_rows:
        return rows
    rows = rows.sort_by([("article_id", "ascending"), ("revision", "descending")])
    ids = rows["article_id"].to_pylist()
    return rows.take([i for i, key in enumerate(ids) if i == 0 or ids[i - 1] != key])


def _withdrawn(rows: pa.Table, withdrawn: Withdrawn) -> list[str]:
    """Return the ids of withdrawn articles and of all their reposts, sorted."""
    if not withdrawn.articles and not withdrawn.urls:
        return []
    ids, urls = rows["article_id"].to_pylist(), rows["url"].to_pylist()
    heads = [head or key for key, head in zip(ids, rows["duplicate_of"].to_pylist(), strict=True)]
    clusters = {
        head for key, url, head in zip(ids, urls, heads, strict=True) if withdrawn.names(key, url)
    }
    return sorted(key for key, head in zip(ids, heads, strict=True) if head in clusters)


def _held(rows: pa.Table, city: City | None) -> pa.Array:
    """Return the level of release of each article."""
    if city is not None and rights.by_source(city):
        levels = [
            rights.held(city.rights_of(url or ""), recorded)
            for url, recorded in zip(
                rows["url"].to_pylist(), rows["rights"].to_pylist(), strict=True
            )
        ]
        return pa.DictionaryArray.from_arrays(
            pc.index_in(pa.array(levels, pa.string()), pa.array(RIGHTS)), RIGHTS
        )
    ruling = city.rights_of("") if city is not None else None
    recorded = pc.dictionary_encode(rows["rights"].combine_chunks(), null_encoding="encode")
    levels = [rights.held(ruling, level) for level in recorded.dictionary.to_pylist()]
    codes = pc.index_in(pa.array(levels, pa.string()), pa.array(RIGHTS)).take(recorded.indices)
    return pa.DictionaryArray.from_arrays(codes, RIGHTS)


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days
