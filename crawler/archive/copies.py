"""Writer of records copied from other web archives.

The files go on where a killed writer stopped: its torn record is cut off, and the places of whole
ones are returned, so that nothing is copied twice.
"""

import io
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from os import fsync
from pathlib import Path
from typing import IO, Self

from crawler.archive.reader import (
    FIRST_CAPTURE,
    KIND,
    SOURCE,
    SOURCE_PLACE,
    ArchiveError,
    read_records,
    repair,
)
from crawler.archive.writer import Exchange, Members, append, response_head, warc_date
from crawler.ordinary import ordinary

MAX_FILE = 128 << 20
"""Bytes after which the next file is begun: some ten thousand pages, one worker's share of an
extraction. Set by hand."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Response of a web archive to copy.

    `source` is its service and crawl, `place` identifies it there, `first_capture` is the time of
    the first capture of its URL. `exchange.fetched_at` is the time of the capture.
    """

    exchange: Exchange
    source: str
    place: str
    first_capture: datetime


class CopyWriter:
    """Appends copies to `<folder>/<name>-NNNNN.warc.gz`."""

    def __init__(self, folder: Path, name: str, *, max_file: int = MAX_FILE) -> None:
        self.folder, self._name, self._max_file = folder, name, max_file
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def files(self) -> list[Path]:
        """The files written so far, in order."""
        return sorted(self.folder.glob(f"{self._name}-[0-9][0-9][0-9][0-9][0-9].warc.gz"))

    def recover(self, after: tuple[str, int]) -> Iterator[tuple[str, tuple[str, int]]]:
        """Repair the newest file; yield the places of copies behind `after`.

        Each with its own file and offset. A writer that died may have written them without a note.
        """
        for path in self.files[-1:]:
            with suppress(ArchiveError):  # what is no archive is no torn one
                repair(path)
        for path in self.files:
            if path.name < after[0]:
                continue
            start = after[1] if path.name == after[0] else 0
            skipped: Counter[str] = Counter()
            for record in read_records(path, skipped, start=start):
                here = (path.name, record.offset)
                if here > after and record.source_place:
                    yield record.source_place, here

    def write(self, copy: Copy) -> tuple[str, int]:
        """Append one copy; return its file and offset. Raises `ArchiveError`."""
        data = _member(copy)
        try:
            if self._file is not None and self._file.tell() >= self._max_file:
                self.sync()
                self._file.close()
                self._file = None
            if self._file is None:
                self._file = self._open()
            place = (Path(self._file.name).name, self._file.tell())
            append(self._file, memoryview(data))
        except OSError as error:
            raise ArchiveError(
                f"{self.folder}: the archive cannot be written ({error.strerror}); "
                "check the folder's permissions and the free space"
            ) from error
        return place

    def sync(self) -> None:
        """Flush all copies to the disk, against a power cut."""
        if self._file is not None:
            fsync(self._file.fileno())

    def _open(self) -> IO[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        last = self.files[-1:]
        number = int(last[0].name[-13:-8]) if last else 0
        if last and last[0].stat().st_size >= self._max_file:
            number += 1
        path = self.folder / f"{self._name}-{number:05d}.warc.gz"
        # Unbuffered: one record is one write(2), and nothing waits in this process.
        return ordinary(path).open("ab", buffering=0)


def _member(copy: Copy) -> bytes:
    """Return a copy as one gzip member.

    The same copy always has the same bytes.
    """
    exchange, out = copy.exchange, io.BytesIO()
    writer = Members(out)
    writer.write_record(
        writer.create_warc_record(
            exchange.url,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            http_headers=response_head(exchange),
            warc_headers_dict={
                "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, copy.place)}>",
                "WARC-Date": warc_date(exchange.fetched_at),
                "WARC-Payload-Digest": exchange.digest,
                KIND: exchange.kind,
                SOURCE: copy.source,
                SOURCE_PLACE: copy.place,
                FIRST_CAPTURE: warc_date(copy.first_capture),
            },
        )
    )
    return out.getvalue()
