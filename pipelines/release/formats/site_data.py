"""Data of the site: pairs, their beads, indexes of words.

data/index.js                             cities, the files of pairs, the places of beads
data/words.js                             words of the page in both languages
data/pairs/<city number>/<month>-<n>.js   at most `ROWS` pairs
data/search/<n>.js                        pairs by the words of their titles (`word_index`)
data/beads/<n // 100>/<n>.js              `BEADS` beads
data/sentences/<part>/<n>.js              beads by the words of their sides, `PART` at a time
"""

from array import array
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from crawler.legible import visible
from pipelines.release.formats.page_data import store
from pipelines.release.formats.word_index import WordIndex
from pipelines.release.snapshot import Snapshot
from pipelines.tables.vocabulary import LANGS
from pipelines.text.safe import web_link

ROWS = 200
"""Pairs in one file: some 80 kB."""
BEADS = 500
"""Beads in one file: some 150 kB."""
PART = 20_000
"""Beads of one index of words: some 3 MB in some fifty files, made in memory."""
_FOLDER = 100
"""Files of beads in one folder."""
_LONGEST = 300
"""Characters of a title that the page shows; set by hand."""
_UNDATED = "undated"


def write(release: Snapshot, data: Path) -> None:
    """Write everything but the words of the page."""
    rows = _ordered(release)
    places = _write_beads(release, data, rows["pair_id"].combine_chunks())
    index = _write_pairs(release, data, rows, places)
    store(data, "index", index | places.index)


class _Places:
    """Places of beads: first one and number by pair, ranges by city."""

    def __init__(self, pairs: int) -> None:
        self.first, self.count = array("l", [0]) * pairs, array("l", [0]) * pairs
        self.cities: list[list[Any]] = []
        self.parts: list[list[int]] = []
        self.total = 0

    @property
    def index(self) -> dict[str, Any]:
        """The index by which a page finds beads."""
        return {"beads": self.cities, "parts": self.parts, "inFile": BEADS, "inFolder": _FOLDER}

    def add(self, pair: int, city: int) -> int:
        """Count a bead of a pair of a city; return its number."""
        number = self.total
        if not self.count[pair]:
            self.first[pair] = number
        self.count[pair] += 1
        if not self.cities or self.cities[-1][0] != city:
            self.cities.append([city, number, 0])
        self.cities[-1][2] += 1
        self.total += 1
        return number


def _write_beads(release: Snapshot, data: Path, ids: pa.Array) -> _Places:
    """Write beads in the release's order, and the index of each part."""
    places, waiting = _Places(len(ids)), list[list[Any]]()
    words, begun = WordIndex(PART), 0
    cities = {key: number for number, key in enumerate(release.manifest["cities"])}
    columns = ["pair_id", "city", "zh", "en", "kind", "probability", "flags"]

    def file_full() -> None:
        if waiting:
            number = (places.total - 1) // BEADS
            store(data, f"beads/{number // _FOLDER}/{number}", waiting)
            waiting.clear()

    def part_full() -> None:
        nonlocal words, begun
        if places.total > begun:
            words.write(data, f"sentences/{len(places.parts)}")
            places.parts.append([begun, places.total - begun, words.shards])
            words, begun = WordIndex(PART), places.total

    for batch in release.batches("sentences", None, columns, rows=8_192):
        pairs = pc.index_in(batch["pair_id"], ids).to_pylist()
        for pair, row in zip(pairs, batch.to_pylist(), strict=True):
            number = places.add(pair, cities[row["city"]])
            sides = [visible(row[lang] or "") for lang in LANGS]
            probability = round(row["probability"], 3)
            waiting.append([pair, *sides, row["kind"], probability, row["flags"] or []])
            for lang in LANGS:
                words.add(number, row[lang] or "")
            if len(waiting) == BEADS:
                file_full()
            if places.total - begun == PART:
                part_full()
    file_full()
    part_full()
    return places


def _write_pairs(release: Snapshot, data: Path, rows: pa.Table, places: _Places) -> dict[str, Any]:
    """Write pairs and the index of their titles; return that of files."""
    titles = WordIndex(rows.num_rows)
    cities = list(release.manifest["cities"])
    listed: list[list[Any]] = []
    waiting: list[list[Any]] = []

    def flush() -> None:
        if waiting:
            city, month, number = listed[-1][:3]
            store(data, f"pairs/{city}/{month}-{number}", waiting)
            waiting.clear()

    done = 0
    for batch in rows.to_batches(max_chunksize=8_192):
        for row in batch.to_pylist():
            month = (row["day"] or _UNDATED)[:7]
            place = [cities.index(row["city"]), month]
            if not listed or listed[-1][:2] != place:
                flush()
                listed.append([*place, 0, 0])
            elif listed[-1][3] == ROWS:
                flush()
                listed.append([*place, listed[-1][2] + 1, 0])
            listed[-1][3] += 1
            shown = [visible(row[name] or "")[:_LONGEST] for name in ("zh_title", "en_title")]
            links = [web_link(row[name] or "") for name in ("zh_url", "en_url")]
            own = [row["relation"], round(row["probability"], 3)]
            waiting.append([row["day"], *shown, *links, *own,
                            places.first[done], places.count[done]])  # fmt: skip
            for name in ("zh_title", "en_title"):
                titles.add(done, row[name] or "")
            done += 1
    flush()
    titles.write(data, "search")
    named = [
        {"key": key, "zh": visible(of["name"]["zh"]), "en": visible(of["name"]["en"])}
        for key, of in release.manifest["cities"].items()
    ]
    return {"cities": named, "files": listed, "shards": titles.shards}


def _ordered(release: Snapshot) -> pa.Table:
    """Return the pairs with `day`, by city, newest month first.

    `day` is that of the English article, else of the Chinese one.
    """
    articles = release.read("articles", ["article_id", "published_at"])
    days = pc.strftime(pc.local_timestamp(articles["published_at"]), "%Y-%m-%d")
    kept = ["pair_id", "city", "zh_title", "en_title", "zh_url", "en_url", "relation"]
    pairs = release.read("pairs", [*kept, "zh_id", "en_id", "probability"])
    found = [
        days.take(pc.index_in(pairs[name], articles["article_id"])) for name in ("en_id", "zh_id")
    ]
    pairs = pairs.append_column("day", pc.coalesce(*found)).drop_columns(["zh_id", "en_id"])
    return pairs.sort_by([("city", "ascending"), ("day", "descending"), ("pair_id", "ascending")])
