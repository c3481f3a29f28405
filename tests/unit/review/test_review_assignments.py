"""A plan is dealt among reviewers, evenly, with a share for two; agreement is of that share."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_corpus import Clock, sheet_rows

from pipelines.cli.app import main
from pipelines.quality import printed
from pipelines.quality.sampling import Plan
from pipelines.review import ReviewError, assignments, verdict_export
from pipelines.review.assignments import Assignment
from pipelines.review.session import JudgingSession
from pipelines.tables.damage import StoreError

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN = Plan("stratified", size=10, seed=5)


@pytest.fixture
def session(output: Path) -> JudgingSession:
    return JudgingSession(output, Clock(NOW, timedelta(minutes=1)))


@given(st.integers(2, 9), st.integers(0, 100), st.integers(0, 300))
def test_every_item_has_one_or_two_reviewers_and_all_have_as_many(
    people: int, percent: int, items: int
) -> None:
    made = Assignment(tuple(f"r{n}" for n in range(people)), percent / 100)
    dealt = [made.of(place) for place in range(items)]
    load = Counter(name for names in dealt for name in names)
    assert all(len(set(names)) == len(names) in (1, 2) for names in dealt)
    assert sum(len(names) == 2 for names in dealt) == items * percent // 100
    assert max(load.values(), default=0) - min(load[name] for name in made.reviewers) <= 1


@pytest.mark.parametrize(
    ("reviewers", "double", "told"),
    [((), 0, "1 to 50"), (("a",) * 2, 0, "named twice"), (("a",), 0.5, "two reviewers are needed"),
     (("a", "b"), 1.5, "from 0 to 1"), (("a", "b"), float("nan"), "from 0 to 1")],
)  # fmt: skip
def test_what_nobody_could_deal_is_refused(
    reviewers: tuple[str, ...], double: float, told: str
) -> None:
    with pytest.raises(ReviewError, match=told):
        Assignment(reviewers, double)


def test_reviewers_are_led_through_their_own_items(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    made = Assignment(("anna", "bo", "安娜"), 0.2)
    session.assign(plan, made)
    progress = session.progress
    own = {name: list(progress.assigned(plan, name)) for name in made.reviewers}
    assert sorted(place for places in own.values() for place in places) == sorted(
        [*range(10), 4, 9]
    )
    assert progress.reviewers(plan) == sorted(made.reviewers)
    assert [progress.of(plan, name).total for name in made.reviewers] == [4, 4, 4]
    assert progress.of(plan, "guest").total == 10
    place, walked = progress.next_place(plan, "bo"), []
    while place is not None:
        session.judge(plan, place, "bo", "different")
        walked.append(place)
        place = progress.next_place(plan, "bo", place)
    assert walked == own["bo"]
    rows = sheet_rows(verdict_export.export_verdicts(session.output, "csv", plan, "安娜"))
    assert [row["pair_id"] for row in rows] == [plan.items[n].pair_id for n in own["安娜"]]


def test_agreement_is_computed_from_the_share_of_two(session: JudgingSession) -> None:
    plan = session.open_plan(Plan("stratified", size=20, seed=5))
    session.assign(plan, Assignment(("anna", "bo"), 0.5))
    for name in ("anna", "bo"):
        for place in session.progress.assigned(plan, name):
            session.judge(plan, place, name, "translation" if place % 3 else "different")
    (found,) = printed.evaluate(session.output)["estimates"]["agreements"]
    assert (found["items"], found["agreed"], found["kappa"]["value"]) == (10, 10, 1.0)


def test_an_assigned_plan_is_not_dealt_otherwise_in_passing(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    session.assign(plan, Assignment(("anna", "bo")))
    session.assign(plan, Assignment(("anna", "bo")))
    with pytest.raises(ReviewError, match="assigned to anna, bo; begin one with another seed"):
        session.assign(plan, Assignment(("anna", "cleo")))


def test_the_command_deals_a_plan_and_a_torn_file_is_named(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["review", "assign", "anna", "bo", "--plan", "stratified size=10 seed=5"]
    assert main([*asked, "--double", "0.3", "--output", str(output)]) == 0
    assert "10 items; anna 7, bo 6" in capsys.readouterr().out
    assert main([*asked[:2], "--plan", "beads", "--output", str(output)]) == 2
    assert "1 to 50 reviewers" in capsys.readouterr().err
    (path,) = (output / "reviews/assignments").glob("*.json")
    for content in ("", "[]", '{"reviewers": ["a", 3], "double": 0}', '{"reviewers": ["a"]}'):
        path.write_text(content)
        with pytest.raises(StoreError, match="not an assignment as shizheng writes it"):
            assignments.read(output, path.stem)
