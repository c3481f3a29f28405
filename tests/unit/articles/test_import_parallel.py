"""Parallel texts and datasets that people bring: read, linked, and refused in a sentence."""

import re
import zipfile
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.archive.reader import ArchiveError
from pipelines.align import align_city
from pipelines.articles import imports, records, wacz
from pipelines.articles.contract import MAX_TEXT
from pipelines.articles.parallel import CHARACTERS
from pipelines.cli.app import main
from pipelines.tables import articles, files, parquet, schema
from pipelines.vectors.load import load_encoder

ZH = ("洛山市三月五日召开第二十九次常务会议。", "会议研究了防汛工作。", "新桥将于六月通车。")
EN = (
    "The city of Luoshan held its 29th executive meeting on March 5.",
    "The meeting discussed flood control.",
    "A new bridge will open in June.",
)


def tmx(units: str, head: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<tmx version="1.4">'
        f'<header srclang="zh-CN"/><body>\n{units}</body></tmx>\n'
    )


def unit(zh: str, en: str, tags: tuple[str, str] = ("zh", "en"), more: str = "") -> str:
    return (
        f'<tu{more}><tuv xml:lang="{tags[0]}"><seg>{zh}</seg></tuv>\n'
        f'<tuv xml:lang="{tags[1]}"><seg>{en}</seg></tuv></tu>\n'
    )


def read(path: Path, english: Path | None = None, **columns: str) -> dict[str, tuple[str, str]]:
    """Return language and text by id, having checked that mates name each other."""
    found, rejects = imports.read_file(path, columns, "mine", english)
    assert rejects == []
    by_id = {article.article_id: article for article in found}
    for article in found:
        if article.mate_id is not None:
            mate = by_id[article.mate_id]
            assert mate.mate_id == article.article_id
            assert mate.mate_groups == article.mate_groups
            assert article.mate_groups == tuple(range(article.text.count("\n") + 1))
    return {key: (article.lang or "", article.text) for key, article in by_id.items()}


BOTH = {"zh": ("zh", "\n".join(ZH)), "en": ("en", "\n".join(EN))}


@pytest.mark.parametrize(
    "tags",
    [("zh", "en"), ("zh-CN", "en-US"), ("zh_Hans", "EN"), ("cmn", "eng"), ("ZHO-TW", "en-GB")],
)
def test_tmx_is_a_document_whatever_its_languages_are_called(
    tmp_path: Path, tags: tuple[str, str]
) -> None:
    path = tmp_path / "memory.tmx"
    body = "".join(unit(*sides, tags) for sides in zip(ZH, EN, strict=True))
    path.write_text(tmx(body), encoding="utf-8")
    assert read(path) == {f"memory-{lang}": text for lang, text in BOTH.items()}


