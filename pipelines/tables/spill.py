"""Spilling of vectors and byte strings to unlinked temporary files.

So memory does not grow with a city. The files are in Python's folder for temporary files (`TMPDIR`)
and end with the process. A city of 100,000 articles of twenty sentences takes about 5 GB there.
"""

import os
import tempfile
from array import array
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Half = npt.NDArray[np.float16]
Places = npt.NDArray[np.int64]


class Rows:
    """Rows of float16, all `dim` long, by order of arrival."""

    def __init__(self, dim: int) -> None:
        # Unbuffered: it is read through its descriptor.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._dim = dim
        self.count = 0

    def append(self, rows: Half) -> Places:
        """Spill rows; return their places."""
        places = np.arange(self.count, self.count + len(rows))
        _write(self._file.fileno(), np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data)
        self.count += len(rows)
        return places

    def take(self, places: Places) -> Half:
        """Return the rows at `places`, in that order."""
        if not len(places):
            return np.empty((0, self._dim), np.float16)
        size, parts = 2 * self._dim, []
        cuts = np.flatnonzero(np.diff(places) != 1) + 1
        for a, b in pairwise([0, *cuts.tolist(), len(places)]):
            parts.append(_read(self._file.fileno(), size * (b - a), size * int(places[a])))
        return np.frombuffer(b"".join(parts), np.float16).reshape(len(places), self._dim)


class Records:
    """Byte strings, by order of arrival."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._ends = array("q", [0])

    def append(self, record: bytes) -> int:
        """Spill a record; return its place."""
        _write(self._file.fileno(), memoryview(record))
        self._ends.append(self._ends[-1] + len(record))
        return len(self._ends) - 2

    def take(self, place: int) -> bytes:
        """Return a record."""
        start, end = self._ends[place], self._ends[place + 1]
        return _read(self._file.fileno(), end - start, start)


def _write(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]


def _read(file: int, size: int, start: int) -> bytes:
    found = os.pread(file, size, start)
    while len(found) < size:
        more = os.pread(file, size - len(found), start + len(found))
        if not more:
            raise OSError(f"a temporary file ends after {start + len(found)} bytes")
        found += more
    return found
