"""Drawn plans: items to judge, the same for every reviewer and day.

`reviews/plans/<key>.json` has the drawn items, so that pairing again in between changes neither
the sample nor its weights, and reviewers who open the same plan judge the same items.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from crawler.ordinary import ordinary
from pipelines.quality import sampling
from pipelines.quality.sampling import Drawn, Plan
from pipelines.quality.verdicts import Item
from pipelines.tables import atomic
from pipelines.tables.damage import StoreError


@dataclass(frozen=True)
class DrawnPlan:
    """A drawn plan. `key` is its name in addresses."""

    key: str
    plan: Plan
    items: tuple[Drawn, ...]

    @property
    def level(self) -> str:
        """Level of its items: pair, bead or unmatched."""
        return self.items[0].level if self.items else "pair"

    @cached_property
    def places(self) -> dict[Item, int]:
        """Place of each item."""
        return {drawn.item: place for place, drawn in enumerate(self.items)}


def key_of(plan: Plan) -> str:
    """Return a plan's name in addresses and file names."""
    return hashlib.sha256(str(plan).encode()).hexdigest()[:12]


def open_plan(output: Path, plan: Plan) -> DrawnPlan:
    """Return a plan as first drawn; draw it if new.

    Raises `PlanError` if there is nothing to draw, `StoreError` for a file that cannot be read.
    """
    path = _folder(output) / f"{key_of(plan)}.json"
    if not path.exists():
        drawn = sampling.draw(output, plan)
        content = {"plan": str(plan), "items": [asdict(item) for item in drawn]}
        with atomic.replacing(path) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=0).encode())
    return _read(path)


def stored_plans(output: Path) -> list[DrawnPlan]:
    """Return every drawn plan, in order of name."""
    found = [_read(path) for path in _folder(output).glob("*.json")]
    return sorted(found, key=lambda drawn_plan: str(drawn_plan.plan))


def _folder(output: Path) -> Path:
    return output / "reviews" / "plans"


def _read(path: Path) -> DrawnPlan:
    try:
        content: dict[str, Any] = json.loads(ordinary(path).read_text(encoding="utf-8"))
        plan = sampling.stored_plan(content["plan"])
        if plan is None:
            raise ValueError(f"no plan is written {content['plan']!r}")
        items = (item | {"nearest": tuple(item["nearest"])} for item in content["items"])
        return DrawnPlan(key_of(plan), plan, tuple(Drawn(**item) for item in items))
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise StoreError(
            f"{path}: not a plan as shizheng draws it ({error}); remove the file to draw again"
        ) from error
