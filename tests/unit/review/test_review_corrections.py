"""Corrected sheets become newer verdicts; rows that contradict are named."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from review_corpus import Clock, sheet, sheet_rows

from pipelines.cli import app
from pipelines.quality import verdicts
from pipelines.quality.sampling import Plan
from pipelines.review import drawn_plans, verdict_export, verdict_import
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.session import JudgingSession
from pipelines.review.sheets import ExchangeError
from pipelines.review.verdict_import import Imported

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN = Plan("stratified", size=4, seed=3)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW, timedelta(hours=1))


@pytest.fixture
def session(output: Path, clock: Clock) -> JudgingSession:
    return JudgingSession(output, clock)


def take(output: Path, clock: Clock, content: bytes, kind: str = "csv", **more: Any) -> Imported:
    return verdict_import.import_verdicts(output, content, kind, name="in", clock=clock, **more)


def first_row(output: Path) -> dict[str, str]:
    """Return the first row of the plan's sheet."""
    plan = drawn_plans.open_plan(output, PLAN)
    return sheet_rows(verdict_export.export_verdicts(output, "csv", plan))[0]


def judged_row(session: JudgingSession) -> dict[str, str]:
    """Judge the first item of the plan; return its row in a sheet."""
    session.judge(session.open_plan(PLAN), 0, "anna", "different")
    (row,) = sheet_rows(verdict_export.export_verdicts(session.output, "csv"))
    return row


def counting(output: Path) -> list[tuple[str, str | None, str | None]]:
    found = verdicts.counting(verdicts.read(output))
    return sorted((one.reviewer, one.verdict, one.note) for one in found)


