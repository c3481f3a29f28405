"""Digests of judged texts, and their present places in the corpus.

A verdict belongs to the texts that were judged, not to their place. It carries `judged_sha256`:

* pair: of both articles' `content_sha256`;
* bead: of both sides' texts, so that the verdict follows them to another position when the pair is
  aligned again; equal ones of a pair differ by their order;
* unmatched: of the `content_sha256` of the English article, and of its counterpart's if one was
  named.

A verdict on texts that the corpus has no more is **stale**: it is set apart and counted apart, and
counts again when the texts come back. A verdict without a digest, from before that
column, counts as long as nothing shows that its texts changed after it was given: no article of it
was corrected since (`revision`, `last_seen`), and for a bead the pair is there, made by the same
encoder and model.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pipelines.pairs.calibration import split_method
from pipelines.quality import verdicts
from pipelines.quality.verdicts import LEVELS, Item, Judged, Verdict
from pipelines.tables import damage, files, parquet, schema
from pipelines.tables.row_index import RowIndex

_Reviewed = tuple[Item, str, bool]


class Judgeable(Protocol):
    """An item named by its place: a verdict, or an item drawn."""

    @property
    def level(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def pair_id(self) -> str | None: ...
    @property
    def position(self) -> int | None: ...
    @property
    def zh_id(self) -> str | None: ...
    @property
    def en_id(self) -> str | None: ...
    @property
    def judged_sha256(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """Place and digest of an item in the corpus.

    `digest` is None if the tables have no digest of an article.
    """

    item: Item
    digest: str | None


@dataclass(frozen=True, slots=True)
class Judgements:
    """Judged items of the corpus, and verdicts on texts now gone.

    `stale` are the newest of each reviewer on an item, empty ones and those given anew aside.
    """

    items: list[Judged]
    stale: list[Verdict]

    def __bool__(self) -> bool:
        return bool(self.items or self.stale)

    def of_stale(self, level: str) -> int:
        """Return how many stale verdicts of a level there are."""
        return sum(one.level == level for one in self.stale)

    def sentence(self, level: str | None = None) -> str | None:
        """Return a sentence on the stale verdicts; None without any."""
        counts = [(self.of_stale(name), name) for name in LEVELS if level in (None, name)]
        told = [f"{count} of level {name}" for count, name in counts if count]
        if not told:
            return None
        return (
            f"Verdicts on texts that the corpus has no more, which count for nothing: "
            f"{', '.join(told)}. Judge what stands there now with `shizheng review`."
        )


@dataclass(frozen=True, slots=True)
class Named:
    """An item by its level, city and ids."""

    level: str
    city: str
    pair_id: str | None
    position: int | None = None
    zh_id: str | None = None
    en_id: str | None = None
    judged_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Pair:
    zh_id: str | None
    en_id: str | None
    method: str | None


@dataclass(slots=True)
class _City:
    """Rows of one city asked for so far; None: no such row."""

    stamp: tuple[int, ...]
    articles: dict[str, tuple[str | None, datetime | None] | None] = field(default_factory=dict)
    pairs: dict[str, _Pair | None] = field(default_factory=dict)
    beads: dict[str, dict[int, str]] = field(default_factory=dict)


class Subjects:
    """Texts of `output` by their items.

    Several threads may use it. Items must be loaded before they are asked for: each `load` reads
    the tables once for all its items.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._index = RowIndex()
        self._cities: dict[str, _City] = {}
        self._lock = threading.RLock()

    def refresh(self) -> bool:
        """Forget cities that were stored anew; return whether there are any."""
        with self._lock:
            changed = [city for city, held in self._cities.items() if held.stamp != self._of(city)]
            for city in changed:
                del self._cities[city]
            return bool(changed)

    def load(self, wanted: Iterable[Judgeable], *, beads: bool = False) -> None:
        """Read the rows of items.

        With `beads`, those of all beads of their pairs, too. Raises `store.StoreError` for a table
        that cannot be read.
        """
        by_city: dict[str, list[Judgeable]] = {}
        for one in wanted:
            by_city.setdefault(one.city, []).append(one)
        with self._lock:
            for city, mine in by_city.items():
                if "/" in city or "\0" in city:
                    continue
                held = self._cities.get(city)
                if held is None:
                    held = self._cities[city] = _City(self._of(city))
                self._load(city, held, mine, beads)

    def now(self, one: Judgeable) -> Subject | None:
        """Return an item's present place and digest, None if it is gone.

        A bead with a digest is sought by it, one without by its position.
        """
        with self._lock:
            held = self._cities.get(one.city, _City(()))
            if one.level == "unmatched":
                digest = _of_articles(held, one.zh_id, one.en_id)
                return Subject(_item(one), digest) if held.articles.get(one.en_id or "") else None
            pair = held.pairs.get(one.pair_id or "")
            if pair is None:
                return None
            if one.level == "pair":
                return Subject(_item(one), _of_articles(held, pair.zh_id, pair.en_id))
            beads = held.beads.get(one.pair_id or "", {})
            position = _position(beads, one)
            if position is None:
                return None
            return Subject(Item("bead", one.pair_id or "", position), beads[position])

    def placed(self, verdict: Verdict) -> Verdict | None:
        """Return a verdict at its present place, None if it is stale."""
        if verdict.level != "bead":
            return verdict if self._unchanged(verdict) else None
        subject = self.now(verdict)
        if subject is None or (verdict.judged_sha256 is None and not self._unchanged(verdict)):
            return None
        if subject.item.position == verdict.position:
            return verdict
        return replace(verdict, position=subject.item.position)

    def shown(self, one: Judgeable) -> str | None:
        """Return the digest of an item's whole page, None without it."""
        whole = one if one.level == "unmatched" else Named("pair", one.city, one.pair_id)
        with self._lock:
            self.load([whole], beads=True)
            subject = self.now(whole)
            if subject is None:
                return None
            beads = self._cities[one.city].beads.get(one.pair_id or "", {})
            return _digest(subject.digest or "", *(beads[at] for at in sorted(beads)))

    def _unchanged(self, verdict: Verdict) -> bool:
        """Return True unless a verdict's articles are known to have changed."""
        with self._lock:
            held = self._cities.get(verdict.city, _City(()))
            pair = held.pairs.get(verdict.pair_id or "")
            zh_id = verdict.zh_id or (pair.zh_id if pair else None)
            en_id = verdict.en_id or (pair.en_id if pair else None)
            if verdict.judged_sha256 is not None and verdict.level != "bead":
                return verdict.judged_sha256 == _of_articles(held, zh_id, en_id)
            if verdict.level == "bead" and pair and not _same_maker(verdict.method, pair.method):
                return False
            known = [held.articles.get(key or "") for key in (zh_id, en_id)]
            times = [one[1] for one in known if one is not None and one[1] is not None]
            return all(time <= verdict.judged_at for time in times)

    def _of(self, city: str) -> tuple[int, ...]:
        """Return a stamp that changes with the tables of a city."""
        found: list[int] = []
        for path in (
            files.articles_folder(self._output, city),
            files.table_path(self._output, "pairs", city),
            files.table_path(self._output, "sentences", city),
        ):
            try:
                status = path.stat()
                found += (status.st_ino, status.st_mtime_ns, status.st_size)
            except OSError:
                found += (0, 0, 0)
        return tuple(found)

    def _load(self, city: str, held: _City, mine: Sequence[Judgeable], beads: bool) -> None:
        pairs = {one.pair_id for one in mine if one.pair_id and one.level != "unmatched"}
        self._load_pairs(city, held, pairs - held.pairs.keys())
        if not beads:
            pairs = {one.pair_id for one in mine if one.pair_id and one.level == "bead"}
        self._load_beads(city, held, pairs - held.beads.keys())
        made = [held.pairs[key] for key in pairs if held.pairs.get(key)]
        made += [held.pairs.get(one.pair_id or "") for one in mine]
        ids = {key for one in (*mine, *made) if one for key in (one.zh_id, one.en_id) if key}
        self._load_articles(city, held, ids - held.articles.keys())

    def _load_pairs(self, city: str, held: _City, keys: Collection[str]) -> None:
        columns = ["pair_id", "zh_id", "en_id", "method"]
        held.pairs |= dict.fromkeys(keys)
        for row in self._rows("pairs", city, schema.PAIRS, keys, columns):
            held.pairs[row["pair_id"]] = _Pair(row["zh_id"], row["en_id"], row["method"])

    def _load_beads(self, city: str, held: _City, keys: Collection[str]) -> None:
        columns = ["pair_id", "position", "zh", "en"]
        held.beads |= {key: {} for key in keys}
        found = self._rows("sentences", city, schema.SENTENCES, keys, columns)
        seen: Counter[tuple[str, str, str]] = Counter()
        for row in sorted(found, key=lambda row: row["position"] or 0):
            texts = (row["zh"] or "", row["en"] or "")
            held.beads[row["pair_id"]][row["position"] or 0] = of_bead(
                *texts, seen[row["pair_id"], *texts]
            )
            seen[row["pair_id"], *texts] += 1

    def _load_articles(self, city: str, held: _City, keys: Collection[str]) -> None:
        columns = ["article_id", "revision", "content_sha256", "last_seen"]
        newest: dict[str, int] = {}
        held.articles |= dict.fromkeys(keys)
        wanted = sorted(keys)
        for path in sorted(files.articles_folder(self._output, city).glob("*.parquet")):
            for row in self._index.rows(path, schema.ARTICLES, "article_id", wanted, columns):
                key, revision = row["article_id"], row["revision"] or 0
                if revision >= newest.get(key, revision):
                    newest[key] = revision
                    corrected = row["last_seen"] if revision > 1 else None
                    held.articles[key] = (row["content_sha256"], corrected)

    def _rows(
        self, table: str, city: str, expected: Any, keys: Collection[str], columns: list[str]
    ) -> Iterable[parquet.Row]:
        path = files.table_path(self._output, table, city)
        return self._index.rows(path, expected, "pair_id", sorted(keys), columns)


