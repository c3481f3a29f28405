"""Verdicts survive being killed, two processes at once, and a line cut short."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.quality import verdicts
from pipelines.review import journal
from pipelines.tables import schema
from pipelines.tables.damage import StoreError

NOW = datetime(2024, 6, 1, 8, tzinfo=UTC)


def verdict(number: int, reviewer: str = "anna", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(schema.REVIEWS.names)
    row |= {
        "verdict_id": f"{reviewer}-{number:05d}",
        "level": "pair",
        "city": "c",
        "pair_id": f"p{number}",
    }
    row |= {"verdict": "abridged", "reviewer": reviewer, "plan": "p", "weight": 2.5}
    return row | {"judged_at": NOW + timedelta(seconds=number)} | more


def read(output: Path) -> list[dict[str, Any]]:
    return [asdict(one) for one in verdicts.read(output)]


def test_a_verdict_reads_back_as_it_was_given(tmp_path: Path) -> None:
    given = verdict(1, note="“引号”\n第二行\u2028", position=3, probability=0.5)
    journal.append(tmp_path, [given])
    assert read(tmp_path) == [given]


def test_an_empty_journal_is_not_compacted_again(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(1)])
    assert journal.compact(tmp_path) == 1
    stored = tmp_path / "reviews" / "anna.parquet"
    file = stored.stat().st_ino  # writing replaces the file
    (tmp_path / "reviews" / "bo.jsonl").touch()
    assert journal.compact(tmp_path) == 0
    assert stored.stat().st_ino == file
    assert not (tmp_path / "reviews" / "bo.parquet").exists()


def test_compaction_changes_where_verdicts_lie_and_nothing_else(tmp_path: Path) -> None:
    for number in range(5):
        journal.append(tmp_path, [verdict(number), verdict(number, "博")])
    before = read(tmp_path)
    assert journal.compact(tmp_path) == 10
    assert journal.compact(tmp_path) == 0
    assert read(tmp_path) == before
    journal.append(tmp_path, [verdict(9)])
    journal.compact(tmp_path)
    assert [row["verdict_id"] for row in read(tmp_path)][-1] == "anna-00009"
    file = pq.read_table(tmp_path / "reviews" / "anna.parquet")
    assert file.schema.names == schema.REVIEWS.names
    assert file.num_rows == 6


def test_a_compaction_cut_short_leaves_no_verdict_twice(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(1), verdict(2)])
    lines = (tmp_path / "reviews" / "anna.jsonl").read_bytes()
    journal.compact(tmp_path)
    (tmp_path / "reviews" / "anna.jsonl").write_bytes(lines)  # as if killed before emptying it
    assert len(read(tmp_path)) == 2
    journal.compact(tmp_path)
    assert len(read(tmp_path)) == 2


def test_a_line_that_is_no_verdict_is_named(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(1)])
    path = tmp_path / "reviews" / "anna.jsonl"
    path.write_bytes(path.read_bytes() + b"[1]\n")
    with pytest.raises(StoreError, match=r"anna\.jsonl, line 2"):
        journal.compact(tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", ".", "a/b", "a\\b", "CON", "A" * 60])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = journal.path_of(tmp_path, journal.reviewer_name(name))
    assert path.parent == tmp_path / "reviews"
    journal.append(tmp_path, [verdict(1, name)])
    assert [row["reviewer"] for row in read(tmp_path)] == [name]


def test_a_journal_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = journal.path_of(tmp_path, "anna")
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"anna.jsonl: cannot be read \(Is a directory\)"):
        journal.pending(path)
    with pytest.raises(StoreError, match="could not be stored"):
        journal.append(tmp_path, [verdict(1)])


def test_names_that_differ_only_in_case_or_marks_keep_files_of_their_own(tmp_path: Path) -> None:
    names = ["anna", "Anna", "ANNA", "an na", "an/na", "an-na", "安娜"]
    names += ["𠀀" * 59 + last for last in "甲乙"]
    assert len({journal.path_of(tmp_path, name).name.lower() for name in names}) == len(names)


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pipelines.tables import schema
from pipelines.review import journal
for number in range(int(sys.argv[3])):
    row = dict.fromkeys(schema.REVIEWS.names) | {
        "verdict_id": f"{sys.argv[2]}-{number}", "level": "pair", "city": "c",
        "pair_id": "p", "reviewer": "anna",
        "judged_at": datetime.now(UTC), "note": "x" * 500}
    journal.append(Path(sys.argv[1]), [row])
    print(row["verdict_id"], flush=True)
"""


