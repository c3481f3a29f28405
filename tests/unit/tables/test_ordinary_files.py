"""A pipe, a socket or a device where a file is expected: refused by name, never waited for."""

import os
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.archive.reader import read_records
from crawler.errors import ShizhengError
from crawler.ordinary import ordinary
from crawler.state.visits import Visits
from pipelines.articles import wacz
from pipelines.articles.imports import read_jsonl
from pipelines.export import formats
from pipelines.quality import history
from pipelines.quality.gold import read_gold_pairs
from pipelines.quality.verdicts import read_journal
from pipelines.review import journal
from pipelines.sentences.documents import read_documents
from pipelines.tables import atomic, files, lock, parquet, runs, schema

READERS: dict[str, Callable[[Path], object]] = {
    "import": read_jsonl,
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
    "table": lambda path: parquet.read_table(path, schema.PAIRS),
    "digest": files.sha256,
    "export": lambda path: formats.FORMATS["tsv"](path, [], schema.PAIRS),
}


def _as(path: Path, name: str) -> Path:
    """Move what is at a path to its place in an output folder."""
    (path.parent / name).parent.mkdir()
    path.rename(path.parent / name)
    return path.parent


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
