"""The withdrawal list, `withdrawn.yaml`, of what no later release may contain.

    - article: 0123456789abcdef        # an article_id
      on: 2026-11-23
      reason: asked by the publisher
    - url: http://www.example.cn/art/2024/3/5/art_1_2.html
    - contact: "139 1234 5678"         # a person's telephone, address or number, wherever it is

Every entry has one of `article`, `url` and `contact`; `on` and `reason` are notes for the
owner of the list and are published nowhere. A withdrawn article goes with all its reposts.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from crawler.errors import ShizhengError
from crawler.item import canonical_url
from crawler.yaml_nodes import composed
from pipelines.tables import text_files

FILE = "withdrawn.yaml"
_KINDS = ("article", "url", "contact")
_OTHERS = ("on", "reason")
_SHORTEST_CONTACT = 5
"""A shorter one would be found inside figures and words; set by hand."""


class WithdrawalError(ShizhengError):
    """An unreadable withdrawal list. The message names file and line."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Withdrawn article ids, canonical URLs and contact data."""

    articles: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()
    contacts: tuple[str, ...] = ()

    def names(self, article_id: str, url: str | None) -> bool:
        """Return True if an article is withdrawn by id or URL."""
        return article_id in self.articles or bool(
            url and self.urls and canonical_url(url) in self.urls
        )


def load(output: Path) -> Withdrawn:
    """Return the list of an output folder, empty without a file.

    Raises `WithdrawalError`.
    """
    path = output / FILE
    if not path.exists():
        return Withdrawn()
    root = composed(path, text_files.read_text(path, WithdrawalError), WithdrawalError)
    if root is None:
        return Withdrawn()
    if not isinstance(root, yaml.SequenceNode):
        raise WithdrawalError(f"{path}:1: expected a list of entries, each beginning with '- '")
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for node in root.value:
        kind, value = _entry(path, node)
        found[kind].append(value)
    return Withdrawn(
        frozenset(found["article"]),
        frozenset(canonical_url(url) for url in found["url"]),
        tuple(sorted(set(found["contact"]))),
    )


def digest(article_id: str) -> str:
    """Return the digest by which a release names a withdrawn article.

    Those who have the article recognise it by the digest; nobody else learns anything.
    """
    return hashlib.sha256(f"withdrawn {article_id}".encode()).hexdigest()[:32]


def digests(article_ids: Iterable[str]) -> list[str]:
    """Return the digests of withdrawn articles, sorted."""
    return sorted(digest(key) for key in article_ids)


def _entry(path: Path, node: yaml.Node) -> tuple[str, str]:
    where = f"{path}:{node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        raise WithdrawalError(f"{where}: expected an entry with one of {', '.join(_KINDS)}")
    entry: dict[str, str] = {}
    for key, value in node.value:
        if key.value not in (*_KINDS, *_OTHERS) or not isinstance(value, yaml.ScalarNode):
            raise WithdrawalError(
                f"{path}:{key.start_mark.line + 1}: unknown key {key.value!r}; known: "
                f"{', '.join((*_KINDS, *_OTHERS))}, each with one value"
            )
        entry[key.value] = str(value.value).strip()
    named = [kind for kind in _KINDS if entry.get(kind)]
    if len(named) != 1:
        raise WithdrawalError(f"{where}: an entry withdraws one of {', '.join(_KINDS)}")
    value = entry[named[0]]
    if named[0] == "contact" and len(value) < _SHORTEST_CONTACT:
        raise WithdrawalError(
            f"{where}: a contact of {len(value)} characters would be found everywhere; "
            f"give at least {_SHORTEST_CONTACT}"
        )
    return named[0], value
