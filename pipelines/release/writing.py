"""Writes a release's rows: articles as far as their rights go, masked; pairs; sentences that stand.

Text is read a file of a city and year at a time for articles, and for sentences half a million
beads with the articles they come from: memory does not grow with the corpus.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import schema, store
from pipelines.release import rights, selection, suspicion
from pipelines.release.manifest import Tally
from pipelines.release.masking import Masker, flags_at
from pipelines.release.selection import CityPlan, Thresholds
from pipelines.release.shards import Shards
from pipelines.release.splits import LEFT_OUT
from pipelines.release.tables import ARTICLES, LAYOUTS, PAIRS, SENTENCES, SPLITS, WHOLE

ROWS = 50_000
BEADS = 500_000
_MASKED = ("title", "text", "author", "source")

Integers = np.ndarray[Any, np.dtype[Any]]
BooleanArray = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Writers:
    """The three tables of a release that is being written."""

    articles: Shards
    pairs: Shards
    sentences: Shards

    @classmethod
    def into(cls, folder: Path) -> "Writers":
        """Return writers into `folder`/data."""
        made = {name: Shards(folder / "data" / name, LAYOUTS[name]) for name in LAYOUTS}
        return cls(**made)

    def close(self) -> dict[str, dict[str, int]]:
        """Finish all files; return the rows written by table and part."""
        for shards in (self.articles, self.pairs, self.sentences):
            shards.close()
        return {
            "articles": self.articles.rows,
            "pairs": self.pairs.rows,
            "sentences": self.sentences.rows,
        }


@dataclass(slots=True)
class Writing:
    """What writing one release needs throughout."""

    output: Path
    thresholds: Thresholds
    masker: Masker
    split: bool
    writers: Writers
    tally: Tally
    withdrawn: frozenset[str] = frozenset()
    """Ids that no row may name."""
    altered: BooleanArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    """Of the city being written, the positions in its plan whose text holds a mask."""

    def city(self, planned: CityPlan) -> None:
        """Write everything of one city."""
        if not planned.rows.num_rows:
            return
        self.altered = np.zeros(planned.rows.num_rows, dtype=np.bool_)
        self._articles(planned)
        kept = selection.pairs(self.output, planned, self.thresholds)
        if kept.num_rows:
            self._pairs(planned, kept)

    def _articles(self, planned: CityPlan) -> None:
        file, row = planned.rows["file"].to_numpy(), planned.rows["row"].to_numpy()
        for number, path in enumerate(planned.files):
            here = np.flatnonzero(file == number)
            if not len(here):
                continue
            stored = store.read_table(path, schema.ARTICLES)
            for begin in range(0, len(here), ROWS):
                chunk = here[begin : begin + ROWS]
                rows = stored.take(pa.array(row[chunk])).combine_chunks()
                self._write_articles(rows, planned, chunk)

    def _write_articles(self, rows: pa.Table, planned: CityPlan, chunk: Integers) -> None:
        levels = planned.rows["held"].take(pa.array(chunk)).combine_chunks()
        levels = pc.cast(levels, pa.string())
        columns = {name: _whole(rows[name]) for name in rows.column_names}
        changed = pa.array(np.zeros(len(chunk), dtype=bool))
        for name in _MASKED:
            columns[name], other = self.masker.column(columns[name], self.tally.masked)
            if name in ("title", "text"):
                changed = pc.or_(changed, other)
            if name == "text":
                self.altered[chunk] = other.to_numpy(zero_copy_only=False)
        columns["keywords"] = self._masked_lists(columns["keywords"])
        columns["text"], cut = _cut(columns["text"], levels, columns["lang"])
        columns["content_sha256"] = _digests(columns, pc.or_(changed, cut))
        columns["mt_suspect"], columns["mt_signs"] = _suspected(columns)
        if self.withdrawn:
            named = pc.is_in(columns["mate_id"], pa.array(sorted(self.withdrawn), pa.string()))
            for name in ("mate_id", "mate_groups"):
                columns[name] = pc.if_else(named, None, columns[name])
        parts = self._parts(planned, chunk)
        table = _as(ARTICLES, columns | {"held": levels, "split": self._names(parts)})
        self._write(self.writers.articles, table, parts)
        present = pa.array(parts != LEFT_OUT)
        self.tally.statistics.add_articles(table, present)
        grouped = pa.table({"lang": columns["lang"], "held": levels}).filter(present)
        for one in grouped.group_by(["lang", "held"]).aggregate([([], "count_all")]).to_pylist():
            self.tally.articles[planned.city, one["lang"], one["held"]] += one["count_all"]
        self.tally.runs.update(run for run in pc.unique(columns["run_id"]).to_pylist() if run)
        self._date(columns["last_seen"])

    def _pairs(self, planned: CityPlan, kept: pa.Table) -> None:
        ids = planned.rows["article_id"]
        zh = pc.index_in(kept["zh_id"], ids).to_numpy()
        en = pc.index_in(kept["en_id"], ids).to_numpy()
        parts = self._parts(planned, zh)
        columns = {name: _whole(kept[name]) for name in kept.column_names}
        for name in ("zh_title", "en_title"):
            columns[name], _ = self.masker.column(columns[name], Counter())
        table = _as(PAIRS, columns | {"split": self._names(parts)})
        self._write(self.writers.pairs, table, parts)
        present = table.filter(pa.array(parts != LEFT_OUT))
        self.tally.pairs_by_city[planned.city] += present.num_rows
        self.tally.statistics.add_pairs(present)
        for name, counts in (
            ("relation", self.tally.relations),
            ("method", self.tally.methods),
        ):
            for one in present.group_by(name).aggregate([([], "count_all")]).to_pylist():
                counts[one[name]] += one["count_all"]
        self._date(columns["aligned_at"])
        full = pc.equal(pc.cast(planned.rows["held"], pa.string()), rights.FULL).to_numpy()
        open_pairs = np.flatnonzero(full[zh] & full[en] & (parts != LEFT_OUT))
        self._sentences(planned, kept["pair_id"].combine_chunks(), zh, en, open_pairs)

    def _sentences(
        self, planned: CityPlan, pair_ids: pa.Array, zh: Integers, en: Integers, wanted: Integers
    ) -> None:
        """Write the beads of the pairs at positions `wanted` of `pair_ids`."""
        path = store.table_path(self.output, "sentences", planned.city)
        table = store.read_table(path, schema.SENTENCES)
        place = pc.index_in(table["pair_id"], pair_ids.take(pa.array(wanted)))
        table = table.append_column("place", place).filter(pc.is_valid(place))
        table = table.sort_by([("place", "ascending"), ("position", "ascending")])
        for begin in range(0, table.num_rows, BEADS):
            beads = table.slice(begin, BEADS).combine_chunks()
            own = wanted[beads["place"].to_numpy()]
            beads = beads.drop_columns("place")
            columns = {name: _whole(beads[name]) for name in beads.column_names}
            standing = np.ones(len(own), dtype=bool)
            texts = self._both_texts(planned, np.unique(np.concatenate((zh[own], en[own]))))
            for side, mates in (("zh", zh), ("en", en)):
                columns[side], stands = _side(columns, side, mates[own], *texts)
                standing &= stands
            self.tally.stale_beads += int(len(own) - standing.sum())
            parts = self._parts(planned, zh[own])
            city = pa.repeat(pa.scalar(planned.city), len(own))
            written = _as(SENTENCES, columns | {"city": city, "split": self._names(parts)})
            if not standing.all():
                written, parts = written.filter(pa.array(standing)), parts[standing]
            self.tally.statistics.add_sentences(written)
            self._write(self.writers.sentences, written, parts)
            self.tally.beads_by_city[planned.city] += written.num_rows

    def _both_texts(
        self, planned: CityPlan, articles: Integers
    ) -> tuple[dict[int, str], dict[int, str]]:
        """Return the texts of a plan's rows, and of those in which something is masked the masked
        text."""
        plain: dict[int, str] = {}
        masked: dict[int, str] = {}
        for positions, stored in selection.stored_texts(planned, articles, ["text"]):
            texts = pc.fill_null(_whole(stored["text"]), "")
            plain.update(zip(positions.tolist(), texts.to_pylist(), strict=True))
            # Most texts hold nothing to mask; which do is known since the articles were written.
            here = np.flatnonzero(self.altered[positions])
            news, _ = self.masker.column(texts.take(pa.array(here)), Counter())
            masked.update(zip(positions[here].tolist(), news.to_pylist(), strict=True))
        return plain, masked

    def _masked_lists(self, lists: pa.Array) -> pa.Array:
        values, changed = self.masker.column(lists.flatten(), self.tally.masked)
        if not pc.any(changed).as_py():
            return lists
        offsets = pc.subtract(lists.offsets, lists.offsets[0])
        return pa.ListArray.from_arrays(offsets, values, type=lists.type, mask=lists.is_null())

    def _parts(self, planned: CityPlan, chunk: Integers) -> Integers:
        return planned.split[chunk] if self.split else np.zeros(len(chunk), dtype=np.int8)

    def _names(self, parts: Integers) -> pa.Array:
        if not self.split:
            return pa.repeat(pa.scalar(WHOLE), len(parts))
        names = pa.array([*SPLITS, None], pa.string())
        return names.take(pa.array(np.where(parts == LEFT_OUT, len(SPLITS), parts)))

    def _write(self, shards: Shards, table: pa.Table, parts: Integers) -> None:
        if not self.split:
            shards.write(table, WHOLE)
            return
        for number, name in enumerate(SPLITS):
            here = parts == number
            if here.any():
                shards.write(table.filter(pa.array(here)), name)

    def _date(self, times: pa.Array) -> None:
        latest = pc.max(times).as_py()
        if latest is not None:
            self.tally.newest = max(self.tally.newest, latest)


def texts(planned: CityPlan) -> Iterator[tuple[Integers, pa.Table]]:
    """Yield all titles and texts of a city's plan, with their positions in it."""
    everything = np.arange(planned.rows.num_rows)
    yield from selection.stored_texts(planned, everything, ["article_id", "lang", "title", "text"])


