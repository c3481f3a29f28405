"""Checks a release: every byte as its manifest says, and the tables true to each other."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import schema
from pipelines.release import manifest
from pipelines.release.snapshot import MANIFEST, SUMS, Snapshot
from pipelines.release.tables import LAYOUTS


def problems(release: Snapshot) -> list[str]:
    """Return what is wrong, a sentence each; nothing if the release is whole."""
    found = list(_files(release))
    # Rows cannot be checked against each other in files that are not what they were.
    return found or [*_tables(release), *_references(release)]


def _files(release: Snapshot) -> Iterator[str]:
    stated: dict[str, Any] = {row["path"]: row for row in release.manifest["files"]}
    present = {
        path.relative_to(release.folder).as_posix()
        for path in release.folder.rglob("*")
        if path.is_file()
    }
    for name in sorted(stated.keys() - present):
        yield f"{name}: missing"
    for name in sorted(present - stated.keys() - {MANIFEST, SUMS}):
        yield f"{name}: not part of the release"
    for name in sorted(stated.keys() & present):
        if manifest.sha256(release.folder / name) != stated[name]["sha256"]:
            yield f"{name}: not the file that was released (its SHA-256 differs)"
    yield from _sums(release, stated)


def _sums(release: Snapshot, stated: dict[str, Any]) -> Iterator[str]:
    path = release.folder / SUMS
    if not path.is_file():
        yield f"{SUMS}: missing"
        return
    lines = [f"{row['sha256']}  {name}" for name, row in stated.items()]
    lines.append(f"{manifest.sha256(release.folder / MANIFEST)}  {MANIFEST}")
    if sorted(path.read_text(encoding="utf-8").splitlines()) != sorted(lines):
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
                    if file.schema_arrow.names != layout.of.names:
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
