"""Source texts of a city's sentences, and the beads in them."""

from collections.abc import Mapping
from operator import eq, getitem
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.content.masking import Mask, applied, flags_at
from pipelines.release.tables import Integers

BooleanArray = np.ndarray[Any, np.dtype[np.bool_]]


class Sources:
    """Stored texts and masks of the rows `wanted` of a city's plan.

    They stay in memory while the articles are written: no text is read or searched twice.
    """

    def __init__(self, wanted: BooleanArray) -> None:
        self._wanted = wanted
        self._texts: dict[int, str] = {}
        self._masks: dict[int, list[Mask]] = {}

    def add(self, positions: Integers, texts: pa.Array, found: Mapping[int, list[Mask]]) -> None:
        """Add the wanted rows of these positions; `found` is by row."""
        here = np.flatnonzero(self._wanted[positions])
        kept = pc.fill_null(texts.take(pa.array(here)), "").to_numpy(zero_copy_only=False)
        self._texts.update(zip(positions[here].tolist(), kept.tolist(), strict=True))
        for row, masks in found.items():
            position = int(positions[row])
            if self._wanted[position]:
                self._masks[position] = masks

    def side(
        self, columns: Mapping[str, pa.Array], side: str, articles: Integers
    ) -> tuple[pa.Array, BooleanArray]:
        """Return one side of beads, masked, and flags of the current ones.

        A bead is current if its article's text has it at its offsets. Another was aligned before
        the article was corrected.
        """
        values = columns[side]
        sides = pc.fill_null(values, "").to_numpy(zero_copy_only=False).tolist()
        starts = pc.fill_null(columns[f"{side}_start"], 0).to_numpy().tolist()
        ends = pc.fill_null(columns[f"{side}_end"], 0).to_numpy().tolist()
        owners = articles.tolist()
        texts = map(self._texts.__getitem__, owners)
        current = map(getitem, texts, map(slice, starts, ends))
        unchanged = np.fromiter(map(eq, sides, current), np.bool_, len(sides))
        unchanged |= np.fromiter(map(len, sides), np.int64, len(sides)) == 0
        replaced: dict[int, str] = {}
        if self._masks:
            masked = {key: applied(self._texts[key], masks) for key, masks in self._masks.items()}
            for at in np.flatnonzero(np.isin(articles, list(masked))).tolist():
                if sides[at]:
                    replaced[at] = masked[owners[at]][starts[at] : ends[at]]
        if not replaced:
            return values, unchanged
        news = pa.array(list(replaced.values()), type=pa.string())
        return pc.replace_with_mask(values, flags_at(replaced, len(sides)), news), unchanged