def _side(
    columns: dict[str, pa.Array],
    side: str,
    articles: Integers,
    plain: Mapping[int, str],
    masked: Mapping[int, str],
) -> tuple[pa.Array, Integers]:
    """Return one side of the beads, masked as in its articles, and which beads stand there.

    A bead stands where its article's text, as it is now, holds it at its offsets. One that does
    not was aligned before the article was corrected.
    """
    said = columns[side].to_pylist()
    starts = pc.fill_null(columns[f"{side}_start"], 0).to_numpy().tolist()
    ends = pc.fill_null(columns[f"{side}_end"], 0).to_numpy().tolist()
    owners = articles.tolist()
    stands = np.array(
        [
            not text or plain[owner][start:end] == text
            for text, owner, start, end in zip(said, owners, starts, ends, strict=True)
        ],
        dtype=bool,
    )
    replaced: dict[int, str] = {}
    if masked:
        for at in np.flatnonzero(np.isin(articles, list(masked))).tolist():
            if said[at]:
                replaced[at] = masked[owners[at]][starts[at] : ends[at]]
    if not replaced:
        return columns[side], stands
    news = pa.array(list(replaced.values()), type=pa.string())
    return pc.replace_with_mask(columns[side], flags_at(replaced, len(said)), news), stands


def _cut(text: pa.Array, levels: pa.Array, langs: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts as far as they may be held, and which of them are not whole."""
    partial = pc.not_equal(levels, rights.FULL)
    if not pc.any(partial).as_py():
        return text, partial
    kept: list[str | None] = []
    for at in pc.indices_nonzero(partial).to_pylist():
        whole = text[at].as_py()
        excerpted = levels[at].as_py() == rights.EXCERPT and whole
        kept.append(rights.excerpt(whole, langs[at].as_py()) if excerpted else None)
    return pc.replace_with_mask(text, partial, pa.array(kept, type=text.type)), partial


def _suspected(columns: dict[str, pa.Array]) -> tuple[pa.Array, pa.Array]:
    """Return `mt_suspect` and `mt_signs`: of English articles, from the text that is held."""
    english = pc.indices_nonzero(pc.equal(columns["lang"], "en"))
    scores, signs = suspicion.suspicions(columns["text"].take(english))
    place = pc.index_in(pa.array(np.arange(len(columns["lang"]), dtype=np.uint64)), english)
    return scores.take(place), signs.take(place)


def _digests(columns: dict[str, pa.Array], changed: pa.Array) -> pa.Array:
    """Return `content_sha256`, made anew of what is held where that is not what was stored."""
    positions = pc.indices_nonzero(changed).to_pylist()
    if not positions:
        return columns["content_sha256"]
    news = []
    for at in positions:
        content = f"{columns['title'][at].as_py() or ''}\n\n{columns['text'][at].as_py() or ''}"
        news.append(hashlib.sha256(content.encode()).hexdigest())
    return pc.replace_with_mask(columns["content_sha256"], changed, pa.array(news, pa.string()))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _as(of: pa.Schema, columns: dict[str, pa.Array]) -> pa.Table:
    arrays = [columns[field.name] for field in of]
    return pa.Table.from_arrays(arrays, schema=of)
