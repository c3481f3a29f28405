"""Tables from before schema versions are brought up to date; newer ones are refused."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crawler.item import article_id
from pipelines.cli import parser
from pipelines.operations import migration
from pipelines.operations.migration import MigrationError
from pipelines.tables import articles, files, schema
from pipelines.tables.files import StoreError

URL = "http://www.jiangan.example/{}.html"
FETCHED = datetime(2023, 4, 6, 1, 30)  # naive, and meant in UTC, as that layout had it


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder in the layout of version 0: one file a city, no version anywhere."""
    rows = [
        {"id": URL.format("z1"), "city": "jiangan", "lang": "zh", "url": URL.format("z1"),
         "title": "江岸开渔", "body": "四月五日开渔。\n\n三百艘渔船出海。\n\n四月五日开渔。",
         "date": "2023-04-05 09:30", "source": "江岸日报", "fetched_at": FETCHED},
        {"id": URL.format("e1"), "city": "jiangan", "lang": "en", "url": URL.format("e1"),
         "title": "Fishing season opens", "body": "The season opened.\n\nThree hundred boats left.",
         "date": "2022-12-31", "source": "", "fetched_at": FETCHED},
        {"id": URL.format("z2"), "city": "jiangan", "lang": "zh", "url": URL.format("z2"),
         "title": "無日期", "body": "沒有日期的公告。", "date": "", "source": None,
         "fetched_at": FETCHED},
    ]  # fmt: skip
    write(tmp_path / "articles" / "jiangan.parquet", rows)
    ids = {"zh_id": URL.format("z1"), "en_id": URL.format("e1")}
    pairs = [ids | {"probability": 0.91, "relation": "translation"}]
    write(tmp_path / "pairs" / "jiangan.parquet", pairs)
    sides = [
        ("四月五日开渔。", "The season opened.", "1:1"),
        ("三百艘渔船出海。", "Three hundred boats left.", "1:1"),
        ("四月五日开渔。", "", "1:0"),
    ]
    beads = [
        ids | {"n": n, "zh": zh, "en": en, "type": kind, "score": 0.8}
        for n, (zh, en, kind) in enumerate(sides)
    ]
    write(tmp_path / "sentences" / "jiangan.parquet", beads)
    return tmp_path


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def shizheng(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command in this process: a new one would spend most of its time importing."""

    def run(*arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = parser.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet")}


def test_an_old_layout_is_refused_with_what_to_do(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    ended = shizheng("status", "--output", output)
    assert ended.returncode == 1
    assert "articles/jiangan.parquet: articles of an older layout" in ended.stderr
    assert "`shizheng migrate`" in ended.stderr
    with pytest.raises(StoreError, match="schema version 0, this shizheng reads 1; bring it up"):
        files.read_table(output / "pairs" / "jiangan.parquet", schema.PAIRS)


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    before = tree(output)
    ended = shizheng("migrate", "--dry-run", "--output", output, "--json")
    assert json.loads(ended.stdout) == {
        "dry_run": True,
        "files": [
            {"file": "articles/jiangan.parquet", "from": 0, "to": 1, "rows": 3},
            {"file": "pairs/jiangan.parquet", "from": 0, "to": 1, "rows": 1},
            {"file": "sentences/jiangan.parquet", "from": 0, "to": 1, "rows": 3},
        ],
    }
    assert tree(output) == before


def test_nothing_is_lost_and_everything_reads_as_todays(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    ended = shizheng("migrate", "--output", output)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(tree(output)) == [
        "articles/jiangan/2022.parquet",
        "articles/jiangan/2023.parquet",
        "articles/jiangan/undated.parquet",
        "pairs/jiangan.parquet",
        "sentences/jiangan.parquet",
    ]
    rows = {r["url"]: r for r in articles.read_articles(output, "jiangan").to_pylist()}
    zh = rows[URL.format("z1")]
    assert zh["article_id"] == article_id(URL.format("z1"))
    assert zh["text"] == "四月五日开渔。\n三百艘渔船出海。\n四月五日开渔。"
    assert zh["published_at"].isoformat() == "2023-04-05T09:30:00+08:00"
    assert (zh["published_precision"], zh["script"], zh["source"]) == ("minute", "Hans", "江岸日报")
    assert zh["first_seen"] == FETCHED.replace(tzinfo=UTC)
    undated = rows[URL.format("z2")]
    assert (undated["published_at"], undated["script"]) == (None, "Hant")
    path = files.table_path(output, "pairs", "jiangan")
    (pair,) = files.read_table(path, schema.PAIRS).to_pylist()
    assert (pair["zh_id"], pair["zh_title"]) == (zh["article_id"], "江岸开渔")
    assert pair["probability"] == pytest.approx(0.91)
    path = files.table_path(output, "sentences", "jiangan")
    beads = files.read_table(path, schema.SENTENCES).to_pylist()
    assert [bead["kind"] for bead in beads] == ["1-1", "1-1", "1-0"]
    assert {bead["pair_id"] for bead in beads} == {pair["pair_id"]}
    for bead in beads:
        assert zh["text"][bead["zh_start"] : bead["zh_end"]] == bead["zh"]
    # A sentence said twice has two places.
    assert beads[0]["zh_start"] < beads[2]["zh_start"]
    assert beads[2]["en_start"] is None


def test_migrating_again_changes_nothing(output: Path, shizheng: Callable[..., Ended]) -> None:
    shizheng("migrate", "--output", output)
    before = tree(output)
    ended = shizheng("migrate", "--output", output)
    assert ended.returncode == 0
    assert "is of schema version 1" in ended.stdout
    assert tree(output) == before


def test_a_migration_that_broke_off_goes_on(
    output: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.unlink

    def dying(path: object, *arguments: object, **more: object) -> None:
        if str(path).endswith("articles/jiangan.parquet"):
            raise KeyboardInterrupt
        real(path, *arguments, **more)  # type: ignore[arg-type]

    # The new files stand, the old one is not yet removed.
    with monkeypatch.context() as patched:
        patched.setattr("os.unlink", dying)
        with pytest.raises(KeyboardInterrupt):
            migration.migrate(output, migration.outdated(output))
    assert (output / "articles" / "jiangan.parquet").exists()
    migration.migrate(output, migration.outdated(output))
    assert len(articles.read_articles(output, "jiangan")) == 3
    assert migration.outdated(output) == []


def test_a_newer_file_is_refused_before_anything_is_changed(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    table = schema.REJECTS.empty_table().replace_schema_metadata({b"schema_version": b"9"})
    path = output / "rejects" / "jiangan.parquet"
    path.parent.mkdir()
    pq.write_table(table, path)
    before = tree(output)
    ended = shizheng("migrate", "--output", output)
    assert ended.returncode == 2
    assert "rejects/jiangan.parquet: schema version 9, written by a newer shizheng" in ended.stderr
    assert tree(output) == before
    with pytest.raises(StoreError, match="schema version 9, written by a newer shizheng"):
        files.read_table(path, schema.REJECTS)


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        ("pairs", [{"zh_id": "a"}], "it lacks en_id, probability, relation"),
        ("candidates", [{"zh_id": "a"}], "no such table was ever written by shizheng"),
    ],
)
def test_what_is_no_table_of_ours_stops_the_migration(
    output: Path, table: str, rows: list[dict[str, object]], message: str
) -> None:
    write(output / table / "jiangan.parquet", rows)
    before = tree(output)
    with pytest.raises(MigrationError, match=message):
        migration.outdated(output)
    assert tree(output) == before


def test_a_date_that_cannot_be_read_changes_nothing_of_its_file(output: Path) -> None:
    path = output / "articles" / "jiangan.parquet"
    rows = pq.read_table(path).to_pylist()
    write(path, [*rows[:2], rows[2] | {"date": "last spring"}])
    before = tree(output)
    with pytest.raises(MigrationError, match=r"date 'last spring', expected 2023-04-05"):
        migration.migrate(output, migration.outdated(output))
    assert tree(output) == before


def test_a_file_without_a_column_of_today_reads_with_it_empty(tmp_path: Path) -> None:
    table = files.rows_to_table([{"article_id": "a", "title": "题"}], schema.ARTICLES)
    path = tmp_path / "2024.parquet"
    files.write_table(path, table.drop_columns(["rights", "flags"]))
    read = files.read_table(path, schema.ARTICLES)
    assert read.schema.names == schema.ARTICLES.names
    assert read.to_pylist()[0]["rights"] is None
    assert files.read_table(path, schema.ARTICLES, ["flags", "title"]).to_pylist() == [
        {"flags": None, "title": "题"}
    ]
