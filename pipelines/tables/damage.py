"""Damaged tables: their error, and steps that leave their cities out."""

from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

from crawler.errors import ExitCode, ShizhengError

T = TypeVar("T")

_BY_CITY = ("pairs", "candidates", "sentences", "rejects", "revisions", "sketches")
"""Tables with one file per city."""


class StoreError(ShizhengError):
    """A table that cannot be read or written.

    The message names the file and a remedy. `city` is the city of the damaged table; None for a
    table of no city, and for other faults.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, message: str, city: str | None = None) -> None:
        super().__init__(message)
        self.city = city


def city_of(path: Path) -> str | None:
    """Return the city of the table at `path`, or None."""
    if path.parent.parent.name in ("articles", "vectors"):
        return path.parent.name
    return path.stem if path.parent.name in _BY_CITY else None


_LEFT_OUT: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())


def left_out() -> frozenset[str]:
    """Return the cities that the step in progress leaves out (`without_damaged`)."""
    return _LEFT_OUT.get()


def without_damaged(step: Callable[[], T], damaged: dict[str, str]) -> T:
    """Return the result of a step over all cities with readable tables.

    A city with a damaged table is added to `damaged` with the reason, and the step begun anew:
    `files.cities_in` and `files.cities_with_articles` then return the other cities only. Any other
    error is raised.
    """
    while True:
        before = _LEFT_OUT.set(_LEFT_OUT.get() | damaged.keys())
        try:
            return step()
        except StoreError as error:
            if error.city is None or error.city in damaged:
                raise
            damaged[error.city] = str(error)
        finally:
            _LEFT_OUT.reset(before)
