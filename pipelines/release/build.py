"""Makes a release: in a hidden folder, fsynced, renamed at the very end; or not at all."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.city import City
from pipelines.release.about import citation, croissant, datasheet, manifest, quality
from pipelines.release.about.manifest import Tally
from pipelines.release.content import masking, selection, withdrawal
from pipelines.release.content.selection import CityPlan, Thresholds
from pipelines.release.content.withdrawal import Withdrawn
from pipelines.release.content.writing import Writers, Writing
from pipelines.release.formats import FORMATS
from pipelines.release.snapshot import ReleaseError, Snapshot, folder_of, read
from pipelines.release.split import partition
from pipelines.tables import damage, files, lock
from pipelines.terminal import Tracker

LOCK = "releases"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,63}")
RESERVED = ("verify", "diff")


def check_version(version: str) -> None:
    """Raise `ReleaseError` for a version that cannot name a folder."""
    if not _VERSION.fullmatch(version) or version in RESERVED:
        raise ReleaseError(
            f"{version!r} cannot be a release's version: expected letters, digits and . _ + -, "
            "beginning with a letter or digit, such as 2026.11 or 1.0.0"
        )


@dataclass(frozen=True, slots=True)
class Order:
    """What release is asked for. `split` is None or one of `splits.KINDS`; `formats` are names in
    `FORMATS`."""

    version: str
    thresholds: Thresholds
    split: str | None = None
    formats: tuple[str, ...] = ()


def build(output: Path, wanted: Order, cities: Mapping[str, City], tracker: Tracker) -> Snapshot:
    """Make a release of the corpus in `output` and return it.

    `cities` are the city files, whose rights decide what is held. The cities of the corpus are
    locked while they are read. Raises `ReleaseError` for a version that exists or would be empty,
    `SplitError`, `WithdrawalError`, and `StoreError` for what cannot be read or written.
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
            _sync_folder(target.parent)
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
    keys, thresholds = _chosen(output, wanted.thresholds), wanted.thresholds
    withdrawn = withdrawal.load(output)
    everywhere = selection.with_reposts(output, withdrawn)
    plans = []
    for done, key in enumerate(keys):
        tracker.update("choosing", done, len(keys), key)
        plans.append(selection.plan(output, key, cities.get(key), thresholds, everywhere))
    if not any(planned.rows.num_rows for planned in plans):
        raise ReleaseError(
            f"{output}: no article is within these thresholds; loosen --since, --until, --city or "
            "--lang"
        )
    tally, divided = Tally(), None
    if wanted.split is not None:
        tracker.update("splitting", 0, 1)
        divided, tally.left_out = partition.divide(output, plans, wanted.split, thresholds)
    masker = masking.Masker(withdrawn.contacts)
    with Writers.into(folder) as writers:
        writing = Writing(
            output,
            thresholds,
            masker,
            wanted.split is not None,
            writers,
            tally,
            everywhere.articles,
        )
        for done, planned in enumerate(plans):
            tracker.update("writing", done, len(plans), planned.city)
            writing.city(planned)
    tally.rows = writers.rows
    rulings = selection.rulings(cities, keys)
    facts = manifest.facts(
        wanted.version,
        thresholds=thresholds.as_json(),
        split=divided,
        rulings=rulings,
        withdrawn=withdrawal.digests(key for planned in plans for key in planned.withdrawn),
        inputs=manifest.inputs(
            output, _inputs(output, plans), [rulings, thresholds.as_json(), _said(withdrawn)]
        ),
        runs=manifest.source_runs(output, tally.runs),
        names=selection.names(cities, keys),
        quality=quality.judged(output, thresholds.min_probability),
        formats=wanted.formats,
        tally=tally,
    )
    snapshot = Snapshot(folder, facts)
    for describe in (datasheet.write, citation.write, croissant.write):
        describe(snapshot)
    # In the order of the table: the last may link to the others.
    for done, name in enumerate(name for name in FORMATS if name in wanted.formats):
        tracker.update("formats", done, len(wanted.formats), name)
        (folder / name).mkdir()
        FORMATS[name](snapshot, folder / name)
    manifest.complete(folder, facts)


def _chosen(output: Path, thresholds: Thresholds) -> list[str]:
    known = files.cities_with_articles(output)
    unknown = [key for key in thresholds.cities if key not in known]
    if unknown or not known:
        raise ReleaseError(
            f"{output}: no articles of {', '.join(unknown) or 'any city'}; "
            f"there are: {', '.join(known) or 'none'}"
        )
    return sorted(set(thresholds.cities)) or known


def _inputs(output: Path, plans: Sequence[CityPlan]) -> list[Path]:
    paths = [path for planned in plans for path in planned.files]
    for planned in plans:
        tables = [files.table_path(output, name, planned.city) for name in ("pairs", "sentences")]
        paths += [path for path in tables if path.exists()]
    return [*paths, *quality.files(output)]


def _said(withdrawn: Withdrawn) -> list[Any]:
    return [sorted(withdrawn.articles), sorted(withdrawn.urls), list(withdrawn.contacts)]


def _sweep(releases: Path) -> None:
    """Remove what a release that was killed left behind. The lock is held: nobody is at it."""
    for left in releases.glob(".*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def _sync(folder: Path) -> None:
    """Make everything in a folder durable."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        else:
            _sync_folder(path)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
