"""What is put aside comes back as it was, in whatever order it is asked for."""

import numpy as np
import pytest

from pipelines.tables.spill import Records, Rows


def test_rows_come_back_by_their_places() -> None:
    rows = Rows(3)
    first = np.arange(12, dtype=np.float16).reshape(4, 3)
    assert rows.append(first).tolist() == [0, 1, 2, 3]
    assert rows.append(first[::-1]).tolist() == [4, 5, 6, 7]
    everything = np.concatenate([first, first[::-1]])
    for places in ([0, 1, 2, 3, 4], [7, 0, 1, 1, 5, 6], [2], []):
        found = rows.take(np.array(places, np.int64))
        assert found.dtype == np.float16
        assert np.array_equal(found, everything[places])


def test_records_come_back_by_their_places() -> None:
    records = Records()
    given = [b"one", b"", b"three" * 1000]
    assert [records.append(one) for one in given] == [0, 1, 2]
    assert [records.take(place) for place in (2, 0, 1)] == [given[2], given[0], given[1]]


def test_a_place_that_was_never_taken_is_an_error() -> None:
    rows = Rows(3)
    rows.append(np.zeros((2, 3), np.float16))
    with pytest.raises(OSError, match="ends after 12 bytes"):
        rows.take(np.array([1, 2]))
