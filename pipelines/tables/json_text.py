"""JSON of files that people bring, read within bounds."""

import json
from typing import Any, NoReturn

from crawler.errors import ShizhengError

MAX_DIGITS = 400
"""Digits of the longest number that is read: more take long, and Python refuses 4,300."""
_SHOWN = 60
"""Characters of a key that a message repeats."""


class JsonError(ShizhengError):
    """Text that is no unambiguous JSON; the message is a phrase."""


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises `JsonError` for anything that is not JSON, for nesting too deep to read, a number of
    more than `MAX_DIGITS` digits, a key that appears twice in one object, NaN and infinity.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_each_once, parse_int=_integer, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise JsonError(f"not JSON ({error.msg}, {at}column {error.colno})") from error
    except UnicodeDecodeError as error:
        raise JsonError(f"not text in UTF-8 (byte 0x{error.object[error.start]:02x})") from error
    except RecursionError as error:
        raise JsonError("not JSON that can be kept (it is nested too deeply)") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            shown = json.dumps(key[:_SHOWN], ensure_ascii=not key.isprintable())
            raise JsonError(f"not JSON that can be kept (the key {shown} appears twice)")
        found[key] = value
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise JsonError(f"not JSON that can be kept (a number of {len(digits):,} digits)")
    return int(digits)


def _no_number(name: str) -> NoReturn:
    raise JsonError(f"not JSON that can be kept ({name} is no number)")
