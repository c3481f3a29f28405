"""Errors whose message is for the user, with their exit codes, and every error as a sentence."""

import errno
import os
from pathlib import Path

DONE, INTERNAL, USAGE, UNUSABLE, BUSY = 0, 1, 2, 4, 5

# What was expected, where, what to do. By name, because what was never imported was never raised,
# and importing everything takes seconds.
_TOLD = {
    "crawler.archive.reader.ArchiveError": USAGE,
    "crawler.city_file.CityError": USAGE,
    "pipelines.align.UnknownPairError": USAGE,
    "pipelines.pairs.calibration.CalibrationError": USAGE,
    "pipelines.operations.cities.CatalogueError": USAGE,
    "pipelines.operations.checks.UsageError": USAGE,
    "pipelines.operations.demo.DemoError": USAGE,
    "pipelines.vectors.encoder.EncoderError": USAGE,
    "pipelines.quality.gold.GoldError": USAGE,
    "pipelines.articles.imports.ImportFileError": USAGE,
    "pipelines.tables.lock.LockedError": BUSY,
    "pipelines.operations.migration.MigrationError": USAGE,
    "pipelines.cli.page.PageError": USAGE,
    "pipelines.cli.page.PageNotHadError": UNUSABLE,
    "pipelines.release.snapshot.ReleaseError": USAGE,
    "pipelines.release.split.splits.SplitError": USAGE,
    "pipelines.release.content.withdrawal.WithdrawalError": USAGE,
    "pipelines.review.ReviewError": USAGE,
    "pipelines.review.sheets.ExchangeError": USAGE,
    "pipelines.quality.sampling.PlanError": USAGE,
    "pipelines.sentences.jsonl.AlignError": USAGE,
    "pipelines.tables.files.StoreError": INTERNAL,
    "pipelines.quality.verdicts.VerdictError": USAGE,
}


def exit_code(error: BaseException) -> int | None:
    """Return the exit code of an error whose message is for the user; None for a mistake."""
    for kind in type(error).__mro__:
        code = _TOLD.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return code
    if isinstance(error, MemoryError) or _is_of_surroundings(error):
        return INTERNAL
    return None


def sentence(error: BaseException) -> str:
    """Return what an error says to the user."""
    if isinstance(error, MemoryError):
        return "out of memory; what was stored is whole, run again with more, or --jobs 1"
    if isinstance(error, OSError) and _is_of_surroundings(error):
        return _surroundings(error)
    if exit_code(error) is not None:
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"


_SURROUNDINGS = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES", "EDQUOT", "EFBIG", "EEXIST", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG",
        "ENFILE", "ENODEV", "ENOENT", "ENOLCK", "ENOMEM", "ENOSPC", "ENOTDIR", "ENOTEMPTY",
        "EPERM", "EROFS", "ESTALE", "ETXTBSY",
    )
)  # fmt: skip
"""Errors of the system that tell of files, disks and rights, not of a mistake in the program."""


def _is_of_surroundings(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _SURROUNDINGS


def _surroundings(error: OSError) -> str:
    """Return an error of the system as a sentence."""
    reason = error.strerror or str(error)
    if error.filename is None and not _here():
        return "the folder this was started in is gone; change to one that exists and run again"
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the disk"
    return (
        f"{name}: {reason}; check that it is what it should be, its permissions and the free "
        "space, then run again"
    )


def _here() -> bool:
    """Whether the current folder exists."""
    try:
        return bool(Path.cwd())
    except OSError:
        return False
