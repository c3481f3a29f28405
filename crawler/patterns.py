"""Regular expressions from city files: may one be searched in every link of a site?

A repeated group that can read the same text in many ways takes twice as long with each character
of a link that does not match. Whether one does is tried, in a process whose time is limited: what
it costs is not to be seen from the pattern.
"""

import re
import string
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

LONGEST = 500
"""Characters of a pattern."""
SECONDS = 0.25
"""Processor time for all texts tried, of which sound patterns take a hundredth."""

_REPEATED = re.compile(r"[*+]|\{\d*,\d*\}|\{\d\d+\}")
_TEXT = 40
_CHARACTERS = 24
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
    """Return what is wrong with a pattern, in words, or None."""
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
    """Yield the groups of a pattern that are repeated, with what says how often."""
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
    """Whether a repeated group takes more than its time on any of the texts that are tried."""
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
    return ended.returncode < 0  # killed for what it took
