"""Sheets come back as spreadsheets write them: other separators, types, encodings, workbooks."""

import io
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_corpus import Clock, sheet_rows

from pipelines.quality import verdicts
from pipelines.quality.sampling import Plan
from pipelines.review import drawn_plans, sheets, verdict_export, verdict_import, workbook
from pipelines.review.session import JudgingSession
from pipelines.review.sheets import ExchangeError
from pipelines.text.cells import cell, plain

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)
PLAN = Plan("stratified", size=3, seed=3)
HEAD = ["level", "city", "pair_id", "position", "verdict", "note", "reviewer"]
ROW = ["bead", "anlan", "anlan-zh00-anlan-en00", "1", "partly", "两行\nsaid “so”, 3-4", "bo"]


def take(output: Path, content: bytes, kind: str = "csv", **more: Any) -> verdict_import.Imported:
    clock = Clock(NOW, timedelta(days=1))
    return verdict_import.import_verdicts(output, content, kind, name="in", clock=clock, **more)


def csv_of(rows: list[list[str]], mark: str = ",", end: str = "\r\n") -> str:
    return end.join(mark.join('"' + text.replace('"', '""') + '"' for text in row) for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("first", ["", "sep={mark}{end}"])
def test_sheets_are_read_as_programs_write_them(
    encoding: str, mark: str, end: str, first: str
) -> None:
    head = [*HEAD[:4], " Verdict ", *HEAD[5:], ""]
    text = first.format(mark=mark, end=end) + csv_of([head, [*ROW, "", ""]], mark, end)
    ((where, row),) = sheets.read_csv(text.encode(encoding), "in")
    assert where == f"in, line {3 if first else 2}"
    assert [row[name] for name in HEAD] == ROW


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"position": "1.0"}, {"position": 1}),
        ({"position": "1,00"}, {"position": 1}),
        ({"verdict": "Partly"}, {"verdict": "partly"}),
        ({"verdict": "Wrong  Language"}, {"verdict": "wrong_language"}),
        ({"verdict": "部分正确"}, {"verdict": "partly"}),
        ({"judged_at": "2024/5/3 8:05"}, {"judged_at": datetime(2024, 5, 3, 8, 5, tzinfo=UTC)}),
        ({"judged_at": "2024年5月3日"}, {"judged_at": datetime(2024, 5, 3, tzinfo=UTC)}),
        ({"judged_at": "2024-05-03 08:00"}, {"judged_at": datetime(2024, 5, 3, 8, tzinfo=UTC)}),
        ({"seconds": "12,5"}, {"seconds": 12.5}),
        ({"discuss": "TRUE"}, {"discuss": True}),
    ],
)  # fmt: skip
def test_values_that_a_spreadsheet_wrote_anew_are_understood(
    output: Path, change: dict[str, str], kept: dict[str, Any]
) -> None:
    row = dict(zip(HEAD, ROW, strict=True)) | change
    assert take(output, csv_of([[*row], [*row.values()]]).encode()).new == 1
    (found,) = verdicts.read(output)
    assert {name: getattr(found, name) for name in kept} == kept


def test_an_id_that_a_spreadsheet_made_a_number_of_is_pointed_out(output: Path) -> None:
    row = [*ROW[:2], "5.981421907361E+72", *ROW[3:]]
    with pytest.raises(ExchangeError, match="a spreadsheet made a number of its id"):
        take(output, csv_of([HEAD, row]).encode())


@pytest.mark.parametrize("text", ["06/01/2024 08:00", "3.5.2024"])
def test_a_day_that_can_be_two_days_is_refused(output: Path, text: str) -> None:
    with pytest.raises(ExchangeError, match="judged_at must be a time in ISO 8601"):
        take(output, csv_of([[*HEAD, "judged_at"], [*ROW, text]]).encode())


CHANGED = ["3-4", "1.50", "5.6%", "March 1", "1 march 2024", "Mar-24", "TRUE", "2024年3月5日",
           "12:30", "3/4", "1,000", "$5", "¥5.00", "1 1/2", "2024-03-05", "5.", ".5", "1e5",
           "２０２４", "1.2.3", "5 %", "8:30 PM", "(5)"]  # fmt: skip
LEFT = ["第3-4号", "a 3-4", "3 cats", "May", "mayor 3", "3rd", "10", "0.5", "…", "3月", "e5", "-",
        "Phase 3", "1.5 km", "2024", "d855df4344ff05bd", "0.97", "会议", "12e5x", ""]  # fmt: skip
