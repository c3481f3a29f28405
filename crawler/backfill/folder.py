"""Local archives: a folder of WARC and WACZ files, whoever wrote them."""

import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from crawler.archive.reader import ArchiveError, Place, Record, read_record, read_records
from crawler.backfill.capture import Capture, problem_of
from crawler.backfill.client import ServiceError

_OTHER_KINDS = ("list", "robots")
_INSIDE = "!"
"""Between a WACZ file and the archive inside it."""


@dataclass(slots=True)
class Folder:
    """Folder of archives; WACZ files are unpacked while it is open."""

    path: Path
    skipped: Counter[str] = field(default_factory=Counter)
    _unpacked: "tempfile.TemporaryDirectory[str] | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._unpacked is not None:
            self._unpacked.cleanup()

    def files(self) -> list[str]:
        """Return the archives by name, sorted, those inside WACZ files among them.

        Raises `ServiceError`.
        """
        found: list[str] = []
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.name.endswith((".warc", ".warc.gz")):
                found.append(name)
            elif path.suffix == ".wacz":
                try:
                    with zipfile.ZipFile(path) as packed:
                        found += [
                            f"{name}{_INSIDE}{inner}"
                            for inner in sorted(packed.namelist())
                            if inner.endswith((".warc", ".warc.gz"))
                        ]
                except (OSError, zipfile.BadZipFile) as error:
                    raise ServiceError(f"{path}: is no WACZ file ({error})") from error
        return found

    def captures(self, file: str) -> Iterator[Capture]:
        """Yield the responses of one archive as captures. Raises `ServiceError`."""
        try:
            for record in read_records(self._on_disk(file), self.skipped):
                if record.kind not in _OTHER_KINDS:
                    mime = record.headers.get("content-type", "").partition(";")[0]
                    yield Capture(
                        url=record.url,
                        timestamp=f"{record.fetched_at:%Y%m%d%H%M%S}",
                        digest=record.digest,
                        origin=Path(file).name,
                        file=file,
                        offset=record.offset,
                        length=len(record.body),
                        problem=problem_of(str(record.status), mime),
                    )
        except ArchiveError as error:
            raise ServiceError(str(error)) from error

    def record(self, capture: Capture) -> Record | None:
        """Return the response of a capture, or None for damage."""
        path = self._on_disk(capture.file)
        return read_record(path.parent, Place(path.name, capture.offset))

    def _on_disk(self, file: str) -> Path:
        """Return the path of an archive, unpacked from its WACZ file."""
        outer, _, inner = file.partition(_INSIDE)
        if not inner:
            return self.path / outer
        if self._unpacked is None:
            self._unpacked = tempfile.TemporaryDirectory(prefix="shizheng-wacz-")
        # One at a time: they may be large, and are read one after the other.
        here = Path(self._unpacked.name)
        path = here / file.replace("/", "__")
        if not path.exists():
            for other in here.iterdir():
                with suppress(OSError):
                    other.unlink()
            with (
                zipfile.ZipFile(self.path / outer) as packed,
                packed.open(inner) as source,
                path.open("wb") as target,
            ):
                shutil.copyfileobj(source, target)
        return path
