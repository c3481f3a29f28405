"""Odd surroundings of a command: one sentence and the promised code, never an internal error."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from pipelines.tables import articles

ROOT = Path(__file__).parents[2]
RELEASE = "release 1 --format parquet"
ARTICLE = {
    "id": "a", "city": "anbei", "lang": "zh", "url": "http://anbei.example/1",
    "published_at": "2024-03-05",
    "title": "市长会见客人", "text": "市长今天会见了客人。双方进行了友好的交谈。",
}  # fmt: skip


@pytest.fixture
def own(corpus: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(corpus, tmp_path / "own"))


def run(arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that is warm: what surrounds it is on disk."""
    return warm.run("pipelines.cli", *shlex.split(arguments))


def shell(
    arguments: str, how: str = "{}", **environment: str | None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command the way a shell line says, with more or fewer variables."""
    known = {**os.environ, "PYTHONPATH": str(ROOT)} | environment
    command = f"{shlex.quote(sys.executable)} -m pipelines.cli {arguments}"
    return subprocess.run(
        ["bash", "-c", how.format(command)], capture_output=True, check=False, timeout=120,
        env={name: value for name, value in known.items() if value is not None},
    )  # fmt: skip


def sentence(ended: subprocess.CompletedProcess[bytes] | subprocess.CompletedProcess[str]) -> str:
    """Return what a command said on standard error: a line or few, and no traceback."""
    said = ended.stderr if isinstance(ended.stderr, str) else ended.stderr.decode()
    assert not any(word in said for word in ("internal error", "Traceback", "Exception ignored"))
    return said


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
        (
            {
                "LC_ALL": "C",
                "PYTHONUTF8": "0",
                "PYTHONCOERCECLOCALE": "0",
                "PYTHONIOENCODING": None,
            },
            "ascii",
        ),
    ],
)
def test_a_terminal_that_knows_no_chinese_is_shown_escapes(
    environment: dict[str, str | None], encoding: str
) -> None:
    ended = shell("cities list", **environment)
    assert (ended.returncode, sentence(ended)) == (0, "")
    assert "\\u5927\\u8fde" in ended.stdout.decode(encoding)  # 大连
    listed = json.loads(shell("cities list --json", **environment).stdout.decode(encoding))
    assert any(city["name"]["zh"] == "大连" for city in listed) if "name" in listed[0] else listed
    assert "大连" in json.dumps(listed, ensure_ascii=False)


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("{} >&-", 0, ""),
        ("{} 2>&-", 0, ""),
        ("{} >&- 2>&- <&-", 0, ""),
        ("{} | true; exit ${{PIPESTATUS[0]}}", 0, ""),
        ("{} 2>/dev/full", 0, ""),
        ("{} >/dev/full", 1, "standard output: No space left on device"),
    ],
)
@pytest.mark.parametrize("arguments", ["cities list", "cities list --json"])
def test_streams_that_are_closed_or_full(arguments: str, how: str, code: int, said: str) -> None:
    ended = shell(arguments, how)
    assert ended.returncode == code
    assert said in sentence(ended)
    assert sentence(ended).count("\n") == bool(said)


def test_what_cannot_be_said_does_not_change_the_exit_code(tmp_path: Path) -> None:
    for how in ("{} 2>&-", "{} 2>/dev/full"):
        assert shell(f"release verify nowhere --output {tmp_path}", how).returncode == 2


def test_no_file_is_opened_where_a_closed_stream_was(own: Path) -> None:
    """Messages would be written into it."""
    before = articles.read_articles(own, "yunze")
    ended = shell(f"release 1 --format parquet --output {own}", "{} >&- 2>&- <&-")
    assert ended.returncode == 0
    assert run(f"release verify 1 --output {own}").returncode == 0
    assert articles.read_articles(own, "yunze").equals(before)


COMMANDS = ("status", RELEASE, "extract --all", "calibrate")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_a_file_is_named(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in ("file", "file/deeper"):
        ended = run(f"{command} --output {tmp_path / place}")
        assert ended.returncode in (1, 2)
        assert str(tmp_path / "file") in sentence(ended)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("command", ["status", RELEASE])
def test_an_output_whose_name_no_file_system_takes_is_named(command: str, tmp_path: Path) -> None:
    ended = run(f"{command} --output {tmp_path / ('x' * 300)}")
    assert ended.returncode in (1, 2)
    assert "File name too long" in sentence(ended) or "no such folder" in sentence(ended)


def test_an_output_whose_path_is_no_text_is_refused(tmp_path: Path) -> None:
    """Parquet's library opens no such path, so half of a corpus could lie there at most."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xe5\x80")
    for variables, arguments in (({}, ["--output", odd]), ({"SHIZHENG_OUTPUT": odd}, [])):
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "status", *arguments],
            capture_output=True, check=False, cwd=ROOT, env={**os.environ, **variables},
        )  # fmt: skip
        assert ended.returncode == 2
        assert "expected a folder whose path is text in UTF-8" in sentence(ended)


