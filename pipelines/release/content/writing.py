"""Rows of a release: masked articles within their rights, pairs, current sentences.

Text is read a file of a city and year at a time. Of one city at a time the sentences, and the texts
that they come from, are in memory: it grows with the largest city and not with the corpus.
"""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.export.filters import Losses, chosen_beads, passed
from pipelines.quality import corrections
from pipelines.release.about.manifest import ReleaseCounts
from pipelines.release.content import rights, selection, suspicion
from pipelines.release.content.masking import Masker, flags_at, masked
from pipelines.release.content.selection import CityPlan, Thresholds
from pipelines.release.content.sources import Sources
from pipelines.release.shards import Shards
from pipelines.release.split.splits import LEFT_OUT
from pipelines.release.tables import ARTICLES, LAYOUTS, PAIRS, SENTENCES, SPLITS, WHOLE, Integers
from pipelines.tables import files, parquet, schema

ROWS, BEADS = 50_000, 500_000
"""Articles and beads in memory at once; set by hand."""
_MASKED = ("title", "text", "author", "source")


@dataclass(frozen=True, slots=True)
class Writers:
    """Writers of the three tables of a release."""

    articles: Shards
    pairs: Shards
    sentences: Shards

    @classmethod
    @contextmanager
    def into(cls, folder: Path) -> Iterator["Writers"]:
        """Open writers into `folder`/data; the end of the context finishes the files."""
        with ExitStack() as stack:
            yield cls(
                **{
                    name: stack.enter_context(Shards(folder / "data" / name, layout))
                    for name, layout in LAYOUTS.items()
                }
            )

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """Rows written by table and part."""
        return {
            "articles": self.articles.rows,
            "pairs": self.pairs.rows,
            "sentences": self.sentences.rows,
        }


