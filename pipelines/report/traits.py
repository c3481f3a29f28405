"""Traits of pairs, to count, filter and draw examples by.

A trait is a string `field=value`, as in the page's filter: `doubt=numbers`, `length=3`, `bead=1-2`.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.report.counts import doubts
from pipelines.tables.columns import Mask, bands, evidence, flat, probabilities
from pipelines.tables.vocabulary import BANDS, DECISION

LENGTH_EDGES = (0, 0.354, 0.5, 0.707, 0.841, 1.189, 1.414, 2, 2.828, np.inf)
LENGTH_LABELS = ("<⅓", "⅓", "½", "¾", "1", "1¼", "1½", "2", ">3")
DAY_EDGES = (-np.inf, -7, 0, 1, 2, 4, 8, 15, 31, np.inf)
DAY_LABELS = ("<−7", "−7", "0", "1", "2", "4", "8", "15", ">30")

COMMON_KINDS = 12
"""Most types of bead with examples; rarer ones are counted only. Set by hand."""


def of_pairs(pairs: pa.Table) -> dict[str, Mask]:
    """Return the rows of a table of pairs with each trait.

    Bands are of all pairs; the rest, like the figures that lead to them, of those claimed.
    """
    probability = probabilities(pairs)
    kept = probability >= DECISION
    found = {f"band={n}": bands(probability) == n for n in range(BANDS)}
    found |= {f"doubt={name}": kept & rows for name, rows in doubts(pairs).items()}
    relations = np.asarray(flat(pairs["relation"]).to_pylist(), dtype=object)
    for relation in sorted({value for value in relations if value}):
        found[f"relation={relation}"] = kept & (relations == relation)
    for name, column, edges in (
        ("length", "length_ratio", LENGTH_EDGES),
        ("days", "days_apart", DAY_EDGES),
    ):
        values = evidence(pairs, column)
        for n, (low, high) in enumerate(pairwise(edges)):
            found[f"{name}={n}"] = kept & (values >= low) & (values < high)
    return found


def of_beads(beads: pa.Table) -> dict[str, pa.Array]:
    """Return the ids of pairs by type and flag of their beads."""
    kinds = pc.value_counts(beads["kind"]).to_pylist()
    kinds = sorted((row for row in kinds if row["values"]), key=lambda row: -row["counts"])
    found = {
        f"bead={row['values']}": _pairs_with(beads, pc.equal(beads["kind"], row["values"]))
        for row in kinds[:COMMON_KINDS]
    }
    flags = flat(beads["flags"])
    values = flags.flatten()
    owners = pc.list_parent_indices(flags)
    for flag in sorted({value for value in pc.unique(values).to_pylist() if value}):
        rows = owners.filter(pc.equal(values, flag))
        found[f"flag={flag}"] = pc.unique(flat(beads["pair_id"]).take(rows))
    return found


def _pairs_with(beads: pa.Table, rows: Any) -> pa.Array:
    return pc.unique(flat(beads["pair_id"].filter(rows)))
