"""Names of the fields that describe a list, from a TSV file."""

from crawler.rows import rows


def field_names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind of field, likelier ones first."""
    return tuple(name for found, name in rows("crawler.cms/field_names.tsv") if found == kind)
