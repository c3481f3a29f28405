"""Rows of a corpus with texts, scripts and dates beside them."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import UsageError, known_ones
from pipelines.export.filters import Filters, Losses, chosen_beads, chosen_pairs
from pipelines.quality import corrections
from pipelines.tables import articles, files, parquet, schema

KINDS = ("pairs", "sentences", "documents")
"""Links of articles; aligned sentences; links of articles with both whole texts.

Sentences have reviewers' corrections (`pipelines.quality.corrections`).
"""

_OF_PAIR = ("city", "zh_id", "en_id", "relation", "event_id", "best")
_LINKS = [
    *schema.PAIRS,
    pa.field("zh_script", schema.STRING),
    pa.field("zh_published_at", schema.NEWS_TIME),
    pa.field("en_published_at", schema.NEWS_TIME),
]
_TEXTS = [pa.field("zh_text", schema.STRING), pa.field("en_text", schema.STRING)]
_SCHEMAS = {
    "pairs": pa.schema(_LINKS),
    "documents": pa.schema([*_LINKS, *_TEXTS]),
    "sentences": pa.schema(
        [
            *schema.SENTENCES,
            *(schema.PAIRS.field(name) for name in _OF_PAIR),
            pa.field("pair_probability", schema.FLOAT),
            pa.field("zh_script", schema.STRING),
        ]
    ),
}


def columns(kind: str) -> pa.Schema:
    """Return the columns of the rows of a kind."""
    return _SCHEMAS[kind].remove_metadata()


def read(output: Path, kind: str, filters: Filters, losses: Losses) -> Iterator[pa.Table]:
    """Yield the rows of a kind that pass, a table a city.

    Raises `UsageError` for a city that has no pairs, `StoreError` for a damaged table.
    """
    filters.check_for(kind)
    known = files.cities_with(output, "pairs")
    if not known:
        raise UsageError(
            f"{output}: no pairs of any city; `shizheng align` makes them from articles in both "
            "languages"
        )
    for city in filters.cities:
        if city not in known:
            raise UsageError(
                f"{output}: no pairs of {city}, run `shizheng align`; {known_ones(city, known)}"
            )
    for city in filters.cities or known:
        yield _of_city(output, city, kind, filters, losses)


def _of_city(output: Path, city: str, kind: str, filters: Filters, losses: Losses) -> pa.Table:
    links = _linked(output, city, with_text=kind == "documents")
    if kind != "sentences":
        links = chosen_pairs(links, filters, losses)
        return links.sort_by("pair_id").select(columns(kind).names).cast(columns(kind))
    of_pairs = Losses()
    links = chosen_pairs(links, filters, of_pairs)
    losses.pairs.update(of_pairs.removed)
    path = files.table_path(output, "sentences", city)
    beads, held = corrections.apply(
        parquet.read_table(path, schema.SENTENCES), corrections.read(output, city)
    )
    losses.corrected += held
    at = pc.index_in(beads["pair_id"], links["pair_id"].combine_chunks())
    stays = pc.is_valid(at)
    losses.removed["their pairs"] += beads.num_rows - int(pc.sum(stays).as_py() or 0)
    beads, at = beads.filter(stays), at.filter(stays)
    links = links.take(at)
    for name in (*_OF_PAIR, "zh_script"):
        beads = beads.append_column(name, links[name])
    beads = beads.append_column("pair_probability", links["probability"])
    beads = chosen_beads(beads, filters, losses)
    return beads.select(columns(kind).names).cast(columns(kind))


def _linked(output: Path, city: str, *, with_text: bool) -> pa.Table:
    """Return a city's pairs, with columns of both articles."""
    links = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS)
    wanted = ["article_id", "script", "published_at", *(["text"] if with_text else [])]
    stored = articles.read_articles(output, city, wanted)
    ids = stored["article_id"].combine_chunks()
    for side in ("zh", "en"):
        found = stored.take(pc.index_in(links[f"{side}_id"], ids))
        for name in wanted[1:]:
            links = links.append_column(f"{side}_{name}", found[name])
    return links