def test_tmx_in_utf_16_with_code_of_other_programs_is_its_text(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    begin, end = '<bpt i="1">&lt;b&gt;</bpt>', '<ept i="1">&lt;/b&gt;</ept><ph>x</ph>'
    segment = f"{begin}会议研究了<hi>防汛</hi>工作。{end}"
    body = unit(segment, EN[1]) + unit("缺", "", ("zh", "en")) + unit("仅中文", "Nur", ("zh", "de"))
    head = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
    path.write_bytes(tmx(body, head).replace("UTF-8", "UTF-16").encode("utf-16"))
    assert read(path) == {"memory-zh": ("zh", ZH[1]), "memory-en": ("en", EN[1])}


def test_numbered_units_are_of_the_document_that_they_name(tmp_path: Path) -> None:
    path = tmp_path / "memory.tmx"
    named = [("a.0", 0), ("a.1", 1), ("b.0", 2)]
    body = "".join(unit(ZH[at], EN[at], more=f' tuid="{key}"') for key, at in named)
    path.write_text(tmx(body), encoding="utf-8")
    assert read(path) == {
        "a-zh": ("zh", "\n".join(ZH[:2])), "a-en": ("en", "\n".join(EN[:2])),
        "b-zh": ("zh", ZH[2]), "b-en": ("en", EN[2]),
    }  # fmt: skip


BOMB = (
    "<!DOCTYPE tmx ["
    + "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 9}">' for n in range(12)).replace("&e0;", "boom")
    + "]>"
)
OUTSIDE = '<!DOCTYPE tmx [<!ENTITY e12 SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE])
def test_entities_are_not_expanded(tmp_path: Path, head: str) -> None:
    path = tmp_path / "bomb.tmx"
    path.write_text(tmx(unit("&e12;", "Two."), head), encoding="utf-8")
    with pytest.raises(imports.ImportFileError, match=r"bomb\.tmx:\d+: .*(entity|Entity|XML)"):
        imports.read_file(path, {}, "mine")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"a\.tmx:1: expected TMX"),
        (b"zh\ten\n", r"a\.tmx:1: expected TMX"),
        (tmx("").encode(), "its languages are: none"),
        (tmx(unit("eins", "one", ("de", "en"))).encode(), "its languages are: de, en"),
        (tmx(unit(ZH[0], EN[0])).encode("gb18030"), r"a\.tmx:\d+: expected TMX"),
        (tmx(unit("会" * (CHARACTERS + 1), EN[0])).encode(), r"zh side has 100,001 characters"),
        (tmx(unit(ZH[0], EN[0]))[:-20].encode(), r"a\.tmx:\d+: expected TMX"),
    ],
)
def test_tmx_that_is_none_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.tmx").write_bytes(content)
    with pytest.raises(imports.ImportFileError, match=said):
        imports.read_file(tmp_path / "a.tmx", {}, "mine")


def moses(folder: Path, zh: str, en: str) -> tuple[Path, Path]:
    paths = (folder / "corpus.zh", folder / "corpus.en")
    for path, text in zip(paths, (zh, en), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_moses_lines_between_blank_ones_are_a_document(tmp_path: Path) -> None:
    zh = f"{ZH[0]}\n{ZH[1]}\n\n{ZH[2]}\n"
    paths = moses(tmp_path, zh, f"{EN[0]}\r\n{EN[1]}\r\n\r\n{EN[2]}\r\n")
    assert read(*paths) == {
        "corpus-1-zh": ("zh", "\n".join(ZH[:2])), "corpus-1-en": ("en", "\n".join(EN[:2])),
        "corpus-2-zh": ("zh", ZH[2]), "corpus-2-en": ("en", EN[2]),
    }  # fmt: skip


def test_a_long_document_is_cut_into_several(tmp_path: Path) -> None:
    paths = moses(tmp_path, f"{ZH[0]}\n" * 450, f"{EN[0]}\n" * 450)
    found = read(*paths)
    assert [found[f"corpus-1{end}-zh"][1].count("\n") + 1 for end in ("", "-2", "-3")] == [
        200, 200, 50,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zh", "en", "said"),
    [
        (
            f"{ZH[0]}\n{ZH[1]}\n",
            f"{EN[0]}\n",
            "lines of .*corpus.zh: 2, of .*corpus.en: 1; expected line for line",
        ),
        ("", "", "holds no article: nothing in it has both"),
        ("\n".join(EN), "\n".join(ZH), "expected the Chinese file first"),
        ("会" * (CHARACTERS + 1), "x", "zh side has 100,001 characters"),
    ],
)
def test_moses_files_that_do_not_fit_are_refused(
    tmp_path: Path, zh: str, en: str, said: str
) -> None:
    with pytest.raises(imports.ImportFileError, match=said):
        imports.read_file(*(moses(tmp_path, zh, en)[0], {}, "mine", tmp_path / "corpus.en"))


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "dataset", "translation"])
def test_a_table_of_both_languages_is_a_document(tmp_path: Path, ending: str) -> None:
    table = pa.table({"source": list(ZH), "target": list(EN)})
    columns = {"zh": "source", "en": "target"}
    path = tmp_path / f"mine.{ending}"
    if ending in ("csv", "tsv"):
        separator = "," if ending == "csv" else "\t"
        lines = [separator.join(f'"{cell}"' for cell in row.values()) for row in table.to_pylist()]
        path.write_text("\n".join([separator.join(table.column_names), *lines]), encoding="utf-8")
    elif ending == "jsonl":
        datasets.Dataset(table).to_json(path, force_ascii=False)
    elif ending == "parquet":
        pq.write_table(table, path)
    elif ending == "dataset":
        datasets.DatasetDict({"train": datasets.Dataset(table)}).save_to_disk(path)
    else:
        columns = {}
        rows = [{"translation": {"zh-CN": a, "en": b}} for a, b in zip(ZH, EN, strict=True)]
        datasets.Dataset.from_list(rows).save_to_disk(path)
    assert read(path, **columns) == {f"rows-{lang}": text for lang, text in BOTH.items()}


