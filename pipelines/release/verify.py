"""Verification of a release: files by its manifest, tables by each other."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.release.snapshot import LINK, MANIFEST, ODD, SUMS, Snapshot, plain
from pipelines.release.tables import ADDED, LAYOUTS
from pipelines.tables import files, schema


def problems(release: Snapshot) -> list[str]:
    """Return the faults, a sentence each; none if the release is whole."""
    found = list(_files(release))
    # Rows cannot be checked against each other in files that are not what they were.
    return found or list(_tables(release)) or list(_references(release))


def _files(release: Snapshot) -> Iterator[str]:
    stated: dict[str, Any] = {row["path"]: row for row in release.manifest["files"]}
    present, odd = _present(release.folder, stated)
    yield from _alike([*stated, MANIFEST, SUMS])
    for name in sorted(stated.keys() - present - odd.keys()):
        yield f"{name}: missing"
    for name in sorted(odd):
        yield f"{name}: {odd[name]}"
    for name in sorted(present - stated.keys() - {MANIFEST, SUMS}):
        yield f"{name}: not part of the release"
    for name in sorted(stated.keys() & present):
        yield from _content(release.folder, name, stated[name])
    yield from _sums(release, stated)


def _present(folder: Path, stated: Iterable[str]) -> tuple[set[str], dict[str, str]]:
    """Return the plain files, and the fault of every other entry.

    No link is followed. A folder without any stated file is named once, whatever is in it.
    """
    folders = {str(parent) for name in stated for parent in PurePosixPath(name).parents}
    files, odd, waiting = set[str](), dict[str, str](), [""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / inside), key=lambda entry: entry.name)
        except OSError as error:
            odd[inside or "."] = f"cannot be read ({error.strerror or error})"
            continue
        for entry in entries:
            name = f"{inside}/{entry.name}" if inside else entry.name
            if entry.is_dir(follow_symlinks=False) and name in folders:
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False):
                files.add(name)
            else:
                odd[name] = _why_odd(entry)
    return files, odd


def _why_odd(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return LINK
    return "not part of the release" if entry.is_dir(follow_symlinks=False) else ODD


def _alike(names: Iterable[str]) -> Iterator[str]:
    """Yield names that differ only in case or composition of letters."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name:
            yield f"{name}: some systems take it for {other}; a release has no such names"


def _content(folder: Path, name: str, stated: dict[str, Any]) -> Iterator[str]:
    try:
        with plain(folder, folder / name) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        yield f"{name}: cannot be read ({error.strerror or error})"
        return
    if found != stated["sha256"]:
        yield f"{name}: not the file that was released (its SHA-256 differs)"
    elif size != stated["bytes"]:
        yield f"{name}: {size} bytes, the manifest says {stated['bytes']}"


def _sums(release: Snapshot, stated: dict[str, Any]) -> Iterator[str]:
    path = release.folder / SUMS
    if not path.is_file() or path.is_symlink():
        if not path.is_symlink():  # which is named already
            yield f"{SUMS}: missing"
        return
    lines = [f"{row['sha256']}  {name}" for name, row in stated.items()]
    lines.append(f"{files.sha256(release.folder / MANIFEST)}  {MANIFEST}")
    expected = sorted(line.encode() for line in lines)
    size = sum(len(line) + 1 for line in expected)
    with plain(release.folder, path) as file:
        found = file.read(size + 1)
    if len(found) > size or sorted(found.splitlines()) != expected:
        yield f"{SUMS}: does not agree with {MANIFEST}; one of the two was changed"


def _tables(release: Snapshot) -> Iterator[str]:
    for table, layout in LAYOUTS.items():
        expected = release.manifest["counts"][table]
        for split in release.splits(table):
            rows = 0
            for path in release.files(table, split):
                with release.opened(path) as file:
                    rows += file.metadata.num_rows
                    try:
                        schema.check_version(path, file.schema_arrow)
                    except schema.VersionError as error:
                        yield str(error)
                    found = file.schema_arrow
                    known = [f for f in layout.of if f.name in found.names or f.name not in ADDED]
                    if not found.equals(pa.schema(known)):
                        yield f"{path.name}: its columns are not those of {table}"
            if rows != expected.get(split, 0):
                yield f"{table}, {split}: {rows} rows, the manifest says {expected.get(split, 0)}"


def _references(release: Snapshot) -> Iterator[str]:
    articles = release.read("articles", ["article_id", "split", "held"])
    pairs = release.read("pairs", ["pair_id", "zh_id", "en_id", "split"])
    for name, ids in (("article_id", articles), ("pair_id", pairs)):
        if pc.count_distinct(ids[name]).as_py() != ids.num_rows:
            yield f"{name}: not unique"
    held: dict[str, pa.ChunkedArray] = {}
    for side in ("zh_id", "en_id"):
        place = pc.index_in(pairs[side], articles["article_id"])
        if place.null_count:
            yield f"pairs: {place.null_count} rows name an article in {side} that is not released"
            return
        held[side] = articles["held"].take(place)
        apart = pc.not_equal(articles["split"].take(place), pairs["split"])
        if pc.any(apart).as_py():
            yield f"pairs: some stand in another part than their article in {side}"
    full = pc.and_(pc.equal(held["zh_id"], "full"), pc.equal(held["en_id"], "full"))
    allowed = pairs.filter(full)["pair_id"]
    strays = 0
    for batch in release.batches("sentences", columns=["pair_id"], rows=1 << 16):
        strays += int(
            pc.sum(pc.invert(pc.is_in(batch["pair_id"], allowed.combine_chunks()))).as_py() or 0
        )
    if strays:
        yield f"sentences: {strays} belong to no released pair whose articles are held in full"
