"""What people judged: verdicts read from an output folder, and which of them count.

Verdicts lie in `reviews/*.parquet` and in the journals of reviews under way, `reviews/*.jsonl`: one
JSON object a line with the columns of the table. A verdict that lies in both is one verdict.

Which count: the newest of one reviewer on one item; a newest one that is empty takes the item back.
And only those on texts that the corpus still has: `pipelines.quality.subjects` sets the others
apart.

**Adjudication.** Where reviewers differ, one person decides after seeing their verdicts. Such a
verdict carries `adjudication` in front of its plan (`adjudication stratified seed=7 size=200`, see
`adjudicated`), and weight and stratum as drawn. It settles the item whatever the others said, and
it is no part of any agreement, because it is not blind. The same person's blind verdict on the
item stands beside it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from crawler.errors import ShizhengError
from pipelines.tables import parquet, schema
from pipelines.tables.vocabulary import RELATIONS

CANNOT_TELL = "cannot_tell"

LEVELS: Mapping[str, tuple[str, ...]] = {
    "pair": (*RELATIONS, "different", CANNOT_TELL),
    "bead": ("correct", "partly", "wrong", "wrong_language", "not_language", "boilerplate"),
    "unmatched": ("missed", "none", CANNOT_TELL),
}
"""What can be said of an item of each level."""


_ADJUDICATION = "adjudication"


class VerdictError(ShizhengError):
    """Verdicts that cannot be read or used. The message names file, line and what to do."""


class Item(NamedTuple):
    """What is judged: a pair, a bead (`position` in its pair) or an unmatched English article."""

    level: str
    key: str
    position: int = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict as it was given: the columns of `schema.REVIEWS`."""

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

    @property
    def item(self) -> Item:
        return item(self.level, self.city, self.pair_id, self.position, self.en_id)


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with every verdict that counts on it.

    `verdict` is what it is taken to be: the adjudicated verdict, else what the reviewers agree on
    (`cannot_tell` aside), else None: disputed. `blind` are the reviewers' own verdicts in order of
    reviewer. `draws` are the verdicts that say how it was drawn, one for each plan, oldest first.
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
        """Any verdict on the item, for what all share: city, article ids."""
        return self.draws[0]


def item(
    level: str, city: str, pair_id: str | None, position: int | None, en_id: str | None
) -> Item:
    """Return what identifies an item: city and English article for unmatched, else the pair."""
    if level == "unmatched":
        return Item(level, f"{city} {en_id}")
    return Item(level, pair_id or "", position if level == "bead" and position is not None else -1)


def adjudicated(plan: str | None) -> str:
    """Return the plan to store with an adjudicating verdict on an item drawn by `plan`."""
    return f"{_ADJUDICATION} {plan or ''}".rstrip()


def is_adjudication(verdict: Verdict) -> bool:
    """Whether the verdict decides between others."""
    return (verdict.plan or "").split(" ", 1)[0] == _ADJUDICATION


def plan_of(verdict: Verdict) -> str:
    """Return the plan the item was drawn by; empty where none is known."""
    plan = verdict.plan or ""
    return plan.removeprefix(_ADJUDICATION).lstrip() if is_adjudication(verdict) else plan


def folder(output: Path) -> Path:
    """Return where verdicts lie."""
    return output / "reviews"


def read(output: Path) -> list[Verdict]:
    """Return every verdict ever given in `output`, oldest first, taken back or not.

    Raises `VerdictError` for a journal that is not what it should be, `store.StoreError` for a
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
    """Return the verdicts of a journal. A last line that a crash has torn is ignored.

    Raises `VerdictError` that names the line for any other line that is not a verdict.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VerdictError(f"{path}: cannot be read ({error.strerror})") from error
    lines = data.split(b"\n")
    verdicts = []
    # What follows the last newline was never finished: empty, or torn.
    for number, line in enumerate(lines[:-1], start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            if number == len(lines) - 1:
                break
            raise VerdictError(
                f"{path}:{number}: expected a verdict as a JSON object; remove or mend the line"
            ) from error
        if not isinstance(row, dict):
            raise VerdictError(f"{path}:{number}: expected a JSON object, not {row!r}")
        verdicts.append(_verdict(row, f"{path}:{number}"))
    return verdicts


def standing(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that count: the newest of each reviewer on each item, if not empty.

    A reviewer's blind verdict and the same person's adjudication are kept apart.
    """
    newest: dict[tuple[Item, str, bool], Verdict] = {}
    for one in verdicts:
        key = (one.item, one.reviewer, is_adjudication(one))
        held = newest.get(key)
        if held is None or (held.judged_at, held.verdict_id) <= (one.judged_at, one.verdict_id):
            newest[key] = one
    return [one for one in newest.values() if one.verdict]


def by_item(verdicts: Sequence[Verdict]) -> list[Judged]:
    """Return every item that has a verdict that counts, in order of item.

    `verdicts` are all of them, as `read` gives them: how an item was drawn is known from verdicts
    that no longer count, too.
    """
    grouped: dict[Item, list[Verdict]] = {}
    for one in standing(verdicts):
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


def _agreed(said: Sequence[str]) -> str | None:
    told = {one for one in said if one != CANNOT_TELL}
    if not told:
        return CANNOT_TELL
    return told.pop() if len(told) == 1 else None


def _verdict(row: Mapping[str, Any], where: str) -> Verdict:
    """Return a row as a verdict, or say what is wrong with it."""
    values: dict[str, Any] = {f.name: row.get(f.name) for f in fields(Verdict)}
    missing = [
        name for name in ("verdict_id", "level", "reviewer", "judged_at") if not row.get(name)
    ]
    if missing:
        raise VerdictError(f"{where}: a verdict lacks {', '.join(missing)}")
    level, said = values["level"], values["verdict"]
    if level not in LEVELS:
        raise VerdictError(f"{where}: level must be {', '.join(LEVELS)}, not {level!r}")
    if said and said not in LEVELS[level]:
        raise VerdictError(f"{where}: a {level} is judged {', '.join(LEVELS[level])}, not {said!r}")
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
