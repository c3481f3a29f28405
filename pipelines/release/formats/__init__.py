"""The formats a release can be had in, beside its Parquet files.

A format is one module with one function, entered in `FORMATS`: `write(release, folder)` streams
from the release's Parquet files (`Snapshot.batches`) into `folder`,
`releases/<version>/<format>/`, which exists and is empty. It reads nothing else, so that no format
can hold more than the release does, and takes times from the manifest, so that the same release
gives the same bytes. What it raises stops the release, of which then nothing is left.
"""

from collections.abc import Callable
from pathlib import Path

from pipelines.release.formats import jsonl, moses, tmx
from pipelines.release.snapshot import Snapshot

Format = Callable[[Snapshot, Path], None]

PARQUET = "parquet"
"""What every release is made of; naming it asks for nothing more."""

FORMATS: dict[str, Format] = {
    "jsonl": jsonl.write,
    "moses": moses.write,
    "tmx": tmx.write,
}
NAMES = (PARQUET, *FORMATS)
