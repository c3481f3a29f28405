"""Texts as cells that a spreadsheet leaves as they are."""

import re

# A cell that starts so would be a formula, and the texts are anybody's.
_FORMULA = re.compile(r"[=+\-@\t\r]")
# Read as a number, an id loses its zeros in front, its digits after the fifteenth, or all: to a
# spreadsheet 5981421907361e60 is a power of ten.
_NUMBER = re.compile(r"0\d+|\d{12,}|\d+(?:\.\d*)?e\d+", re.IGNORECASE)


def cell(value: str) -> str:
    """Return a text as a cell, never a formula or number."""
    text = value.replace("\x00", "␀")
    return f"'{text}" if _is_changed(text) else text


def plain(value: str) -> str:
    """Return the text of a cell that `cell` wrote."""
    return value[1:] if value[:1] == "'" and _is_changed(value) else value


def _is_changed(text: str) -> bool:
    text = text.lstrip("'")
    return bool(_FORMULA.match(text) or _NUMBER.fullmatch(text))
