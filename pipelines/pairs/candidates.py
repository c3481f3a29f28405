"""Which Chinese articles an English one is compared with, and what the comparisons say.

What two texts say of each other depends on both and, for its facts, on how rare these are in the
city. It is remembered with the rarities that it was weighed by: where new articles change none of
them, and neither text, nothing is compared again.
"""

import dataclasses
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.facts.rarity import Key, Rarity
from pipelines.pairs import aliases, comparison
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Array, Coverage, cover
from pipelines.pairs.prepared import PreparedArticle, Unread, attempt
from pipelines.tables.cache import Findings

BY_VECTOR, BY_FACTS, BY_TITLE, BY_CHINESE = 16, 12, 4, 16
"""Candidates of an English article by each way of finding them, at most."""
_NEAREST = 2
"""English articles near a Chinese one that take it for a candidate."""
_COMMON = 500
"""Articles from which a fact is too common to propose any of them, in a large city."""

Compared = tuple[Coverage, FactComparison]
Levels = npt.NDArray[np.int8]


def find(zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]) -> list[tuple[int, ...]]:
    """Return, for each English article, the positions of the Chinese ones worth comparing.

    Nearest by vector (language means removed), by rare facts shared, by title, and those to which
    the English one is among the nearest. Dates exclude nothing; an article without words of its
    language has no candidates.
    """
    if not zh or not en:
        return [()] * len(en)
    chosen: list[set[int]] = [set() for _ in en]
    for ways, first in ((BY_VECTOR, False), (BY_TITLE, True)):
        left, right = _centred(zh, first), _centred(en, first)
        for start in range(0, len(en), 256):
            near = right[start : start + 256] @ left.T
            for row, index in enumerate(_top(near, ways)):
                chosen[start + row].update(index)
    left, right = _centred(zh, False), _centred(en, False)
    nearest: list[list[tuple[float, int]]] = [[] for _ in en]
    for start in range(0, len(zh), 1024):
        near = left[start : start + 1024] @ right.T
        for row, index in enumerate(_top(near, _NEAREST)):
            for english in index:
                nearest[english].append((-float(near[row, english]), start + row))
    for position, rows in enumerate(nearest):
        # Where English is scarce it is the nearest of very many.
        chosen[position].update(other for _, other in sorted(rows)[:BY_CHINESE])
    for position, listed in enumerate(_sharing(zh, en)):
        chosen[position].update(listed)
    mute = {position for position, one in enumerate(zh) if not one.readable}
    return [
        tuple(sorted(found - mute)) if one.readable else ()
        for found, one in zip(chosen, en, strict=True)
    ]


