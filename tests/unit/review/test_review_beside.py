"""What a reviewer states beside a verdict: relation, note, flag, and the time it took."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from review_corpus import Clock, sheet, sheet_rows

from pipelines.quality import pace, printed, verdicts
from pipelines.quality.sampling import Plan
from pipelines.quality.verdicts import Verdict
from pipelines.review import verdict_export, verdict_import
from pipelines.review.article_views import compared
from pipelines.review.drawn_plans import DrawnPlan
from pipelines.review.session import JudgingSession, VerdictRefusedError

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN = Plan("stratified", size=4, seed=3)


@pytest.fixture
def session(output: Path) -> JudgingSession:
    return JudgingSession(output, Clock(NOW, timedelta(minutes=1)))


def newest(session: JudgingSession, plan: DrawnPlan, place: int, who: str = "anna") -> Verdict:
    found = session.verdicts.newest(plan.items[place].item, who)
    assert found is not None
    return found


def missed(session: JudgingSession, **more: Any) -> Verdict:
    plan = session.open_plan(Plan("unmatched", size=1))
    city = plan.items[0].city
    zh_id = f"{city}-zh00" if city == "anlan" else f"{city}-zh14"
    return session.judge(plan, 0, "anna", "missed", zh_id=zh_id, **more)


def test_a_counterpart_found_is_stored_first_and_its_relation_after(
    session: JudgingSession,
) -> None:
    assert missed(session, note="p. 2").relation is None
    assert missed(session, relation="abridged").note == "p. 2"
    plan = session.open_plan(Plan("unmatched", size=1))
    session.undo(plan, "anna")
    assert (newest(session, plan, 0).verdict, newest(session, plan, 0).relation) == ("missed", None)
    for code, relation in (("none", "abridged"), ("missed", "different")):
        zh_id = "anlan-zh00" if code == "missed" else None
        with pytest.raises(VerdictRefusedError, match="a counterpart found belongs by"):
            session.judge(plan, 0, "anna", code, zh_id=zh_id, relation=relation)


def test_a_flag_needs_no_verdict_outlives_one_and_is_taken_back(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    assert session.flag(plan, 1, "anna", "which meeting?", adjudicating=False)
    assert session.progress.of(plan, "anna").judged == 0
    assert session.progress.next_place(plan, "anna") == 0
    assert [*session.progress.flagged(plan)] == session.progress.to_settle(plan) == [1]
    session.judge(plan, 1, "anna", "different")
    session.undo(plan, "anna")
    held = newest(session, plan, 1)
    assert (held.verdict, held.note, held.discuss) == (None, "which meeting?", True)
    assert JudgingSession(session.output).progress.to_settle(plan) == [1]
    assert not session.flag(plan, 1, "anna", None, adjudicating=False)
    assert session.progress.to_settle(plan) == []
    assert newest(session, plan, 1).note == "which meeting?"


def test_a_flagged_item_that_nobody_judged_can_be_settled(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    session.flag(plan, 2, "bo", None, adjudicating=False)
    session.judge(plan, 2, "cleo", "part_of", adjudicating=True)
    assert session.progress.settled(plan) == {2}


def test_a_note_goes_only_when_it_is_emptied(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    session.judge(plan, 0, "anna", "different", note="27th")
    session.judge(plan, 0, "anna", "abridged")
    assert newest(session, plan, 0).note == "27th"
    session.judge(plan, 0, "anna", "abridged", note="")
    assert newest(session, plan, 0).note is None


def test_times_add_up_over_an_item_and_undoing_adds_nothing(session: JudgingSession) -> None:
    plan = session.open_plan(PLAN)
    for place, seconds in ((0, 10.0), (0, 5.0), (1, 30.0), (2, None)):
        session.judge(plan, place, "anna", "different", seconds=seconds)
    session.flag(plan, 0, "anna", None, adjudicating=False)
    session.undo(plan, "anna")
    session.judge(plan, 0, "cleo", "abridged", adjudicating=True, seconds=99.0)
    (found,) = pace.paces(verdicts.read(session.output))
    assert (found.reviewer, found.items, found.median, found.total) == ("anna", 2, 22.5, 45.0)
    assert session.progress.paces(plan)["anna"] == found
    assert printed.evaluate(session.output)["time"][0]["total"] == 45


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_stands_beside_a_verdict_makes_the_round_trip(
    session: JudgingSession, kind: str
) -> None:
    missed(session, relation="abridged", note="好")
    plan = session.open_plan(Plan("unmatched", size=1))
    session.flag(plan, 0, "anna", None, adjudicating=False)
    content = verdict_export.export_verdicts(session.output, kind)
    stored = [one for one in verdicts.read(session.output) if one.relation]
    for file in (session.output / "reviews").glob("*.jsonl"):
        file.unlink()
    clock = Clock(NOW, timedelta(days=1))
    verdict_import.import_verdicts(session.output, content, kind, name="in", clock=clock)
    (back,) = verdicts.read(session.output)
    assert (back.relation, back.discuss, back.note) == ("abridged", True, stored[0].note)


def test_a_sheet_without_the_columns_leaves_them_as_they_are(session: JudgingSession) -> None:
    missed(session, relation="abridged")
    (row,) = sheet_rows(verdict_export.export_verdicts(session.output, "csv"))
    clock = Clock(NOW, timedelta(days=1))

    def take(changed: dict[str, str]) -> verdict_import.Imported:
        content = sheet([changed])
        return verdict_import.import_verdicts(
            session.output, content, "csv", name="in", clock=clock
        )

    older = {name: value for name, value in row.items() if name not in ("relation", "discuss")}
    assert take(older).known == 1
    assert take(row | {"relation": "digest"}).corrected == 1
    assert take(older | {"note": "later"}).corrected == 1
    last = verdicts.read(session.output)[-1]
    assert (last.relation, last.note) == ("abridged", "later")
    for change, told in (
        ({"relation": "none"}, "relation goes with the verdict missed"),
        ({"discuss": "perhaps"}, "discuss must be true or empty"),
        ({"seconds": "-3"}, "seconds must be a number"),
        ({"seconds": "nan"}, "seconds must be a number"),
    ):
        with pytest.raises(verdict_import.ExchangeError, match=told):
            take(row | change)


def row(lang: str, title: str, text: str) -> dict[str, Any]:
    return {"article_id": title, "lang": lang, "title": title, "text": text, "script": "Hans",
            "url": f"https://{lang}.example/{len(text)}", "published_at": None}  # fmt: skip


def test_facts_are_coloured_where_an_article_and_its_candidates_share_them() -> None:
    english = row("en", "The Ninth Tea Fair opens", "On May 3, 2023 it drew 4,600 & 77 guests.")
    near = row("zh", "第九届茶博会开幕", "2023年5月3日，茶博会吸引四千六百人，投资3亿元。")
    far = row("zh", "第十届<b>", "2019年1月1日。")
    shown, (first, second) = compared(english, [near, far])
    text = "".join(shown.paragraphs)
    assert '<mark class="rank">' in shown.title
    assert 'class="date">' in text
    assert "&amp;" in text
    assert 'class="rank"' in first.title
    assert "3亿元" in "".join(first.paragraphs)
    assert "alone" not in "".join([first.title, *first.paragraphs])
    assert second.title == "第十届&lt;b&gt;"
    nothing, _ = compared(english, [])
    assert nothing.title.count("<mark") == nothing.title.count("alone") == 1


def test_a_relation_is_asked_for_in_label_studio_where_a_counterpart_can_be_named() -> None:
    assert 'name="relation"' in verdict_export.label_studio_config(["unmatched"])
    assert 'name="relation"' not in verdict_export.label_studio_config(["pair"])
