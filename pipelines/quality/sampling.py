"""Sampling of items to judge, by a plan, with their weights.

Every draw is seeded: the same plan on the same tables yields the same items in the same order. The
order is random across strata, so that whoever stops half way has judged a sample all the same.

`weight` is the number of items of the corpus that a drawn item represents (one over its chance of
being drawn). It is None for items that were chosen and not drawn by chance (uncertain first,
search): such verdicts train the calibration and count for agreement, but estimates leave them out.
"""

import json
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crawler.errors import ShizhengError
from pipelines.quality import nearest as neighbours
from pipelines.quality.subjects import Subjects
from pipelines.quality.verdicts import Item, item
from pipelines.tables import files, parquet, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.columns import Ints, bands, claimed, flat, mask, probabilities
from pipelines.tables.vocabulary import BANDS, DECISION

KINDS = ("stratified", "uncertain", "search", "beads", "unmatched")
BEADS_A_PAIR = 5
"""Most beads drawn from one pair: a reader has to find the place in both texts once."""


class PlanError(ShizhengError):
    """An impossible sampling plan; the message describes the expectation."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a draw; `str(plan)` is stored with each verdict.

    `stored_plan` reads it back. `kind` is one of `KINDS`:

    `stratified`: pairs, at random within strata of score band and city;
        `uncertain`: pairs, those with probability nearest one half first;
        `search`: pairs with `text` in titles, URLs or ids;
        `beads`: aligned sentences of the pairs claimed, a few from each drawn pair;
        `unmatched`: English articles without a pair, each with its nearest Chinese ones.

    `cities` restrict the plan; empty: all. `size` is the greatest number of items.
    """

    kind: str
    size: int = 200
    seed: int = 0
    cities: tuple[str, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"no sampling plan is called {self.kind!r}; known: {', '.join(KINDS)}")
        if self.size < 1:
            raise PlanError(f"a plan draws at least one item, not {self.size}")
        if self.seed < 0:
            raise PlanError(f"a plan's seed is 0 or more, not {self.seed}")
        if (self.kind == "search") != bool(self.text):
            raise PlanError("the plan search, and no other, needs a text to search for")
        if any(unicodedata.category(char) == "Cc" for char in self.text):
            raise PlanError("a text to search for is one line without control characters")

    def __str__(self) -> str:
        parts = [self.kind, f"seed={self.seed}", f"size={self.size}"]
        if self.cities:
            parts.append(f"cities={','.join(self.cities)}")
        if self.text:
            parts.append(f"text={json.dumps(self.text, ensure_ascii=False)}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An item to judge.

    Its fields go into its verdict, except `nearest`: the Chinese articles to compare an unmatched
    English one with, best first. `judged_sha256` is of a bead's texts as they were drawn, by which
    it is found when it has moved.
    """

    level: str
    city: str
    pair_id: str | None
    position: int | None
    zh_id: str | None
    en_id: str | None
    plan: str
    stratum: str
    weight: float | None
    probability: float | None
    method: str | None
    nearest: tuple[str, ...] = field(default=(), compare=False)
    judged_sha256: str | None = field(default=None, compare=False)

    @property
    def item(self) -> Item:
        return item(self.level, self.city, self.pair_id, self.position, self.en_id)


def parse_plan(text: str, cities: Sequence[str] = ()) -> Plan:
    """Return the plan of a text such as `stratified size=100 seed=3`.

    The text is quoted as in a shell; `str` writes such a text, too. `cities` restrict a plan
    without its own. Raises `PlanError`.
    """
    try:
        kind, *options = shlex.split(text)
        given = dict(option.split("=", 1) for option in options)
        numbers = {name: int(given.pop(name)) for name in ("size", "seed") if name in given}
    except ValueError as error:
        raise PlanError(
            f"{text!r} is no plan; expected something like: stratified size=200 seed=1"
        ) from error
    named = tuple(filter(None, given.pop("cities", "").split(","))) or tuple(cities)
    search = given.pop("text", "")
    if given:
        raise PlanError(f"a plan has size, seed, cities and text, not {', '.join(given)}")
    return Plan(kind, **numbers, cities=named, text=search)


def stored_plan(text: str) -> Plan | None:
    """Return the plan that `str` wrote; None for any other text."""
    try:
        plan = parse_plan(text)
    except PlanError:
        return None
    return plan if str(plan) == text else None


def draw(output: Path, plan: Plan) -> list[Drawn]:
    """Return the items of `plan` in the order to judge them.

    Raises `PlanError` without anything to draw from, `StoreError` for a table that cannot be read.
    Only the columns needed are read: 100,000 pairs take about a second.
    """
    known = files.cities_in(output, "pairs")
    missing = [city for city in plan.cities if city not in known]
    if missing or not known:
        raise PlanError(
            f"there is nothing of {', '.join(missing) or 'any city'} to judge; "
            f"there are: {', '.join(known) or 'none, run `shizheng align` first'}"
        )
    found = _DRAWERS[plan.kind](output, plan, plan.cities or tuple(known))
    if not found:
        raise PlanError(
            f"no pair has {plan.text!r} in its titles or sentences"
            if plan.kind == "search"
            else f"there is nothing to draw for the plan {plan}"
        )
    return found


def band_name(band: int) -> str:
    """Return the name of a band: `.9-1`."""
    upper = "1" if band == BANDS - 1 else f".{band + 1}"
    return f"{f'.{band}' if band else '0'}-{upper}"


def allocate(sizes: Sequence[int], total: int) -> list[int]:
    """Share `total` draws among strata by the square roots of their sizes.

    A compromise between precision of the whole and of every stratum (power allocation: Bankier
    1988, The American Statistician 42:174). No stratum gets more than its size; each gets two if
    that is possible.
    """
    room = np.array(sizes, dtype=np.int64)
    given = np.minimum(room, 2 if total >= 2 * len(sizes) else 1)
    while given.sum() > total:
        given[int(np.argmax(given - np.sqrt(room) / 1e9))] -= 1
    share = np.sqrt(room.astype(np.float64))
    while given.sum() < min(total, room.sum()):
        open_ = given < room
        # Highest quotient next (Sainte-Lague): exact, and no stratum is passed over by rounding.
        quotient = np.where(open_, share / (2 * given + 1), -1.0)
        given[int(np.argmax(quotient))] += 1
    return [int(n) for n in given]


def _stratified(output: Path, plan: Plan, cities: Sequence[str]) -> list[Drawn]:
    return stratified(read_pairs(output, cities), plan)


def stratified(pairs: pa.Table, plan: Plan) -> list[Drawn]:
    """Draw from a table of `read_pairs`."""
    if pairs.num_rows == 0:
        return []
    strata = _strata(pairs, plan.size)
    rng = np.random.default_rng(plan.seed)
    names = sorted(strata)
    chosen: list[tuple[float, int, str, float]] = []
    for name, count in zip(
        names, allocate([len(strata[n]) for n in names], plan.size), strict=True
    ):
        if not count:
            continue
        rows = _spread(strata[name], count, rng)
        rng.shuffle(rows)
        weight = len(strata[name]) / count
        # Strata are interleaved in step, so that any beginning holds each in proportion.
        steps = (np.arange(count) + rng.random(count)) / count
        chosen += zip(steps.tolist(), rows.tolist(), [name] * count, [weight] * count, strict=True)
    chosen.sort()
    return list(_drawn_pairs(pairs, plan, [(row, name, weight) for _, row, name, weight in chosen]))


def _strata(pairs: pa.Table, size: int) -> dict[str, Ints]:
    """Return row numbers by stratum, score band and city.

    There are at least three draws for a stratum: where there would be too many strata, the smallest
    cities of a band become one, over which the draws are spread in proportion.
    """
    band = bands(probabilities(pairs))
    city = pc.dictionary_encode(flat(pairs["city"]))
    codes, names = city.indices.to_numpy().astype(np.int64), city.dictionary.to_pylist()
    cells = {
        (int(b), names[c]): np.flatnonzero((band == b) & (codes == c))
        for b, c in sorted({*zip(band.tolist(), codes.tolist(), strict=True)})
    }
    by_size = sorted(cells, key=lambda cell: (len(cells[cell]), cell))
    rest: set[tuple[int, str]] = set()
    while by_size and 3 * (len(cells) - len(rest) + len({b for b, _ in rest})) > size:
        rest.add(by_size.pop(0))
    strata: dict[str, list[Ints]] = {}
    for (b, name), rows in cells.items():
        label = f"{band_name(b)} {'others' if (b, name) in rest else name}"
        strata.setdefault(label, []).append(rows)
    return {label: np.concatenate(parts) for label, parts in strata.items()}


def _spread(rows: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Draw `count` of the rows systematically, spread over their order.

    Each is as likely.
    """
    step = len(rows) / count
    at = (rng.random() + np.arange(count)) * step
    # Shuffled within runs of one step, so that neighbours can come together.
    return rows[np.minimum(at.astype(np.int64), len(rows) - 1)]


def _uncertain(output: Path, plan: Plan, cities: Sequence[str]) -> list[Drawn]:
    return uncertain(read_pairs(output, cities), plan)


def uncertain(pairs: pa.Table, plan: Plan) -> list[Drawn]:
    """Choose from a table of `read_pairs`."""
    doubt = np.abs(probabilities(pairs) - DECISION)
    ties = np.random.default_rng(plan.seed).random(len(doubt))
    rows = np.lexsort((ties, doubt))[: plan.size]
    return list(_drawn_pairs(pairs, plan, [(int(row), "uncertain", None) for row in rows]))


def _search(output: Path, plan: Plan, cities: Sequence[str]) -> list[Drawn]:
    columns = ("pair_id", "zh_id", "en_id", "zh_title", "en_title", "zh_url", "en_url")
    pairs = read_pairs(output, cities, columns)
    hit = np.zeros(pairs.num_rows, dtype=bool)
    for name in columns:
        found = pc.match_substring(flat(pairs[name]), plan.text, ignore_case=True)
        hit |= mask(found)
    rows = np.flatnonzero(hit)
    np.random.default_rng(plan.seed).shuffle(rows)
    return list(_drawn_pairs(pairs, plan, [(int(r), "search", None) for r in rows[: plan.size]]))


def _beads(output: Path, plan: Plan, cities: Sequence[str]) -> list[Drawn]:
    pairs = claimed(read_pairs(output, cities))
    drawn = beads(pairs, _linked_beads(output, cities, flat(pairs["pair_id"])), plan)
    texts = Subjects(output)
    texts.load(drawn)
    found = [(one, texts.now(one)) for one in drawn]
    return [replace(one, judged_sha256=now.digest if now else None) for one, now in found]


def beads(pairs: pa.Table, beads: pa.Table, plan: Plan) -> list[Drawn]:
    """Draw pairs in proportion to their beads, then beads from each.

    The same number from each pair, so every bead is as likely as any other (except in pairs with
    fewer beads than that).
    """
    if beads.num_rows == 0:
        return []
    owner = pc.index_in(flat(beads["pair_id"]), value_set=flat(pairs["pair_id"])).to_numpy()
    sizes = np.bincount(owner, minlength=pairs.num_rows).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    order = np.argsort(owner, kind="stable")
    rng = np.random.default_rng(plan.seed)
    clusters = max(1, -(-plan.size // BEADS_A_PAIR))
    total = int(sizes.sum())
    points = (rng.random() + np.arange(clusters)) * (total / clusters)
    # A pair with more beads than a step is hit more than once: more of its beads are drawn.
    hits = np.bincount(np.searchsorted(starts[1:], points, side="right"), minlength=len(sizes))
    which = np.flatnonzero(hits)
    rng.shuffle(which)
    drawn = []
    for pair in which.tolist():
        count = min(int(sizes[pair]), BEADS_A_PAIR * int(hits[pair]))
        chosen = np.sort(rng.choice(order[starts[pair] : starts[pair + 1]], count, replace=False))
        # Expected hits of the pair, and the share of its beads that a hit gives.
        weight = total * int(hits[pair]) / (clusters * count)
        city = pairs["city"][pair].as_py()
        for row in chosen.tolist():
            drawn.append(
                Drawn("bead", city, pairs["pair_id"][pair].as_py(), beads["position"][row].as_py(),
                      pairs["zh_id"][pair].as_py(), pairs["en_id"][pair].as_py(), str(plan),
                      "beads", weight, beads["probability"][row].as_py(),
                      pairs["method"][pair].as_py())
            )  # fmt: skip
    return drawn


def _unmatched(output: Path, plan: Plan, cities: Sequence[str]) -> list[Drawn]:
    rng = np.random.default_rng(plan.seed)
    loose = {city: unmatched_english(output, city) for city in cities}
    names = [city for city in cities if loose[city]]
    chosen: list[tuple[float, str, str, float]] = []
    counts = allocate([len(loose[city]) for city in names], plan.size) if names else []
    for city, count in zip(names, counts, strict=True):
        if not count:
            continue
        picked = rng.choice(np.array(loose[city], dtype=object), count, replace=False)
        steps = (np.arange(count) + rng.random(count)) / count
        weight = len(loose[city]) / count
        chosen += [(s, city, str(key), weight) for s, key in zip(steps, picked, strict=True)]
    chosen.sort()
    near = {
        city: neighbours.nearest(
            output, city, [key for _, where, key, _ in chosen if where == city]
        )
        for city in names
    }
    return [
        Drawn("unmatched", city, None, None, None, key, str(plan), city, weight, None, None,
              near[city].get(key, ()))
        for _, city, key, weight in chosen
    ]  # fmt: skip


def unmatched_english(output: Path, city: str) -> list[str]:
    """Return a city's English articles in no claimed pair, sorted.

    Duplicates are left out.
    """
    articles = read_articles(output, city, ["article_id", "lang", "duplicate_of"])
    alone = pc.and_(pc.equal(articles["lang"], "en"), pc.is_null(articles["duplicate_of"]))
    ids = flat(articles.filter(alone)["article_id"])
    pairs = claimed(read_pairs(output, [city]))
    loose = ids.filter(pc.invert(pc.is_in(ids, value_set=flat(pairs["en_id"]))))
    return sorted(loose.to_pylist())


_Drawer = Callable[[Path, Plan, Sequence[str]], list[Drawn]]
_DRAWERS: Mapping[str, _Drawer] = {
    "stratified": _stratified,
    "uncertain": _uncertain,
    "search": _search,
    "beads": _beads,
    "unmatched": _unmatched,
}

_COLUMNS = ("pair_id", "zh_id", "en_id", "probability", "method")


def read_pairs(output: Path, cities: Sequence[str], more: Sequence[str] = ()) -> pa.Table:
    """Read the pairs of some cities in order of city and id.

    `city` is the city of the file.
    """
    wanted = list(dict.fromkeys((*_COLUMNS, *more)))
    columns = [*(schema.PAIRS.field(name) for name in wanted), pa.field("city", pa.string())]
    parts = [pa.Table.from_batches([], pa.schema(columns))]  # there may be no city to read
    for city in sorted(cities):
        table = parquet.read_table(files.table_path(output, "pairs", city), schema.PAIRS, wanted)
        table = table.replace_schema_metadata(None)
        parts.append(table.append_column("city", pa.repeat(pa.scalar(city), table.num_rows)))
    return pa.concat_tables(parts).sort_by([("city", "ascending"), ("pair_id", "ascending")])


def claimed_beads(
    output: Path, asked: Sequence[tuple[str, int]] = (), threshold: float = DECISION
) -> tuple[set[tuple[str, int]], int]:
    """Return the linked beads of `asked` in claimed pairs, and the total."""
    cities = files.cities_in(output, "pairs")
    pairs = claimed(read_pairs(output, cities), threshold)
    table = _linked_beads(output, cities, flat(pairs["pair_id"]))
    owners = pa.array(sorted({pair for pair, _ in asked}), pa.string())
    near = table.filter(pc.is_in(table["pair_id"], value_set=owners))
    names = zip(near["pair_id"].to_pylist(), near["position"].to_pylist(), strict=True)
    return set(names) & set(asked), table.num_rows


def _linked_beads(output: Path, cities: Sequence[str], pairs: pa.Array) -> pa.Table:
    columns = ["pair_id", "position", "kind", "probability"]
    fields = [schema.SENTENCES.field(name) for name in columns]
    parts = [pa.Table.from_batches([], pa.schema(fields))]  # as in `read_pairs`
    for city in sorted(cities):
        path = files.table_path(output, "sentences", city)
        table = parquet.read_table(path, schema.SENTENCES, columns)
        linked = pc.invert(pc.is_in(table["kind"], pa.array(["1-0", "0-1"])))
        parts.append(table.filter(pc.and_(linked, pc.is_in(table["pair_id"], pairs))))
    return pa.concat_tables(parts).combine_chunks()


def _drawn_pairs(
    pairs: pa.Table, plan: Plan, chosen: Sequence[tuple[int, str, float | None]]
) -> Iterator[Drawn]:
    rows = pairs.take(pa.array([row for row, _, _ in chosen], pa.int64())).to_pylist()
    for row, (_, stratum, weight) in zip(rows, chosen, strict=True):
        yield Drawn("pair", row["city"], row["pair_id"], None, row["zh_id"], row["en_id"],
                    str(plan), stratum, weight, row["probability"], row["method"])  # fmt: skip
