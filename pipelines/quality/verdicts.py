"""Verdicts of reviewers, and the selection of those that count.

Verdicts are read from `reviews/*.parquet` and from the journals of reviews under way,
`reviews/*.jsonl`: one JSON object a line with the columns of the table. A verdict found in both is
one verdict.

The newest verdict of one reviewer on one item counts; if it is empty, the item is withdrawn. Only
verdicts on texts that the corpus still has count: `pipelines.quality.subjects` separates the
others.

**Adjudication.** Where reviewers differ, one person decides after seeing their verdicts. Such a
verdict has `adjudication` in front of its plan (`adjudication stratified seed=7 size=200`, see
`adjudicated`), and weight and stratum as drawn. It settles the item against any other verdict, and
is part of no agreement, because it is not blind. The same person's blind verdict on the item counts
besides.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from crawler.errors import ShizhengError
from crawler.ordinary import ordinary
from pipelines.tables import parquet, schema
from pipelines.tables.vocabulary import RELATIONS

CANNOT_TELL = "cannot_tell"

LEVELS: Mapping[str, tuple[str, ...]] = {
    "pair": (*RELATIONS, "different", CANNOT_TELL),
    "bead": ("correct", "partly", "wrong", "wrong_language", "not_language", "boilerplate"),
    "unmatched": ("missed", "none", CANNOT_TELL),
}
"""Verdicts on an item of each level."""


_ADJUDICATION = "adjudication"


class VerdictError(ShizhengError):
    """Unusable verdicts; the message names file, line and remedy."""


class Item(NamedTuple):
    """A pair, a bead or an unmatched English article.

    `position` is that of a bead in its pair.
    """

    level: str
    key: str
    position: int = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict as given, with the columns of `schema.REVIEWS`."""

    verdict_id: str
    level: str
    city: str
    pair_id: str | None
    position: int | None
    zh_id: str | None
    en_id: str | None
    verdict: str | None
    note: str | None
    reviewer: str
    judged_at: datetime
    plan: str | None = None
    stratum: str | None = None
    weight: float | None = None
    probability: float | None = None
    method: str | None = None
    judged_sha256: str | None = None
    relation: str | None = None
    discuss: bool | None = None
    seconds: float | None = None
    correction: str | None = None

    @property
    def item(self) -> Item:
        return item(self.level, self.city, self.pair_id, self.position, self.en_id)


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with every verdict that counts on it.

    `verdict` is the adjudicated verdict, else the one that all reviewers agree on (`cannot_tell`
    aside), else None: disputed. `blind` are the reviewers' own verdicts in order of reviewer.
    `draws` are the oldest verdict under each plan that drew the item.
    """

    item: Item
    verdict: str | None
    blind: tuple[Verdict, ...]
    draws: tuple[Verdict, ...]
    adjudication: Verdict | None = None

    @property
    def disputed(self) -> bool:
        return self.verdict is None

    @property
    def first(self) -> Verdict:
        """Any verdict on the item, for the fields that all share."""
        return self.draws[0]


def item(
    level: str, city: str, pair_id: str | None, position: int | None, en_id: str | None
) -> Item:
    """Return the identity of an item.

    City and English article for unmatched, else the pair, for a bead with its position.
    """
    if level == "unmatched":
        return Item(level, f"{city} {en_id}")
    return Item(level, pair_id or "", position if level == "bead" and position is not None else -1)


def adjudicated(plan: str | None) -> str:
    """Return the plan to store with an adjudication."""
    return f"{_ADJUDICATION} {plan or ''}".rstrip()


def is_adjudication(verdict: Verdict) -> bool:
    """Return True if the verdict decides between others."""
    return (verdict.plan or "").split(" ", 1)[0] == _ADJUDICATION


def plan_of(verdict: Verdict) -> str:
    """Return the plan that drew the item, or an empty string."""
    plan = verdict.plan or ""
    return plan.removeprefix(_ADJUDICATION).lstrip() if is_adjudication(verdict) else plan


def folder(output: Path) -> Path:
    """Return the folder of verdicts."""
    return output / "reviews"


def read(output: Path) -> list[Verdict]:
    """Return every verdict ever given in `output`, oldest first.

    Withdrawn ones are included. Raises `VerdictError` for an invalid journal, `StoreError` for a
    table that cannot be read.
    """
    found: dict[str, Verdict] = {}
    # Journals first: lines that move into a table in between are then seen twice, never missed.
    for path in sorted(folder(output).glob("*.jsonl")):
        for one in read_journal(path):
            found[one.verdict_id] = one
    for path in sorted(folder(output).glob("*.parquet")):
        for row in parquet.read_table(path, schema.REVIEWS).to_pylist():
            one = _verdict(row, str(path))
            found[one.verdict_id] = one
    return sorted(found.values(), key=lambda one: (one.judged_at, one.verdict_id))


def read_journal(path: Path) -> list[Verdict]:
    """Return the verdicts of a journal, without a torn last line.

    Raises `VerdictError` that names the line for any other line that is not a verdict.
    """
    try:
        data = ordinary(path).read_bytes()
    except OSError as error:
        raise VerdictError(f"{path}: cannot be read ({error.strerror})") from error
    lines = data.split(b"\n")
    verdicts = []
    # What follows the last newline was never finished: empty, or torn.
    for number, line in enumerate(lines[:-1], start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) - 1:
                break
            raise VerdictError(
                f"{path}:{number}: expected a verdict as a JSON object; remove or mend the line"
            ) from error
        if not isinstance(row, dict):
            raise VerdictError(f"{path}:{number}: expected a JSON object, not {row!r}")
        verdicts.append(_verdict(row, f"{path}:{number}"))
    return verdicts


def counting(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that count.

    The newest of each reviewer on each item, if not empty. A reviewer's blind verdict and the same
    person's adjudication count separately.
    """
    newest: dict[tuple[Item, str, bool], Verdict] = {}
    for one in verdicts:
        key = (one.item, one.reviewer, is_adjudication(one))
        last = newest.get(key)
        if last is None or (last.judged_at, last.verdict_id) <= (one.judged_at, one.verdict_id):
            newest[key] = one
    return [one for one in newest.values() if one.verdict]


