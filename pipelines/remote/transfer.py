"""Pull and push: units between a store and a work folder."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crawler.ordinary import ordinary
from pipelines.remote import folder as work
from pipelines.remote.folder import Known
from pipelines.remote.heads import (
    REPORTS,
    REVIEWS,
    city_unit,
    object_name,
    read_head,
    replace_head,
    stored_cities,
    stored_heads,
)
from pipelines.remote.objects import ConflictError, Objects
from pipelines.tables.files import cities_in, sha256

AT_ONCE = 8
"""Objects transferred at once. Set by hand."""

KEPT = timedelta(days=2)
"""Age below which an object without a head is left: a push may be about to name it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Result of a transfer: files and bytes."""

    files: int = 0
    size: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.files + other.files, self.size + other.size)


def pull(
    objects: Objects,
    folder: Path,
    unit: str,
    *,
    without: Collection[str] = (),
    discard: bool = False,
) -> Moved:
    """Make a unit of the folder equal to its head.

    `without` are first parts of paths to leave (`archive`, `vectors`). A unit that was changed here
    since the last transfer is left as it is while its head is the same, for a push to follow; if
    the head has changed too, `ConflictError` is raised, or the change here is lost with `discard`.
    """
    head, state = read_head(objects, unit), work.known(folder, unit)
    here = work.digests(folder, unit)
    wanted = {name: of for name, of in head.files.items() if not _left(name, without)}
    before = {name: of for name, of in state.files.items() if not _left(name, state.without)}
    if head.version == state.version:
        if here != before or set(state.without) <= set(without):
            return Moved()
    elif here not in ({}, before, wanted) and not discard:
        raise ConflictError(
            f"{folder}: {_name(unit)} was changed here and in {objects.url} since they were equal; "
            "pull into another folder, or with --discard to lose the change made here"
        )
    missing = {name: of for name, of in wanted.items() if here.get(name) != of}
    _download(objects, folder, missing)
    for name in here.keys() - wanted.keys():
        if not _left(name, without):
            (folder / name).unlink()
    _remember(folder, unit, head.version, head.files, without)
    return Moved(len(missing), sum((folder / name).stat().st_size for name in missing))


def push(objects: Objects, folder: Path, unit: str) -> Moved:
    """Replace a unit's head by the files of the folder.

    Files that were not pulled stay as they are in the store. Raises `ConflictError` if the head has
    changed since the folder had it: nothing is replaced then.
    """
    state = work.known(folder, unit)
    head = read_head(objects, unit)
    here = work.digests(folder, unit)
    left = {name: of for name, of in state.files.items() if _left(name, state.without)}
    files = left | here
    if files == dict(head.files):
        _remember(folder, unit, head.version, files, state.without)
        return Moved()
    if head.version != state.version:
        raise ConflictError(
            f"{objects.url}: another writer has stored {_name(unit)} since {folder} was equal to "
            "it; nothing was changed there. Pull first (--discard loses what was changed here)"
        )
    new = {of: name for name, of in files.items() if of not in set(head.files.values())}
    paths = {of: folder / name for of, name in new.items()}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda of: _upload(objects, of, paths[of]), new))
    head = replace_head(objects, head, files)
    _remember(folder, unit, head.version, files, state.without)
    return Moved(len(new), sum(path.stat().st_size for path in paths.values()))


def units(objects: Objects, folder: Path) -> list[str]:
    """Return the units of cities stored or in the folder, sorted."""
    return [city_unit(city) for city in sorted({*stored_cities(objects), *local_cities(folder)})]


def local_cities(folder: Path) -> list[str]:
    """Return the cities with articles, other tables or an archive."""
    archived = {path.name for path in (folder / "archive").glob("*") if path.is_dir()}
    return sorted({*cities_in(folder, "pairs", "rejects"), *archived})


def push_runs(objects: Objects, folder: Path) -> None:
    """Store the records of runs, each once."""
    for path in sorted((folder / "runs").glob("*/manifest.json")):
        unit = f"runs/{path.parent.name}"
        if work.known(folder, unit).version is None and read_head(objects, unit).version is None:
            files = {
                each.relative_to(folder).as_posix(): sha256(each)
                for each in sorted(path.parent.rglob("*"))
                if each.is_file() and not each.name.startswith(".")
            }
            for name, of in files.items():
                _upload(objects, of, folder / name)
            head = replace_head(objects, read_head(objects, unit), files)
            work.remember(folder, unit, Known(head.version))


def pull_runs(objects: Objects, folder: Path) -> None:
    """Read the records of runs that the folder lacks."""
    prefix = "heads/runs/"
    for name, _, _ in objects.names(prefix):
        run_id = name.removeprefix(prefix).removesuffix(".json")
        if not (folder / "runs" / run_id / "manifest.json").exists():
            head = read_head(objects, f"runs/{run_id}")
            _download(objects, folder, head.files)
            work.remember(folder, head.unit, Known(head.version))


def push_releases(objects: Objects, folder: Path) -> None:
    """Store releases as plain objects for readers: the manifest last, none replaced.

    Raises `ConflictError` for a version that is stored with another content.
    """
    for manifest in sorted((folder / "releases").glob("*/manifest.json")):
        name = manifest.relative_to(folder).as_posix()
        stored = objects.read(name)
        if stored is not None and stored.content != ordinary(manifest).read_bytes():
            raise ConflictError(
                f"{objects.url}/{name}: this version is stored already, with another content; "
                "releases are never replaced: make one of another name"
            )
        if stored is not None:
            continue
        for path in sorted(manifest.parent.rglob("*")):
            if path.is_file() and path != manifest:
                objects.upload(path.relative_to(folder).as_posix(), path)
        objects.create(name, manifest.read_bytes())


def sweep(objects: Objects) -> int:
    """Delete unnamed objects older than `KEPT`; return their number."""
    now = objects.now()
    old = [
        name
        for prefix in ("objects/", "probes/")
        for name, written, _ in objects.names(prefix)
        if now - written > KEPT
    ]
    # Heads are read after the objects: one that was named meanwhile stays.
    named = {object_name(of) for head in stored_heads(objects) for of in head.files.values()}
    garbage = [name for name in old if name not in named]
    for name in garbage:
        objects.delete(name)
    return len(garbage)


def _download(objects: Objects, folder: Path, files: Mapping[str, str]) -> None:
    def one(name: str) -> None:
        objects.download(object_name(files[name]), folder / name, files[name])

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(one, sorted(files)))


def _upload(objects: Objects, of: str, path: Path) -> None:
    # Written anew even if it is there: an old one without a head may be about to be swept.
    objects.upload(object_name(of), path)


def _remember(
    folder: Path, unit: str, version: str | None, files: Mapping[str, str], without: Iterable[str]
) -> None:
    stamps = work.stamps(folder, files)
    work.remember(folder, unit, Known(version, dict(files), tuple(without), stamps))


def _left(name: str, without: Collection[str]) -> bool:
    return name.partition("/")[0] in without


def _name(unit: str) -> str:
    return {REPORTS: "the reports", REVIEWS: "the reviews"}.get(unit, unit.partition("/")[2])
