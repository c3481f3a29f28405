"""Arrow columns as NumPy arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.tables import files
from pipelines.tables.vocabulary import BANDS

Floats = npt.NDArray[np.float64]


Mask = npt.NDArray[np.bool_]


def band(probability: float) -> int:
    """Return the band (0-9) of a probability."""
    return int(bands(np.array([probability]))[0])


def bands(probability: Floats) -> npt.NDArray[np.int64]:
    """Return the band (0-9) of each probability."""
    # Scores are stored as float32, where 0.9 is a little less than nine tenths.
    return np.clip((probability * BANDS + 1e-6).astype(np.int64), 0, BANDS - 1)


def cities_in(output: Path) -> list[str]:
    """Return the cities that have articles, pairs or rejects, sorted."""
    return files.cities_in(output, "pairs", "rejects")


def evidence(pairs: pa.Table, name: str) -> Floats:
    """Return one measure of the pairs' evidence, NaN where there is none."""
    return floats(pc.struct_field(pairs["evidence"], name))


def floats(column: Any, missing: float = float("nan")) -> Floats:
    """Return a column of numbers, `missing` for null."""
    filled = pc.fill_null(pc.cast(column, pa.float64()), missing)
    return np.asarray(flat(filled).to_numpy(zero_copy_only=False), dtype=np.float64)


def flat(column: Any) -> pa.Array:
    """Return a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    chunks = column.chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], type=column.type)


def _mask(column: pa.ChunkedArray) -> Mask:
    return np.asarray(flat(column).to_numpy(zero_copy_only=False), dtype=bool)
