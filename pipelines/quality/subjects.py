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
        return sum(verdict.level == level for verdict in self.stale)

    def sentence(self, level: str | None = None) -> str | None:
        """Return a sentence on the stale verdicts; None without any."""
        counts = [(self.of_stale(name), name) for name in LEVELS if level in (None, name)]
        listed = [f"{count} of level {name}" for count, name in counts if count]
        if not listed:
            return None
        return (
            f"Verdicts on texts that the corpus has no more, which count for nothing: "
            f"{', '.join(listed)}. Judge the texts that it has now with `shizheng review`."
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


@dataclass(frozen=True, slots=True)
class _Article:
    """Digest of an article, and the time of its last correction."""

    digest: str | None
    corrected: datetime | None


@dataclass(slots=True)
class _City:
    """Rows of one city asked for so far; None: no such row."""

    stamp: tuple[int, ...]
    pairs: dict[str, _Pair | None] = field(default_factory=dict)
    articles: dict[str, _Article | None] = field(default_factory=dict)
    beads: dict[str, dict[int, str]] = field(default_factory=dict)

    def pair(self, pair_id: str | None) -> _Pair | None:
        """Return a pair, None if there is none."""
        return self.pairs.get(pair_id or "")

    def digest(self, zh_id: str | None, en_id: str | None) -> str | None:
        """Return the digest of articles by their ids, None if unknown."""
        digests = []
        for key in (zh_id, en_id):
            article = self.articles.get(key) if key else _Article("", None)
            if article is None or article.digest is None:
                return None
            digests.append(article.digest)
        return _digest(*digests)

    def corrections(self, zh_id: str | None, en_id: str | None) -> list[datetime]:
        """Return the times of the articles' corrections."""
        found = (self.articles.get(key or "") for key in (zh_id, en_id))
        return [a.corrected for a in found if a is not None and a.corrected is not None]


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
        """Forget cities that were stored anew; return True if there are any."""
        with self._lock:
            changed = [key for key, city in self._cities.items() if city.stamp != self._stamp(key)]
            for key in changed:
                del self._cities[key]
            return bool(changed)

    def load(self, items: Iterable[Judgeable], *, beads: bool = False) -> None:
        """Read the rows of items.

        With `beads`, those of all beads of their pairs, too. Raises `StoreError` for a table that
        cannot be read.
        """
        by_city: dict[str, list[Judgeable]] = {}
        for item in items:
            by_city.setdefault(item.city, []).append(item)
        with self._lock:
            for key, wanted in by_city.items():
                if "/" in key or "\0" in key:
                    continue
                if key not in self._cities:
                    self._cities[key] = _City(self._stamp(key))
                self._load(key, self._cities[key], wanted, beads)

    def now(self, item: Judgeable) -> Subject | None:
        """Return an item's present place and digest, None if it is gone.

        A bead with a digest is sought by it, one without by its position.
        """
        with self._lock:
            city = self._cities.get(item.city, _City(()))
            if item.level == "unmatched":
                digest = city.digest(item.zh_id, item.en_id)
                return Subject(_item(item), digest) if city.articles.get(item.en_id or "") else None
            pair = city.pair(item.pair_id)
            if pair is None:
                return None
            if item.level == "pair":
                return Subject(_item(item), city.digest(pair.zh_id, pair.en_id))
            beads = city.beads.get(item.pair_id or "", {})
            position = _position(beads, item)
            if position is None:
                return None
            return Subject(Item("bead", item.pair_id or "", position), beads[position])

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

    def shown(self, item: Judgeable) -> str | None:
        """Return the digest of an item's whole page, None without it."""
        whole = item if item.level == "unmatched" else Named("pair", item.city, item.pair_id)
        with self._lock:
            self.load([whole], beads=True)
            subject = self.now(whole)
            if subject is None:
                return None
            beads = self._cities[item.city].beads.get(item.pair_id or "", {})
            return _digest(subject.digest or "", *(beads[at] for at in sorted(beads)))

    def _unchanged(self, verdict: Verdict) -> bool:
        """Return True unless a verdict's articles are known to have changed."""
        with self._lock:
            city = self._cities.get(verdict.city, _City(()))
            pair = city.pair(verdict.pair_id)
            zh_id = verdict.zh_id or (pair.zh_id if pair else None)
            en_id = verdict.en_id or (pair.en_id if pair else None)
            if verdict.judged_sha256 is not None and verdict.level != "bead":
                return verdict.judged_sha256 == city.digest(zh_id, en_id)
            if verdict.level == "bead" and pair and not _same_maker(verdict.method, pair.method):
                return False
            return all(time <= verdict.judged_at for time in city.corrections(zh_id, en_id))

    def _stamp(self, key: str) -> tuple[int, ...]:
        """Return a stamp that changes with the tables of a city."""
        found: list[int] = []
        for path in (
            files.articles_folder(self._output, key),
            files.table_path(self._output, "pairs", key),
            files.table_path(self._output, "sentences", key),
        ):
            try:
                status = path.stat()
                found += (status.st_ino, status.st_mtime_ns, status.st_size)
            except OSError:
                found += (0, 0, 0)
        return tuple(found)

    def _load(self, key: str, city: _City, items: Sequence[Judgeable], all_beads: bool) -> None:
        paired = [item for item in items if item.pair_id and item.level != "unmatched"]
        pair_ids = {item.pair_id or "" for item in paired}
        self._load_pairs(key, city, pair_ids - city.pairs.keys())
        with_beads = {item.pair_id or "" for item in paired if all_beads or item.level == "bead"}
        self._load_beads(key, city, with_beads - city.beads.keys())
        pairs = [pair for item in items if (pair := city.pair(item.pair_id)) is not None]
        ids = {key for item in items for key in (item.zh_id, item.en_id) if key}
        ids |= {key for pair in pairs for key in (pair.zh_id, pair.en_id) if key}
        self._load_articles(key, city, ids - city.articles.keys())

    def _load_pairs(self, key: str, city: _City, keys: Collection[str]) -> None:
        columns = ["pair_id", "zh_id", "en_id", "method"]
        city.pairs |= dict.fromkeys(keys)
        for row in self._rows("pairs", key, schema.PAIRS, keys, columns):
            city.pairs[row["pair_id"]] = _Pair(row["zh_id"], row["en_id"], row["method"])

    def _load_beads(self, key: str, city: _City, keys: Collection[str]) -> None:
        columns = ["pair_id", "position", "zh", "en"]
        city.beads |= {pair_id: {} for pair_id in keys}
        found = self._rows("sentences", key, schema.SENTENCES, keys, columns)
        seen: Counter[tuple[str, str, str]] = Counter()
        for row in sorted(found, key=lambda row: row["position"] or 0):
            texts = (row["zh"] or "", row["en"] or "")
            city.beads[row["pair_id"]][row["position"] or 0] = of_bead(
                *texts, seen[row["pair_id"], *texts]
            )
            seen[row["pair_id"], *texts] += 1

    def _load_articles(self, key: str, city: _City, ids: Collection[str]) -> None:
        columns = ["article_id", "revision", "content_sha256", "last_seen"]
        newest: dict[str, int] = {}
        city.articles |= dict.fromkeys(ids)
        wanted = sorted(ids)
        for path in sorted(files.articles_folder(self._output, key).glob("*.parquet")):
            for row in self._index.rows(path, schema.ARTICLES, "article_id", wanted, columns):
                article_id, revision = row["article_id"], row["revision"] or 0
                if revision >= newest.get(article_id, revision):
                    newest[article_id] = revision
                    corrected = row["last_seen"] if revision > 1 else None
                    city.articles[article_id] = _Article(row["content_sha256"], corrected)

    def _rows(
        self, table: str, city: str, expected: Any, keys: Collection[str], columns: list[str]
    ) -> Iterable[parquet.Row]:
        path = files.table_path(self._output, table, city)
        return self._index.rows(path, expected, "pair_id", sorted(keys), columns)


def judgements(output: Path) -> Judgements:
    """Return the judgements in `output`, by the texts of its corpus now.

    Raises `VerdictError` for verdicts that cannot be read, `StoreError` for a table.
    """
    given = [verdict for verdict in verdicts.read(output) if verdict.city not in damage.left_out()]
    subjects = Subjects(output)
    subjects.load(given)
    placed = [(verdict, subjects.placed(verdict)) for verdict in given]
    return Judgements(
        items=verdicts.by_item([now for _, now in placed if now is not None]),
        stale=stale(placed),
    )


def stale(placed: Iterable[tuple[Verdict, Verdict | None]]) -> list[Verdict]:
    """Return stale verdicts without a successor, of verdicts beside their present form."""
    newest: dict[_Reviewed, tuple[Verdict, bool]] = {}
    for verdict, now in placed:
        # Of one pair or article a verdict on its new texts replaces it; a bead is its texts.
        key = (subject_key(verdict), verdict.reviewer, verdicts.is_adjudication(verdict))
        if key not in newest or by_age(newest[key][0]) <= by_age(verdict):
            newest[key] = (verdict, now is None)
    return [verdict for verdict, gone in newest.values() if gone and verdict.verdict]


def by_age(verdict: Verdict) -> tuple[datetime, str]:
    """Return a sort key of verdicts, oldest first."""
    return (verdict.judged_at, verdict.verdict_id)


def subject_key(item: Judgeable) -> Item:
    """Return a name for an item with or without its texts."""
    if item.level == "bead" and item.judged_sha256:
        return Item("bead", f"{item.pair_id} {item.judged_sha256}")
    return _item(item)


def of_bead(zh: str, en: str, number: int = 0) -> str:
    """Return the digest of a bead.

    Equal beads of a pair differ by their `number`.
    """
    return _digest(zh, en, str(number))


def _digest(*parts: str) -> str:
    """Return a SHA-256 of texts, each marked off by its length."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(data) + data)
    return made.hexdigest()


def _position(beads: Mapping[int, str], item: Judgeable) -> int | None:
    """Return the present position of a bead."""
    if item.judged_sha256 is None:
        return item.position if item.position in beads else None
    return next((at for at, digest in beads.items() if digest == item.judged_sha256), None)


def _same_maker(first: str | None, second: str | None) -> bool:
    if first is None or second is None:
        return True
    return split_method(first)[0] == split_method(second)[0]


def _item(item: Judgeable) -> Item:
    return verdicts.item(item.level, item.city, item.pair_id, item.position, item.en_id)