@pytest.mark.parametrize("folder", ["state", "runs", "reports", "releases"])
def test_a_file_where_a_folder_has_to_be_is_named(folder: str, own: Path) -> None:
    shutil.rmtree(own / folder, ignore_errors=True)
    (own / folder).write_text("x")
    (own / "in.jsonl").write_text(json.dumps(ARTICLE))
    writers = {"reports": "report", "releases": RELEASE, "runs": f"import {own / 'in.jsonl'}"}
    command = writers.get(folder, "align")
    ended = run(f"{command} --output {own}")
    assert ended.returncode in (1, 2)
    assert str(own / folder) in sentence(ended)


@pytest.mark.parametrize("command", ["align", RELEASE, "status", "crawl dalian"])
def test_a_full_disk_is_said_whatever_is_written_first(command: str, own: Path) -> None:
    before = {path: path.read_bytes() for path in own.rglob("*.parquet")}
    ended = shell(f"{command} --output {own}", "ulimit -f 0; {}")
    said = sentence(ended)
    if command == "status":  # which writes nothing
        assert ended.returncode in (0, 3)
    else:
        assert ended.returncode == 1
        assert str(own) in said
        assert "free space" in said
    assert {path: path.read_bytes() for path in own.rglob("*.parquet")} == before


def test_a_crawl_that_cannot_use_its_state_file_names_it_in_the_run_s_sentence(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state" / "dalian.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database at all " * 500)
    ended = run(f"crawl dalian --time-limit 60s --output {tmp_path}")
    assert ended.returncode == 4
    assert f"dalian: {path}: not a usable state file" in sentence(ended)
    assert "move it away" in sentence(ended)
    assert path.read_bytes() == b"no database at all " * 500


def test_a_folder_that_was_removed_below_the_command_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    how = f"cd {tmp_path / 'gone'}; rmdir {tmp_path / 'gone'}; {{}}"
    ended = shell("release 1", how)
    assert ended.returncode in (1, 2)
    assert sentence(ended).count("\n") == 1
    assert shell(f"status --output {tmp_path}", how).returncode in (0, 2)


def test_neither_a_home_nor_a_folder_for_temporary_files_is_needed(own: Path) -> None:
    ended = shell(f"release 1 --format all --output {own}", HOME=None, TMPDIR="/nowhere/at/all")
    assert ended.returncode == 0, sentence(ended)


@pytest.mark.parametrize("name", ["manifest.json", "counts.json"])
def test_a_damaged_record_of_a_run_is_named(name: str, own: Path) -> None:
    (own / "in.jsonl").write_text(json.dumps(ARTICLE))
    run(f"import {own / 'in.jsonl'} --output {own}")
    runs = sorted((own / "runs").glob("*/manifest.json"))
    path = runs[0].with_name(name)
    path.write_bytes(b"\xff{")
    ended = run(f"status --output {own}")
    assert ended.returncode == 1
    assert f"{path}: not a readable record of a run" in sentence(ended)
