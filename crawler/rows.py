"""Rows of TSV files beside their readers: word lists, small tables."""

from functools import cache
from importlib.resources import files


def text_of(file: str) -> str:
    """Return the text of a file, named like `crawler.extract/labels.tsv`."""
    package, _, name = file.partition("/")
    return (files(package) / name).read_text(encoding="utf-8")


@cache
def rows(file: str) -> tuple[tuple[str, ...], ...]:
    """Return the cells of a file's rows."""
    return tuple(rows_in(text_of(file)))


def rows_in(text: str) -> list[tuple[str, ...]]:
    """Return the cells of a text's rows.

    Lines that begin with # are comments.
    """
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [tuple(line.split("\t")) for line in lines]


@cache
def words(file: str, name: str, lang: str) -> tuple[str, ...]:
    """Return a list of plain words.

    Its file has one row for it: name, language, the words between |.
    """
    (listed,) = (row[2] for row in rows(file) if row[:2] == (name, lang))
    return tuple(listed.split("|"))