def by_item(verdicts: Sequence[Verdict]) -> list[Judged]:
    """Return every item with a verdict that counts, in order of item.

    `verdicts` are all of them, as from `read`: the draws of an item include verdicts that no longer
    count.
    """
    grouped: dict[Item, list[Verdict]] = {}
    for one in counting(verdicts):
        grouped.setdefault(one.item, []).append(one)
    draws: dict[Item, dict[str, Verdict]] = {}
    for one in verdicts:
        if one.item in grouped:
            draws.setdefault(one.item, {}).setdefault(plan_of(one), one)
    judged = []
    for what in sorted(grouped):
        rows = grouped[what]
        decided = [one for one in rows if is_adjudication(one)]
        last = max(decided, key=lambda one: (one.judged_at, one.verdict_id), default=None)
        blind = sorted(
            (one for one in rows if not is_adjudication(one)), key=lambda one: one.reviewer
        )
        verdict = last.verdict if last else _agreed([one.verdict or "" for one in blind])
        judged.append(Judged(what, verdict, tuple(blind), tuple(draws[what].values()), last))
    return judged


def _agreed(codes: Sequence[str]) -> str | None:
    decided = set(codes) - {CANNOT_TELL}
    if not decided:
        return CANNOT_TELL
    return decided.pop() if len(decided) == 1 else None


def _verdict(row: Mapping[str, Any], where: str) -> Verdict:
    """Return a row as a verdict. Raises `VerdictError` with its fault."""
    values: dict[str, Any] = {f.name: row.get(f.name) for f in fields(Verdict)}
    missing = [
        name for name in ("verdict_id", "level", "reviewer", "judged_at") if not row.get(name)
    ]
    if missing:
        raise VerdictError(f"{where}: a verdict lacks {', '.join(missing)}")
    level, code = values["level"], values["verdict"]
    if level not in LEVELS:
        raise VerdictError(f"{where}: level must be {', '.join(LEVELS)}, not {level!r}")
    if code and code not in LEVELS[level]:
        raise VerdictError(f"{where}: a {level} is judged {', '.join(LEVELS[level])}, not {code!r}")
    needed = {"unmatched": ["en_id"], "bead": ["pair_id", "position"], "pair": ["pair_id"]}[level]
    lacking = [name for name in needed if values[name] in (None, "")]
    if lacking:
        raise VerdictError(f"{where}: a verdict on a {level} lacks {', '.join(lacking)}")
    return Verdict(**values | {"judged_at": _time(values["judged_at"], where)})


def _time(value: Any, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, AttributeError) as error:
        raise VerdictError(
            f"{where}: judged_at must be a time in ISO 8601, not {value!r}"
        ) from error
