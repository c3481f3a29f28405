"""Names of the fields that describe a list, from a TSV file."""

import re
from functools import cache

from crawler.rows import rows


def field_names(kind: str) -> tuple[str, ...]:
    """Return the names of a kind of field, likelier ones first."""
    return tuple(name for found, name in rows("crawler.cms/field_names.tsv") if found == kind)


def plain_name(name: str) -> str:
    """Return a name in lower case, without `_`, `-`, `.` and brackets."""
    return re.sub(r"[_.\-\[\]]", "", name).lower()


@cache
def _known() -> frozenset[str]:
    return frozenset(name for _, name in rows("crawler.cms/field_names.tsv"))


def param_name(name: str) -> str:
    """Return the plain name of a parameter, or of its last part.

    The last part, if the whole is unknown: `pageBean.curPage` is a `curpage`.
    """
    whole = plain_name(name)
    return whole if whole in _known() else plain_name(name.rpartition(".")[2])
