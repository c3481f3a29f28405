"""A file named on the command line: what is wrong with it is said plainly."""

from pathlib import Path

import pytest

from pipelines.articles.imports import ImportFileError, read_jsonl
from pipelines.quality.gold import GoldError, read_gold_pairs
from pipelines.tables import text_files


def test_text_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    for name, mark in (("a", b""), ("b", b"\xef\xbb\xbf")):
        (tmp_path / name).write_bytes(mark + "市政".encode())
        assert text_files.read_text(tmp_path / name, ValueError) == "市政"


def test_a_file_that_is_not_there_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match=r"nofile\.tsv: there is no such file$"):
        read_gold_pairs(tmp_path / "nofile.tsv")
    with pytest.raises(ImportFileError, match=r"nofile\.jsonl: there is no such file$"):
        read_jsonl(tmp_path / "nofile.jsonl")


def test_a_folder_is_not_taken_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="expected a file; this is a folder"):
        read_gold_pairs(tmp_path)


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_bytes(b"zh_id\ten_id\trelation\n" + "市政\t1\t\n".encode("gb18030"))
    with pytest.raises(GoldError, match=r"gold\.tsv:2: expected text in UTF-8, found the byte 0x"):
        read_gold_pairs(path)


def test_lines_end_at_newlines_and_at_nothing_else() -> None:
    inside = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\x1eh"
    assert text_files.lines(f"{inside}\nsecond\r\n\nfourth") == [inside, "second", "", "fourth"]
    assert text_files.lines(f"{inside}\n") == [inside]
    assert text_files.lines("") == []


def test_a_gold_file_may_hold_any_title(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text("zh_id\ten_id\trelation\nz\u2028\te\x85\ttranslation\n", encoding="utf-8")
    (found,) = read_gold_pairs(path)
    assert (found.zh_id, found.en_id) == ("z\u2028", "e\x85")