def test_a_dataset_of_articles_is_imported_by_the_names_of_its_columns(tmp_path: Path) -> None:
    rows = [{"nr": 1, "body": ZH[0], "tag": "zh-CN"}, {"nr": 2, "body": EN[0], "tag": None}]
    datasets.Dataset.from_list(rows).save_to_disk(tmp_path / "mine")
    assert read(tmp_path / "mine", text="body", id="nr") == {
        "1": ("zh", ZH[0]), "2": ("en", EN[0]),
    }  # fmt: skip


@pytest.mark.parametrize(
    "names", [("a.zh.txt", "a.en.txt"), ("zh-CN/a.txt", "eng/a.txt"), ("1.txt", "2.txt")]
)
def test_text_files_are_of_the_language_that_their_names_state_or_of_their_own(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for name, text in zip(names, (ZH, EN), strict=True):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text), encoding="utf-8")
    assert sorted(lang for lang, _ in read(tmp_path / "mine").values()) == ["en", "zh"]


@pytest.mark.parametrize(
    ("file", "options", "said"),
    [
        (("a.csv", "body\n1\n"), ["--column", "txt=body"], "unknown column txt; known: "),
        (("a.csv", "body\n1\n"), [], "there are: body. Name yours like"),
        (("a.csv", "text\n一,二\n"), [], r"a\.csv:2: more cells than the header"),
        (("a.csv", "text,city\n\n"), [], "holds no article"),
        (("a.csv", 'text\n"' + "x" * (4 * MAX_TEXT + 1)), [], r"a\.csv:\d+: no table"),
        (("a.parquet", "text"), [], "expected a Parquet file"),
        (("a.arrow", "text"), [], "expected a Parquet file, or an Arrow file"),
        (("a.wacz", "PK"), [], "no WACZ file that can be read"),
        (("a.warc", ""), ["--column", "text=body"], "a web archive has pages"),
        (("a.jsonl.gz", "\x1f"), [], "no JSON; expected a JSON object a line"),
        (("a.xlsx", "PK\x03\x04"), [], "as workbooks and documents are; unpack it, or save a"),
        (("a.html", "<p>一</p>"), [], "no JSON; expected a JSON object a line, a table"),
        (("a.json", '[{"text": "一"},\n 2]'), [], r"a\.json, object 2: expected a JSON object"),
        (("a.csv", 'text,n\n一,1\n"二,2\n三,3\n'), [], r"a\.csv:3: no table from here on \(unexp"),
        (("a.tsv", f"zh\ten\n{EN[0]}\t{ZH[0]}\n"), [], "not Chinese, though it is named zh, or"),
        (("a.jsonl", '{"translation": {"zh": "一"}}'), [], "nothing in it has both a Chinese and"),
        (("a.zh", "一"), ["--english", "SELF"], "named for both languages"),
        (("a.csv", "zh,en\n"), ["--column", "zh=a", "--column", "zh=b"], "a column of ours twice"),
        (("a.csv", "text\n一\n"), ["--city", ""], "city must be a text"),
        (("a.csv", "第" * 200), [], f"there are: {'第' * 60}…. Name yours"),
        (("a.csv", "text\n\x80"), ["--city", "A/b"], "city becomes a file name"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: tuple[str, str],
    options: list[str],
    said: str,
) -> None:
    name, content = file
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    given = [str(path) if option == "SELF" else option for option in options]
    assert main(["import", str(path), *given, "--output", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert re.search(said, told), told
    assert told.count("\n") == 1


def test_known_pairs_are_certain_and_keep_their_alignment(tmp_path: Path) -> None:
    zh, en = moses(tmp_path, "\n".join(ZH), "\n".join(EN))
    output = tmp_path / "out"
    assert (
        main(["import", str(zh), "--english", str(en), "--city", "mine", "--output", str(output)])
        == 0
    )
    assert articles.read_articles(output, "mine", ["mate_id"])["mate_id"].to_pylist() == [
        "corpus-1-zh", "corpus-1-en",
    ]  # fmt: skip
    align_city(output, "mine")
    (pair,) = parquet.read_table(
        files.table_path(output, "pairs", "mine"), schema.PAIRS
    ).to_pylist()
    assert pair["probability"] == 1.0
    beads = parquet.read_table(files.table_path(output, "sentences", "mine"), schema.SENTENCES)
    assert list(zip(beads["zh"].to_pylist(), beads["en"].to_pylist(), strict=True)) == list(
        zip(ZH, EN, strict=True)
    )
    # Known to be right, and scored by their texts alone all the same.
    vectors = [load_encoder(None).encode(side) for side in (ZH, EN)]
    cosines = (vectors[0] * vectors[1]).sum(1)
    assert beads["similarity"].to_pylist() == pytest.approx(cosines.tolist(), abs=0.002)
    assert all(0.3 < ratio < 3 for ratio in beads["length_ratio"].to_pylist())


@pytest.mark.parametrize("tag", ["de", "", "zhx", "yue", "x-zh"])
def test_other_languages_are_not_taken_for_ours(tag: str) -> None:
    assert records.language_of(tag) is None


def packed(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_a_wacz_file_stands_for_its_archives(tmp_path: Path) -> None:
    members = {"archive/a.warc.gz": b"1", "archive/../../b.warc": b"2", "pages/pages.jsonl": b"3"}
    path = packed(tmp_path / "a.wacz", members)
    plain = tmp_path / "c.warc.gz"
    folder = tmp_path / "unpacked"
    found = list(wacz.unpacked([plain, path], folder))
    assert found[0] == plain
    assert [path.read_bytes() for path in found[1:]] == [b"1", b"2"]
    assert all(path.parent == folder / "1" for path in found[1:])


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"pages/pages.jsonl": b""}, "it has none"),
        ({"archive/a.warc": b"\0" * 1_000_000}, "unpacks to 1,000,000 bytes"),
        (None, "no WACZ file that can be read"),
    ],
)
def test_a_wacz_file_that_is_none_is_refused(
    tmp_path: Path, members: dict[str, bytes] | None, said: str
) -> None:
    path = tmp_path / "a.wacz"
    if members is None:
        path.write_bytes(b"PK\x03\x04 cut off")
    else:
        packed(path, members, zipfile.ZIP_DEFLATED)
    with pytest.raises(ArchiveError, match=said):
        list(wacz.unpacked([path], tmp_path / "unpacked"))


def test_a_long_name_in_a_wacz_file_is_cut(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.wacz", {f"archive/{'长' * 200}.warc.gz": b"x"})
    [found] = wacz.unpacked([path], tmp_path / "unpacked")
    assert found.name.endswith("长.warc.gz")