BROKEN = ["5981421907361e60", "12E5", "1.5e300", "0012", "20240305000123456", "=1+1", "-5", "'=x",
          "''12e5"]  # fmt: skip


@pytest.mark.parametrize("text", [*CHANGED, *BROKEN])
def test_what_a_spreadsheet_shows_in_another_form_is_written_as_text(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert plain(cell(text)) == text


@pytest.mark.parametrize("text", [one for one in LEFT if one not in ("3月", "-")])
def test_other_texts_are_written_as_they_are(text: str) -> None:
    assert cell(text) == text


@given(st.text(st.sampled_from("'=+-@0123456789eE.a中\t")))
def test_a_cell_reads_back_as_its_text(text: str) -> None:
    assert plain(cell(text)) == text


@given(st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=4))
@settings(max_examples=40)
def test_a_workbook_reads_back_as_its_rows(rows: list[list[str]]) -> None:
    rows = [[text.encode("utf-8", "ignore").decode() for text in row] for row in rows]
    found = list(workbook.read(workbook.written(rows)))
    assert [number for number, _ in found] == list(range(1, len(rows) + 1))
    for row, (_, cells) in zip(rows, found, strict=True):
        assert cells + [""] * (len(row) - len(cells)) == row
    assert workbook.written(rows) == workbook.written(rows)


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def sheet(cells: str, before: str = "") -> bytes:
    """Return a workbook with one row of these cells."""
    row = f'<row r="3">{cells}</row>'
    return repacked(sheet1=f"{before}<worksheet {MAIN}><sheetData>{row}</sheetData></worksheet>")


