"""What a disk took only in part is not in the archive, and is said not to be."""

import itertools
import resource
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.archive.reader import ArchiveError, read_records
from crawler.archive.writer import ArchiveWriter, Exchange
from crawler.state.lock import VisitsError
from crawler.state.visits import Visits


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Have the system cut every write at `size` bytes of a file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def exchange(number: int) -> Exchange:
    body = b"".join(b"%d-%d " % (number, n * n) for n in range(400))
    moment = datetime(2024, 5, 1, tzinfo=UTC)
    return Exchange(f"http://x.example/{number}", "GET", [], 200, [], body, moment, "article")


def test_a_record_that_the_disk_took_in_part_leaves_no_torn_record(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path, "run", known=lambda digest: None)
    numbers = itertools.count()
    with files_no_larger_than(20_000), pytest.raises(ArchiveError, match="free space"):
        deque(writer.write(exchange(number)) for number in numbers)
    written = next(numbers) - 1
    (path,) = tmp_path.glob("*.warc.gz")
    assert 3 < written < 40
    skipped: Counter[str] = Counter()
    assert len(list(read_records(path, skipped))) == written
    assert not skipped
    # With space again, the same file goes on.
    place = writer.write(exchange(written))
    writer.close()
    assert place.file == path.name
    assert [record.url for record in read_records(path, skipped)][
        -1
    ] == f"http://x.example/{written}"
    assert not skipped


def test_a_state_that_the_disk_has_no_room_for_is_named_as_that(tmp_path: Path) -> None:
    path = tmp_path / "state" / "a.sqlite"
    with (
        files_no_larger_than(8192),
        pytest.raises(VisitsError, match=r"a\.sqlite: cannot be written .* the free space"),
    ):
        Visits.open(path)
    Visits.open(path).close()  # once there is room, it is made