def _sharing(zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]) -> Iterator[list[int]]:
    """Yield, for each English article, the Chinese ones that share the rarest facts with it."""
    rarity = Rarity.of(one.keys for one in zh)
    wanted = {fact for one in en for fact in one.keys}
    holders: dict[Key, list[int]] = {}
    for position, ours in enumerate(zh):
        for fact in ours.keys:
            if fact in wanted:
                holders.setdefault(fact, []).append(position)
    limit = max(50, min(len(zh) // 50, _COMMON))
    rare = {
        fact: np.array(listed, np.int32) for fact, listed in holders.items() if len(listed) <= limit
    }
    for theirs in en:
        shared = [fact for fact in theirs.keys if fact in rare]
        if not shared:
            yield []
            continue
        lengths = [len(rare[fact]) for fact in shared]
        weights = np.repeat([rarity(fact) ** 2 for fact in shared], lengths)
        others, at = np.unique(np.concatenate([rare[f] for f in shared]), return_inverse=True)
        worth = np.bincount(at, weights)
        ranked = np.lexsort((others, -worth))[:BY_FACTS]
        yield others[ranked].tolist()


def _centred(side: Sequence[PreparedArticle], titles: bool) -> Array:
    rows = np.array([one.title if titles else one.vector for one in side], np.float32)
    # In place: a large city's vectors are the most that is held at once.
    if len(rows) > 20:
        rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rows


def _top(near: Array, count: int) -> list[list[int]]:
    count = min(count, near.shape[1])
    kept = np.argpartition(-near, count - 1, axis=1)[:, :count]
    return [sorted(map(int, row)) for row in kept]


def compare_candidates(
    choices: Iterable[tuple[PreparedArticle, Sequence[PreparedArticle]]],
    rarities: tuple[Rarity, Rarity],
    kept: Findings | None = None,
    learnt: Mapping[str, str] | None = None,
    unread: list[Unread] | None = None,
) -> Iterator[list[Compared | None]]:
    """Yield, for each English article of `choices`, what its candidates there say, in their order.

    Of two that cannot be compared there is None, and `unread` reports the English one; without
    `unread` the error is raised.

    `rarities` are of the Chinese and the English articles of the city, `learnt` its aliases. Of
    what `kept` knows nothing is looked at but the rarities; remarks are not remembered.
    """
    zh_rarity, en_rarity = rarities
    for one, others in choices:
        called = aliases.of(one, learnt) if learnt else {}
        meant = json.dumps(called, sort_keys=True).encode() if called else b""
        levels = [zh_rarity.levels(one.weighed), en_rarity.levels(one.weighed)]
        current = np.array(levels, np.int8)
        listed = []
        for ours in others:
            key = hashlib.sha256(ours.digest + one.digest + meant).digest()[:16]
            step = partial(
                _compared, ours, one, rarities, current=current, called=called, kept=kept, key=key
            )
            told = f"compared with {ours.document.id}"
            listed.append(attempt(step, one.document, unread, told=told))
        yield listed


def _compared(
    ours: PreparedArticle,
    one: PreparedArticle,
    rarities: tuple[Rarity, Rarity],
    *,
    current: Levels,
    called: Mapping[str, str],
    kept: Findings | None,
    key: bytes,
) -> Compared:
    """Return what a Chinese and an English article say of each other, as `kept` knows it or anew.

    `key` is theirs there, `current` are the rarities that it must have been weighed by.
    """
    packed = kept.get(key) if kept else None
    covered, facts = _unpacked(packed, current) if packed else (None, None)
    if covered is None or facts is None:
        covered = covered or cover(ours.sentences, one.sentences, ours.facts, one.facts)
        zh_rarity, en_rarity = rarities
        zh_rarity.used.clear()
        en_rarity.used.clear()
        facts = comparison.compare_facts(ours.facts, one.facts, zh_rarity, en_rarity, called)
        if kept:
            used = (zh_rarity.used, en_rarity.used)
            kept.put(key, _packed(covered, facts, _weighed(current, used, one.weighed)))
    return covered, facts


_NOT_ASKED = -1


def _weighed(levels: Levels, used: Sequence[Set[Key]], known: Sequence[Key]) -> Levels:
    """Return the levels of rarity, without those that a comparison did not ask for."""
    place = {fact: at for at, fact in enumerate(known, 1)}
    kept = np.full_like(levels, _NOT_ASKED)
    for row, facts in enumerate(used):
        at = [0, *(place[fact] for fact in facts)]
        kept[row, at] = levels[row, at]
    return kept


_FACTS = [one for one in dataclasses.fields(FactComparison) if one.name != "remarks"]
_COVERED = [one.name for one in dataclasses.fields(Coverage) if one.name not in ("best", "told")]
_HEAD = struct.Struct(f"<III{len(_FACTS)}d{len(_COVERED)}d")


def _packed(covered: Coverage, facts: FactComparison, levels: Levels) -> bytes:
    head = _HEAD.pack(
        levels.size,
        len(covered.best),
        len(covered.told),
        *(getattr(facts, one.name) for one in _FACTS),
        *(getattr(covered, name) for name in _COVERED),
    )
    told = np.packbits(covered.told)
    return b"".join((head, covered.best.tobytes(), levels.tobytes(), told.tobytes()))


def _unpacked(packed: bytes, levels: Levels) -> tuple[Coverage, FactComparison | None]:
    """Return what was found; of facts None, if rarities that they were weighed by have changed."""
    size, english, chinese, *values = _HEAD.unpack_from(packed)
    best = np.frombuffer(packed, np.float32, english, _HEAD.size)
    weighed = np.frombuffer(packed, np.int8, size, _HEAD.size + best.nbytes)
    told = np.frombuffer(packed, np.uint8, offset=_HEAD.size + best.nbytes + size)
    said = dict(zip(_COVERED, values[len(_FACTS) :], strict=True))
    covered = Coverage(**said, best=best, told=np.unpackbits(told, count=chinese).astype(bool))
    if not np.all((weighed == levels.ravel()) | (weighed == _NOT_ASKED)):
        return covered, None
    facts: dict[str, Any] = {
        one.name: bool(value) if one.type is bool else value
        for one, value in zip(_FACTS, values, strict=False)
    }
    return covered, FactComparison(**facts)
