"""Events and best links among a city's stored pairs."""

import hashlib
from collections.abc import Sequence

from pipelines.tables.parquet import Row
from pipelines.tables.vocabulary import DECISION, RELATIONS

_CLOSE = 2
"""Decimals of probability within which the closer relation is the better link; set by hand."""


def set_events(pairs: Sequence[Row]) -> None:
    """Set `event_id` and `best` of a city's pairs, by their stored probabilities.

    Articles that likely links connect are one event, named by its first article. The best links
    are chosen most probable first, then by relation and score, each article once.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for row in pairs:
        if row["probability"] >= DECISION:
            ends = sorted((root(f"zh {row['zh_id']}"), root(f"en {row['en_id']}")))
            parent[ends[1]] = ends[0]
    used: set[str] = set()
    for row in sorted(pairs, key=_rank):
        ends = [f"zh {row['zh_id']}", f"en {row['en_id']}"]
        row["best"] = used.isdisjoint(ends)
        if row["best"]:
            used.update(ends)
        likely = row["probability"] >= DECISION
        row["event_id"] = _event_id(root(ends[0])) if likely else None


def _rank(row: Row) -> tuple[float, int, float, str]:
    relation = RELATIONS.index(row["relation"])
    return (-round(row["probability"], _CLOSE), relation, -row["score"], row["pair_id"])


def _event_id(first: str) -> str:
    return hashlib.sha256(first.encode()).hexdigest()[:16]
