"""Text from outside made safe to show on a terminal or page."""

import unicodedata


class _Shown(dict[int, str]):
    """Shown form of each character, filled on demand (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _seen(chr(code))
        return shown


def visible(text: str) -> str:
    """Return `text` with control and direction-changing characters made visible.

    A right-to-left override in a headline would show another headline than the stored one, and an
    escape in it would colour, rename or overwrite the contents of a terminal.
    """
    return text if text.isprintable() else text.translate(_SHOWN)


def _seen(char: str) -> str:
    if char in "\n\t" or char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    if char < " ":
        return chr(0x2400 + ord(char))
    return f"⟦U+{ord(char):04X}⟧"


_SHOWN = _Shown()
