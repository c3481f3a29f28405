"""Validation of a release's manifest, before anything in it is used.

A copy of a release may come from anywhere: a fault in its manifest ends in a sentence to the user,
not in an error of the program, and no file outside the release may be named.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from crawler.errors import ShizhengError
from pipelines.release.tables import TABLES, WHOLE

_DIGEST = re.compile(r"[0-9a-f]{64}")


class ShapeError(ShizhengError):
    """A manifest of another shape. The message names place and expectation."""


def checked(found: object) -> Mapping[str, Any]:
    """Return `found` as the manifest of a release. Raises `ShapeError`."""
    whole = _object(found, "it")
    for key in ("release", "as_of", "files", "counts", "thresholds", "withdrawn"):
        if key not in whole:
            raise ShapeError(f"it has no {key}")
    _text(whole["release"], "release")
    _text(whole["as_of"], "as_of")
    _files(whole["files"])
    counts = _object(whole["counts"], "counts")
    for table in TABLES:
        rows = _object(counts.get(table), f"counts, {table}")
        for part in (WHOLE, *rows):
            _count(rows.get(part), f"counts, {table}, {part}")
    _thresholds(_object(whole["thresholds"], "thresholds"))
    withdrawn = _object(whole["withdrawn"], "withdrawn")
    _each(withdrawn.get("digests"), "withdrawn, digests", _text)
    if whole.get("split") is not None:
        _object(whole["split"], "split")
    return whole


def _files(found: object) -> None:
    names = set[str]()

    def entry(value: object, where: str) -> None:
        row = _object(value, where)
        name = _name(row.get("path"), f"{where}, path")
        if name in names:
            raise ShapeError(f"{where}: {name} is listed twice")
        names.add(name)
        _count(row.get("bytes"), f"{where}, bytes")
        if not _DIGEST.fullmatch(_text(row.get("sha256"), f"{where}, sha256")):
            raise ShapeError(f"{where}, sha256: expected 64 hexadecimal digits")

    _each(found, "files", entry)


def _name(value: object, where: str) -> str:
    name = _text(value, where)
    if "\\" in name or not name.isprintable():  # a lone surrogate is not printable, either
        raise ShapeError(f"{where}: expected a plain file name, not {name!a}")
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise ShapeError(f"{where}: expected a path inside the release, not {name!a}")
    return name


def _thresholds(found: Mapping[str, Any]) -> None:
    least = found.get("min_probability")
    if isinstance(least, bool) or not isinstance(least, int | float):
        raise ShapeError("thresholds, min_probability: expected a number")
    for key in ("relations", "cities", "langs"):
        _each(found.get(key), f"thresholds, {key}", _text)
    # Releases that were made before these filters name none of them.
    for key in ("scripts", "kinds", "without_flags"):
        _each(found.get(key, []), f"thresholds, {key}", _text)
    if not isinstance(found.get("best", False), bool):
        raise ShapeError("thresholds, best: expected true or false")
    for key in ("since", "until"):
        if found.get(key) is not None:
            try:
                date.fromisoformat(_text(found[key], f"thresholds, {key}"))
            except (ValueError, ShapeError) as error:
                raise ShapeError(f"thresholds, {key}: expected a date or null") from error


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ShapeError(f"{where}: expected an object")
    return value


def _each(value: object, where: str, check: Callable[[object, str], object]) -> None:
    if not isinstance(value, list):
        raise ShapeError(f"{where}: expected a list")
    for place, one in enumerate(value, 1):
        check(one, f"{where}, entry {place}")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ShapeError(f"{where}: expected a string")
    return value


def _count(value: object, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ShapeError(f"{where}: expected a count")
