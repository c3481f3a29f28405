"""Texts and addresses with what was learned beside them.

They are texts like others, equal to those without: whoever needs no more sees no difference.
"""

from typing import Self


class Text(str):
    """Page as text, with the codec that it was read in."""

    encoding: str = ""

    @classmethod
    def of(cls, text: str, encoding: str) -> Self:
        """Return a text with its codec."""
        found = cls(text)
        found.encoding = encoding
        return found


class Address(str):
    """Address of data, with the patterns of its entries' addresses.

    A page joins them from fields of the data that it asks for.
    """

    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, url: str, patterns: tuple[str, ...]) -> str:
        """Return an address with patterns; a plain one without any."""
        if not patterns:
            return url
        found = cls(url)
        found.patterns = patterns
        return found


def patterns_of(url: str) -> tuple[str, ...]:
    """Return the patterns that go with an address."""
    return url.patterns if isinstance(url, Address) else ()
