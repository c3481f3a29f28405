"""Names of the fields that describe a list, from a TSV file."""

from functools import cache
from importlib.resources import files


def field_names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind of field, likelier ones first."""
    return tuple(name for found, name in _rows() if found == kind)


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    text = (files("crawler.cms") / "field_names.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((kind, name) for kind, _, name in (line.partition("\t") for line in lines))
