"""Sound of transcriptions, compared by their consonants."""

import re
from collections.abc import Sequence

from pipelines.facts.names import DOTS, readings

SAME_SOUND = 0.53
"""Least similarity of a transcription and a name for one person; set by hand, not measured."""


def sound_alike(zh: str, en: str) -> float:
    """Return the phonetic similarity of a transcription and a name, 0-1.

    By consonants; part by part if both have as many (汉斯·米勒, Hans Müller), else as a whole.
    Chinese characters after the name (一行, 率领) cost little.
    """
    zh_parts = [part for part in re.split(f"{DOTS}|-", zh) if not part.isascii()]
    en_parts = [part for part in re.split(r"[\s-]", en) if len(part.strip(".")) > 1]
    if len(zh_parts) == len(en_parts):
        # Hungarians have their family name first in Chinese: 欧尔班·维克托, Viktor Orban.
        turned = min(_by_part(zh_parts[::-1], en_parts)) if len(zh_parts) > 1 else 0.0
        return max(_alike_by_part(zh_parts, en_parts), turned)
    whole = _alike_by_part(["".join(zh_parts)], [" ".join(en_parts)])
    if not 2 <= len(zh_parts) < len(en_parts):
        return whole
    # Hussain Bin Ibrahim Al Hammadi is 侯赛因·哈马迪: first and last name are enough.
    ends = [zh_parts[0], zh_parts[-1]], [en_parts[0], en_parts[-1]]
    return max(whole, _alike_by_part(*ends))


def consonants(en: str) -> int:
    """Return the number of consonants by which an English name is compared."""
    return len(_en_skeleton(en))


def _alike_by_part(zh: Sequence[str], en: Sequence[str]) -> float:
    similar = _by_part(zh, en)
    return sum(similar) / len(similar)


def _by_part(zh: Sequence[str], en: Sequence[str]) -> list[float]:
    parts = zip(zh, en, strict=True)
    return [_similarity(_zh_skeleton(a), _en_skeleton(b)) for a, b in parts]


_GAP, _KINDRED_SWAP, _SWAP, _TAIL = 0.9, 0.5, 1.2, 0.2
"""Costs of a consonant left out, a kindred one, another one, and one after the name; set by hand,
not measured."""


def _similarity(zh: str, en: str) -> float:
    """Return the similarity of two consonant skeletons, 0-1, by their edit distance."""
    if not zh or not en:
        return 0.0
    previous = [_GAP * j for j in range(len(en) + 1)]
    ends = [previous[-1] + _TAIL * len(zh)]
    for i, a in enumerate(zh, 1):
        current = [_GAP * i]
        for j, b in enumerate(en, 1):
            swap = 0.0 if a == b else _KINDRED_SWAP if {a, b} in _KINDRED else _SWAP
            current.append(min(previous[j] + _GAP, current[-1] + _GAP, previous[j - 1] + swap))
        previous = current
        ends.append(current[-1] + _TAIL * (len(zh) - i))
    return max(0.0, 1 - min(ends) / len(en))


_KINDRED = ({"S", "K"}, {"M", "N"}, {"T", "S"}, {"P", "F"})


_INITIALS = (("zh", "S"), ("ch", "S"), ("sh", "S"), ("b", "P"), ("p", "P"), ("d", "T"), ("t", "T"),
             ("g", "K"), ("k", "K"), ("j", "S"), ("q", "S"), ("x", "S"), ("z", "S"), ("c", "S"),
             ("s", "S"), ("l", "L"), ("r", "L"), ("m", "M"), ("n", "N"), ("f", "F"))  # fmt: skip


def _zh_skeleton(text: str) -> str:
    parts: list[str] = []
    for char in text:
        spelt = next(iter(readings(char)), "")
        if not spelt or spelt == "er":
            continue
        parts.extend(value for initial, value in _INITIALS if spelt.startswith(initial))
        if spelt.endswith(("n", "ng")):
            parts.append("N")
    return re.sub(r"(.)\1+", r"\1", "".join(parts))


def _en_skeleton(text: str) -> str:
    plain = text.lower()
    for pattern, value in (
        (r"sch|sh|ch|tsch|tz|ts", "S"), (r"ph", "F"), (r"th", "T"), (r"ck|qu", "K"),
        (r"c(?=[eiy])", "S"), (r"g(?=[eiy])", "S"), (r"r(?![aeiouy])", ""), (r"[bp]", "P"),
        (r"[dt]", "T"), (r"[gkqc]", "K"), (r"[jxzs]", "S"), (r"[lr]", "L"), (r"m", "M"),
        (r"n", "N"), (r"[fv]", "F"),
    ):  # fmt: skip
        plain = re.sub(pattern, value, plain)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[^A-Z]", "", plain))
