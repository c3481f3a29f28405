"""Articles of one's own from tables and folders, by any names of columns, without a city."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.articles.imports import read_file
from pipelines.articles.records import ImportFileError
from pipelines.cli.app import main
from pipelines.tables import articles

ZH = "洛山市三月五日召开第二十九次常务会议，研究防汛工作。"
EN = "The city of Luoshan held its 29th executive meeting on March 5 and discussed flood control."


def stored(output: Path, city: str) -> dict[str, tuple[str, str]]:
    rows = articles.read_articles(output, city, ["article_id", "lang", "text"]).to_pylist()
    return {row["article_id"]: (row["lang"], row["text"]) for row in rows}


@pytest.mark.parametrize(
    ("name", "separator", "start"),
    [("a.csv", ",", ""), ("b.tsv", "\t", ""), ("c.csv", ",", "\ufeff")],
)
@pytest.mark.parametrize("city", [None, "luoshan"])
def test_a_table_is_imported_by_the_names_of_its_columns(
    tmp_path: Path, name: str, separator: str, start: str, city: str | None
) -> None:
    lines = [("doc", "body", "day"), ("z1", ZH, "2024-03-05"), ("e1", f'"{EN}"', "")]
    text = start + "".join(separator.join(cells) + "\r\n" for cells in lines)
    (tmp_path / name).write_bytes(text.encode())
    command = ["import", str(tmp_path / name), "--column", "text=body", "--column", "id=doc",
               "--column", "published_at=day", "--output", str(tmp_path / "out")]  # fmt: skip
    assert main([*command, *(["--city", city] if city else [])]) == 0
    found = stored(tmp_path / "out", city or "imported")
    assert found == {"z1": ("zh", ZH), "e1": ("en", EN)}


def test_rows_without_ids_are_named_by_number(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"text\n{ZH}\n", encoding="utf-8")
    assert main(["import", str(tmp_path / "a.csv"), "--output", str(tmp_path / "out")]) == 0
    assert stored(tmp_path / "out", "imported") == {"row-1": ("zh", ZH)}


def test_a_folder_of_text_files_is_imported(tmp_path: Path) -> None:
    for lang, title, text in (("zh", "常务会议", ZH), ("en", "Meeting", EN)):
        (tmp_path / "mine" / lang).mkdir(parents=True)
        (tmp_path / "mine" / lang / "29.txt").write_text(f"{title}\n{text}\n", encoding="utf-8")
    assert main(["import", str(tmp_path / "mine"), "--output", str(tmp_path / "out")]) == 0
    assert stored(tmp_path / "out", "imported") == {"zh-29": ("zh", ZH), "en-29": ("en", EN)}


@pytest.mark.parametrize("options", [[], ["--column", "text=inhalt"]])
def test_a_column_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(f"body,day\n{ZH},\n", encoding="utf-8")
    command = ["import", str(tmp_path / "a.csv"), *options, "--output", str(tmp_path / "out")]
    assert main(command) == 2
    assert "there are: body, day" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", f"doc;body\r\nz1;{ZH}\r\ne1;{EN}\r\n"),
        ("tabs.csv", f"doc\tbody\nz1\t{ZH}\ne1\t{EN}\n"),
        ("list.json", json.dumps([{"doc": "z1", "body": ZH}, {"doc": "e1", "body": EN}], indent=1)),
        ("lines.json", f'{{"doc": "z1", "body": "{ZH}"}}\n{{"doc": "e1", "body": "{EN}"}}\n'),
    ],
)
def test_a_table_is_read_as_other_programs_write_it(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    command = ["import", str(tmp_path / name), "--column", "text=body", "--column", "id=doc"]
    assert main([*command, "--output", str(tmp_path / "out")]) == 0
    assert stored(tmp_path / "out", "imported") == {"z1": ("zh", ZH), "e1": ("en", EN)}


def test_a_quotation_mark_in_tsv_without_quoting_is_one_of_the_text(tmp_path: Path) -> None:
    said = '"Work safety comes first," the mayor of Luoshan said.'
    (tmp_path / "a.tsv").write_text(f'id\ttext\n1\t{said}\n2\t"{EN}\n', encoding="utf-8")
    assert main(["import", str(tmp_path / "a.tsv"), "--output", str(tmp_path / "out")]) == 0
    found = stored(tmp_path / "out", "imported")
    assert found == {"1": ("en", said), "2": ("en", f'"{EN}')}


def test_one_text_file_is_an_article(tmp_path: Path) -> None:
    (tmp_path / "29.zh.txt").write_text(f"常务会议\n{ZH}\n", encoding="utf-8")
    command = ["import", str(tmp_path / "29.zh.txt"), "--output", str(tmp_path / "out")]
    assert main(command) == 0
    assert stored(tmp_path / "out", "imported") == {"29.zh": ("zh", ZH)}


def test_what_is_rejected_is_stated_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    french = "Le conseil municipal a adopté son budget hier soir, après un long débat. " * 3
    (tmp_path / "a.csv").write_text(f'text\n"{french}"\n', encoding="utf-8")
    assert main(["import", str(tmp_path / "a.csv"), "--output", str(tmp_path / "out")]) == 4
    told = capsys.readouterr().err
    assert "1 article rejected (other_language): import:row-1: The text is neither" in told


def test_a_table_of_many_columns_is_read_and_its_refusal_short(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(",".join(f"c{n}" for n in range(2_000)) + "\n1\n")
    assert main(["import", str(tmp_path / "a.csv"), "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "c59 and 1,940 more. Name" in told
    assert "c60" not in told


def test_a_column_of_bytes_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [b"\xff"]}), tmp_path / "a.parquet")
    with pytest.raises(ImportFileError, match="text must be a text, not bytes"):
        read_file(tmp_path / "a.parquet", {}, "luoshan")