def writer(output: Path, name: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(output), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_and_a_compaction_share_one_journal(tmp_path: Path) -> None:
    with (
        writer(tmp_path, "one", 60) as one,
        writer(tmp_path, "two", 60) as two,
        ThreadPoolExecutor(2) as pool,
    ):
        done = [pool.submit(process.communicate) for process in (one, two)]
        while not all(future.done() for future in done):
            journal.compact(tmp_path)
    journal.compact(tmp_path)
    kept = [row["verdict_id"] for row in read(tmp_path)]
    assert sorted(kept) == sorted(f"{name}-{n}" for name in ("one", "two") for n in range(60))
    assert (tmp_path / "reviews" / "anna.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    "name", ["𠀀" * 60, "e\u0301" * 60, "𝒳" * 59 + "A", "長" * 60, "a" * 60, "安-" * 30]
)
def test_the_longest_names_fit_into_a_file_name(tmp_path: Path, name: str) -> None:
    # Sixty letters of four bytes each are more than the 255 bytes that file systems take.
    reviewer = journal.reviewer_name(name)
    path = journal.path_of(tmp_path, reviewer)
    assert len(path.with_suffix(".parquet").name.encode()) < 200
    journal.append(tmp_path, [verdict(1, reviewer)])
    assert journal.compact(tmp_path) == 1
    assert [one.reviewer for one in verdicts.read(tmp_path)] == [reviewer]


def test_a_name_composed_in_two_ways_is_one_reviewer() -> None:
    assert journal.reviewer_name("Rene\u0301") == journal.reviewer_name("Ren\u00e9")


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u3000\u2003", "a\x00b", "a\x1bb", "a\u202eb", "a\u2066b", "\u200b", "\ufeffanna",
     "\u3164", "\uffa0\u115f", "a\ud800", "a" * 61, "𠀀" * 61, "\u2028"],
)  # fmt: skip
def test_a_name_nobody_can_read_is_refused_at_the_door(name: str) -> None:
    with pytest.raises(ValueError, match="a reviewer's name has 1 to 60 printable characters"):
        journal.reviewer_name(name)


@pytest.mark.parametrize(
    ("note", "kept"),
    [(None, None), ("", None), (" \r\n ", None), ("一\r\n二\t三", "一\n二\t三"),
     ("长" * 2_000, "长" * 2_000)],
)  # fmt: skip
def test_a_note_is_kept_as_it_was_written(note: str | None, kept: str | None) -> None:
    assert journal.clean_note(note) == kept


@pytest.mark.parametrize("note", ["长" * 2_001, "a\x00b", "a\x1b[31m", "\ud800"])
def test_a_note_that_cannot_be_kept_whole_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match="a note "):
        journal.clean_note(note)


def test_verdicts_are_read_from_where_the_reader_ended_and_a_torn_line_not_at_all(
    tmp_path: Path,
) -> None:
    journal.append(tmp_path, [verdict(1), verdict(2)])
    path = journal.path_of(tmp_path, "anna")
    rows, end = journal.pending(path)
    assert ([row["verdict_id"] for row in rows], end) == (
        ["anna-00001", "anna-00002"], path.stat().st_size,
    )  # fmt: skip
    assert journal.pending(path, end) == ([], end)
    journal.append(tmp_path, [verdict(3)])
    with path.open("ab") as file:
        file.write(b'{"verdict_id": "anna-0')
    rows, after = journal.pending(path, end)
    assert [row["verdict_id"] for row in rows] == ["anna-00003"]
    assert end < after < path.stat().st_size
    assert journal.pending(tmp_path / "none.jsonl") == ([], 0)


def test_compaction_counts_the_lines_moved_and_orders_them_by_time(tmp_path: Path) -> None:
    journal.append(tmp_path, [verdict(2), verdict(1), verdict(3, "bo")])
    assert journal.compact(tmp_path) == 3
    journal.append(tmp_path, [verdict(0)])
    assert journal.compact(tmp_path) == 1
    stored = pq.read_table(tmp_path / "reviews" / "anna.parquet").to_pylist()
    assert [row["verdict_id"] for row in stored] == [f"anna-{n:05d}" for n in (0, 1, 2)]
    assert journal.path_of(tmp_path, "anna").stat().st_size == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"judged_at": "2024-06-01T08:00:00"}, "no id or no zone"),
        ({"verdict_id": 7}, "no id or no zone"),
        ({"judged_at": None}, ""),
    ],
)
def test_a_verdict_without_its_id_or_time_is_named_by_its_line(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    journal.append(tmp_path, [verdict(1), verdict(2)])
    path = journal.path_of(tmp_path, "anna")
    first, second = path.read_text("utf-8").splitlines()
    path.write_text(f"{first}\n{json.dumps(json.loads(second) | change)}\n", encoding="utf-8")
    with pytest.raises(
        StoreError, match=rf"line 2: not a verdict as shizheng writes it \(.*{told}"
    ):
        journal.pending(path)


@pytest.mark.parametrize("reviewer", ["anna", "Anna", "安娜", "a b", "-", "é" * 90])
def test_a_journal_s_name_is_the_reviewer_s_if_it_can_be(tmp_path: Path, reviewer: str) -> None:
    name = journal.path_of(tmp_path, reviewer).name
    assert (name == f"{reviewer}.jsonl") == (reviewer in ("anna", "安娜"))
    assert len(name.encode()) <= 255
