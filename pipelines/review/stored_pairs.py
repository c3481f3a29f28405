"""Pairs and articles of a large corpus, read by id."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.report import counts, pair_examples
from pipelines.report.pair_examples import PairExample
from pipelines.tables import files, schema
from pipelines.tables.parquet import Row
from pipelines.tables.row_index import RowIndex

_ARTICLE = ["article_id", "revision", "published_at", "source", "column", "script", "flags"]
_BEAD = ["pair_id", "position", "kind", "zh", "en", "probability", "flags"]


class StoredPairs:
    """Pairs of `output` by city and id. Several threads may use it."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._index = RowIndex()

    def pairs(self, city: str, pair_ids: Iterable[str]) -> dict[str, PairExample]:
        """Return stored pairs of a city by id, without runners-up.

        Raises `StoreError` for a table that cannot be read.
        """
        wanted = sorted(set(pair_ids))
        table = self._table("pairs", city)
        rows = {
            row["pair_id"]: row for row in self._index.rows(table, schema.PAIRS, "pair_id", wanted)
        }
        if not rows:
            return {}
        beads: dict[str, list[Row]] = {}
        table = self._table("sentences", city)
        for row in self._index.rows(table, schema.SENTENCES, "pair_id", wanted, _BEAD):
            beads.setdefault(row["pair_id"], []).append(row)
        unaligned = _ids(row for key, row in rows.items() if key not in beads)
        articles = self._articles(city, _ids(rows.values()), _ARTICLE)
        articles |= self._articles(city, unaligned, [*_ARTICLE, "text"])
        raised = counts.doubts(pa.Table.from_pylist(list(rows.values()), schema=schema.PAIRS))
        return {
            key: pair_examples.assemble(
                row,
                beads.get(key, ()),
                tuple(name for name, found in raised.items() if found[i]),
                None,
                articles,
            )
            for i, (key, row) in enumerate(rows.items())
        }

    def beads(self, city: str, pair_id: str) -> tuple[list[Row], dict[str, str]]:
        """Return a pair's stored beads in order, and its texts by language."""
        table = self._table("sentences", city)
        rows = list(self._index.rows(table, schema.SENTENCES, "pair_id", [pair_id]))
        pairs = self._index.rows(self._table("pairs", city), schema.PAIRS, "pair_id", [pair_id])
        texts = {}
        for pair in pairs:
            found = self._articles(city, _ids([pair]), ["article_id", "revision", "lang", "text"])
            texts = {row["lang"]: row["text"] or "" for row in found.values()}
        return sorted(rows, key=lambda row: row["position"] or 0), texts

    def articles(self, city: str, ids: Iterable[str]) -> dict[str, Row]:
        """Return a city's articles by id, each once, with their texts."""
        return self._articles(city, ids, [*_ARTICLE, "title", "url", "lang", "text"])

    def _articles(self, city: str, ids: Iterable[str], columns: list[str]) -> dict[str, Row]:
        wanted, found = sorted(set(ids)), dict[str, Row]()
        for path in files.article_files(self._output, city):
            for row in self._index.rows(path, schema.ARTICLES, "article_id", wanted, columns):
                old = found.get(row["article_id"])
                if old is None or (row["revision"] or 0) >= (old["revision"] or 0):
                    found[row["article_id"]] = row
        return found

    def _table(self, name: str, city: str) -> Path:
        return files.table_path(self._output, name, city)


def _ids(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {row[name] for row in rows for name in ("zh_id", "en_id") if row[name]}
