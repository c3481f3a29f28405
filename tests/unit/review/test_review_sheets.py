"""Any file is read as verdicts or refused in a sentence."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from review_corpus import write_judged

from pipelines.cli import app
from pipelines.quality import verdicts
from pipelines.quality.sampling import Plan
from pipelines.review import drawn_plans, sheets, verdict_export, verdict_import
from pipelines.review.sheets import ExchangeError

PLAN = Plan("stratified", size=3, seed=3)
HEAD = b"level,city,pair_id,verdict,reviewer\n"
ROW = b"pair,anlan,anlan-zh00-anlan-en00,different,bo\n"


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_judged(tmp_path_factory.mktemp("odd"))


def refused(output: Path, tmp_path: Path, name: str, content: bytes, capsys: Any) -> str:
    """Import a file by the command; return the sentence of refusal."""
    path = tmp_path / name
    path.write_bytes(content)
    code = app.main(["review", "import", str(path), "--reviewer", "bo", "--output", str(output)])
    told = capsys.readouterr().err
    assert code == 2, told
    assert "internal" not in told
    assert told.count("\n") == 1
    assert len(told) < 800
    assert verdicts.read(output) == []
    return str(told)


def tasks(**change: Any) -> bytes:
    """Return a task with one annotation, right but for the change."""
    result = {"from_name": "pair", "to_name": "zh", "type": "choices",
              "value": {"choices": ["different"]}}  # fmt: skip
    data = {"level": "pair", "city": "anlan", "pair_id": "anlan-zh00-anlan-en00"}
    annotation = {"result": [result | change.get("one", {}), *change.get("more", [])]}
    task = {"data": data | change.get("data", {}),
            "annotations": [annotation | change.get("annotation", {})]}  # fmt: skip
    return json.dumps([task | change.get("task", {})]).encode()


DEEP = b"[" * 100_000 + b"]" * 100_000
NESTED: Any = []
for _ in range(300):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (DEEP, "nested too deeply"),
        (tasks()[:-9], "not JSON"),
        (b"[" + b"9" * 6_000 + b"]", "not JSON"),
        (b'[{"data": {}, "data": {}}]', 'the key "data" appears twice'),
        (b"null", "expected a list of tasks"),
        (b'"text"', "expected a list of tasks"),
        (b'{"tasks": []}', "expected a list of tasks"),
        (b'[{"id": 1, "pair": "different", "annotator": 1}]', "task 1: expected an object with"),
        (b"[null]", "task 1: expected an object with data and annotations"),
        (b'[[{"data": {}}]]', "task 1: expected an object with data and annotations"),
        (tasks(task={"annotations": {}}), "lists"),
        (tasks(task={"annotations": {"a": 1}}), "lists"),
        (tasks(task={"annotations": [7]}), "an annotation is an object"),
        (tasks(task={"annotations": [[]]}), "an annotation is an object"),
        (tasks(annotation={"result": None}), "lists"),
        (tasks(annotation={"result": {"a": 1}}), "lists"),
        (tasks(annotation={"result": [None]}), "a result is an object"),
        (tasks(one={"value": None}), "a result is an object"),
        (tasks(one={"value": {}}), "lists"),
        (tasks(one={"value": {"choices": "different"}}), "lists"),
        (tasks(one={"value": {"choices": ["different", "part_of"]}}), "one choice"),
        (tasks(one={"value": {"choices": [["different"]]}}), "verdict must be a text"),
        (tasks(one={"value": {"choices": [NESTED]}}), "verdict must be a text"),
        (tasks(one={"value": {"choices": [1e300]}}), "verdict must be a text"),
        (tasks(more=[{"from_name": "note", "value": {"text": [3]}}]), "note is a text"),
        (tasks(more=[{"from_name": "note", "value": {"text": ["\ud800"]}}]), "U+D800"),
        (tasks(more=[{"from_name": "reviewer", "value": {"text": ["\ud800"]}}]), "reviewer must"),
        (tasks(more=[{"from_name": "judged_at", "value": {"text": ["0001-01-01T00:00+14:00"]}}]),
         "judged_at must be a time"),
        (tasks(data={"level": None}), "the level of the task is 'None'"),
        (tasks(data={"level": "bead"}), "a choice is named 'pair', but the level of the task is"),
        (tasks(one={"from_name": "mood"}), "a choice is named 'mood'"),
        (tasks(one={"from_name": NESTED}), "a choice is named"),
        (tasks(data={"level": ["pair"]}), "level"),
        (tasks(data={"level": {"a": 1}}), "level"),
        (tasks(data={"city": 7}), "city must be a text"),
        (tasks(data={"city": "a\x00b"}), "city must be a text"),
        (tasks(data={"city": "../anlan"}), "no such pair"),
        (tasks(data={"pair_id": {"a": 1}}), "pair_id must be a text"),
        (tasks(data={"position": True}), "position must be a number"),
        (tasks(data={"position": [1]}), "position must be a number"),
        (tasks(data={"position": 1.5}), "position must be a number"),
        (tasks(data={"position": 10**30}), "position must be a number"),
        (tasks(data={"judged_sha256": "abc"}), "judged_sha256 is no SHA-256"),
        (tasks(annotation={"updated_at": 7}), "judged_at must be a text"),
        (tasks(annotation={"completed_by": {"email": ["a"]}}), "reviewer must be a text"),
    ],
)  # fmt: skip
def test_an_odd_file_of_label_studio_is_refused_in_a_sentence(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    assert told in refused(output, tmp_path, "odd.json", content, capsys)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ((HEAD + ROW).decode().encode("utf-16-le"), "line 1: expected the columns"),
        ((HEAD + ROW).decode().encode("utf-16")[:-1], "not UTF-8"),
        ((HEAD + "安".encode("gb18030")), "not UTF-8"),
        ((HEAD + ROW).replace(b",", b"|"), "with commas between them"),
        (HEAD.replace(b"city", b"level") + ROW, "line 1: the column level stands there twice"),
        (HEAD + b'pair,anlan,"anlan-zh00,different,bo\n' + ROW, "not CSV"),
        (HEAD + b'pair,anlan,"a"b,different,bo\n', "not CSV"),
        (HEAD + b"pair,an,lan,anlan-zh00-anlan-en00,different,bo\n", "line 2: 6 cells"),
        (HEAD + ROW.replace(b"anlan,", b"an\x00lan,", 1), "line 2: city must be a text"),
        (HEAD + ROW.replace(b"bo", b"b\x00o"), "line 2: reviewer must be a text"),
        (HEAD + ROW.replace(b"bo", b"b" * (sheets.LONGEST_CELL + 1)), "line 2: not CSV"),
        (b"b" * (sheets.LONGEST_CELL + 1), "line 1: not CSV"),
        (HEAD.replace(b"city", b"position") + ROW.replace(b"anlan,", b"9" * 5_000 + b",", 1),
         "position must be a number"),
        (b"\n\n", "line 1: expected the columns level and verdict"),
    ],
)  # fmt: skip
def test_an_odd_sheet_is_refused_in_a_sentence(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    assert told in refused(output, tmp_path, "odd.csv", content, capsys)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_label_studio_files_are_read_in_the_encodings_of_json(encoding: str) -> None:
    content = tasks(more=[{"from_name": "note", "value": {"text": "一行"}}]).decode()
    ((where, row),) = sheets.read_tasks(content.encode(encoding), "in")
    assert (where, row["verdict"], row["note"]) == ("in, task 1", "different", "一行")


def test_a_task_nobody_annotated_is_no_verdict(output: Path) -> None:
    content = verdict_export.export_verdicts(output, "json", drawn_plans.open_plan(output, PLAN))
    assert list(sheets.read_tasks(content, "in")) == []
    empty = json.dumps([task | {"annotations": None} for task in json.loads(content)])
    assert list(sheets.read_tasks(empty.encode(), "in")) == []


def test_a_sheet_of_very_many_columns_is_read_in_proportion_to_them() -> None:
    # Each was counted among all: so many took minutes.
    names = [*("level", "verdict", "pair_id"), *(f"c{n}" for n in range(50_000))]
    before = time.process_time()
    assert list(sheets.read_csv(",".join(names).encode(), "in")) == []
    with pytest.raises(sheets.ExchangeError, match="the column c7 stands there twice"):
        list(sheets.read_csv(",".join([*names, "c7"]).encode(), "in"))
    assert time.process_time() - before < 10  # seconds of CPU, for a busy machine


def test_a_blank_typed_after_a_word_is_no_part_of_it() -> None:
    content = "level,verdict,reviewer,pair_id\npair, different\u3000,bo ,x \n".encode()
    ((_, row),) = sheets.read_csv(content, "in")
    assert (row["verdict"], row["reviewer"], row["pair_id"]) == ("different", "bo", "x ")


def test_a_row_is_named_by_the_line_it_begins_on() -> None:
    content = b'level,note,verdict\npair,"a\nb",x\n\npair,,y\n'
    assert [where for where, _ in sheets.read_csv(content, "in")] == ["in, line 2", "in, line 5"]


def test_what_the_interface_cannot_say_is_refused_before_anything_is_stored(output: Path) -> None:
    with pytest.raises(ExchangeError, match="line 3: verdict of level pair must be"):
        verdict_import.import_verdicts(
            output, HEAD + ROW + ROW.replace(b"different", b"good"), "csv", name="in"
        )
    assert verdicts.read(output) == []
