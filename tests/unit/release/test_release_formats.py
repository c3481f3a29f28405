"""Every format says what the release's Parquet files say, and reads in its own readers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from release_corpus import (
    FIRST_DAY,
    NOW,
    article,
    pair,
    release,
    rows,
    site_value,
    write_city,
    write_corpus,
)
from translate.storage import tmx as translate_tmx

from crawler.item import Article
from pipelines.release import verify
from pipelines.release.formats import FORMATS, moses
from pipelines.release.snapshot import Snapshot
from pipelines.tables import articles, files, parquet, schema

# What breaks formats: markup, quotes, every kind of line break, control and non-characters.
HOSTILE = {
    "zh": '引号"与<标签>&实体；\u2028行\u2029段\x85下一行\x0b竖\x0c页\x1e分隔\ufffe非字符\t制表',
    "en": 'Quotes "and" <tags> & entities ]]> \u2028line\x85next\x0bvertical\x00nul \U0001f4f0 end',
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    output = write_corpus(tmp_path_factory.mktemp("formats"))
    zh = article("anbei", "zh", "hostile", HOSTILE["zh"], 2)
    en = article("anbei", "en", "hostile", HOSTILE["en"], 3)
    stored = files.table_path(output, "sentences", "anbei")
    row = pair(zh, en, 0.99)
    table = parquet.read_table(stored, schema.SENTENCES)
    bead = {
        "pair_id": row["pair_id"], "position": 0, "kind": "1-1", "probability": 0.5,
        "zh": zh.text, "zh_start": 0, "zh_end": len(zh.text),
        "en": en.text, "en_start": 0, "en_end": len(en.text), "flags": ["number_mismatch", "<&>"],
    }  # fmt: skip
    articles.write_articles(output, "anbei", [zh, en], run_id="r2", now=NOW)
    pairs = parquet.read_table(files.table_path(output, "pairs", "anbei"), schema.PAIRS)
    for name, old, new, of in (
        ("pairs", pairs, row, schema.PAIRS),
        ("sentences", table, bead, schema.SENTENCES),
    ):
        both = pa.concat_tables([old, parquet.rows_to_table([new], of)])
        parquet.write_table(files.table_path(output, name, "anbei"), both)
    return release(output, "all", split="city", formats=tuple(sorted(FORMATS)))


def beads(made: Snapshot, split: str) -> list[dict[str, object]]:
    return [
        row for row in rows(made, "sentences") if row["split"] == split and row["zh"] and row["en"]
    ]


def splits(made: Snapshot) -> Iterator[str]:
    found = made.splits("sentences")
    assert found
    yield from found


def test_tmx_reads_in_translate_toolkit_with_every_bead(made: Snapshot) -> None:
    for split in splits(made):
        path = made.folder / "tmx" / f"{split}.tmx"
        with path.open("rb") as file:
            store_read = translate_tmx.tmxfile(file, "zh-Hans", "en")
        expected = beads(made, split)
        assert len(store_read.units) == len(expected) > 0
        assert [
            (unit.source, unit.target) for unit in store_read.units
        ] == [
            (moses.one_line(row["zh"]).replace("\ufffe", ""), moses.one_line(row["en"]))
            for row in expected
        ]  # fmt: skip
        head = store_read.document.getroot().find("header").attrib
        assert head["creationtool"] == "shizheng"
        assert head["creationdate"] == "20240901T080000Z"
        needed = ("segtype", "o-tmf", "adminlang", "srclang", "datatype")
        assert all(name in head for name in needed)
        assert store_read.document.getroot().get("version") == "1.4"


def test_a_unit_of_tmx_says_how_sure_and_what_of(made: Snapshot) -> None:
    found = "".join(path.read_text(encoding="utf-8") for path in (made.folder / "tmx").iterdir())
    assert '<prop type="x-flag">number_mismatch</prop><prop type="x-flag">&lt;&amp;&gt;</prop>' in (
        found
    )
    assert '<prop type="x-probability">0.9</prop><prop type="x-kind">1-1</prop>' in found


def test_moses_files_have_equal_lines_for_every_reader_of_lines(made: Snapshot) -> None:
    for split in splits(made):
        zh, en, ids = (
            (made.folder / "moses" / f"{split}.{end}").read_bytes().decode()
            for end in ("zh", "en", "ids")
        )
        expected = beads(made, split)
        # Python's splitlines knows every break there is; wc -l only \n.
        assert len(zh.splitlines()) == len(en.splitlines()) == zh.count("\n") == en.count("\n")
        assert zh.count("\n") == ids.count("\n") == len(expected) > 0
        assert all(line.strip() for line in [*zh.split("\n")[:-1], *en.split("\n")[:-1]])
        assert [line.split("\t")[:2] for line in ids.splitlines()] == [
            [row["pair_id"], str(row["position"])] for row in expected
        ]


def test_json_lines_hold_every_row_and_column(made: Snapshot) -> None:
    for table in ("articles", "pairs", "sentences"):
        read = []
        for split in made.splits(table):
            path = made.folder / "jsonl" / f"{table}-{split}.jsonl"
            # Split as JSON Lines are, by \n alone.
            read += [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
        expected = rows(made, table)
        assert len(read) == len(expected)
        for one, other in zip(read, expected, strict=True):
            assert list(one) == list(other)
            for name, value in other.items():
                said = (
                    datetime.fromisoformat(one[name]) if isinstance(value, datetime) else one[name]
                )
                assert said == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_format_streams_batch_by_batch(made: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [batch.num_rows for batch in made.batches("sentences", rows=10)]
    assert max(sizes) <= 10
    assert sum(sizes) == made.manifest["counts"]["sentences"]["all"]


def test_a_release_without_sentences_has_no_empty_files(tmp_path: Path) -> None:
    (tmp_path / "cities").mkdir()
    (tmp_path / "cities" / "x.yaml").write_text(
        'name: {zh: 某市, en: X}\nhosts: [x.example]\nsources: [{lang: zh, cms: generic, list: '
        '"http://x.example/"}]\n'
    )  # fmt: skip
    alone: Article = replace(article("anbei", "zh", "one", "一。", 1), published_at=FIRST_DAY)
    undated: Article = article("anbei", "zh", "two", "二。", None)
    write_city(tmp_path / "output", "anbei", [alone, undated], [])
    found = release(tmp_path / "output", formats=tuple(sorted(FORMATS)))
    names = {p.relative_to(found.folder).as_posix() for p in found.folder.rglob("*.*")}
    assert {name for name in names if name.split("/")[0] in ("data", "jsonl", "moses", "tmx")} == {
        "data/articles/all-00000.parquet",
        "jsonl/articles-all.jsonl",
    }
    assert {name for name in names if name.startswith("hf/")} == {
        "hf/README.md",
        "hf/articles/train-00000.parquet",
    }
    assert site_value(found.folder / "site" / "data" / "index.js")["files"] == []
    chinese = (found.folder / "site" / "zh.html").read_text(encoding="utf-8")
    assert '<th scope="row">无日期</th>' in chinese
    assert "）。城市：1 个。发布日期：" in chinese
    assert verify.problems(found) == []  # an empty folder would be no part of the release
