"""A plan as it was drawn: what to judge, in order, the same for every reviewer and every day.

`reviews/plans/<key>.json` keeps what was drawn, so that pairing again in between changes neither
the sample nor its weights, and reviewers who open the same plan judge the same items.
"""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.quality import sampling
from pipelines.quality.sampling import Drawn, Plan, PlanError
from pipelines.quality.verdicts import Item
from pipelines.tables import files
from pipelines.tables.files import StoreError


@dataclass(frozen=True)
class Docket:
    """A drawn plan. `key` names it in addresses: twelve hexadecimal digits."""

    key: str
    plan: Plan
    drawn: tuple[Drawn, ...]

    @property
    def level(self) -> str:
        """What is judged: pair, bead or unmatched."""
        return self.drawn[0].level if self.drawn else "pair"

    @cached_property
    def places(self) -> dict[Item, int]:
        """Where each item stands."""
        return {one.item: place for place, one in enumerate(self.drawn)}


def read_plan(text: str, cities: Sequence[str] = ()) -> Plan:
    """Read a plan as a person writes it: `uncertain`, `stratified size=100 seed=3`.

    `cities` restrict it unless it names its own. Raises `PlanError`.
    """
    try:
        kind, *options = shlex.split(text)
        given = dict(option.split("=", 1) for option in options)
        numbers = {name: int(given.pop(name)) for name in ("size", "seed") if name in given}
    except ValueError as error:
        raise PlanError(
            f"{text!r} is no plan; expected something like: stratified size=200 seed=1"
        ) from error
    named = tuple(filter(None, given.pop("cities", "").split(","))) or tuple(cities)
    search = given.pop("text", "")
    if given:
        raise PlanError(f"a plan has size, seed, cities and text, not {', '.join(given)}")
    return Plan(kind, **numbers, cities=named, text=search)


def key_of(plan: Plan) -> str:
    """Return what a plan is called in addresses and file names."""
    return hashlib.sha256(str(plan).encode()).hexdigest()[:12]


def take(output: Path, plan: Plan) -> Docket:
    """Return the plan as it was drawn when it was first taken; draw it now if never.

    Raises `PlanError` where there is nothing to draw, `StoreError` for a file that cannot be read.
    """
    path = _folder(output) / f"{key_of(plan)}.json"
    if not path.exists():
        drawn = sampling.draw(output, plan)
        content = {"plan": str(plan), "items": [asdict(one) for one in drawn]}
        with files.replacing(path) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=0).encode())
    return _read(path)


def taken(output: Path) -> list[Docket]:
    """Return every plan that was ever taken, in order of name."""
    found = [_read(path) for path in _folder(output).glob("*.json")]
    return sorted(found, key=lambda docket: str(docket.plan))


def _folder(output: Path) -> Path:
    return output / "reviews" / "plans"


def _read(path: Path) -> Docket:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        plan = sampling.parse(content["plan"])
        if plan is None:
            raise ValueError(f"no plan is written {content['plan']!r}")
        items = (one | {"nearest": tuple(one["nearest"])} for one in content["items"])
        return Docket(key_of(plan), plan, tuple(Drawn(**one) for one in items))
    except (ValueError, KeyError, TypeError, OSError, PlanError) as error:
        raise StoreError(
            f"{path}: not a plan as shizheng draws it ({error}); remove the file to draw again"
        ) from error
