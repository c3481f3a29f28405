"""Candidates of English articles, and cached comparisons with them.

The comparison of two texts depends on both and, for its facts, on their rarity in the city. It is
cached together with the rarities that weighed it: if new articles change none of them, and neither
text has changed, nothing is compared again.
"""

import dataclasses
import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.facts.rarity import Key, Rarity
from pipelines.pairs import aliases, comparison, parts
from pipelines.pairs.comparison import FactComparison
from pipelines.pairs.coverage import Array, Coverage, cover
from pipelines.pairs.prepared import PreparedArticle, Unread, attempt
from pipelines.pairs.wording import words_missing
from pipelines.tables.cache import ByteCache

BY_VECTOR, BY_FACTS, BY_TITLE, BY_CHINESE = 16, 12, 4, 16
"""Most candidates of an English article by each way of finding them."""
_NEAREST = 2
"""Nearest English articles of a Chinese one, which have it as a candidate."""
_LEAST_COMMON, _COMMON_SHARE, _COMMON = 50, 50, 500
"""Articles from which a fact is too common to propose candidates: one in `_COMMON_SHARE` of the
city's, within these bounds. Set by hand, not measured."""
_CENTRED_FROM = 20
"""Articles from which a mean vector is of the language, and not of a few articles."""
_AT_ONCE = 512
"""Articles whose cosines with all of the other language are in memory at once."""

Compared = tuple[Coverage, FactComparison]
Levels = npt.NDArray[np.int8]


def find(zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]) -> list[tuple[int, ...]]:
    """Return the positions of each English article's Chinese candidates.

    Candidates are the nearest by vector (language means removed), by shared rare facts and by
    title, and the Chinese articles with the English one among their nearest. Dates exclude nothing;
    an article without words of its language has no candidates.
    """
    if not zh or not en:
        return [()] * len(en)
    chosen: list[set[int]] = [set() for _ in en]
    for count, by_title in ((BY_VECTOR, False), (BY_TITLE, True)):
        zh_rows, en_rows = _centred(zh, by_title), _centred(en, by_title)
        for start in range(0, len(en), _AT_ONCE):
            near = en_rows[start : start + _AT_ONCE] @ zh_rows.T
            for row, index in enumerate(_top(near, count)):
                chosen[start + row].update(index)
    for proposed in (_nearest_of_chinese(zh, en), _sharing(zh, en)):
        for candidates, listed in zip(chosen, proposed, strict=True):
            candidates.update(listed)
    unreadable = {position for position, article in enumerate(zh) if not article.readable}
    return [
        tuple(sorted(found - unreadable)) if article.readable else ()
        for found, article in zip(chosen, en, strict=True)
    ]


def _nearest_of_chinese(
    zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]
) -> Iterator[list[int]]:
    """Yield the Chinese articles that have each English one among their nearest."""
    zh_rows, en_rows = _centred(zh, False), _centred(en, False)
    nearest: list[list[tuple[float, int]]] = [[] for _ in en]
    for start in range(0, len(zh), _AT_ONCE):
        near = zh_rows[start : start + _AT_ONCE] @ en_rows.T
        for row, index in enumerate(_top(near, _NEAREST)):
            for english in index:
                nearest[english].append((-float(near[row, english]), start + row))
    for rows in nearest:
        # In a city with few English articles, one is the nearest of very many.
        yield [other for _, other in sorted(rows)[:BY_CHINESE]]


