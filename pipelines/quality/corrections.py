"""Beads as reviewers corrected them: joined, divided, shifted; never rewritten.

A correction is part of a verdict on a bead: the beads that it, and those after it with the same
texts, should be, as a JSON list of `[zh, en]`. It holds as long as the corpus has those texts. The
tables keep the program's beads; whatever leaves the corpus has the corrected ones.

A bead on which reviewers differ stays as it is until somebody settles it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.articles import language
from pipelines.quality import subjects, verdicts
from pipelines.quality.subjects import Subjects
from pipelines.quality.verdicts import Verdict
from pipelines.sentences.flags import flags
from pipelines.tables.vocabulary import LANGS
from pipelines.text.splitting import split

MOST = 60
"""Beads of a correction at most; set by hand."""

Bead = tuple[str, str]
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """Beads in place of those from `position` on, of one pair."""

    pair_id: str
    position: int
    beads: tuple[Bead, ...]


def written(beads: Iterable[Bead]) -> str:
    """Return beads as the text that a verdict stores."""
    return json.dumps([list(bead) for bead in beads], ensure_ascii=False)


def parsed(text: str) -> tuple[Bead, ...]:
    """Return the beads of a stored text. Raises ValueError for any other."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("a correction is a JSON list of [zh, en]") from error
    listed = isinstance(found, list) and all(isinstance(b, list) and len(b) == 2 for b in found)
    beads = tuple((zh, en) for zh, en in found) if listed else ()
    if not beads or len(beads) > MOST or not all(
        isinstance(zh, str) and isinstance(en, str) and (zh.strip() or en.strip())
        for zh, en in beads
    ):  # fmt: skip
        raise ValueError(f"a correction is a JSON list of 1 to {MOST} [zh, en], two texts each")
    return beads


def cut(source: str, lines: Sequence[str]) -> list[str]:
    """Divide a text where lines of its characters end, spaces aside.

    Raises ValueError if they have others: what a site published is not rewritten.
    """
    wanted, has = ["".join(line.split()) for line in lines], "".join(source.split())
    if "".join(wanted) != has:
        raise ValueError(
            "the lines must have the texts of the beads, no character more or less: "
            f"{_difference(has, ''.join(wanted))}"
        )
    places = [at for at, char in enumerate(source) if not char.isspace()]
    parts, done = [], 0
    for line in wanted:
        end = done + len(line)
        parts.append(source[places[done] : places[end - 1] + 1] if line else "")
        done = end
    return parts


def _difference(expected: str, found: str) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(expected, found, strict=False)) if a != b),
        min(len(expected), len(found)),
    )
    return f"expected “{expected[at : at + 20]}”, not “{found[at : at + 20]}”"


def read(output: Path, city: str) -> list[Correction]:
    """Return the corrections that hold in a city, in order."""
    given = [one for one in verdicts.read(output) if one.city == city and one.level == "bead"]
    pairs = {one.pair_id for one in given if one.correction}
    given = [one for one in given if one.pair_id in pairs]
    if not given:
        return []
    texts = Subjects(output)
    texts.load(given)
    placed = [now for now in map(texts.placed, given) if now is not None]
    found = []
    for judged in verdicts.by_item(placed):
        stated = (judged.adjudication,) if judged.adjudication else judged.blind
        settled = [one for one in stated if one.verdict == judged.verdict and one.correction]
        if settled and len({one.correction for one in settled}) == 1:
            found.append(max(settled, key=subjects.by_age))
    # Of two that overlap the newer holds, which `apply` finds first.
    return [c for one in sorted(found, key=subjects.by_age, reverse=True) if (c := _of(one))]


def _of(verdict: Verdict) -> Correction | None:
    try:
        beads = parsed(verdict.correction or "")
    except ValueError:
        return None
    return Correction(verdict.pair_id or "", verdict.position or 0, beads)


