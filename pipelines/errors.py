"""Every error as a sentence for the user, with its exit code."""

import difflib
import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from crawler.errors import ExitCode, ShizhengError


class UsageError(ShizhengError):
    """Command that cannot be carried out. The message names the expectation."""


class Stopped(KeyboardInterrupt):
    """The system asked this program to end."""


def known_ones(word: str, known: Sequence[str]) -> str:
    """Return the known names, and the one that was meant, in words."""
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(str(word).casefold().replace("-", "_"), folded, n=1)
    hint = f"; did you mean {folded[near[0]]}?" if near else ""
    return f"known: {', '.join(known)}{hint}"


def check_words(noun: str, words: Iterable[str], known: Sequence[str]) -> None:
    """Raise `UsageError` for the first word that is not known."""
    for word in words:
        if word not in known:
            raise UsageError(f"unknown {noun} {word}; {known_ones(word, known)}")


def exit_code(error: BaseException) -> ExitCode | None:
    """Return the exit code of an error; None for a mistake."""
    if isinstance(error, ShizhengError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.STOPPED if isinstance(error, Stopped) else ExitCode.INTERRUPTED
    if isinstance(error, MemoryError) or _is_of_surroundings(error):
        return ExitCode.INTERNAL
    return None


def sentence(error: BaseException) -> str:
    """Return an error as a sentence for the user."""
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
"""System errors of files, disks and rights: no mistake of the program."""


def _is_of_surroundings(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _SURROUNDINGS


def _surroundings(error: OSError) -> str:
    """Return a system error as a sentence."""
    reason = error.strerror or str(error)
    if error.filename is None and not _here():
        return "the folder this was started in is gone; change to one that exists and run again"
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "the disk"
    return (
        f"{name}: {reason}; check that it is what it should be, its permissions and the free "
        "space, then run again"
    )


def _here() -> bool:
    """Return True if the current folder exists."""
    try:
        return bool(Path.cwd())
    except OSError:
        return False