def _sharing(zh: Sequence[PreparedArticle], en: Sequence[PreparedArticle]) -> Iterator[list[int]]:
    """Yield the Chinese articles that share each English one's rarest facts."""
    rarity = Rarity.of(article.keys for article in zh)
    wanted = {fact for article in en for fact in article.keys}
    by_fact: dict[Key, list[int]] = {}
    for position, article in enumerate(zh):
        for fact in article.keys:
            if fact in wanted:
                by_fact.setdefault(fact, []).append(position)
    limit = max(_LEAST_COMMON, min(len(zh) // _COMMON_SHARE, _COMMON))
    rare = {
        fact: np.array(listed, np.int32) for fact, listed in by_fact.items() if len(listed) <= limit
    }
    for article in en:
        shared = [fact for fact in article.keys if fact in rare]
        if not shared:
            yield []
            continue
        lengths = [len(rare[fact]) for fact in shared]
        weights = np.repeat([rarity(fact) ** 2 for fact in shared], lengths)
        others, at = np.unique(np.concatenate([rare[f] for f in shared]), return_inverse=True)
        total = np.bincount(at, weights)
        ranked = np.lexsort((others, -total))[:BY_FACTS]
        yield others[ranked].tolist()


def _centred(side: Sequence[PreparedArticle], titles: bool) -> Array:
    rows = np.array([each.title if titles else each.vector for each in side], np.float32)
    # In place: nothing else of a large city takes as much memory as its vectors.
    if len(rows) > _CENTRED_FROM:
        rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rows


def _top(near: Array, count: int) -> list[list[int]]:
    count = min(count, near.shape[1])
    nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
    return [sorted(map(int, row)) for row in nearest]


@dataclass(frozen=True, slots=True)
class _Asked:
    """English article whose candidates are compared, with all that weighs its facts."""

    en: PreparedArticle
    rarities: tuple[Rarity, Rarity]
    levels: Levels
    names: Mapping[str, str]
    cache: ByteCache | None


def compare_candidates(
    choices: Iterable[tuple[PreparedArticle, Sequence[PreparedArticle]]],
    rarities: tuple[Rarity, Rarity],
    cache: ByteCache | None = None,
    learnt: Mapping[str, str] | None = None,
    unread: list[Unread] | None = None,
) -> Iterator[list[tuple[Compared, ...]]]:
    """Yield the comparisons of each English article with its candidates, in order.

    Each is of the whole texts, and of a part if one text seems to render a part of the other.
    `rarities` are of the Chinese and the English articles of the city, `learnt` its aliases. Texts
    with a valid comparison in `cache` are not read; remarks are not cached. A comparison that
    fails is empty and adds the English article to `unread`; without that list the error is raised.
    """
    zh_rarity, en_rarity = rarities
    for en, others in choices:
        names = aliases.used(en, learnt) if learnt else {}
        names_digest = json.dumps(names, sort_keys=True).encode() if names else b""
        levels = np.array([zh_rarity.levels(en.weighed), en_rarity.levels(en.weighed)], np.int8)
        asked = _Asked(en, rarities, levels, names, cache)
        listed = []
        for zh in others:
            step = partial(_readings, zh, asked, zh.digest + en.digest + names_digest)
            action = f"compared with {zh.document.id}"
            listed.append(attempt(step, en.document, unread, action=action) or ())
        yield listed


def _readings(zh: PreparedArticle, asked: _Asked, digest: bytes) -> tuple[Compared, ...]:
    """Return the comparison of whole texts, and of a part."""
    whole = _compared(zh, asked, digest)
    part = parts.part_of(whole[0])
    if part is None:
        return (whole,)
    coverage, facts = _compared(zh, asked, digest + b"part", part)
    return whole, (replace(coverage, best=whole[0].best, zh_covered=whole[0].zh_covered), facts)


def _compared(
    zh: PreparedArticle, asked: _Asked, digest: bytes, part: parts.Part | None = None
) -> Compared:
    """Return the valid comparison cached under `digest`, else a new one."""
    key = hashlib.sha256(digest).digest()[:16]
    cache, (zh_rarity, en_rarity) = asked.cache, asked.rarities
    packed = cache.get(key) if cache else None
    coverage, facts = _unpacked(packed, asked.levels) if packed else (None, None)
    if coverage is None or facts is None:
        sides = parts.sides(zh, asked.en, part)
        if coverage is None:
            coverage = cover(*sides.sentences, *sides.facts)
            if coverage.order >= _WORDS_FROM:
                lost = words_missing(*sides.facts, asked.en.readings.words)
                coverage = replace(coverage, words_missing=lost)
        zh_rarity.used.clear()
        en_rarity.used.clear()
        facts = comparison.compare(*sides.facts, zh_rarity, en_rarity, asked.names)
        coverage = replace(coverage, zh_part=sides.shares[0], en_part=sides.shares[1])
        if cache:
            used = (zh_rarity.used, en_rarity.used)
            levels = _only(asked.levels, used, asked.en.weighed)
            cache.put(key, _packed(coverage, facts, levels))
    return coverage, facts


_WORDS_FROM = 0.2
"""Share covered in order below which words are not asked for: without facts there is no link."""
_UNUSED = -1


def _only(levels: Levels, used: Sequence[Set[Key]], known: Sequence[Key]) -> Levels:
    """Return the levels of used rarities, `_UNUSED` for others."""
    place = {fact: at for at, fact in enumerate(known, 1)}
    found = np.full_like(levels, _UNUSED)
    for row, facts in enumerate(used):
        # A part may have a fact that is read otherwise in the whole: no level is known of it.
        at = [0, *(place[fact] for fact in facts if fact in place)]
        found[row, at] = levels[row, at]
    return found


_FACTS = [each for each in dataclasses.fields(FactComparison) if each.name != "remarks"]
_COVERAGE = [
    each.name for each in dataclasses.fields(Coverage) if each.name not in ("best", "zh_covered")
]
_HEAD = struct.Struct(f"<III{len(_FACTS)}d{len(_COVERAGE)}d")


def _packed(coverage: Coverage, facts: FactComparison, levels: Levels) -> bytes:
    head = _HEAD.pack(
        levels.size,
        len(coverage.best),
        len(coverage.zh_covered),
        *(getattr(facts, each.name) for each in _FACTS),
        *(getattr(coverage, name) for name in _COVERAGE),
    )
    covered = np.packbits(coverage.zh_covered)
    return b"".join((head, coverage.best.tobytes(), levels.tobytes(), covered.tobytes()))


def _unpacked(packed: bytes, levels: Levels) -> tuple[Coverage, FactComparison | None]:
    """Return a cached comparison; facts weighed by other rarities are None."""
    size, english, chinese, *values = _HEAD.unpack_from(packed)
    best = np.frombuffer(packed, np.float32, english, _HEAD.size)
    used = np.frombuffer(packed, np.int8, size, _HEAD.size + best.nbytes)
    covered = np.frombuffer(packed, np.uint8, offset=_HEAD.size + best.nbytes + size)
    coverage = Coverage(
        **dict(zip(_COVERAGE, values[len(_FACTS) :], strict=True)),
        best=best,
        zh_covered=np.unpackbits(covered, count=chinese).astype(bool),
    )
    if not np.all((used == levels.ravel()) | (used == _UNUSED)):
        return coverage, None
    facts: dict[str, Any] = {
        each.name: bool(value) if each.type is bool else value
        for each, value in zip(_FACTS, values, strict=False)
    }
    return coverage, FactComparison(**facts)
