"""Judged items beside the corpus they were drawn from, as arrays: what estimates compute on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.quality import sampling
from pipelines.quality.verdicts import CANNOT_TELL, Judged, plan_of
from pipelines.tables import files
from pipelines.tables.columns import Floats, Ints, Mask, bands, flat, probabilities
from pipelines.tables.vocabulary import RELATIONS, TRANSLATIONS

NOWHERE, SOMEWHERE, EVERYWHERE = 0, 1, 2
"""What the plan an item was drawn by speaks of: nothing, some cities, all of them."""


@dataclass(frozen=True, slots=True)
class PairSample:
    """Judged pairs beside all pairs stored.

    `city` (a position in `cities`), `band` and `probability` have an entry for each pair stored;
    the rest one for each judged pair that is still stored and decided: `row` is its place among
    those stored; `right` and `rendered` are the shares of reviewers who say that the two tell the
    same thing, and that one renders the other (0 or 1 unless disputed); `reach` is `EVERYWHERE`,
    `SOMEWHERE` or `NOWHERE` as its plan goes; pairs of one `cluster` share a Chinese article.
    """

    cities: tuple[str, ...]
    city: Ints
    band: Ints
    probability: Floats
    methods: tuple[str, ...]
    method: Ints
    row: Ints
    right: Floats
    rendered: Floats
    weight: Floats
    reach: Ints
    cluster: Ints

    def scope(self) -> Ints:
        """Positions of the cities that can be estimated together.

        All of them when some plan drew from all; else those that some plan drew from.
        """
        if (self.reach == EVERYWHERE).any():
            return np.arange(len(self.cities))
        return np.unique(self.city[self.row[self.reach == SOMEWHERE]])

    def usable(self) -> Mask:
        """Which judged pairs speak of the whole scope: drawn by chance from all of it."""
        everywhere = self.reach == EVERYWHERE
        return np.asarray(everywhere if everywhere.any() else self.reach == SOMEWHERE)

    def of_city(self, position: int) -> "PairSample":
        """Return the sample where plans over this city alone count, too."""
        local = (self.city[self.row] == position) & (self.reach != NOWHERE)
        return replace(self, reach=np.where(local, EVERYWHERE, NOWHERE))


@dataclass(frozen=True, slots=True)
class UnmatchedSample:
    """Judged English articles that are unmatched still; `missed`: share who found a mate."""

    city: npt.NDArray[np.str_]
    missed: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class BeadSample:
    """Judged beads of pairs claimed; `population` is how many such beads are stored."""

    said: npt.NDArray[np.str_]
    weight: Floats
    cluster: Ints
    population: int


def read_pairs(output: Path, judged: Sequence[Judged]) -> PairSample:
    """Read the pairs stored and place the judged ones among them."""
    cities = files.cities_in(output, "pairs")
    return place(sampling.read_pairs(output, cities), cities, judged)


def place(table: pa.Table, cities: Sequence[str], judged: Sequence[Judged]) -> PairSample:
    """Place judged pairs in a table as `sampling.read_pairs` gives it."""
    pairs = [one for one in judged if one.item.level == "pair"]
    keys = pa.array([one.item.key for one in pairs], pa.string())
    found = pc.fill_null(pc.index_in(keys, value_set=flat(table["pair_id"])), -1)
    methods = tuple(sorted(set(pc.unique(table["method"]).to_pylist()) - {None}))
    probability = probabilities(table)
    rows, right, rendered, weight, reach, plans, chinese = [], [], [], [], [], [], []
    for one, row in zip(pairs, found.to_pylist(), strict=True):
        said = _said(one)
        if row < 0 or not said:
            continue
        drawn, scope, plan = _drawn(one)
        rows.append(row)
        right.append(sum(v in RELATIONS for v in said) / len(said))
        rendered.append(sum(v in TRANSLATIONS for v in said) / len(said))
        weight.append(drawn)
        reach.append(scope)
        plans.append(plan)
        chinese.append(one.first.zh_id or one.item.key)
    _, cluster = np.unique(np.array(chinese, dtype=np.str_), return_inverse=True)
    return PairSample(
        cities=tuple(cities),
        city=_codes(table["city"], cities),
        band=bands(probability),
        probability=probability,
        methods=methods,
        method=_codes(table["method"], methods),
        row=np.array(rows, np.int64),
        right=np.array(right, np.float64),
        rendered=np.array(rendered, np.float64),
        weight=_pooled(np.array(weight, np.float64), plans),
        reach=np.array(reach, np.int64),
        cluster=cluster.astype(np.int64),
    )


def read_unmatched(judged: Sequence[Judged], loose: Mapping[str, Sequence[str]]) -> UnmatchedSample:
    """Return what was judged of the English articles that are unmatched now, `loose` by city."""
    known = {(city, key) for city, keys in loose.items() for key in keys}
    city, missed, weight, plans = [], [], [], []
    for one in judged:
        said = _said(one)
        drawn, scope, plan = _drawn(one)
        where = (one.first.city, one.first.en_id or "")
        if one.item.level != "unmatched" or not said or where not in known or scope == NOWHERE:
            continue
        city.append(one.first.city)
        missed.append(sum(v == "missed" for v in said) / len(said))
        weight.append(drawn)
        plans.append(plan)
    return UnmatchedSample(
        np.array(city, dtype=np.str_),
        np.array(missed, np.float64),
        _pooled(np.array(weight, np.float64), plans),
    )


def read_beads(output: Path, judged: Sequence[Judged], threshold: float) -> BeadSample:
    """Return what was judged of the beads of pairs claimed, those settled and drawn by chance."""
    mine = [one for one in judged if one.item.level == "bead" and one.verdict]
    kept = [one for one in mine if _drawn(one)[1] != NOWHERE]
    if not kept:
        return BeadSample(np.array([], np.str_), np.empty(0), np.empty(0, np.int64), 0)
    asked = [(one.item.key, one.item.position) for one in kept]
    stored, population = sampling.claimed_beads(output, asked, threshold)
    return place_beads([one for one in kept if one.item[1:] in stored], population)


def place_beads(kept: Sequence[Judged], population: int) -> BeadSample:
    """Return judged beads as a sample of `population` beads."""
    _, cluster = np.unique(np.array([one.item.key for one in kept], np.str_), return_inverse=True)
    weight = np.array([_drawn(one)[0] for one in kept], np.float64)
    return BeadSample(
        np.array([one.verdict for one in kept], dtype=np.str_),
        _pooled(weight, [_drawn(one)[2] for one in kept]),
        cluster.astype(np.int64),
        population,
    )


def _said(one: Judged) -> list[str]:
    """What counts on an item: the settled verdict, or all of a disputed one."""
    said = [one.verdict] if one.verdict else [verdict.verdict for verdict in one.blind]
    return [verdict for verdict in said if verdict and verdict != CANNOT_TELL]


def _drawn(one: Judged) -> tuple[float, int, str]:
    """Return weight, reach and plan of the draw that says most: of all cities before of some."""
    best = (float("nan"), NOWHERE, "")
    for verdict in one.draws:
        if verdict.weight is None or not verdict.weight > 0:
            continue
        plan = sampling.stored_plan(plan_of(verdict))
        reach = SOMEWHERE if plan is not None and plan.cities else EVERYWHERE
        if reach > best[1]:
            best = (float(verdict.weight), reach, plan_of(verdict))
    return best


def _pooled(weight: Floats, plans: Sequence[str]) -> Floats:
    """Scale the weights of each plan to mean one, so that plans count by the items judged."""
    pooled, names = weight.copy(), np.array(plans, dtype=np.str_)
    for name in set(plans):
        pooled[names == name] /= weight[names == name].mean()
    return pooled


def _codes(column: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """Return the position of each value among `names`, -1 for none."""
    at = pc.index_in(flat(column), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False), np.int64)