@dataclass(slots=True)
class Writing:
    """Writing of one release."""

    output: Path
    thresholds: Thresholds
    masker: Masker
    split: bool
    writers: Writers
    counts: ReleaseCounts
    withdrawn: frozenset[str] = frozenset()
    """Ids that no row may name."""

    def city(self, planned: CityPlan) -> None:
        """Write articles, pairs and sentences of one city."""
        self.counts.removed["articles"].update(planned.losses.removed)
        chosen_pairs = self._city_pairs(planned)
        sources = Sources(chosen_pairs.sources(planned.rows.num_rows))
        self._articles(planned, sources)
        if chosen_pairs.pairs.num_rows:
            self._pairs(planned, chosen_pairs)
        self._sentences(planned, chosen_pairs, sources)

    def _city_pairs(self, planned: CityPlan) -> "_CityPairs":
        losses = Losses()
        pairs = selection.pairs(self.output, planned, self.thresholds, losses)
        self.counts.removed["pairs"].update(losses.removed)
        ids = planned.rows["article_id"]
        zh, en = (pc.index_in(pairs[side], ids).to_numpy() for side in ("zh_id", "en_id"))
        full = pc.equal(pc.cast(planned.rows["held"], pa.string()), rights.FULL).to_numpy()
        present = self._parts(planned, zh) != LEFT_OUT
        return _CityPairs(pairs, zh, en, np.flatnonzero(full[zh] & full[en] & present))

    def _articles(self, planned: CityPlan, sources: Sources) -> None:
        file, row = planned.rows["file"].to_numpy(), planned.rows["row"].to_numpy()
        for number, path in enumerate(planned.files):
            here = np.flatnonzero(file == number)
            if not len(here):
                continue
            stored = parquet.read_table(path, schema.ARTICLES)
            for begin in range(0, len(here), ROWS):
                chunk = here[begin : begin + ROWS]
                rows = _rows(stored, row[chunk])
                self._write_articles(rows, planned, chunk, sources)

    def _write_articles(
        self, rows: pa.Table, planned: CityPlan, chunk: Integers, sources: Sources
    ) -> None:
        levels = planned.rows["held"].take(pa.array(chunk)).combine_chunks()
        levels = pc.cast(levels, pa.string())
        columns = {name: _whole(rows[name]) for name in rows.column_names}
        changed: set[int] = set()
        for name in _MASKED:
            found = self.masker.found(columns[name], self.counts.masked)
            if name == "text":
                sources.add(chunk, columns[name], found)
            if name in ("title", "text"):
                changed.update(found)
            columns[name] = masked(columns[name], found)
        columns["keywords"] = self._masked_lists(columns["keywords"])
        columns["text"], cut = _cut(columns["text"], levels, columns["lang"])
        columns["content_sha256"] = _digests(columns, pc.or_(flags_at(changed, len(chunk)), cut))
        columns["mt_suspect"], columns["mt_signs"] = _suspected(columns)
        if self.withdrawn:
            named = pc.is_in(columns["mate_id"], pa.array(sorted(self.withdrawn), pa.string()))
            for name in ("mate_id", "mate_groups"):
                columns[name] = pc.if_else(named, None, columns[name])
        parts = self._parts(planned, chunk)
        table = _as(ARTICLES, columns | {"held": levels, "split": self._names(parts)})
        self._write(self.writers.articles, table, parts)
        present = pa.array(parts != LEFT_OUT)
        self.counts.statistics.add_articles(table, present)
        grouped = pa.table({"lang": columns["lang"], "held": levels}).filter(present)
        for row in grouped.group_by(["lang", "held"]).aggregate([([], "count_all")]).to_pylist():
            self.counts.articles[planned.city, row["lang"], row["held"]] += row["count_all"]
        self.counts.runs.update(run for run in pc.unique(columns["run_id"]).to_pylist() if run)
        self._date(columns["last_seen"])

    def _pairs(self, planned: CityPlan, chosen_pairs: "_CityPairs") -> None:
        parts = self._parts(planned, chosen_pairs.zh)
        columns = {
            name: _whole(chosen_pairs.pairs[name]) for name in chosen_pairs.pairs.column_names
        }
        for name in ("zh_title", "en_title"):
            columns[name] = self.masker.column(columns[name])
        table = _as(PAIRS, columns | {"split": self._names(parts)})
        self._write(self.writers.pairs, table, parts)
        present = table.filter(pa.array(parts != LEFT_OUT))
        self.counts.pairs_by_city[planned.city] += present.num_rows
        self.counts.statistics.add_pairs(present)
        for name, counts in (
            ("relation", self.counts.relations),
            ("method", self.counts.methods),
        ):
            for row in present.group_by(name).aggregate([([], "count_all")]).to_pylist():
                counts[row[name]] += row["count_all"]
        self._date(columns["aligned_at"])

    def _sentences(self, planned: CityPlan, chosen_pairs: "_CityPairs", sources: Sources) -> None:
        path = files.table_path(self.output, "sentences", planned.city)
        table, held = corrections.apply(
            parquet.read_table(path, schema.SENTENCES),
            corrections.read(self.output, planned.city),
        )
        self.counts.corrected += held
        passing, place = self._passing(table, chosen_pairs)
        for begin in range(0, len(passing), BEADS):
            beads = _rows(table, passing[begin : begin + BEADS])
            own = chosen_pairs.open[place[begin : begin + BEADS]]
            columns = {name: _whole(beads[name]) for name in beads.column_names}
            current = np.ones(len(own), dtype=np.bool_)
            for side, articles in (("zh", chosen_pairs.zh), ("en", chosen_pairs.en)):
                columns[side], unchanged = sources.side(columns, side, articles[own])
                current &= unchanged
            self.counts.stale_beads += int(len(own) - current.sum())
            parts = self._parts(planned, chosen_pairs.zh[own])
            city = pa.repeat(pa.scalar(planned.city), len(own))
            columns["zh_script"] = _whole(chosen_pairs.pairs["zh_script"]).take(pa.array(own))
            written = _as(SENTENCES, columns | {"city": city, "split": self._names(parts)})
            if not current.all():
                written, parts = written.filter(pa.array(current)), parts[current]
            self.counts.statistics.add_sentences(written)
            self._write(self.writers.sentences, written, parts)
            self.counts.beads_by_city[planned.city] += written.num_rows

    def _passing(self, table: pa.Table, chosen_pairs: "_CityPairs") -> tuple[Integers, Integers]:
        """Return the beads to release, and their pairs.

        They are positions in the table and in `open`.
        """
        released = _whole(chosen_pairs.pairs["pair_id"])
        wanted = released.take(pa.array(chosen_pairs.open))
        tested = ["pair_id", "position", "probability", "similarity", "kind", "flags"]
        light = table.select(tested)
        light = light.append_column("row", pa.array(np.arange(table.num_rows)))
        losses = Losses()
        tests = [(name, pc.is_in(light["pair_id"], ids)) for name, ids in (
            ("their pairs", released), ("rights or split", wanted))]  # fmt: skip
        light = chosen_beads(passed(light, tests, losses), self.thresholds.filters(), losses)
        self.counts.removed["sentences"].update(losses.removed)
        place = pc.index_in(light["pair_id"], wanted).to_numpy()
        order = np.lexsort((light["position"].to_numpy(), place))
        return light["row"].to_numpy()[order], place[order]

    def _masked_lists(self, lists: pa.Array) -> pa.Array:
        flat = lists.flatten()
        found = self.masker.found(flat, self.counts.masked)
        if not found:
            return lists
        offsets = pc.subtract(lists.offsets, lists.offsets[0])
        return pa.ListArray.from_arrays(
            offsets, masked(flat, found), type=lists.type, mask=lists.is_null()
        )

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
            self.counts.newest = max(self.counts.newest, latest)