def test_a_corrected_row_wins_and_both_verdicts_are_kept(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    session.judge(session.open_plan(PLAN), 0, "anna", "different", note="一看")
    (row,) = sheet_rows(verdict_export.export_verdicts(output, "csv"))
    corrected = sheet([row | {"verdict": "abridged"}])
    assert take(output, clock, corrected) == Imported(0, 0, corrected=1)
    assert counting(output) == [("anna", "abridged", "一看")]
    assert [one.verdict for one in verdicts.read(output)] == ["different", "abridged"]
    first, second = verdicts.read(output)
    assert (second.weight, second.plan, second.judged_sha256) == (
        first.weight, first.plan, first.judged_sha256,
    )  # fmt: skip
    assert take(output, clock, corrected) == Imported(0, 1)
    assert len(verdicts.read(output)) == 2


def test_a_corrected_note_is_a_correction_too(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    row = judged_row(session)
    assert take(output, clock, sheet([row | {"note": "另一届会议"}])).corrected == 1
    assert counting(output) == [("anna", "different", "另一届会议")]


def test_a_row_is_corrected_as_often_as_one_likes(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    row = judged_row(session)
    for code in ("abridged", "part_of", "abridged"):
        assert take(output, clock, sheet([row | {"verdict": code}])).corrected == 1
        assert counting(output) == [("anna", code, None)]


def test_an_emptied_verdict_is_taken_back(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    row = judged_row(session)
    assert take(output, clock, sheet([row | {"verdict": ""}])) == Imported(0, 0, corrected=1)
    assert counting(output) == []
    assert len(verdicts.read(output)) == 2


def test_an_unchanged_old_sheet_does_not_undo_what_was_judged_since(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    plan = session.open_plan(PLAN)
    session.judge(plan, 0, "anna", "different")
    old = verdict_export.export_verdicts(output, "csv")
    session.judge(plan, 0, "anna", "translation")
    assert take(output, clock, old) == Imported(0, 1, superseded=1)
    assert counting(output) == [("anna", "translation", None)]


def test_a_plan_exported_with_verdicts_takes_corrections(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    plan = session.open_plan(PLAN)
    for place in range(2):
        session.judge(plan, place, "anna", "different")
    listed = sheet_rows(verdict_export.export_verdicts(output, "csv", plan, "anna"))
    listed[0]["verdict"], listed[2]["verdict"] = "part_of", "abridged"
    assert take(output, clock, sheet(listed)) == Imported(1, 1, corrected=1)
    assert [code for _, code, _ in counting(output)] == ["abridged", "different", "part_of"]
    assert take(output, clock, sheet(listed)) == Imported(0, 3)


def test_another_mate_of_an_article_is_a_correction(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    plan = session.open_plan(Plan("unmatched", size=1))
    city = plan.items[0].city
    session.judge(
        plan, 0, "anna", "missed", zh_id=f"{city}-zh00" if city == "anlan" else f"{city}-zh14"
    )
    (row,) = sheet_rows(verdict_export.export_verdicts(output, "csv"))
    other = f"{city}-zh01" if city == "anlan" else f"{city}-zh15"
    assert take(output, clock, sheet([row | {"zh_id": other}])).corrected == 1
    (last,) = verdicts.counting(verdicts.read(output))
    assert last.zh_id == other
    for change in ({"zh_id": ""}, {"zh_id": "nobody"}, {"verdict": "none"}):
        with pytest.raises(ExchangeError, match=r"line 2: .*Chinese article"):
            take(output, clock, sheet([row | change]))


def annotated(plan: DrawnPlan, output: Path, *annotations: dict[str, Any]) -> bytes:
    """Return the tasks of a plan, the first of them annotated."""
    tasks = json.loads(verdict_export.export_verdicts(output, "json", plan))
    tasks[0]["annotations"] = list(annotations)
    return json.dumps(tasks).encode()


def annotation(code: str, at: str, by: int = 7, **carried: str) -> dict[str, Any]:
    results: list[dict[str, Any]] = [{"from_name": "pair", "value": {"choices": [code]}}]
    results += [{"from_name": key, "value": {"text": [v]}} for key, v in carried.items()]
    return {"completed_by": by, "created_at": "2024-06-01T01:00:00Z", "updated_at": at,
            "result": results}  # fmt: skip


def test_an_annotation_changed_in_label_studio_wins_by_its_time(output: Path, clock: Clock) -> None:
    plan = drawn_plans.open_plan(output, PLAN)
    first = annotated(plan, output, annotation("different", "2024-06-01T02:00:00Z"))
    second = annotated(plan, output, annotation("abridged", "2024-06-01T03:00:00Z"))
    assert take(output, clock, first, "json") == Imported(1, 0)
    assert take(output, clock, second, "json") == Imported(0, 0, corrected=1)
    assert counting(output) == [("user 7", "abridged", None)]
    assert take(output, clock, second, "json") == Imported(0, 1)
    assert take(output, clock, first, "json") == Imported(0, 1, superseded=1)
    assert len(verdicts.read(output)) == 2


def test_a_verdict_changed_in_label_studio_is_a_correction_of_that_verdict(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    plan = session.open_plan(PLAN)
    given = session.judge(plan, 0, "anna", "different")
    carried = {"reviewer": "anna", "verdict_id": given.verdict_id, "plan": str(PLAN),
               "judged_at": given.judged_at.isoformat()}  # fmt: skip
    at = (given.judged_at + timedelta(minutes=5)).isoformat()
    content = annotated(plan, output, annotation("abridged", at, **carried))
    assert take(output, clock, content, "json") == Imported(0, 0, corrected=1)
    assert counting(output) == [("anna", "abridged", None)]
    assert verdicts.read(output)[-1].judged_at == given.judged_at + timedelta(minutes=5)


def test_two_annotations_of_one_user_are_two_verdicts_in_order(output: Path, clock: Clock) -> None:
    both = (annotation("abridged", "2024-06-01T03:00:00Z"),
            annotation("different", "2024-06-01T02:00:00Z"))  # fmt: skip
    content = annotated(drawn_plans.open_plan(output, PLAN), output, *both)
    taken = take(output, clock, content, "json")
    assert (taken.new + taken.corrected, taken.superseded) == (2, 1)
    assert counting(output) == [("user 7", "abridged", None)]


@pytest.mark.parametrize("change", [{"verdict": "part_of"}, {"note": "another"}])
def test_rows_of_one_item_that_say_different_things_are_both_named(
    output: Path, clock: Clock, change: dict[str, str]
) -> None:
    row = first_row(output) | {"reviewer": "bo"}
    row["verdict"] = "different"
    with pytest.raises(ExchangeError, match=r"in, line \d+: says .*in, line 2 .*keep one"):
        take(output, clock, sheet([row, row | change]))
    assert verdicts.read(output) == []
    assert take(output, clock, sheet([row, row])) == Imported(1, 1)


def test_rows_with_one_verdict_id_are_both_named(
    output: Path, session: JudgingSession, clock: Clock
) -> None:
    row = judged_row(session)
    with pytest.raises(ExchangeError, match=r"in, line \d+: says .*in, line 2 "):
        take(output, clock, sheet([row, row | {"verdict": "part_of"}]))
    other = session.open_plan(PLAN).items[1].pair_id or ""
    for fresh in ({"verdict_id": "mine"}, {"verdict_id": "mine", "judged_at": ""}):
        first = row | fresh
        copied = first | {"pair_id": other, "verdict": "abridged"}
        with pytest.raises(
            ExchangeError, match=r"in, line \d+: the verdict_id mine stands in in, line 2,"
        ):
            take(output, clock, sheet([first, copied]))
    assert len(verdicts.read(output)) == 1


@pytest.mark.parametrize("what", ["item", "reviewer"])
def test_a_verdict_id_of_something_else_is_refused(
    output: Path, session: JudgingSession, clock: Clock, what: str
) -> None:
    row = judged_row(session)
    other = session.open_plan(PLAN).items[1].pair_id or ""
    change = {"pair_id": other} if what == "item" else {"reviewer": "bo"}
    with pytest.raises(ExchangeError, match=r"line 2: the verdict_id .* is of another item or rev"):
        take(output, clock, sheet([row | change]))


@pytest.mark.parametrize("position", ["3", "99999", "2147483648", "1e3", "-1", "９"])
def test_a_row_on_a_sentence_group_that_does_not_exist_is_named(
    output: Path, clock: Clock, position: str
) -> None:
    row = {"level": "bead", "city": "anlan", "pair_id": "anlan-zh00-anlan-en00",
           "position": position, "verdict": "correct", "reviewer": "bo"}  # fmt: skip
    with pytest.raises(ExchangeError, match=r"in, line 2: (no such bead|position must be)"):
        take(output, clock, sheet([row]))
    assert take(output, clock, sheet([row | {"position": "2"}])) == Imported(1, 0)


def test_a_note_is_stored_whole_or_refused(output: Path, clock: Clock) -> None:
    row = first_row(output)
    row |= {"reviewer": "bo", "verdict": "different", "note": "长" * 2_000}
    assert take(output, clock, sheet([row])).new == 1
    assert verdicts.read(output)[0].note == "长" * 2_000
    for note in ("长" * 2_001, "a\x07b"):
        with pytest.raises(ExchangeError, match="line 2: a note "):
            take(output, clock, sheet([row | {"note": note}]))


def test_the_command_says_what_was_corrected_and_what_does_not_count(
    output: Path, session: JudgingSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = session.open_plan(PLAN)
    for place in range(2):
        session.judge(plan, place, "anna", "different")
    listed = sheet_rows(verdict_export.export_verdicts(output, "csv"))
    corrected, old = listed
    place = plan.places[verdicts.Item("pair", old["pair_id"])]
    session.judge(plan, place, "anna", "translation")
    path = tmp_path / "back.csv"
    path.write_bytes(sheet([corrected | {"verdict": "abridged"}, old]))
    assert app.main(["review", "import", str(path), "--output", str(output)]) == 0
    told = capsys.readouterr()
    assert "verdicts: 0 new, 1 corrected, 1 known before" in told.out
    assert "1 of them do not count: the reviewer gave a newer verdict here" in told.err
