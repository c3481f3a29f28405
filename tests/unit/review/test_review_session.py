"""The session: what comes next, what undo brings back, and plans that stay as they were drawn."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import store_rows
from review_corpus import PAIRS, Clock

from pipelines.quality import verdicts
from pipelines.quality.sampling import Plan, PlanError, parse_plan
from pipelines.report.pair_examples import Choice, read_examples
from pipelines.review import drawn_plans, journal
from pipelines.review.item_reader import ItemReader
from pipelines.review.session import JudgingSession, VerdictRefusedError
from pipelines.review.stored_pairs import StoredPairs
from pipelines.tables.damage import StoreError

PLAN = Plan("stratified", size=10, seed=2)


def clock() -> Clock:
    return Clock(datetime(2024, 6, 1, 8, tzinfo=UTC), timedelta(seconds=1))


@pytest.fixture
def session(output: Path) -> JudgingSession:
    return JudgingSession(output, clock())


def test_a_plan_stays_as_it_was_drawn_when_the_corpus_changes(output: Path) -> None:
    before = drawn_plans.open_plan(output, PLAN)
    store_rows(output, "pairs", "beiyuan", [])
    assert drawn_plans.open_plan(output, PLAN) == before
    assert [one.key for one in drawn_plans.stored_plans(output)] == [before.key]
    gone = next(one for one in before.items if one.city == "beiyuan")
    assert ItemReader(output).pair(gone) is None


def test_reviewers_who_begin_a_plan_at_once_get_the_same_items(session: JudgingSession) -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = {one.items for one in pool.map(session.open_plan, [PLAN] * 8)}
    assert len(drawn) == 1


def test_what_was_judged_in_another_plan_is_judged_again_in_this(session: JudgingSession) -> None:
    first, second = (
        session.open_plan(PLAN),
        session.open_plan(Plan("stratified", size=PAIRS, seed=4)),
    )
    session.judge(first, 0, "anna", "different")
    place = second.places[first.items[0].item]
    assert session.progress.of(second, "anna").judged == 0
    assert session.progress.reviewers(second) == []
    session.judge(second, place, "anna", "abridged")
    assert session.progress.of(second, "anna").counts == {"abridged": 1}
    assert session.progress.of(first, "anna").counts == {"abridged": 1}
    assert {one.plan for one in verdicts.by_item(verdicts.read(session.output))[0].draws} == {
        str(first.plan), str(second.plan),
    }  # fmt: skip


def test_a_plan_that_was_tampered_with_is_named(output: Path) -> None:
    key = drawn_plans.open_plan(output, PLAN).key
    path = output / "reviews" / "plans" / f"{key}.json"
    path.write_text('{"plan": "everything"}', encoding="utf-8")
    with pytest.raises(StoreError, match=key):
        drawn_plans.open_plan(output, PLAN)


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("uncertain", Plan("uncertain", cities=("anlan",))),
        ("stratified size=7 seed=3", Plan("stratified", 7, 3, ("anlan",))),
        ("beads cities=anlan,beiyuan", Plan("beads", cities=("anlan", "beiyuan"))),
        ("search 'text=海湾 大桥'", Plan("search", cities=("anlan",), text="海湾 大桥")),
        (str(Plan("stratified", 7, 3, ("anlan",))), Plan("stratified", 7, 3, ("anlan",))),
    ],
)
def test_a_plan_is_read_as_people_write_it(text: str, plan: Plan) -> None:
    assert parse_plan(text, ["anlan"]) == plan


@pytest.mark.parametrize("text", ["", "all", "beads size=many", "beads colour=red", "search", "'"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse_plan(text)


def test_the_next_item_is_the_next_without_a_verdict(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    assert session.progress.next_place(plan, "anna") == 0
    session.judge(plan, 0, "anna", "different")
    session.judge(plan, 2, "anna", "different")
    assert session.progress.next_place(plan, "anna", 1) == 3
    assert session.progress.next_place(plan, "bo") == 0
    for place in (1, *range(3, 10)):
        session.judge(plan, place, "anna", "abridged")
    assert session.progress.next_place(plan, "anna", 4) is None
    assert session.progress.of(plan, "anna").counts == {"different": 2, "abridged": 8}


def test_undo_goes_back_step_by_step_and_restores_what_stood_before(
    session: JudgingSession,
) -> None:
    plan = session.open_plan(PLAN)
    item = plan.items[0].item
    session.judge(plan, 0, "anna", "different", note="first")
    session.judge(plan, 1, "anna", "abridged")
    session.judge(plan, 0, "anna", "translation")
    assert session.undo(plan, "anna") == 0
    held = session.verdicts.newest(item, "anna")
    assert held is not None
    assert (held.verdict, held.note) == ("different", "first")
    assert session.undo(plan, "anna") == 1
    assert session.undo(plan, "anna") == 0
    assert session.undo(plan, "anna") is None
    assert session.progress.of(plan, "anna").judged == 0
    assert len(verdicts.read(session.output)) == 6


def test_undo_reaches_back_into_an_earlier_sitting(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    for place in range(3):
        session.judge(plan, place, "anna", "different")
    journal.compact(session.output)
    later = JudgingSession(session.output, clock())
    assert later.undo(plan, "anna") == 2
    assert later.progress.next_place(plan, "anna") == 2


@pytest.mark.parametrize(("place", "code"), [(10, "different"), (-1, "different"), (0, "correct")])
def test_what_is_no_verdict_is_refused(session: JudgingSession, place: int, code: str) -> None:
    with pytest.raises(VerdictRefusedError):
        session.judge(session.open_plan(PLAN), place, "anna", code)
    assert verdicts.read(session.output) == []


def test_stored_pairs_are_those_that_the_report_reads(output: Path) -> None:
    choice = Choice({"anlan": tuple(f"anlan-zh{n:02d}-anlan-en{n:02d}" for n in range(14))}, PAIRS)
    expected = {
        one.row["pair_id"]: replace(one, rival=None) for one in read_examples(output, choice)
    }
    stored = StoredPairs(output)
    for key, one in expected.items():
        assert stored.pairs("anlan", [key]) == {key: one}
    assert stored.pairs("anlan", expected) == expected
    assert stored.pairs("anlan", ["nobody"]) == {}
    assert stored.pairs("atlantis", ["nobody"]) == {}


def test_a_city_paired_again_is_read_again(output: Path) -> None:
    stored, key = StoredPairs(output), "anlan-zh00-anlan-en00"
    assert stored.pairs("anlan", [key])
    store_rows(output, "pairs", "anlan", [])
    assert stored.pairs("anlan", [key]) == {}


def test_search_finds_chinese_articles_by_all_of_their_words(output: Path) -> None:
    reader = ItemReader(output)
    assert reader.search("anlan", "第3期 大桥") == ["anlan-zh02"]
    assert reader.search("anlan", "Phase") == []
    assert reader.search("anlan", ".*") == []
    assert reader.search("../anlan", "大桥") == []


def test_undo_takes_back_what_another_process_stored_since_and_only_then_ours(
    session: JudgingSession,
) -> None:
    plan, other = session.open_plan(PLAN), JudgingSession(session.output, clock())
    session.judge(plan, 0, "anna", "different")
    other.verdicts.refresh()
    other.judge(plan, 0, "anna", "translation", note="seen again")
    session.verdicts.refresh()
    for code in ("different", None):
        assert session.undo(plan, "anna") == 0
        held = session.verdicts.newest(plan.items[0].item, "anna")
        assert held is not None
        assert (held.verdict, held.note) == (code, "seen again")
    assert session.undo(plan, "anna") is None
