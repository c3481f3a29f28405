"""Texts as cells that a spreadsheet leaves as they are."""

import re

# A cell that starts so would be a formula, and the texts are anybody's.
_FORMULA = re.compile(r"[=+\-@\t\r]")
# What a spreadsheet reads as a number, date, time or amount it shows in a form of its own: an id
# loses its zeros in front and its digits after the fifteenth (5981421907361e60 is a power of ten),
# 3-4 becomes a day, 1.50 one and a half.
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_VALUE = re.compile(
    rf"(?=[\d.,¥￥$€£(]|{_MONTH}\b)(?=\D*\d)"
    rf"(?:[\d\s.,:/%+¥￥$€£()年月日时時分秒点點-]|(?<=\d)e(?=[+-]?\d)|[ap]m\b|"
    rf"(?<![a-z]){_MONTH}(?![a-z])){{1,60}}",
    re.IGNORECASE,
)
# Numbers that look the same afterwards.
_SAME = re.compile(r"(?:0|[1-9][0-9]{0,10})(?:\.[0-9]{0,9}[1-9])?")
_TRUTHS = ("true", "false")


def cell(value: str) -> str:
    """Return a text as a cell, never a formula or number."""
    text = value.replace("\x00", "␀")
    return f"'{text}" if _is_changed(text) else text


def plain(value: str) -> str:
    """Return the text of a cell that `cell` wrote."""
    return value[1:] if value[:1] == "'" and _is_changed(value) else value


def _is_changed(text: str) -> bool:
    text = text.lstrip("'")
    if _FORMULA.match(text) or text.casefold() in _TRUTHS:
        return True
    return len(text) <= 60 and bool(_VALUE.fullmatch(text)) and not _SAME.fullmatch(text)
