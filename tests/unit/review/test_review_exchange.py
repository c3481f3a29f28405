"""Verdicts go to a spreadsheet or Label Studio and come back the same, or not at all."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from authored import HOSTILE_TITLE
from review_corpus import sheet, sheet_rows, write_judged

from pipelines.cli.app import main
from pipelines.quality import verdicts
from pipelines.quality.sampling import Plan
from pipelines.review import drawn_plans, verdict_export, verdict_import
from pipelines.review.session import JudgingSession
from pipelines.review.sheets import ExchangeError
from pipelines.review.verdict_import import Imported

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PLAN = Plan("stratified", size=12, seed=3)


def import_verdicts(output: Path, content: bytes, kind: str = "csv", **more: Any) -> Imported:
    return verdict_import.import_verdicts(
        output, content, kind, name="in", clock=lambda: LATER, **more
    )


def test_a_plan_filled_in_in_a_spreadsheet_comes_back_with_its_weights(output: Path) -> None:
    drawn = drawn_plans.open_plan(output, PLAN)
    rows = sheet_rows(verdict_export.export_verdicts(output, "csv", drawn))
    assert len(rows) == 12
    assert {row["probability"] + row["method"] + row["verdict"] for row in rows} == {""}
    for row in rows[:5]:
        row |= {"verdict": "part_of", "note": "=2+2", "weight": "9999"}
    assert import_verdicts(output, sheet(rows), reviewer="安娜") == Imported(5, 0)
    found = verdicts.read(output)
    assert {(one.pair_id, one.weight, one.stratum) for one in found} == {
        (one.pair_id, one.weight, one.stratum) for one in drawn.items[:5]
    }
    assert {(one.reviewer, one.verdict, one.plan) for one in found} == {
        ("安娜", "part_of", str(PLAN))
    }
    assert import_verdicts(output, sheet(rows), reviewer="安娜") == Imported(0, 5)


@pytest.mark.parametrize(
    ("kind", "verdict"), [("csv", "a row whose column verdict is filled"), ("json", "annotation")]
)
def test_a_file_without_verdicts_is_explained_in_its_own_format(
    kind: str, verdict: str, output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / f"blank.{kind}"
    drawn = drawn_plans.open_plan(output, PLAN)
    blank.write_bytes(verdict_export.export_verdicts(output, kind, drawn))
    assert main(["review", "import", str(blank), "--reviewer", "bo", "--output", str(output)]) == 0
    error = capsys.readouterr().err
    assert error.startswith(f"shizheng: {blank}: holds no verdict; a verdict is ")
    assert verdict in error


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_all_verdicts_make_the_round_trip(output: Path, tmp_path: Path, kind: str) -> None:
    session = JudgingSession(output, clock=lambda: NOW)
    pairs = session.open_plan(PLAN)
    for place, reviewer in ((0, "anna"), (0, "bo"), (1, "anna")):
        session.judge(pairs, place, reviewer, "abridged", note="-1，“引号”\n第二行")
    session.judge(pairs, 2, "anna", None, position=None)
    session.judge(pairs, 0, "anna", "wrong", position=1)
    session.judge(pairs, 0, "cleo", "translation", adjudicating=True)
    loose = session.open_plan(Plan("unmatched", size=2))
    counterpart = loose.items[0].nearest[:1] or (f"{loose.items[0].city}-zh00",)
    session.judge(loose, 0, "bo", "missed", zh_id=counterpart[0])
    before = set(verdicts.counting(verdicts.read(output)))
    content = verdict_export.export_verdicts(output, kind)
    other = write_judged(tmp_path / "other")
    for plan in (PLAN, Plan("unmatched", size=2)):
        drawn_plans.open_plan(other, plan)
    assert import_verdicts(other, content, kind).new == len(before) == 6
    after = set(verdicts.counting(verdicts.read(other)))

    def essence(found: set[verdicts.Verdict]) -> set[tuple[Any, ...]]:
        return {
            (v.item, v.reviewer, v.verdict, v.note, v.zh_id, v.plan, v.judged_at) for v in found
        }

    assert essence(after) == essence(before)
    assert import_verdicts(other, content, kind).new == 0


def test_no_text_becomes_a_formula(output: Path) -> None:
    session = JudgingSession(output, clock=lambda: NOW)
    drawn = session.open_plan(Plan("search", text="evil"))
    session.judge(drawn, 0, "eve", "different", note='=HYPERLINK("http://x.example")')
    content = verdict_export.export_verdicts(output, "csv")
    assert sheet_rows(content)[0]["zh_title"] == HOSTILE_TITLE
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        assert not any(cell[:1] in tuple("=+-@\t\r") and cell for cell in row)
    assert '\'=HYPERLINK("http://x.example")' in {row["note"] for row in sheet_rows(content)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "perfect"}, "line 2: verdict of level pair must be translation"),
        ({"level": "book"}, "line 2: level must be pair, bead, unmatched, not 'book'"),
        ({"pair_id": "", "plan": ""}, "line 2: a pair is named by pair_id"),
        ({"pair_id": "nobody", "plan": ""}, "line 2: no such pair in the corpus"),
        ({"position": "1"}, "line 2: a pair is named by pair_id"),
        ({"position": "x"}, "line 2: position must be a number"),
        ({"judged_at": "yesterday"}, "line 2: judged_at must be a time"),
        ({"judged_at": "2031-01-01"}, "lies in the future"),
        ({"judged_at": "0001-01-01"}, "line 2: judged_at .* lies before 1949"),
        ({"reviewer": ""}, "line 2: a reviewer's name"),
    ],
)
def test_one_bad_line_stops_the_whole_file(
    output: Path, change: dict[str, str], message: str
) -> None:
    rows = sheet_rows(
        verdict_export.export_verdicts(output, "csv", drawn_plans.open_plan(output, PLAN), "anna")
    )
    rows = [row | {"verdict": "different"} for row in rows]
    rows[0] |= change
    with pytest.raises(ExchangeError, match=message):
        import_verdicts(output, sheet(rows))
    assert verdicts.read(output) == []


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"a,b\n1,2\n", "csv", "line 1: expected the columns level and verdict"),
        (b"", "csv", "line 1: expected the columns"),
        ("level,verdict\n中文".encode("gb18030"), "csv", "not UTF-8"),
        (b"{}", "json", "expected a list of tasks"),
        (b"[1]", "json", "task 1: expected an object with data"),
        (b"[", "json", "not JSON"),
        (b'[{"data": {"level": "pair"}, "annotations": [{"result": [{}]}]}]', "json", "task 1"),
    ],
)
def test_a_file_of_another_kind_is_named(
    output: Path, content: bytes, kind: str, message: str
) -> None:
    with pytest.raises(ExchangeError, match=message):
        import_verdicts(output, content, kind)


def test_annotations_made_in_label_studio_are_read(output: Path) -> None:
    tasks = json.loads(
        verdict_export.export_verdicts(output, "json", drawn_plans.open_plan(output, PLAN))
    )
    result = [
        {"id": "a", "from_name": "pair", "to_name": "zh", "type": "choices",
         "value": {"choices": ["same_event"]}},
        {"id": "b", "from_name": "note", "to_name": "zh", "type": "textarea",
         "value": {"text": ["later"]}},
    ]  # fmt: skip
    by = ({"email": "anna@example.org"}, 7, None)
    tasks[0] |= {"id": 1, "annotations": [
        {"id": n, "completed_by": who, "result": result, "was_cancelled": False,
         "created_at": "2024-05-01T10:00:00.123456Z"} for n, who in enumerate(by)
    ]}  # fmt: skip
    tasks[1]["annotations"] = [{"was_cancelled": True, "result": []}]
    assert import_verdicts(output, json.dumps(tasks).encode(), "json", reviewer="bo") == Imported(
        3, 0
    )
    found = verdicts.read(output)
    assert sorted(one.reviewer for one in found) == ["anna@example.org", "bo", "user 7"]
    assert {(one.verdict, one.note) for one in found} == {("same_event", "later")}
    assert all(one.weight for one in found)


def test_the_labelling_interface_names_what_the_tasks_hold(output: Path) -> None:
    task = json.loads(
        verdict_export.export_verdicts(output, "json", drawn_plans.open_plan(output, PLAN))
    )[0]
    root = ET.fromstring(verdict_export.label_studio_config(["pair"]))
    for tag in root.iter():
        if (value := tag.get("value", "")).startswith("$"):
            assert value[1:] in task["data"]
    choices = [tag.get("value") for tag in root.iter("Choice")]
    assert tuple(choices) == verdicts.LEVELS["pair"]
