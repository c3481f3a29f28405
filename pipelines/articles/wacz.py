"""WACZ files: web archives (WARC) in a zip file."""

import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from crawler.archive.reader import ArchiveError
from crawler.ordinary import ordinary
from crawler.unpacking import BROKEN_ZIP

ENDING = ".wacz"
_LONGEST_NAME = 60
"""Characters of a name's end; file systems take 255 bytes. Set by hand."""
_MOST_PACKED = 20
"""Bytes for each packed one; WARC files are packed already and do not shrink. Set by hand."""


def unpacked(paths: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Yield the paths, those of a WACZ file's archives in its place.

    They are unpacked into `folder`. Raises `ArchiveError` for a file that is no WACZ, or has no
    archive.
    """
    for number, path in enumerate(paths):
        if path.suffix.lower() != ENDING:
            yield path
            continue
        try:
            with zipfile.ZipFile(ordinary(path)) as file:
                yield from _archives(path, file, folder / str(number))
        except FileNotFoundError:
            raise ArchiveError(f"{path}: there is no such file") from None
        except BROKEN_ZIP as error:
            raise ArchiveError(f"{path}: no WACZ file that can be read ({error})") from error


def _archives(path: Path, file: zipfile.ZipFile, folder: Path) -> Iterator[Path]:
    members = [
        member
        for member in file.infolist()
        if member.filename.startswith("archive/")
        and member.filename.lower().endswith((".warc", ".warc.gz"))
    ]
    if not members:
        raise ArchiveError(f"{path}: expected a WACZ file with archive/*.warc.gz; it has none")
    folder.mkdir(parents=True)
    for number, member in enumerate(members):
        if member.file_size > _MOST_PACKED * max(member.compress_size, 1):
            raise ArchiveError(
                f"{path}: {member.filename} unpacks to {member.file_size:,} bytes from "
                f"{member.compress_size:,}, as no web archive does"
            )
        # By number: a name from outside could lead out of the folder, or be there twice.
        target = folder / f"{number}-{Path(member.filename).name[-_LONGEST_NAME:]}"
        with file.open(member) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        yield target
