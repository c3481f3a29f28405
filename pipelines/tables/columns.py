"""Arrow columns as NumPy arrays. A null number is NaN, everywhere."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tables.vocabulary import BANDS, DECISION

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def flat(column: Any) -> pa.Array:
    """Return a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def floats(column: Any) -> Floats:
    """Return a column of numbers, NaN for null."""
    filled = pc.fill_null(pc.cast(column, pa.float64()), float("nan"))
    return np.asarray(flat(filled).to_numpy(zero_copy_only=False), dtype=np.float64)


def mask(column: Any) -> Mask:
    """Return a column of booleans, False for null."""
    filled = pc.fill_null(column, False)
    return np.asarray(flat(filled).to_numpy(zero_copy_only=False), dtype=bool)


def evidence(pairs: pa.Table, name: str) -> Floats:
    """Return one measure of the pairs' evidence, NaN for null."""
    return floats(pc.struct_field(pairs["evidence"], name))


def probabilities(pairs: pa.Table) -> Floats:
    """Return the pairs' probabilities; a pair without one counts as improbable: 0."""
    return np.nan_to_num(floats(pairs["probability"]), nan=0.0)


def claimed(pairs: pa.Table, threshold: float = DECISION) -> pa.Table:
    """Return the pairs with at least the probability `threshold`."""
    return pairs.filter(pa.array(probabilities(pairs) >= threshold))


def bands(probability: Floats) -> Ints:
    """Return the band (0-9) of each probability."""
    # Scores are stored as float32, where 0.9 is a little less than nine tenths.
    return np.clip((probability * BANDS + 1e-6).astype(np.int64), 0, BANDS - 1)


def band(probability: float) -> int:
    """Return the band (0-9) of one probability."""
    return int(bands(np.array([probability]))[0])
