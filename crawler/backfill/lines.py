"""Lines of an index: objects, CDXJ, and CDX in columns.

Servers of the same interface answer in different forms: pywb an object a line, OutbackCDX and
OpenWayback columns whatever `output` asks for, tools for files CDXJ. Columns of files:
https://archive.org/web/researcher/cdx_legend.php.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crawler.backfill.client import ServiceError

_FILE = ("urlkey", "timestamp", "url", "mime", "status", "digest")
_COLUMNS = {
    7: (*_FILE, "length"),
    9: (*_FILE, "redirect", "offset", "filename"),
    10: (*_FILE, "redirect", "robotflags", "offset", "filename"),
    11: (*_FILE, "redirect", "robotflags", "length", "offset", "filename"),
}
NAMES = {"original": "url", "mimetype": "mime", "statuscode": "status"}
"""Names of the Wayback Machine's kind, and pywb's."""
_TIME = re.compile(r"\d{14}", re.ASCII)
_CDXJ = re.compile(r"(\S+) (\d{14}) (\{.*)", re.ASCII)


def rows_of(lines: Iterable[bytes], api: str, asked: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of lines, an empty one for a damaged line.

    `asked` are the fields that were asked for, in order. A number alone on a line is the number of
    an index's pages. Raises `ServiceError` for what is no index, an error's message, and a damaged
    last line.
    """
    damaged = False
    for line in lines:
        text = line.decode("utf-8", "surrogateescape").strip()
        if not text or text.startswith("CDX "):
            continue
        if damaged:
            yield {}
        row = _row(text, asked)
        if row is None:
            raise ServiceError(f"{api}: expected a row of an index a line, found {line[:60]!r}")
        damaged = not row and text != "{}"
        told = row.get("message", row.get("error"))
        if told is not None and "timestamp" not in row:
            if "no captures" in str(told).lower():
                return
            raise ServiceError(f"{api}: answered {str(told)[:200]!r}")
        if not damaged:
            yield row
    if damaged:
        raise ServiceError(f"{api}: the answer broke off in a row; run the command again to go on")


def _row(text: str, asked: Sequence[str]) -> dict[str, Any] | None:
    """Return the row of a line, empty if damaged, or None."""
    named = _CDXJ.fullmatch(text)
    if named or text.startswith("{"):
        try:
            row = json.loads(named[3] if named else text)
        except (ValueError, RecursionError):
            return {}
        row = {NAMES.get(name, name): value for name, value in row.items()}
        return {"timestamp": named[2], **row} if named else row
    if text.isascii() and text.isdigit() and len(text) < 10:
        return {"pages": int(text)}
    values = ["" if value == "-" else value for value in text.split(" ")]
    if len(values) == len(asked) and _TIME.fullmatch(values[0]):
        return dict(zip((NAMES.get(name, name) for name in asked), values, strict=True))
    if len(values) in _COLUMNS and _TIME.fullmatch(values[1]):
        return dict(zip(_COLUMNS[len(values)], values, strict=True))
    return None
