"""Exit codes of commands and the base class of users' errors."""

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
    INTERRUPTED = 130
    """Ended by Ctrl-C, as shells number it: 128 and the signal."""
    STOPPED = 143
    """Ended by SIGTERM."""


class ShizhengError(Exception):
    """Error with a message for the user.

    The message names the expectation, the place and the remedy. `exit_code` is the code of a
    command that it ends.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE
