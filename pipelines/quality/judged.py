"""Judged items and their corpus as arrays, for the estimates."""

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
"""Reach of the plan that drew an item: no city, some cities, all of them."""


@dataclass(frozen=True, slots=True)
class PairSample:
    """Judged pairs beside all pairs stored.

    `city` (a position in `cities`), `band` and `probability` have an entry for each pair stored;
    the rest one for each judged pair that is still stored and decided: `row` is its place among
    those stored; `right` and `rendered` are the shares of reviewers who judged that the two report
    the same thing, and that one renders the other (0 or 1 unless disputed); `reach` is that of its
    plan: `EVERYWHERE`, `SOMEWHERE` or `NOWHERE`; pairs of one `cluster` share a Chinese article.
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
        """Return the positions of the cities that can be estimated together.

        All of them if some plan drew from all; else those that some plan drew from.
        """
        if (self.reach == EVERYWHERE).any():
            return np.arange(len(self.cities))
        return np.unique(self.city[self.row[self.reach == SOMEWHERE]])

    def usable(self) -> Mask:
        """Return a mask of the judged pairs drawn from the whole scope."""
        everywhere = self.reach == EVERYWHERE
        return np.asarray(everywhere if everywhere.any() else self.reach == SOMEWHERE)

    def of_city(self, position: int) -> "PairSample":
        """Return the sample with plans over this city alone included."""
        local = (self.city[self.row] == position) & (self.reach != NOWHERE)
        return replace(self, reach=np.where(local, EVERYWHERE, NOWHERE))


@dataclass(frozen=True, slots=True)
class UnmatchedSample:
    """Judged English articles that are still unmatched.

    `missed` is the share of reviewers who found a counterpart.
    """

    city: npt.NDArray[np.str_]
    missed: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class BeadSample:
    """Judged beads of pairs claimed, of `population` stored ones."""

    verdict: npt.NDArray[np.str_]
    weight: Floats
    cluster: Ints
    population: int


def read_pairs(output: Path, judged: Sequence[Judged]) -> PairSample:
    """Read the stored pairs and place the judged ones among them."""
    cities = files.cities_in(output, "pairs")
    return place(sampling.read_pairs(output, cities), cities, judged)


def place(table: pa.Table, cities: Sequence[str], judged: Sequence[Judged]) -> PairSample:
    """Place judged pairs in a table of `sampling.read_pairs`."""
    pairs = [each for each in judged if each.item.level == "pair"]
    keys = pa.array([pair.item.key for pair in pairs], pa.string())
    found = pc.fill_null(pc.index_in(keys, value_set=flat(table["pair_id"])), -1)
    methods = tuple(sorted(set(pc.unique(table["method"]).to_pylist()) - {None}))
    probability = probabilities(table)
    rows, right, rendered, weight, reach, plans, chinese = [], [], [], [], [], [], []
    for pair, row in zip(pairs, found.to_pylist(), strict=True):
        codes = _decided(pair)
        if row < 0 or not codes:
            continue
        drawn, scope, plan = _drawn(pair)
        rows.append(row)
        right.append(sum(code in RELATIONS for code in codes) / len(codes))
        rendered.append(sum(code in TRANSLATIONS for code in codes) / len(codes))
        weight.append(drawn)
        reach.append(scope)
        plans.append(plan)
        chinese.append(pair.first.zh_id or pair.item.key)
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
    """Return the judgements on English articles unmatched now, `loose` by city."""
    known = {(city, key) for city, keys in loose.items() for key in keys}
    city, missed, weight, plans = [], [], [], []
    for each in judged:
        codes = _decided(each)
        drawn, scope, plan = _drawn(each)
        where = (each.first.city, each.first.en_id or "")
        if each.item.level != "unmatched" or not codes or where not in known or scope == NOWHERE:
            continue
        city.append(each.first.city)
        missed.append(codes.count("missed") / len(codes))
        weight.append(drawn)
        plans.append(plan)
    return UnmatchedSample(
        np.array(city, dtype=np.str_),
        np.array(missed, np.float64),
        _pooled(np.array(weight, np.float64), plans),
    )


def read_beads(output: Path, judged: Sequence[Judged], threshold: float) -> BeadSample:
    """Return the settled judgements on beads of pairs claimed, drawn by chance."""
    settled = [bead for bead in judged if bead.item.level == "bead" and bead.verdict]
    drawn = [bead for bead in settled if _drawn(bead)[1] != NOWHERE]
    if not drawn:
        return BeadSample(np.array([], np.str_), np.empty(0), np.empty(0, np.int64), 0)
    asked = [(bead.item.key, bead.item.position) for bead in drawn]
    stored, population = sampling.claimed_beads(output, asked, threshold)
    return place_beads([bead for bead in drawn if bead.item[1:] in stored], population)


def place_beads(beads: Sequence[Judged], population: int) -> BeadSample:
    """Return judged beads as a sample of `population` beads."""
    _, cluster = np.unique(
        np.array([bead.item.key for bead in beads], np.str_), return_inverse=True
    )
    weight = np.array([_drawn(bead)[0] for bead in beads], np.float64)
    return BeadSample(
        np.array([bead.verdict for bead in beads], dtype=np.str_),
        _pooled(weight, [_drawn(bead)[2] for bead in beads]),
        cluster.astype(np.int64),
        population,
    )


def _decided(judged: Judged) -> list[str]:
    """Return the settled verdict, or all of a disputed item.

    `cannot_tell` is left out.
    """
    codes = [judged.verdict] if judged.verdict else [given.verdict for given in judged.blind]
    return [code for code in codes if code and code != CANNOT_TELL]


def _drawn(judged: Judged) -> tuple[float, int, str]:
    """Return weight, reach and plan of the draw with the widest reach."""
    best = (float("nan"), NOWHERE, "")
    for verdict in judged.draws:
        if verdict.weight is None or not verdict.weight > 0:
            continue
        plan = sampling.stored_plan(plan_of(verdict))
        reach = SOMEWHERE if plan is not None and plan.cities else EVERYWHERE
        if reach > best[1]:
            best = (float(verdict.weight), reach, plan_of(verdict))
    return best


def _pooled(weight: Floats, plans: Sequence[str]) -> Floats:
    """Scale the weights of each plan to mean one.

    So plans count by the items judged.
    """
    pooled, names = weight.copy(), np.array(plans, dtype=np.str_)
    for name in set(plans):
        pooled[names == name] /= weight[names == name].mean()
    return pooled


def _codes(column: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """Return the position of each value among `names`, -1 for none."""
    at = pc.index_in(flat(column), value_set=pa.array(names, pa.string()))
    return np.asarray(pc.fill_null(at, -1).to_numpy(zero_copy_only=False), np.int64)
