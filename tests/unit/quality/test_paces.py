"""Time that reviewers spent, by reviewer and level."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipelines.quality.pace import Pace, paces
from pipelines.quality.verdicts import Verdict, adjudicated

AT = datetime(2024, 6, 1, 8, tzinfo=UTC)


def verdict(pair_id: str, seconds: float | None, **more: Any) -> Verdict:
    plain: dict[str, Any] = dict.fromkeys(Verdict.__dataclass_fields__)
    plain |= {"verdict_id": "v", "level": "pair", "city": "x", "reviewer": "anna", "judged_at": AT}
    return replace(Verdict(**plain), pair_id=pair_id, seconds=seconds, **more)


def test_the_seconds_on_an_item_add_up_and_their_median_is_of_items() -> None:
    given = [
        verdict("a", 10.0), verdict("a", 5.0), verdict("b", 40.0), verdict("c", 2.0),
        verdict("d", None), verdict("e", 90.0, plan=adjudicated("p")),
        verdict("a", 7.0, level="bead", position=1), verdict("a", 8.0, level="bead", position=2),
        verdict("a", 3.0, reviewer="bo"),
    ]  # fmt: skip
    assert paces(given) == [
        Pace("anna", "bead", 2, 7.5, 15.0),
        Pace("anna", "pair", 3, 15.0, 57.0),
        Pace("bo", "pair", 1, 3.0, 3.0),
    ]
    assert paces([]) == []
