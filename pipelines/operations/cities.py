"""Check of city files and their sites' lists and articles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from crawler.city import CRAWLED, City
from crawler.city_file import CityError, city_files, load_city
from crawler.errors import ExitCode
from pipelines.errors import check_words
from pipelines.operations.moved_lists import Patch, patch, why_lost
from pipelines.operations.probing import Source, probe
from pipelines.terminal import Tracker


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of a check: city files, errors, sources, patches.

    `lost` has the reasons by list; `fixed` is True if the patches were applied.
    """

    valid: tuple[City, ...]
    errors: tuple[str, ...]
    sources: Mapping[str, Sequence[Source]]
    patches: Sequence[Patch] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """Exit code: USAGE, UNWELL or UNUSABLE.

        USAGE for an invalid file, UNWELL for a source that fails, UNUSABLE if all do. A list that
        was put right does not fail.
        """
        if self.errors:
            return ExitCode.USAGE
        mended = {moved.old for each in self.patches for moved in each.moved if self.fixed}
        codes = [
            source["code"] if source["list"] not in mended else None
            for sources in self.sources.values()
            for source in sources
        ]
        if not any(codes):
            return ExitCode.DONE
        return ExitCode.UNUSABLE if all(codes) else ExitCode.UNWELL


def check(
    folder: Path | None,
    names: Sequence[str],
    tracker: Tracker,
    *,
    live: bool,
    fix: Path | None = None,
) -> Checked:
    """Validate city files and, if `live`, probe the sites.

    Without `folder` every known city is meant, without `names` every city file. Lists that went
    dead or silent are looked for on their sites; the patches are written if `fix` is given, the
    folder for changed files of those that ship. Raises `UsageError` for an unknown city,
    `CityError` for a folder without city files.
    """
    valid: list[City] = []
    errors: list[str] = []
    for path in _chosen(folder, names):
        try:
            valid.append(load_city(path))
        except CityError as error:
            errors.append(str(error))
    found: dict[str, Sequence[Source]] = {}
    patches: list[Patch] = []
    lost: dict[str, str] = {}
    crawled = [city for city in valid if (live or fix is not None) and city.status in CRAWLED]
    today = date.today()
    for number, city in enumerate(crawled):
        tracker.update("looking", number, len(crawled), city.key)
        found[city.key] = probe("check", [city.file])
        lost |= {s["list"]: why for s in found[city.key] if (why := why_lost(s, city, today))}
        proposed = patch(city, found[city.key], today)
        if proposed is not None:
            patches.append(proposed)
            if fix is not None:
                proposed.apply(fix)
    return Checked(tuple(valid), tuple(errors), found, patches, lost, fix is not None)


def _chosen(folder: Path | None, names: Sequence[str]) -> list[Path]:
    paths = city_files(folder)
    check_words("city", names, tuple(paths))
    return [paths[name] for name in names] if names else list(paths.values())
