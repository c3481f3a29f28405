"""One damaged or stray file names itself, and the cities beside it go on."""

import json
import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import builders
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import store_articles

from crawler.archive.copies import Copy, CopyWriter
from crawler.archive.reader import read_records
from crawler.archive.writer import Exchange
from crawler.backfill.plan import Plan
from crawler.errors import ShizhengError
from crawler.issues import IssueLog
from crawler.item import NEWS_TIME, Article
from crawler.ordinary import ordinary
from crawler.state.visits import Visits
from pipelines.articles import parallel, records, repost_index, wacz
from pipelines.articles.archives_read import Progress
from pipelines.articles.imports import read_file, read_jsonl
from pipelines.cli.app import main
from pipelines.export import formats
from pipelines.quality import history
from pipelines.quality.gold import read_gold_pairs
from pipelines.quality.verdicts import read_journal
from pipelines.review import journal
from pipelines.sentences.documents import read_documents
from pipelines.tables import atomic, files, lock, parquet, runs, schema
from pipelines.tables.articles import read_articles
from pipelines.tables.damage import StoreError

EN = "The municipal government held an executive meeting yesterday on workplace safety."


def article(city: str, key: str) -> Article:
    fields = {"city": city, "url": "", "title": "Meeting held", "text": EN}
    return builders.article(key, "en", datetime(2024, 3, 1, tzinfo=NEWS_TIME), **fields)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Two cities, each with a file of articles."""
    for city in ("anlan", "luoshan"):
        store_articles(tmp_path, article(city, "a1"))
    return tmp_path


def articles(output: Path) -> Path:
    return output / "articles/anlan/2024.parquet"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def scribble(path: Path) -> None:
    path.write_text("no table")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone"))


def other_table(path: Path) -> None:
    row = {"url": "http://a.example/", "city": "anlan", "reason": "listing", "detail": "x"}
    pq.write_table(parquet.rows_to_table([row], schema.REJECTS), path)


def other_types(path: Path) -> None:
    table = pq.read_table(path)
    at = table.schema.get_field_index("title")
    numbers = pa.array([5] * table.num_rows, pa.int64())
    pq.write_table(table.set_column(at, "title", numbers), path)


def newer(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"schema_version": "99"}), path)


DAMAGES = [
    (truncate, "not a readable Parquet file"),
    (scribble, "not a readable Parquet file"),
    (empty, "not a readable Parquet file"),
    (make_folder, "expected a Parquet file; this is a folder"),
    (make_pipe, "expected a Parquet file; this is a folder, a pipe"),
    (link_to_nothing, "a link to nothing"),
    (other_table, "expected the table articles, this is rejects"),
    (other_types, "column title is int64, expected string"),
    (newer, "schema version 99, written by a newer shizheng"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_table_that_cannot_be_read_is_named_with_what_to_do(
    output: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(articles(output))
    with pytest.raises(StoreError) as caught:
        read_articles(output, "anlan")
    told = str(caught.value)
    assert told.startswith(f"{articles(output)}: ")
    assert message in told
    assert "\n" not in told
    assert any(word in told for word in ("move", "install"))


@pytest.mark.parametrize(
    ("name", "city", "remedy"),
    [
        ("articles/anlan/2024.parquet", "anlan", "read it in again"),
        ("rejects/anlan.parquet", "anlan", "read it in again"),
        ("revisions/anlan.parquet", "anlan", "go on without what was superseded"),
        ("pairs/anlan.parquet", "anlan", "run `align` again"),
        ("candidates/anlan.parquet", "anlan", "run `align` again"),
        ("sentences/anlan.parquet", "anlan", "run `align` again"),
        ("vectors/anlan/zh.parquet", "anlan", "run again"),
        ("reviews/anlan.parquet", None, "run again"),
    ],
)
def test_a_damaged_table_has_its_city_and_the_remedy_for_its_kind(
    tmp_path: Path, name: str, city: str | None, remedy: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 no table PAR1")
    with pytest.raises(StoreError) as caught, parquet.opened(path):
        pass
    assert caught.value.city == city
    assert f"move it away and {remedy}" in str(caught.value)


@pytest.mark.parametrize(("damage", "message"), DAMAGES[::4])
def test_status_shows_the_other_cities_and_ends_with_three(
    output: Path,
    damage: Callable[[Path], None],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(articles(output))
    assert main(["status", "--json", "--output", str(output)]) == 3
    stands = {row["city"]: row for row in json.loads(capsys.readouterr().out)}
    assert stands["anlan"]["health"] == "damaged"
    assert message in stands["anlan"]["why"][0]
    assert (stands["luoshan"]["health"], stands["luoshan"]["en"]) == ("imported", 1)


@pytest.mark.parametrize(("damage", "message"), DAMAGES[::4])
def test_an_evaluation_sums_up_all_cities_and_ends_with_the_file_s_name(
    output: Path,
    damage: Callable[[Path], None],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(articles(output))
    gold = output / "gold.tsv"
    gold.write_text("zh_id\ten_id\trelation\na\tb\ttranslation\n")
    assert main(["evaluate", "--gold", str(gold), "--output", str(output)]) == 1
    told = capsys.readouterr().err
    assert f"{articles(output)}: " in told
    assert message in told
    assert "internal error" not in told


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_align_goes_on_with_the_other_cities_and_ends_with_three(
    output: Path, jobs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    truncate(articles(output))
    assert main(["align", "--json", "--jobs", jobs, "--output", str(output)]) == 3
    told = capsys.readouterr()
    assert list(json.loads(told.out)["anlan"]) == ["failed"]
    assert "pairs" in json.loads(told.out)["luoshan"]
    assert f"anlan: {articles(output)}: not a readable Parquet file" in told.err
    assert main(["align", "anlan", "--output", str(output)]) == 4


def test_an_import_into_another_city_goes_on_and_ends_with_three(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truncate(articles(output))
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"id": "a2", "city": "luoshan", "lang": "en", "text": EN}))
    assert main(["import", str(path), "--json", "--output", str(output)]) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["luoshan"]["new"] == 1
    assert str(articles(output)) in told.err
    assert read_articles(output, "luoshan").num_rows == 2
    assert (output / "runs").is_dir()


def test_stray_files_end_no_command_and_are_named(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = articles(output).read_bytes()
    folder = output / "articles"
    visible = ["2024.parquet", "notes.txt", "anlan/2024 (copy).parquet", "anlan/2024.parquet~",
               "a b/2024.parquet"]  # fmt: skip
    for name in [
        *visible,
        ".DS_Store",
        "anlan/._2024.parquet",
        "._luoshan.parquet",
        ".x/y.parquet",
    ]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(copy)
    (output / "pairs").mkdir()
    (output / "pairs/._anlan.parquet").write_text("no table")
    (output / "pairs/anlan (copy).parquet").write_text("no table")
    assert files.cities_with_articles(output) == ["anlan", "luoshan"]
    named = sorted(path.relative_to(folder).as_posix() for path in files.strays(output))
    assert named == sorted([*visible, "a b"])
    for command in ("status", "report"):
        assert main([command, "--output", str(output)]) == 0
        assert "passed over; move it away" in capsys.readouterr().err


def test_a_copy_beside_the_years_is_neither_read_nor_removed(output: Path) -> None:
    copy = articles(output).with_name("2024 (copy).parquet")
    shutil.copy(articles(output), copy)
    before = copy.read_bytes()
    store_articles(output, article("anlan", "a2"), run="r2")
    assert copy.read_bytes() == before
    assert read_articles(output, "anlan").num_rows == 2


@pytest.mark.parametrize(
    "stamp", [-62135625943000, 253402271999000, -(2**62), 2**62, -62000000000000]
)
def test_a_date_that_was_stored_and_cannot_be_reads_as_none(
    output: Path, stamp: int, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pq.read_table(articles(output))
    at = table.schema.get_field_index("published_at")
    stamps = pa.array([stamp], pa.int64()).cast(schema.NEWS_TIME)
    pq.write_table(table.set_column(at, table.schema.field(at), stamps), articles(output))
    for command in (["status"], ["report"], ["align", "--jobs", "1"]):
        assert main([*command, "--output", str(output)]) == 0, capsys.readouterr().err
    (row,) = read_articles(output, "anlan").to_pylist()
    assert (row["published_at"], row["published_precision"]) == (None, None)
    store_articles(output, article("anlan", "a2"), run="r2")
    assert read_articles(output, "anlan").num_rows == 2


# A pipe, a socket or a device where a file is expected: refused by name, never waited for.
READERS: dict[str, Callable[[Path], object]] = {
    "import": read_jsonl,
    "tmx": lambda path: list(parallel.tmx(path)),
    "arrow": lambda path: records.table(_as(path, "d/a.arrow") / "d"),
    "gold": read_gold_pairs,
    "documents": lambda path: read_documents(path, None, cut=False),
    "archive": lambda path: list(read_records(path, Counter())),
    "wacz": lambda path: list(wacz.unpacked([path.rename(f"{path}.wacz")], path.parent / "to")),
    "verdicts": read_journal,
    "journal": journal.pending,
    "history": lambda path: history.read(_as(path, "reports/history.jsonl")),
    "issues": lambda path: list(runs.records(path)),
    "lock": lambda path: lock.waiting(path).__enter__(),
    "lock of a city": lambda path: lock.hold(_as(path, "state/anlan.lock"), ["anlan"]).__enter__(),
    "state": lambda path: Visits.open(_as(path, "state/anlan.sqlite") / "state/anlan.sqlite"),
    "log of a state": lambda path: Visits.open(
        _as(path, "state/anlan.sqlite-wal") / "state/anlan.sqlite"
    ),
    "archives read": lambda path: Progress.open(_as(path, "state/archives.read.sqlite")),
    "plan": Plan.open,
    "index": lambda path: repost_index.opened(path, "1").__enter__(),
    "journal of the index": lambda path: repost_index.opened(
        _as(path, "state/x-journal") / "state/x", "1"
    ).__enter__(),
    "issues of a crawl": lambda path: IssueLog(path, "r1", "anlan").add("internal", "", ""),
    "copies": lambda path: _copying(_as(path, "anlan/a-00000.warc.gz") / "anlan"),
    "table": lambda path: parquet.read_table(path, schema.PAIRS),
    "digest": files.sha256,
    "export": lambda path: formats.FORMATS["tsv"](path, [], schema.PAIRS),
}


def _as(path: Path, name: str) -> Path:
    """Move what is at a path to its place in an output folder."""
    (path.parent / name).parent.mkdir()
    path.rename(path.parent / name)
    return path.parent


def _copying(folder: Path) -> None:
    moment = datetime(2024, 3, 1, tzinfo=UTC)
    exchange = Exchange("http://a.example/", "GET", [], 200, [], b"", moment, "page")
    CopyWriter(folder, "a").write(Copy(exchange, "s", "s/1", moment))


def test_nothing_is_taken_out_of_a_pipe_in_place_of_a_file_to_import(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    ends = os.open(tmp_path / "a.jsonl", os.O_RDWR | os.O_NONBLOCK)
    os.write(ends, b"{" * 64)
    with pytest.raises(ShizhengError, match="this is a pipe, expected a file"):
        read_file(tmp_path / "a.jsonl", {}, "anlan")
    assert os.read(ends, 64) == b"{" * 64
    os.close(ends)


@pytest.mark.parametrize("kind", READERS)
def test_no_reader_takes_a_device_for_a_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.symlink_to("/dev/null")
    with pytest.raises((ShizhengError, OSError), match=r"expected a (Parquet )?file") as caught:
        READERS[kind](path)
    said = str(caught.value)
    assert str(tmp_path) in said
    assert Path("/dev/null").is_char_device()


def test_a_pipe_and_a_socket_are_called_that(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with socket.socket(socket.AF_UNIX) as open_socket:
        here = os.open(tmp_path, os.O_RDONLY)
        open_socket.bind(f"/proc/self/fd/{here}/b")  # a socket's own path may be too long
        os.close(here)
    for name, kind in (("a", "a pipe"), ("b", "a socket")):
        with pytest.raises(OSError, match=f"this is {kind}, expected a file"):
            ordinary(tmp_path / name)


def test_files_folders_links_and_nothing_are_for_who_opens_them(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link", ".", "missing"):
        assert ordinary(tmp_path / name) == tmp_path / name


def test_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.tsv")
    with (
        pytest.raises(ShizhengError, match=r"out\.tsv.*this is a pipe"),
        atomic.replacing(tmp_path / "out.tsv"),
    ):
        pass
    assert (tmp_path / "out.tsv").is_fifo()


def test_what_a_killed_writer_left_goes_with_the_next_one_and_a_living_one_s_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / ".a[1].tsv.4711.tmp").write_text("half", encoding="utf-8")
    (tmp_path / ".b.tsv.4711.tmp").write_text("another file's", encoding="utf-8")
    with atomic.replacing(tmp_path / "a[1].tsv") as one:
        one.write(b"one")
        living = [path.name for path in tmp_path.glob(".a*")]
        assert len(living) == 1
        (tmp_path / living[0]).rename(tmp_path / ".a[1].tsv.1.tmp")  # as of another process
        with atomic.replacing(tmp_path / "a[1].tsv") as two:
            two.write(b"two")
        (tmp_path / ".a[1].tsv.1.tmp").rename(tmp_path / living[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.tsv.4711.tmp", "a[1].tsv"]
    assert (tmp_path / "a[1].tsv").read_bytes() == b"one"
