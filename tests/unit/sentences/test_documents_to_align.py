"""Documents to align, from files of every kind."""

import json
from pathlib import Path

import pytest

from pipelines.sentences.documents import AlignError, Document, read_documents
from pipelines.sentences.jsonl import align_file

ZH = ("港务局昨天启用了新码头。", "首艘货轮运来两千吨大豆。")
EN = ("The port authority opened a new quay yesterday.", "The first ship brought soybeans.")


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_has_one_document_or_an_id_before_each_line(tmp_path: Path) -> None:
    two = written(tmp_path / "quay.tsv", f"{ZH[0]}\t{EN[0]}\n\n{ZH[1]}\t\n")
    assert read_documents(two, None, cut=False) == [Document("quay", [*ZH], [EN[0]])]
    three = written(tmp_path / "two.tsv", f"a\t{ZH[0]}\t{EN[0]}\nb\t{ZH[1]}\t{EN[1]}\r\n")
    assert read_documents(three, None, cut=False) == [
        Document("a", [ZH[0]], [EN[0]]),
        Document("b", [ZH[1]], [EN[1]]),
    ]


def test_lines_of_both_languages_are_told_apart_by_their_script(tmp_path: Path) -> None:
    path = written(tmp_path / "page.txt", f"\ufeff{ZH[0]}\n{EN[0]}\n{ZH[1]}\n{EN[1]}\n")
    assert read_documents(path, None, cut=False) == [Document("page", [*ZH], [*EN])]
    lines = ["由North Quay Co. Ltd.投资。", "地点：A座", "Venue: Grand Theatre (大剧院)", "Block A"]
    path = written(tmp_path / "names.txt", "\r".join(lines))
    assert read_documents(path, None, cut=False) == [Document("names", lines[:2], lines[2:])]


def test_a_first_line_of_names_has_the_order_of_the_columns(tmp_path: Path) -> None:
    path = written(tmp_path / "named.tsv", f"id\tEN\tzh\na\t{EN[0]}\t{ZH[0]}\n")
    assert read_documents(path, None, cut=False) == [Document("a", [ZH[0]], [EN[0]])]


def test_two_texts_are_one_document_and_are_split_where_asked(tmp_path: Path) -> None:
    zh = written(tmp_path / "zh.txt", "".join(ZH) + "\n")
    en = written(tmp_path / "en.txt", " ".join(EN))
    assert read_documents(zh, en, cut=False) == [Document("zh", ["".join(ZH)], [" ".join(EN)])]
    assert read_documents(zh, en, cut=True) == [Document("zh", [*ZH], [*EN])]


def test_texts_in_json_lines_are_split_where_asked_and_written_with_the_beads(
    tmp_path: Path,
) -> None:
    row = {"id": 1, "zh": "".join(ZH), "en": [" ".join(EN)]}
    source = written(tmp_path / "in.jsonl", json.dumps(row))
    with pytest.raises(AlignError, match='"zh" must be a list of sentences'):
        read_documents(source, None, cut=False)
    assert align_file(source, tmp_path / "out.jsonl", cut=True) == 1
    answer = json.loads((tmp_path / "out.jsonl").read_text())
    assert answer["zh"] == [*ZH]
    assert answer["en"] == [*EN]
    assert answer["beads"] == [[[0], [0]], [[1], [1]]]
    assert all(0.5 < p <= 1 for p in answer["probabilities"])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("one.tsv", "只有一列\n", "one.tsv:1: expected Chinese and English"),
        ("four.tsv", "a\tb\tc\td\n", "there are 4 columns"),
        ("zh.txt", ZH[0], "has no lines in English; expected lines of both languages"),
        ("en.txt", EN[0], "has no lines in Chinese"),
        ("table.csv", f"{ZH[0]},{EN[0]}", "expected one object a line, or a file that ends in"),
        ("swapped.tsv", f"{EN[0]}\t{ZH[0]}\n", "swapped.tsv:1: the languages are swapped"),
        (
            "swapped.jsonl",
            json.dumps({"id": "a", "zh": [], "en": []})
            + "\n"
            + json.dumps({"id": "b", "zh": [*EN], "en": [*ZH]}),
            'swapped.jsonl:2: the languages are swapped; "zh" is in English',
        ),
    ],
)
def test_what_is_no_document_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(AlignError) as raised:
        read_documents(written(tmp_path / name, text), None, cut=False)
    assert message in str(raised.value)


def test_names_in_latin_letters_do_not_swap_the_languages(tmp_path: Path) -> None:
    row = {"id": "a", "zh": ["OpenHarbour与NorthQuay签约。"], "en": ["They signed (签约)."]}
    source = written(tmp_path / "in.jsonl", json.dumps(row, ensure_ascii=False))
    assert len(read_documents(source, None, cut=False)) == 1


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gbk.txt"
    path.write_bytes("港务局".encode("gbk"))
    with pytest.raises(AlignError, match="is not UTF-8 text"):
        read_documents(path, None, cut=False)


def test_two_texts_of_one_language_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    zh, en = written(tmp_path / "zh.txt", ZH[0]), written(tmp_path / "en.txt", EN[0])
    rows = written(tmp_path / "rows.jsonl", "{}")
    for source, english, message in (
        (zh, zh, "zh.txt: is in Chinese, too"),
        (en, en, "en.txt: is in English, too"),
        (rows, en, "rows.jsonl: expected a text"),
        (zh, rows, "rows.jsonl: expected a text"),
    ):
        with pytest.raises(AlignError, match=message):
            read_documents(source, english, cut=False)
    named = written(tmp_path / "named.txt", "OpenHarbour与NorthQuay签约。")
    assert len(read_documents(named, en, cut=False)) == 1


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes(ZH[0].encode("utf-16"))
    with pytest.raises(AlignError, match="is UTF-16; save it as UTF-8"):
        read_documents(path, None, cut=False)
