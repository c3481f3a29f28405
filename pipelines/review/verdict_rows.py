"""Verdicts of the rows of files: every value understood or refused."""

import math
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.item import EARLIEST
from pipelines.quality import corrections, verdicts
from pipelines.quality.verdicts import Verdict
from pipelines.review import journal, words
from pipelines.review.sheets import ExchangeError, Row
from pipelines.tables.vocabulary import RELATIONS

CLOCKS_DIFFER = timedelta(minutes=5)
"""Time that another machine's clock may be ahead of this one's; set by hand, not measured."""

_WHOLE = re.compile(r"([0-9]+)[.,]0+")
_SLASHED = re.compile(r"(\d{4})[/.年](\d{1,2})[/.月](\d{1,2})日?(?:[ T]+(\d{1,2}:\d\d(?::\d\d)?))?")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FLAGS = {"": None, "false": None, "0": None, "true": True, "1": True}
"""Flags as programs write them, in lower case."""


def verdict_of(row: Row, where: str, reviewer: str, now: datetime) -> Verdict:
    """Return the verdict of a row. Raises `ExchangeError`."""
    level = str(row.get("level"))
    code = _code(level, row.get("verdict"))
    _check_code(level, code, where)
    try:
        who = journal.reviewer_name(row.get("reviewer") or reviewer)
    except ValueError as error:
        raise ExchangeError(f"{where}: {error}; name the reviewer with --reviewer if it is "
                            "nowhere in the file") from error  # fmt: skip
    try:
        note = journal.clean_note(_note(row, where))
    except ValueError as error:
        raise ExchangeError(f"{where}: {error}") from error
    at = time_of(row.get("judged_at"), where) or now
    if at > now + CLOCKS_DIFFER:
        raise ExchangeError(f"{where}: judged_at {at.isoformat()} lies in the future")
    if at.date() < EARLIEST:
        raise ExchangeError(f"{where}: judged_at {at.isoformat()} lies before {EARLIEST:%Y}")
    place = _position(row.get("position"), where)
    needed = {"pair": ("pair_id",), "bead": ("pair_id",), "unmatched": ("city", "en_id")}[level]
    missing = [name for name in needed if not row.get(name)]
    if missing or (level == "bead") != (place is not None):
        raise ExchangeError(f"{where}: a {level} is named by {', '.join(needed)}"
                            f"{' and position' if level == 'bead' else ''}")  # fmt: skip
    digest = row.get("judged_sha256")
    if digest and not _DIGEST.fullmatch(digest):
        raise ExchangeError(f"{where}: judged_sha256 is no SHA-256; leave the column as exported")
    return Verdict(
        verdict_id=row.get("verdict_id") or f"import-{uuid.uuid4().hex}",
        level=level,
        city=row.get("city") or "",
        pair_id=row.get("pair_id"),
        position=place,
        zh_id=row.get("zh_id"),
        en_id=row.get("en_id"),
        verdict=code,
        note=note,
        reviewer=who,
        judged_at=at.replace(microsecond=at.microsecond // 1000 * 1000),
        plan=row.get("plan"),
        judged_sha256=digest,
        relation=_relation(row, code, where),
        discuss=_flag(row.get("discuss"), where),
        seconds=_seconds(row.get("seconds"), where),
        correction=_correction(row, where),
    )


def _correction(row: Row, where: str) -> str | None:
    text = row.get("correction")
    if not text:
        return None
    try:
        corrections.parsed(text)
    except ValueError as error:
        raise ExchangeError(f"{where}: {error}, not {text[:80]!r}") from error
    if row.get("level") != "bead" or not row.get("verdict"):
        raise ExchangeError(f"{where}: a correction goes with a verdict on a bead")
    return str(text)


def _code(level: str, written: str | None) -> str | None:
    """Return the code of a verdict by code or name."""
    text = " ".join((written or "").split())
    for code, choice in words.LEVELS.get(level, {}).items():
        if text.casefold() in (code, choice.name.en.casefold(), choice.name.zh):
            return code
    return written


def _relation(row: Row, code: str | None, where: str) -> str | None:
    relation = _code("pair", row.get("relation"))
    if relation and (code != "missed" or relation not in RELATIONS):
        raise ExchangeError(
            f"{where}: relation goes with the verdict missed and is one of "
            f"{', '.join(RELATIONS)}, not {relation!r}"
        )
    return relation or None


def _flag(value: str | None, where: str) -> bool | None:
    known = _FLAGS.get((value or "").casefold(), value)
    if isinstance(known, str):
        raise ExchangeError(f"{where}: discuss must be true or empty, not {known[:80]!r}")
    return known


def _seconds(value: Any, where: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        seconds = float(value.replace(",", ".", 1) if isinstance(value, str) else value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise ExchangeError(f"{where}: seconds must be a number from 0 on, not {str(value)[:80]!r}")
    return seconds


def _check_code(level: str, code: str | None, where: str) -> None:
    codes = verdicts.LEVELS.get(level)
    if codes is None:
        raise ExchangeError(f"{where}: level must be {', '.join(verdicts.LEVELS)}, not {level!r}")
    if code and code not in codes:
        raise ExchangeError(
            f"{where}: verdict of level {level} must be {', '.join(codes)}, not {code!r}"
        )


def _note(row: Row, where: str) -> str | None:
    note = row.get("note")
    if note is not None and not isinstance(note, str):
        raise ExchangeError(f"{where}: note must be a text, not of the type {type(note).__name__}")
    return note


def _position(value: Any, where: str) -> int | None:
    if value in (None, ""):
        return None
    text = str(value) if isinstance(value, str) or type(value) is int else ""
    text = _WHOLE.sub(r"\1", text)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        shown = text or type(value).__name__
        raise ExchangeError(f"{where}: position must be a number from 0 on, not {shown[:80]!r}")
    return int(text)


def time_of(value: str | None, where: str) -> datetime | None:
    if not value:
        return None
    if slashed := _SLASHED.fullmatch(value.strip()):
        year, month, day, time = slashed.groups()
        value = f"{year}-{month:0>2}-{day:0>2} {time or '0:00':0>5}"
    try:
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ExchangeError(
            f"{where}: judged_at must be a time in ISO 8601, not {value[:80]!r}"
        ) from error
