"""Local archives: a folder of WARC and WACZ files, whoever wrote them."""

import hashlib
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crawler.archive.reader import ArchiveError, Place, Record, read_record, read_records
from crawler.backfill.capture import Capture, Found, Uncaptured, problem_of
from crawler.backfill.client import ServiceError
from crawler.ordinary import ordinary
from crawler.unpacking import BROKEN_ZIP

_OTHER_KINDS = ("list", "robots")
_ARCHIVES = (".warc", ".warc.gz")
_UNKNOWN = (".warc.zst", ".arc", ".arc.gz", ".warc.bz2", ".warc.xz")
"""Ends of archives in forms that are not read."""
_INSIDE = "!"
"""Between a WACZ file and the archive inside it."""


@dataclass(slots=True)
class Folder:
    """Folder of archives; WACZ files are unpacked while it is open."""

    path: Path
    _unpacked: "tempfile.TemporaryDirectory[str] | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._unpacked is not None:
            self._unpacked.cleanup()

    def files(self) -> list[str]:
        """Return the archives by name, sorted, those inside WACZ files among them.

        Raises `ServiceError` if there are none.
        """
        found: list[str] = []
        for path in sorted(self.path.rglob("*")):
            name, ending = path.relative_to(self.path).as_posix(), path.name.lower()
            if ending.endswith((*_ARCHIVES, *_UNKNOWN)):
                found.append(name)
            elif ending.endswith(".wacz"):
                inside = _inside(path)
                found += [f"{name}{_INSIDE}{inner}" for inner in inside] or [name]
        if not found:
            raise ServiceError(f"{self.path}: has no file .warc, .warc.gz or .wacz; check it")
        return found

    def size(self, file: str) -> int:
        """Return the size of an archive, or of its WACZ file."""
        return (self.path / self._split(file)[0]).stat().st_size

    def captures(self, file: str) -> Iterator[Found]:
        """Yield one archive's responses as captures, and what cannot be read.

        Raises `ServiceError`.
        """
        skipped: Counter[str] = Counter()
        try:
            for record in read_records(self._on_disk(file), skipped):
                if record.kind not in _OTHER_KINDS:
                    mime = record.headers.get("content-type", "").partition(";")[0]
                    yield Capture(
                        url=record.url.strip("<>"),
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
        yield from (Uncaptured(reason, count) for reason, count in sorted(skipped.items()))

    def record(self, capture: Capture) -> Record | None:
        """Return the response of a capture, or None for damage."""
        try:
            path = self._on_disk(capture.file)
        except ServiceError:
            return None
        return read_record(path.parent, Place(path.name, capture.offset))

    def _split(self, file: str) -> tuple[str, str]:
        """Return a file of the folder, and the archive inside it."""
        if (self.path / file).is_file():
            return file, ""
        outer, _, inner = file.partition(f".wacz{_INSIDE}")
        if not inner:
            outer, _, inner = file.partition(f".WACZ{_INSIDE}")
            return f"{outer}.WACZ", inner
        return f"{outer}.wacz", inner

    def _on_disk(self, file: str) -> Path:
        """Return the path of an archive, unpacked from its WACZ file.

        Raises `ServiceError`.
        """
        outer, inner = self._split(file)
        path = self.path / outer
        try:
            named = file.encode()
        except UnicodeError as error:
            raise ServiceError(f"{str(path)!a}: its name is not UTF-8; rename it") from error
        if not inner and not path.name.lower().endswith(_ARCHIVES):
            raise ServiceError(
                f"{path}: cannot be read; expected .warc, .warc.gz, or a .wacz with such files"
            )
        if not inner:
            return path
        if self._unpacked is None:
            self._unpacked = tempfile.TemporaryDirectory(prefix="shizheng-wacz-")
        # One at a time: they may be large, and are read one after the other.
        here = Path(self._unpacked.name)
        target = here / f"{hashlib.sha256(named).hexdigest()[:16]}-{Path(inner).name}"
        if not target.exists():
            for other in here.iterdir():
                with suppress(OSError):
                    other.unlink()
            try:
                _unpack(path, inner, target)
            except BROKEN_ZIP as error:
                target.unlink(missing_ok=True)
                raise ServiceError(f"{path}: {inner} cannot be unpacked ({error})") from error
        return target


def _inside(path: Path) -> list[str]:
    """Return the archives in a file; none if it is no WACZ."""
    try:
        with zipfile.ZipFile(ordinary(path)) as packed:
            return sorted(n for n in packed.namelist() if n.lower().endswith(_ARCHIVES))
    except BROKEN_ZIP:
        return []


def _unpack(path: Path, inner: str, target: Path) -> None:
    with (
        zipfile.ZipFile(path) as packed,
        packed.open(inner) as source,
        target.open("wb") as file,
    ):
        shutil.copyfileobj(source, file)
