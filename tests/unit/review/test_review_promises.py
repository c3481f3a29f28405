"""Promises to reviewers: notes stay, ids survive spreadsheets, exports of any kind are read."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.quality import estimates, printed, sampling, verdicts
from pipelines.quality.sampling import Plan, PlanError
from pipelines.review import sheets, verdict_import
from pipelines.review.session import JudgingSession

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN = Plan("stratified", size=12, seed=3)


def test_undo_leaves_the_note_that_was_written_with_the_first_verdict(output: Path) -> None:
    session = JudgingSession(output, clock=lambda: NOW)
    plan = session.open_plan(PLAN)
    session.judge(plan, 0, "anna", "different", note="the 27th, not the 29th")
    assert session.undo(plan, "anna") == 0
    held = session.verdicts.newest(plan.items[0].item, "anna")
    assert held is not None
    assert (held.verdict, held.note) == (None, "the 27th, not the 29th")


def test_a_search_without_a_hit_names_the_words_and_no_path(output: Path) -> None:
    with pytest.raises(PlanError) as refused:
        sampling.draw(output, Plan("search", text="港口吞吐量之谜"))
    assert "港口吞吐量之谜" in str(refused.value)
    assert str(output) not in str(refused.value)


def minimal(output: Path, **more: object) -> bytes:
    """Return a task as Label Studio writes it in the format JSON-MIN."""
    drawn = JudgingSession(output, clock=lambda: NOW).open_plan(PLAN).items[0]
    task = {
        "id": 7, "annotator": 2, "annotation_id": 11, "lead_time": 5.1,
        "created_at": "2024-05-01T08:00:00Z", "updated_at": "2024-05-02T08:00:00Z",
        "level": "pair", "city": drawn.city, "pair_id": drawn.pair_id, "position": None,
        "zh_id": drawn.zh_id, "en_id": drawn.en_id, "judged_sha256": drawn.judged_sha256,
        "plan": str(PLAN), "zh": "…", "en": "…", "pair": "abridged",
    } | more  # fmt: skip
    return json.dumps([task], ensure_ascii=False).encode()


@pytest.mark.parametrize("note", [None, "one line", ["two", "lines"]])
def test_the_format_json_min_is_read(output: Path, note: object) -> None:
    content = minimal(output, **({"note": note} if note else {}))
    found = verdict_import.import_verdicts(output, content, "json", name="in", clock=lambda: NOW)
    assert found.new == 1
    (given_now,) = verdicts.read(output)
    assert (given_now.verdict, given_now.reviewer) == ("abridged", "user 2")
    assert given_now.note == ("\n".join(note) if isinstance(note, list) else note)


def test_a_choice_of_several_in_json_min_is_refused_in_a_sentence(output: Path) -> None:
    content = minimal(output, pair={"choices": ["abridged", "digest"]})
    with pytest.raises(sheets.ExchangeError, match="one choice"):
        verdict_import.import_verdicts(output, content, "json", name="in", clock=lambda: NOW)


def test_an_arrow_drawn_in_label_studio_is_passed_over(output: Path) -> None:
    (task,) = json.loads(minimal(output))
    arrow = {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"}
    choice = {"from_name": "pair", "to_name": "zh", "type": "choices",
              "value": {"choices": ["digest"]}}  # fmt: skip
    annotated = [{"data": task, "annotations": [
        {"completed_by": 3, "result": [arrow, choice], "updated_at": "2024-05-02T08:00:00Z"}
    ]}]  # fmt: skip
    content = json.dumps(annotated).encode()
    verdict_import.import_verdicts(output, content, "json", name="in", clock=lambda: NOW)
    assert [one.verdict for one in verdicts.read(output)] == ["digest"]


def judged_by_two(output: Path, *, agree: bool) -> None:
    session = JudgingSession(output, clock=lambda: NOW)
    plan = session.open_plan(PLAN)
    for place in range(len(plan.items)):
        session.judge(plan, place, "anna", "translation" if place % 2 else "different")
        second = place % 2 if agree else place % 3
        session.judge(plan, place, "bo", "translation" if second else "different")


@pytest.mark.parametrize("agree", [True, False])
def test_reviewers_who_disagree_are_pointed_out(
    output: Path, agree: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    judged_by_two(output, agree=agree)
    told = printed.evaluate(output)["warnings"]
    printed.show(output)
    assert len(told) == (0 if agree else 1)
    assert ("disagree" in capsys.readouterr().err) == (not agree)
    assert agree or ("anna and bo" in told[0] and "kappa" in told[0])


def test_a_corpus_judged_to_the_last_pair_has_no_interval(output: Path) -> None:
    session = JudgingSession(output, clock=lambda: NOW)
    plan = session.open_plan(Plan("stratified", size=1000, seed=1))
    for place in range(len(plan.items)):
        session.judge(plan, place, "anna", "translation" if place % 3 else "different")
    found = estimates.estimate(output)
    assert found.precision is not None
    assert found.precision.counted
    (sentence, *_) = printed.quote(found)
    assert "counted, not estimated" in sentence
    assert "95 %" not in sentence
