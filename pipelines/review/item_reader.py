"""Content of items' pages, read ahead in a background thread."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.quality.sampling import Drawn
from pipelines.report import pair_view
from pipelines.report.pair_examples import PairExample
from pipelines.report.pair_view import PairView
from pipelines.review import article_views, bead_editor
from pipelines.review.article_views import ArticleView
from pipelines.review.bead_editor import Run
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.stored_pairs import StoredPairs
from pipelines.tables import files, parquet, schema
from pipelines.tables.damage import StoreError

SHORT, WHOLE = 90_000, 6_000_000
"""Bytes of a page for the beads of a pair: at first, and on demand; set by hand."""

AHEAD = 3
"""Items prepared before they are asked for; set by hand."""

HITS = 20
"""Articles that a search shows; set by hand."""

_EXAMPLES, _VIEWS = 800, 120
"""Pairs as read, and as shown, that stay in memory; set by hand, more than are read ahead."""

_FETCHED, _AT_ONCE = 600, 50
"""Items of a plan whose pairs are fetched ahead, and pairs fetched at once; set by hand."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Recent(Generic[Key, Value]):
    """Cache of the most recently used values."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class _Worker:
    """One thread, with urgent work first.

    Work that is put in twice is done twice.
    """

    def __init__(self) -> None:
        self._urgent: deque[Callable[[], object]] = deque()
        self._later: deque[Callable[[], object]] = deque()
        self._ready = threading.Condition()
        self._open = True
        threading.Thread(target=self._work, name="reading-ahead", daemon=True).start()

    def put(self, work: Callable[[], object], urgent: bool) -> None:
        with self._ready:
            (self._urgent if urgent else self._later).append(work)
            self._ready.notify()

    def close(self) -> None:
        with self._ready:
            self._open = False
            self._ready.notify()

    def _work(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._urgent or self._later or not self._open)
                if not self._open:
                    return
                work = (self._urgent or self._later).popleft()
            # What cannot be read ahead is read again when it is asked for, and complained of then.
            with suppress(StoreError):
                work()


class ItemReader:
    """Reader of items of plans.

    Several threads may use it; `close` it at the end.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._stored = StoredPairs(output)
        self._edition = 0
        self._examples = _Recent[tuple[int, str, str], PairExample](_EXAMPLES)
        self._views = _Recent[tuple[int, str, str, int], PairView](_VIEWS)
        self._worker = _Worker()
        self._fetched: set[str] = set()

    def follow(self, edition: int) -> None:
        """Use an edition of the corpus (see `StoredVerdicts.edition`)."""
        self._edition = edition

    def close(self) -> None:
        """Stop reading ahead."""
        self._worker.close()

    def pair(self, drawn: Drawn, whole: bool = False) -> PairView | None:
        """Return the pair of an item, None if it is gone."""
        budget = WHOLE if whole else SHORT
        edition = self._edition
        key = (edition, drawn.city, drawn.pair_id or "", budget)
        view = self._views.get(key)
        if view is None:
            example = self._example(edition, drawn.city, drawn.pair_id or "")
            if example is None:
                return None
            view = pair_view.view(example, budget)
            self._views.put(key, view)
        return view

    def position_shown(self, drawn: Drawn) -> bool:
        """Return True if a pair's short view reaches the drawn bead."""
        view = self.pair(drawn)
        return view is not None and (drawn.position or 0) < len(view.beads)

    def run(self, drawn: Drawn, position: int, count: int, before: str | None) -> Run | None:
        """Return beads of a pair to edit, None if there are none."""
        return bead_editor.read_run(self._stored, drawn, position, count, before)

    def is_chinese(self, city: str, article_id: str) -> bool:
        """Return True if the corpus has a Chinese article of this id."""
        row = self._stored.articles(city, [article_id]).get(article_id)
        return row is not None and row["lang"] != "en"

    def compared(
        self, drawn: Drawn, query: str, chosen: str | None
    ) -> tuple[ArticleView | None, list[ArticleView]]:
        """Return an unmatched English article beside Chinese ones.

        The one chosen, then the nearest, best first; with a `query` those that it finds.
        """
        found = self.search(drawn.city, query) if query else drawn.nearest
        ids = list(dict.fromkeys([*filter(None, [chosen]), *found]))
        rows = self._stored.articles(drawn.city, [*ids, *filter(None, [drawn.en_id])])
        english = rows.get(drawn.en_id or "")
        if english is None:
            return None, []
        return article_views.compared(english, [rows[key] for key in ids if key in rows])

    def search(self, city: str, text: str) -> list[str]:
        """Return ids of Chinese articles with all words, newest first."""
        words = text.split()
        if not words:
            return []
        found: list[tuple[Any, str]] = []
        for path in files.article_files(self._output, city):
            columns = ["article_id", "lang", "title", "text", "published_at"]
            table = parquet.read_table(path, schema.ARTICLES, columns)
            table = table.filter(pc.equal(table["lang"], "zh"))
            for word in words:
                hit = [pc.match_substring(table[name], word, ignore_case=True)
                       for name in ("title", "text")]  # fmt: skip
                table = table.filter(pc.fill_null(pc.or_kleene(*hit), False))
            found += zip(
                table["published_at"].cast(pa.int64()).fill_null(0).to_pylist(),
                table["article_id"].to_pylist(),
                strict=True,
            )
        return [key for _, key in sorted(found, reverse=True)[:HITS]]

    def read_ahead(self, drawn_plan: DrawnPlan, places: Iterable[int]) -> None:
        """Prepare places of a plan in the background.

        The plan's pairs are fetched once.
        """
        if drawn_plan.level == "unmatched":
            return
        for place in places:
            self._worker.put(partial(self.pair, drawn_plan.items[place]), urgent=True)
        if drawn_plan.key not in self._fetched:
            self._fetched.add(drawn_plan.key)
            by_city: dict[str, list[str]] = {}
            for drawn in drawn_plan.items[:_FETCHED]:
                by_city.setdefault(drawn.city, []).append(drawn.pair_id or "")
            for city, pair_ids in by_city.items():
                for start in range(0, len(pair_ids), _AT_ONCE):
                    chunk = pair_ids[start : start + _AT_ONCE]
                    work = partial(self._fetch, self._edition, city, chunk)
                    self._worker.put(work, urgent=False)

    def also(self, work: Callable[[], object]) -> None:
        """Run other work in the same thread."""
        self._worker.put(work, urgent=True)

    def _fetch(self, edition: int, city: str, pair_ids: Sequence[str]) -> None:
        missing = [key for key in pair_ids if self._examples.get((edition, city, key)) is None]
        for key, example in self._stored.pairs(city, missing).items():
            self._examples.put((edition, city, key), example)

    def _example(self, edition: int, city: str, pair_id: str) -> PairExample | None:
        if self._examples.get((edition, city, pair_id)) is None:
            self._fetch(edition, city, [pair_id])
        return self._examples.get((edition, city, pair_id))
