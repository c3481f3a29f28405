"""Release build: into a hidden folder, fsynced, renamed at the end.

A release that fails leaves nothing behind.
"""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.city import City
from pipelines.errors import known_ones
from pipelines.release.about import card, citation, croissant, datasheet, manifest, quality
from pipelines.release.about.manifest import ReleaseCounts
from pipelines.release.content import masking, selection, withdrawal
from pipelines.release.content.selection import CityPlan, Thresholds
from pipelines.release.content.withdrawal import Withdrawn
from pipelines.release.content.writing import Writers, Writing
from pipelines.release.formats import FORMATS
from pipelines.release.snapshot import ReleaseError, Snapshot, folder_of, read
from pipelines.release.split import partition
from pipelines.tables import atomic, damage, files, lock
from pipelines.terminal import Tracker

LOCK = "releases"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
RESERVED = ("make", "verify", "diff", "list")
"""Subcommands of `shizheng release`, which takes a version in their place."""


def check_version(version: str) -> None:
    """Raise `ReleaseError` for a version that cannot name a folder."""
    if not _VERSION.fullmatch(version) or version in RESERVED:
        raise ReleaseError(
            f"{version!r} cannot be a release's version: expected letters, digits and . _ + -, "
            "beginning with a letter or digit, such as 2026.11 or 1.0.0"
        )


@dataclass(frozen=True, slots=True)
class Order:
    """Release to make.

    `split` is None, one of `splits.KINDS` or words for `splits.targets_of`; `formats` are names in
    `FORMATS`.
    """

    version: str
    thresholds: Thresholds
    split: str | None = None
    formats: tuple[str, ...] = ()


def build(output: Path, wanted: Order, cities: Mapping[str, City], tracker: Tracker) -> Snapshot:
    """Make a release of the corpus in `output`; return it.

    `cities` are the city files, by the rights of which texts are released. The cities of the
    corpus are locked while they are read. Raises `ReleaseError` for a version that exists or would
    be empty, `SplitError`, `WithdrawalError`, and `StoreError` if a file cannot be read or written.
    """
    check_version(wanted.version)
    target = folder_of(output, wanted.version)
    keys = _chosen(output, wanted.thresholds)
    with lock.hold(output, [*keys, LOCK]):
        _sweep(target.parent)
        if target.exists():
            raise ReleaseError(
                f"{target}: this release exists and releases never change; "
                "give the new one another version"
            )
        folder = target.with_name(f".{wanted.version}.{os.getpid()}.tmp")
        try:
            folder.mkdir(parents=True)
            _fill(folder, output, wanted, cities, tracker)
            _sync(folder)
            folder.rename(target)
            atomic.sync_folder(target.parent)
        except OSError as error:
            raise damage.StoreError(
                f"{target}: cannot be written ({error.strerror or error}); there is no such "
                "release now. Check the folder's permissions and the free space, then run again"
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return read(target)


def _fill(
    folder: Path,
    output: Path,
    wanted: Order,
    cities: Mapping[str, City],
    tracker: Tracker,
) -> None:
    withdrawn = withdrawal.load(output)
    everywhere = selection.with_reposts(output, withdrawn)
    plans = _plans(output, wanted.thresholds, cities, everywhere, tracker)
    counts, split = ReleaseCounts(), None
    if wanted.split is not None:
        tracker.update("splitting", 0, 1)
        split, counts.left_out = partition.divide(output, plans, wanted.split, wanted.thresholds)
    with Writers.into(folder) as writers:
        writing = Writing(
            output,
            wanted.thresholds,
            masking.Masker(withdrawn.contacts),
            wanted.split is not None,
            writers,
            counts,
            everywhere.articles,
        )
        for done, planned in enumerate(plans):
            tracker.update("writing", done, len(plans), planned.city)
            writing.city(planned)
    counts.rows = writers.rows
    keys, thresholds = [planned.city for planned in plans], wanted.thresholds.as_json()
    rulings = selection.rulings(cities, keys)
    stated = [rulings, thresholds, _as_json(withdrawn)]
    facts = manifest.ReleaseFacts(
        wanted.version,
        thresholds,
        split,
        rulings,
        names=selection.names(cities, keys),
        withdrawn=withdrawal.digests(key for planned in plans for key in planned.withdrawn),
        inputs=manifest.inputs(output, _inputs(output, plans), stated),
        runs=manifest.source_runs(output, counts.runs),
        quality=quality.judged(output, wanted.thresholds.min_probability),
        formats=wanted.formats,
        counts=counts,
    )
    _describe(Snapshot(folder, facts.as_json()), wanted.formats, tracker)


def _plans(
    output: Path,
    thresholds: Thresholds,
    cities: Mapping[str, City],
    withdrawn: Withdrawn,
    tracker: Tracker,
) -> list[CityPlan]:
    """Return the plan of every city. Raises `ReleaseError` if all are empty."""
    keys, plans = _chosen(output, thresholds), []
    for done, key in enumerate(keys):
        tracker.update("choosing", done, len(keys), key)
        plans.append(selection.plan(output, key, cities.get(key), thresholds, withdrawn))
    if not any(planned.rows.num_rows for planned in plans):
        raise ReleaseError(
            f"{output}: no article is within these thresholds; loosen --since, --until, --city or "
            "--lang"
        )
    return plans


def _describe(release: Snapshot, formats: Sequence[str], tracker: Tracker) -> None:
    """Write documents, formats, manifest and checksums."""
    for describe in (datasheet.write, citation.write, croissant.write, card.write):
        describe(release)
    # In the order of the table: the last may link to the others.
    for done, name in enumerate(name for name in FORMATS if name in formats):
        tracker.update("formats", done, len(formats), name)
        folder = release.folder / name
        folder.mkdir()
        FORMATS[name](release, folder)
        if not any(folder.iterdir()):
            folder.rmdir()  # nothing to write in this format: copies lose empty folders
    manifest.complete(release.folder, release.manifest)


def _chosen(output: Path, thresholds: Thresholds) -> list[str]:
    known = files.cities_with_articles(output)
    missing = [key for key in thresholds.cities if key not in known]
    if missing or not known:
        hint = f"; {known_ones(missing[0], known)}" if known else ""
        raise ReleaseError(f"{output}: no articles of {', '.join(missing) or 'any city'}{hint}")
    return sorted(set(thresholds.cities)) or known


def _inputs(output: Path, plans: Sequence[CityPlan]) -> list[Path]:
    paths = [path for planned in plans for path in planned.files]
    for planned in plans:
        tables = [files.table_path(output, name, planned.city) for name in ("pairs", "sentences")]
        paths += [path for path in tables if path.exists()]
    return [*paths, *quality.files(output)]


def _as_json(withdrawn: Withdrawn) -> list[Any]:
    return [sorted(withdrawn.articles), sorted(withdrawn.urls), list(withdrawn.contacts)]


def _sweep(releases: Path) -> None:
    """Remove the folders of killed builds, under the lock of releases."""
    for left in releases.glob(".*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Sync everything in a folder to disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            atomic.sync_folder(path)
    atomic.sync_folder(folder)
