"""Splits by time, city or shares of pairs, without near-duplicates across parts.

An article, its reposts and its counterpart in the other language stay in one part.
Of a near-duplicate that is in two parts all the same (two cities printing one text; a repost under
another date), the article in the part that comes first in train, validation, test is left out of
the release, with everything joined to it.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from crawler.errors import ShizhengError
from pipelines.release.tables import SPLITS, Integers

KINDS = ("time", "city")
SHARES = (0.8, 0.1, 0.1)
"""Shares of the articles, in the order of `SPLITS`."""
_LARGE, _MOST_OVER = 1 / 3, 1.5
"""Share of all articles above which a city is placed last; a part may exceed its share by a last
city up to this factor. Set by hand, not measured."""
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?%?")
_WHOLE_NUMBER = re.compile("[0-9]{1,9}")
_BULKY = 0.25
"""Share of the smallest part's pairs above which a component is placed first, lest it overfill a
part at the end. Others go in any order, so that no part has the small ones. Set by hand."""
LEFT_OUT = -1
_NAMES = {"train": 0, "validation": 1, "valid": 1, "val": 1, "dev": 1, "test": 2}
"""Names of parts in an order, as positions in `SPLITS`."""


Targets = tuple[float | None, ...]
"""Wanted pairs of each part, in the order of `SPLITS`: shares of their sum, or numbers of pairs
beside one part that is None and has the rest."""
_REST = "rest"
_WHOLES = (1, 10, 100)
"""Sums of shares. A release never changes, so that a slip such as 80 and 30 is not guessed at."""
_ROUNDED = 0.01
"""Share of its sum that rounding may take, as in 33, 33 and 33."""


class SplitError(ShizhengError):
    """A corpus that cannot be split as asked."""


@dataclass(frozen=True, slots=True)
class Split:
    """Split of a release.

    `until` is the last day of each part but the last (days since 1970); `cities` lists the cities
    of each part; `shares` are the wanted shares of the pairs, from `sizes` where those were asked.
    """

    kind: str
    until: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    sizes: Targets = ()
    cities: dict[str, list[str]] = field(default_factory=dict)


def targets_of(asked: str) -> Targets:
    """Return what words such as train=80,dev=10,test=10 or train=rest,test=500 ask for.

    Raises `SplitError`.
    """
    found: dict[int, float | None] = {}
    words = [tuple(piece.strip() for piece in word.partition("=")) for word in asked.split(",")]
    rest = [number for _, _, number in words].count(_REST)
    number_of = _WHOLE_NUMBER if rest else _NUMBER
    for name, _, number in words:
        part = _NAMES.get(name)
        if part is None or part in found or not (number == _REST or number_of.fullmatch(number)):
            rest = 2
            break
        found[part] = None if number == _REST else float(number.removesuffix("%"))
    if rest > 1 or sum(amount != 0 for amount in found.values()) < 2:
        raise SplitError(
            f"expected {', '.join(KINDS)}, shares of the pairs for two parts or three, such as "
            "train=80,dev=10,test=10, or numbers of pairs beside the rest, such as "
            f"train=rest,dev=500,test=500, not {asked!r}"
        )
    total = sum(amount or 0 for amount in found.values())
    if not rest and not any(math.isclose(total, whole, rel_tol=_ROUNDED) for whole in _WHOLES):
        raise SplitError(
            f"the shares {asked} add up to {total:g}; expected 100 (or 1, or 10), such as "
            "train=80,dev=10,test=10; for numbers of pairs ask like train=rest,dev=500,test=500"
        )
    return tuple(found.get(part, 0.0) for part in range(len(SPLITS)))


def shares_of(targets: Targets, pairs: int) -> tuple[float, ...]:
    """Return the share of each part in `pairs` pairs.

    Raises `SplitError` where none are left for the rest.
    """
    named = sum(amount or 0 for amount in targets)
    if None not in targets:
        return tuple((amount or 0) / named for amount in targets)
    if named >= pairs:
        raise SplitError(
            f"the release has {pairs:,} pairs, and {named:,.0f} were asked for beside the rest; "
            "ask for fewer, or for shares such as train=80,dev=10,test=10"
        )
    return tuple((pairs - named if amount is None else amount) / pairs for amount in targets)


def components(count: int, edges: Iterable[tuple[int, int]]) -> Integers:
    """Return the smallest position joined by edges with each of `count`."""
    parent = list(range(count))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    for first, second in edges:
        a, b = root(first), root(second)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return np.fromiter((root(position) for position in range(count)), np.int64, count)


def by_time(days: Integers, joined: Integers) -> tuple[Integers, Split]:
    """Return each article's part by day of publication, and the split.

    `days` below 0 are unknown. Joined articles go by their latest day, so that nothing published
    after a part's last day is in it; those without any day are left out. Raises `SplitError`.
    """
    latest = np.full(len(days), -1, dtype=np.int64)
    np.maximum.at(latest, joined, days)
    latest = latest[joined]
    dated = np.sort(latest[latest >= 0])
    if not len(dated) or dated[0] == dated[-1]:
        raise SplitError("a split by time needs articles of several days")
    first = dated[min(len(dated) - 1, int(len(dated) * SHARES[0]))]
    first = first if first < dated[-1] else dated[dated < dated[-1]][-1]
    second = dated[min(len(dated) - 1, int(len(dated) * (SHARES[0] + SHARES[1])))]
    second = min(second, dated[dated < dated[-1]][-1])
    part = (latest > first).astype(np.int8) + (latest > second).astype(np.int8)
    part[latest < 0] = LEFT_OUT
    return part, Split("time", until=(int(first), int(second)))


def by_city(cities: Sequence[str], sizes: Sequence[int]) -> tuple[list[int], Split]:
    """Return each city's part. `sizes` are the cities' articles.

    In the order of a digest of their keys, cities go to test until it has its share, then to
    validation, then to train; cities with over a third of all articles come last. With two cities
    there is no validation. Raises `SplitError` for fewer.
    """
    if len(cities) < 2:
        raise SplitError("a split by city needs articles of at least two cities; try --split time")
    total = sum(sizes)
    order = sorted(
        range(len(cities)),
        key=lambda at: (
            sizes[at] > _LARGE * total,
            hashlib.sha256(cities[at].encode()).hexdigest(),
        ),
    )
    part = [0] * len(cities)
    targets = [2, 1] if len(cities) > 2 else [2]
    for done, target in enumerate(targets):
        # A city must stay for each part that is still to come, train the last of them.
        taken, kept_back = 0, len(targets) - done
        while len(order) > kept_back and (taken == 0 or taken < SHARES[target] * total):
            at = order.pop(0)
            if taken and taken + sizes[at] > _MOST_OVER * SHARES[target] * total:
                order.append(at)
                break
            part[at] = target
            taken += sizes[at]
    listed = {
        name: sorted(key for key, own in zip(cities, part, strict=True) if own == number)
        for number, name in enumerate(SPLITS)
    }
    return part, Split("city", cities={name: keys for name, keys in listed.items() if keys})


def by_shares(
    targets: Targets, joined: Integers, pairs: Integers, ids: Sequence[str]
) -> tuple[Integers, Split]:
    """Return each article's part by shares or numbers of pairs.

    `pairs` are the released pairs of each article's own, so that their sum is that of the release;
    `ids` are the articles'. Components go whole, in the order of a digest, to the part that lacks
    most; those without pairs likewise by their articles. Raises `SplitError` where there are too
    few components.
    """
    shares = shares_of(targets, int(pairs.sum()))
    held = np.bincount(joined, weights=pairs, minlength=len(joined))
    sizes = np.bincount(joined, minlength=len(joined)).astype(np.float64)
    large = _BULKY * min(share for share in shares if share) * held.sum()
    order = sorted(
        np.unique(joined).tolist(),
        key=lambda at: (
            -held[at] * (held[at] > large),
            hashlib.sha256(ids[at].encode()).hexdigest(),
        ),
    )
    part = np.zeros(len(joined), dtype=np.int8)
    for weights, paired in ((held, True), (sizes, False)):
        chosen = [at for at in order if bool(held[at]) is paired]
        lacking = np.array(shares) * weights[chosen].sum()
        taken = set[int]()
        for at in chosen:
            part[at] = number = int(lacking.argmax())
            lacking[number] -= weights[at]
            taken.add(number)
        if paired and len(taken) < np.count_nonzero(shares):
            raise SplitError(
                "too few pairs for these shares: a part would have none, because what belongs "
                "together stays together; ask for fewer parts or larger ones"
            )
    return part[joined], Split("pairs", shares=shares, sizes=targets if None in targets else ())


def without(part: Integers, joined: Integers, leaking: Iterable[int]) -> Integers:
    """Return the parts without everything joined to the `leaking` positions."""
    gone = np.isin(joined, joined[np.fromiter(leaking, np.int64)])
    return np.where(gone, np.int8(LEFT_OUT), part).astype(np.int8)