def texts(planned: CityPlan) -> Iterator[tuple[Integers, pa.Table]]:
    """Yield positions, titles and texts of a city's whole plan."""
    everything = np.arange(planned.rows.num_rows)
    yield from selection.stored_texts(planned, everything, ["article_id", "lang", "title", "text"])


@dataclass(frozen=True, slots=True)
class _CityPairs:
    """Pairs of one city.

    `zh` and `en` are the positions of their articles in the city's plan.
    """

    pairs: pa.Table
    zh: Integers
    en: Integers
    open: Integers
    """Pairs with released sentences, as positions in `pairs`."""

    def sources(self, rows: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return flags of the plan's `rows`: true for sources of released sentences."""
        flags = np.zeros(rows, dtype=np.bool_)
        flags[self.zh[self.open]] = flags[self.en[self.open]] = True
        return flags


def _cut(text: pa.Array, levels: pa.Array, langs: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts within their rights, and flags of the cut ones."""
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
    """Return `mt_suspect` and `mt_signs` of English articles, from the released text."""
    english = pc.indices_nonzero(pc.equal(columns["lang"], "en"))
    scores, signs = suspicion.suspicion_scores(columns["text"].take(english))
    place = pc.index_in(pa.array(np.arange(len(columns["lang"]), dtype=np.uint64)), english)
    return scores.take(place), signs.take(place)


def _digests(columns: dict[str, pa.Array], changed: pa.Array) -> pa.Array:
    """Return `content_sha256`, computed anew for rows that are not as stored."""
    positions = pc.indices_nonzero(changed).to_pylist()
    if not positions:
        return columns["content_sha256"]
    news = []
    for at in positions:
        content = f"{columns['title'][at].as_py() or ''}\n\n{columns['text'][at].as_py() or ''}"
        news.append(hashlib.sha256(content.encode()).hexdigest())
    return pc.replace_with_mask(columns["content_sha256"], changed, pa.array(news, pa.string()))


def _rows(table: pa.Table, chosen: Integers) -> pa.Table:
    """Return the chosen rows, without a copy if they are consecutive."""
    if len(chosen) and (np.diff(chosen) == 1).all():
        return table.slice(int(chosen[0]), len(chosen)).combine_chunks()
    return table.take(pa.array(chosen)).combine_chunks()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks()


def _as(of: pa.Schema, columns: dict[str, pa.Array]) -> pa.Table:
    arrays = [columns[field.name] for field in of]
    return pa.Table.from_arrays(arrays, schema=of)