def apply(table: pa.Table, given: Sequence[Correction]) -> tuple[pa.Table, int]:
    """Return beads with corrections, and the number that held.

    Corrected beads have the probability 1; positions of their pairs are numbered anew.
    """
    touched = pc.is_in(table["pair_id"], pa.array({one.pair_id for one in given}, pa.string()))
    at = pc.indices_nonzero(touched).to_pylist()
    if not at:
        return table, 0
    by_pair: dict[str, list[tuple[int, _Row]]] = {}
    for place, row in zip(at, table.take(pa.array(at)).to_pylist(), strict=True):
        by_pair.setdefault(row["pair_id"], []).append((place, row))
    rows, places, held = list[_Row](), list[int](), 0
    for pair_id, listed in by_pair.items():
        own = [one for one in given if one.pair_id == pair_id]
        stored = sorted((row for _, row in listed), key=lambda row: row["position"] or 0)
        made, count = _of_pair(stored, own)
        rows += made
        places += [min(place for place, _ in listed)] * len(made)
        held += count
    order = [*(i for i, hit in enumerate(touched.to_pylist()) if not hit), *places]
    left = table.filter(pc.invert(touched))
    added = pa.Table.from_pylist(rows, table.schema)
    ranks = sorted(range(len(order)), key=lambda i: order[i])
    return pa.concat_tables([left, added]).take(pa.array(ranks)), held


def _of_pair(rows: list[_Row], given: Sequence[Correction]) -> tuple[list[_Row], int]:
    taken: dict[int, tuple[int, list[_Row]]] = {}
    free = [True] * len(rows)
    for one in given:
        start = next((i for i, row in enumerate(rows) if row["position"] == one.position), None)
        count = covered(rows, start, one.beads) if start is not None else 0
        if start is None or not count or not all(free[start : start + count]):
            continue
        free[start : start + count] = [False] * count
        taken[start] = (count, list(_made(rows[start : start + count], one.beads)))
    made, at = list[_Row](), 0
    while at < len(rows):
        count, replaced = taken.get(at, (1, [rows[at]]))
        made += replaced
        at += count
    return [row | {"position": position} for position, row in enumerate(made)], len(taken)


def covered(rows: Sequence[_Row], start: int, beads: Sequence[Bead]) -> int:
    """Return the number of beads with the texts of others, or 0.

    They are `rows` from `start` on, the others `beads`.
    """
    wanted = [len("".join("".join(bead[side] for bead in beads).split())) for side in (0, 1)]
    texts = ["", ""]
    for count, row in enumerate(rows[start:], 1):
        for side, lang in enumerate(LANGS):
            texts[side] += "".join((row[lang] or "").split())
        if all(len(text) >= size for text, size in zip(texts, wanted, strict=True)):
            same = all(
                text == "".join("".join(bead[side] for bead in beads).split())
                for side, text in enumerate(texts)
            )
            return count if same else 0
    return 0


def _made(rows: Sequence[_Row], beads: Sequence[Bead]) -> Iterator[_Row]:
    """Yield corrected beads in place of stored ones, with their offsets."""
    places = [_places(rows, lang) for lang in LANGS]
    for bead in beads:
        row: _Row = dict.fromkeys(rows[0]) | {"pair_id": rows[0]["pair_id"], "probability": 1.0}
        for lang, text, places_left in zip(LANGS, bead, places, strict=True):
            own = [next(places_left) for char in text if not char.isspace()]
            known = own and None not in (own[0], own[-1])
            row |= {
                lang: text,
                f"{lang}_start": own[0] if known else None,
                f"{lang}_end": own[-1] + 1 if known and own[-1] is not None else None,
                f"{lang}_lang": language.detect(text, ask=False).lang if own else None,
            }
        row["kind"] = "-".join(str(len(split(row[lang], lang))) for lang in LANGS)
        yield row | {"flags": list(flags(row["zh"], row["en"]))}


def _places(rows: Sequence[_Row], lang: str) -> Iterator[int | None]:
    """Yield the offset of each character, spaces aside, in the article."""
    for row in rows:
        start = row[f"{lang}_start"]
        for at, char in enumerate(row[lang] or ""):
            if not char.isspace():
                yield None if start is None else start + at