def repacked(**parts: str) -> bytes:
    """Return a workbook with other parts, given by their stems."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook.written([["a"]]))) as before,
        zipfile.ZipFile(made, "w") as after,
    ):
        held = {name: before.read(name).decode() for name in before.namelist()}
        for name, content in parts.items():
            held[next((n for n in held if n.endswith(f"{name}.xml")), f"xl/{name}.xml")] = content
        for name, content in held.items():
            after.writestr(name, content)
    return made.getvalue()


def test_cells_are_read_in_the_types_that_excel_writes() -> None:
    cells = (
        '<c r="A3" t="s"><v>0</v></c><c r="C3"><v>1.5</v></c><c r="D3"><v>12</v></c>'
        '<c r="E3" t="b"><v>1</v></c><c r="F3" t="str"><f>A1</f><v>x_x000D_</v></c>'
        '<c r="G3" s="2"><v>45444.25</v></c><c r="H3" s="1"><v>7</v></c><c r="I3" s="3"/>'
        '<c><v>5.981421907361E+72</v></c>'
    )  # fmt: skip
    strings = "<si><r><t>海</t></r><r><t>湾</t></r><rPh><t>うみ</t></rPh></si>"
    found = workbook.read(repacked(
        sheet1=f'<worksheet {MAIN}><sheetData><row r="3">{cells}</row></sheetData></worksheet>',
        sharedStrings=f"<sst {MAIN}>{strings}</sst>",
        styles=f'<styleSheet {MAIN}><numFmts>'
               '<numFmt numFmtId="164" formatCode="0 &quot;days&quot;"/>'
               '<numFmt numFmtId="165" formatCode="yyyy/m/d h:mm"/>'
               '<numFmt numFmtId="166"/></numFmts>'
               '<cellXfs><xf/><xf numFmtId="164"/><xf numFmtId="165"/><xf/></cellXfs></styleSheet>',
    ))  # fmt: skip
    assert list(found) == [
        (3, ["海湾", "", "1.5", "12", "TRUE", "x\r", "2024-06-01 06:00:00", "7", "",
             "5.981421907361E+72"]),
    ]  # fmt: skip


def torn(package: bytes) -> bytes:
    """Return a workbook whose sheet cannot be unpacked."""
    at = package.index(b"sheet1.xml") + len(b"sheet1.xml") + 5
    return package[:at] + b"\xff\xff\xff\xff" + package[at + 4 :]


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"level,verdict", "not a workbook"),
        (b"PK\x03\x04", "not a workbook"),
        (repacked(workbook=f"<workbook {MAIN}><sheets/></workbook>"), "without a sheet"),
        (repacked(sheet1="<worksheet>"), "damaged workbook"),
        (sheet('<c r="A1" t="s"><v>9</v></c>'), "damaged workbook"),
        (sheet('<c r="A1" t="s"><v>-1</v></c>'), "damaged workbook"),
        (sheet('<c r="A1" s="-1"><v>1</v></c>'), "damaged workbook"),
        (sheet('<c r="ZZZZ1"/>'), "damaged"),
        (sheet("<c><v>ten</v></c>"), "damaged"),
        (torn(workbook.written([["level", "verdict"]] * 9)), "damaged or encrypted"),
        (sheet("<c t='str'><v>&c;</v></c>", BOMB), "expected the columns"),
        (workbook.written([["level", "verdict"], ["pair", "different", "x"]]), "row 2: 3 cells"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_refused_in_a_sentence(
    output: Path, content: bytes, told: str
) -> None:
    with pytest.raises(ExchangeError, match=told):
        take(output, content, "xlsx")


def test_a_plan_filled_in_in_a_workbook_comes_back(output: Path) -> None:
    drawn = drawn_plans.open_plan(output, PLAN)
    ((_, head), *rows) = workbook.read(verdict_export.export_verdicts(output, "xlsx", drawn))
    filled = [head, *(row + [""] * (len(head) - len(row)) for _, row in rows)]
    for row in filled[1:]:
        row[head.index("verdict")] = "abridged"
    assert take(output, workbook.written(filled), "xlsx", reviewer="bo").new == 3
    assert {one.weight for one in verdicts.read(output)} == {one.weight for one in drawn.items}


def test_the_csv_of_label_studio_is_read(output: Path) -> None:
    drawn = drawn_plans.open_plan(output, PLAN).items[0]
    row = {"annotation_id": "11", "annotator": "2", "created_at": "2024-05-01T08:00:00Z",
           "updated_at": "2024-05-02T08:00:00.5Z", "lead_time": "5.1", "id": "7", "level": "pair",
           "city": drawn.city, "pair_id": drawn.pair_id or "", "plan": str(PLAN),
           "judged_sha256": "", "pair": "digest", "note": '["one", "two"]'}  # fmt: skip
    assert take(output, csv_of([[*row], [*row.values()]]).encode()).new == 1
    (found,) = verdicts.read(output)
    assert (found.verdict, found.note, found.reviewer) == ("digest", "one\ntwo", "user 2")
    assert found.weight == drawn.weight
    several = row | {"pair": json.dumps({"choices": ["digest", "abridged"]})}
    with pytest.raises(ExchangeError, match="one choice"):
        take(output, csv_of([[*several], [*several.values()]]).encode())


@pytest.mark.skipif(not shutil.which("soffice"), reason="needs LibreOffice")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_every_cell_comes_back_from_libreoffice(output: Path, tmp_path: Path, kind: str) -> None:
    session = JudgingSession(output, Clock(NOW, timedelta(minutes=1)))
    plan = session.open_plan(PLAN)
    session.judge(plan, 0, "3-4", "abridged", note="\n".join(CHANGED), seconds=12.5)
    session.judge(plan, 1, "1e5", "part_of", note="2024年3月5日")
    content = verdict_export.export_verdicts(output, kind)
    (tmp_path / f"all.{kind}").write_bytes(content)
    # As its dialogue with “detect special numbers” on, in Chinese (2052).
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile",
         *(["--infilter=CSV:44,34,76,1,,2052,false,true"] if kind == "csv" else []),
         "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", tmp_path / "out",
         tmp_path / f"all.{kind}"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    back = (tmp_path / "out/all.xlsx").read_bytes()
    assert take(output, back, "xlsx") == verdict_import.Imported(new=0, known=2)
    ((_, head), *rows) = workbook.read(back)
    before = sheet_rows(verdict_export.export_verdicts(output, "csv"))
    for row, (_, cells) in zip(before, rows, strict=True):
        for name in ("reviewer", "note", "pair_id", "judged_at", "judged_sha256", "zh", "en"):
            at = head.index(name)
            assert (cells[at] if at < len(cells) else "") == row[name], name


@pytest.mark.parametrize(("annotator", "reviewer"), [("7", "user 7"), ("9" * 5000, "9" * 5000)])
def test_a_number_of_an_annotator_is_a_user(annotator: str, reviewer: str) -> None:
    task = {"level": "pair", "pair": "correct", "pair_id": "p", "annotator": annotator}
    [(_, row)] = sheets.read_tasks(json.dumps([task]).encode(), "a.json")
    assert row["reviewer"] == reviewer
