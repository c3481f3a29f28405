"""Safety of the regular expressions in city files.

They are searched in every link of a site. A repeated group that can match one text in many ways
takes twice as long with each character of a link that does not match. The cost cannot be read off a
pattern, so each repeated group is tried in a process with a time limit.
"""

import re
import string
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

LONGEST = 500
"""Characters of a pattern; set by hand, not measured."""
SECONDS = 0.25
"""Processor time for all texts tried; sound patterns take a hundredth of it."""

_REPEATED = re.compile(r"[*+]|\{\d*,\d*\}|\{\d\d+\}")
_TEXT = 40
"""Repetitions of two characters in a text tried; at a doubling for each, more than enough."""
_CHARACTERS = 24
"""Characters of a group that the texts are made of; set by hand, to bound their number."""
_TRY = f"""
import re, signal, sys
signal.setitimer(signal.ITIMER_VIRTUAL, {SECONDS})
group, *texts = sys.argv[1:]
pattern = re.compile(group + "(?!)")
for text in texts:
    pattern.match(text)
"""


@lru_cache(maxsize=1024)
def problem(pattern: str) -> str | None:
    """Return the fault of a pattern in words, or None."""
    if len(pattern) > LONGEST:
        return f"it has {len(pattern):,} characters, {LONGEST} at most are taken"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    for group in _repeated_groups(pattern):
        if _explodes(group):
            return (
                f"{group[:60]} may read one text in many ways and takes for ever where none fits; "
                "repeat only what ends in a sign of its own, like (?:[^/]+/)*"
            )
    return None


def _repeated_groups(pattern: str) -> Iterator[str]:
    """Yield the repeated groups of a pattern, each with its quantifier."""
    opened: list[int] = []
    at, inside = 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif inside:
            inside = char != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif char == "[":
            inside = True
        elif char == "(":
            opened.append(at)
        elif char == ")" and opened:
            start = opened.pop()
            repeated = _REPEATED.match(pattern, at + 1)
            if repeated:
                yield pattern[start : repeated.end()]
        at += 1


def _explodes(group: str) -> bool:
    """Return True for a group above `SECONDS` on the texts tried."""
    try:
        re.compile(f"{group}(?!)")
    except re.error:
        return False  # it refers to another group; alone it cannot be tried
    letters = [char for char in dict.fromkeys(f"{group}a0/-") if char in string.printable[:94]]
    letters = letters[:_CHARACTERS]
    texts = {(a + b) * _TEXT for a, b in product(letters, repeat=2)}
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _TRY, group, *sorted(texts)],
        capture_output=True,
        check=False,
    )
    return ended.returncode < 0  # killed by its timer
