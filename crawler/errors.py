"""Exit codes of every command, and the base class of errors meant for the user."""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit code of a command."""

    DONE = 0
    INTERNAL = 1
    """A mistake of the program, or surroundings that it cannot work in."""
    USAGE = 2
    UNWELL = 3
    """Done, but some city failed."""
    UNUSABLE = 4
    """Nothing usable: every city failed or is blocked."""
    BUSY = 5
    """Another run holds a lock."""


class ShizhengError(Exception):
    """Error whose message is for the user: what was expected, where, what to do.

    `exit_code` is the code of a command that it ends.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
