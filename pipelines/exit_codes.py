"""Exit codes of every command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


DONE, INTERNAL, USAGE, UNWELL, UNUSABLE, BUSY = range(6)