def judgements(output: Path) -> Judgements:
    """Return the judgements in `output`, by the texts of its corpus now.

    Raises `VerdictError` for verdicts that cannot be read, `store.StoreError` for a table.
    """
    given = [one for one in verdicts.read(output) if one.city not in damage.left_out()]
    subjects = Subjects(output)
    subjects.load(given)
    placed = [(one, subjects.placed(one)) for one in given]
    return Judgements(
        items=verdicts.by_item([now for _, now in placed if now is not None]),
        stale=stale(placed),
    )


def stale(placed: Iterable[tuple[Verdict, Verdict | None]]) -> list[Verdict]:
    """Return stale verdicts without a successor, of verdicts beside their present form."""
    newest: dict[_Reviewed, tuple[Verdict, bool]] = {}
    for one, now in placed:
        # Of one pair or article a verdict on its new texts replaces it; a bead is its texts.
        key = (spot(one), one.reviewer, verdicts.is_adjudication(one))
        if key not in newest or age(newest[key][0]) <= age(one):
            newest[key] = (one, now is None)
    return [one for one, gone in newest.values() if gone and one.verdict]


def age(one: Verdict) -> tuple[datetime, str]:
    """Return a sort key of verdicts, oldest first."""
    return (one.judged_at, one.verdict_id)


def spot(one: Judgeable) -> Item:
    """Return a name for an item with or without its texts."""
    if one.level == "bead" and one.judged_sha256:
        return Item("bead", f"{one.pair_id} {one.judged_sha256}")
    return _item(one)


def of_bead(zh: str, en: str, number: int = 0) -> str:
    """Return the digest of a bead.

    Equal beads of a pair differ by their `number`.
    """
    return _digest(zh, en, str(number))


def _of_articles(held: _City, zh_id: str | None, en_id: str | None) -> str | None:
    """Return the digest of articles by their ids, None if unknown."""
    digests = []
    for key in (zh_id, en_id):
        known = held.articles.get(key) if key else ("", None)
        if known is None or known[0] is None:
            return None
        digests.append(known[0])
    return _digest(*digests)


def _digest(*parts: str) -> str:
    """Return a SHA-256 of texts, each marked off by its length."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(data) + data)
    return made.hexdigest()


def _position(beads: Mapping[int, str], one: Judgeable) -> int | None:
    """Return the present position of a bead."""
    if one.judged_sha256 is None:
        return one.position if one.position in beads else None
    return next((at for at, digest in beads.items() if digest == one.judged_sha256), None)


def _same_maker(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return True
    return split_method(one)[0] == split_method(other)[0]


def _item(one: Judgeable) -> Item:
    return verdicts.item(one.level, one.city, one.pair_id, one.position, one.en_id)
