"""Text files that a user names on the command line."""

from pathlib import Path

from crawler.ordinary import ordinary


def read_text(path: Path, error: type[Exception]) -> str:
    """Return a file's text, UTF-8 with or without a byte order mark.

    Raises `error` for a missing or unreadable file, a folder, and bytes that are no UTF-8; the
    message names the path, and the line of the first bad byte.
    """
    try:
        content = ordinary(path).read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise error(f"{path}: expected a file; this is a folder") from None
    except OSError as reason:
        raise error(f"{path}: cannot be read ({reason.strerror or reason})") from reason
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        line = content.count(b"\n", 0, reason.start) + 1
        raise error(
            f"{path}:{line}: expected text in UTF-8, found the byte 0x{content[reason.start]:02x}; "
            "save the file as UTF-8"
        ) from reason


def lines(content: str) -> list[str]:
    """Return the lines of a text, ended by newlines only.

    `str.splitlines` also ends a line at U+2028, U+0085 and their like, which JSON leaves as they
    are in the middle of a title.
    """
    found = content.split("\n")
    return [line.removesuffix("\r") for line in (found if found[-1] else found[:-1])]
