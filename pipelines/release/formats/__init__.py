"""Formats of a release beside its Parquet files.

A format is one module with one function, entered in `FORMATS`: `write(release, folder)` streams
from the release's Parquet files (`Snapshot.batches`) into `folder`,
`releases/<version>/<format>/`, which exists and is empty. It reads nothing else, so that no format
can contain more than the release does, and takes times from the manifest, so that the same release
gives the same bytes. An error stops the release, of which then nothing is left.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.release.formats import hf, jsonl, moses, site, tmx
from pipelines.release.snapshot import Snapshot

Format = Callable[[Snapshot, Path], None]

PARQUET = "parquet"
"""Part of every release; naming it asks for nothing more."""
SITE = site.NAME
"""Format that `shizheng release` writes unless others are named."""

FORMATS: dict[str, Format] = {
    "hf": hf.write,
    "jsonl": jsonl.write,
    "moses": moses.write,
    "tmx": tmx.write,
    site.NAME: site.write,  # last: it links to the others
}
NAMES = (PARQUET, *FORMATS)
