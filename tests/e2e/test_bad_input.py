"""Bad input gets one clear sentence and the promised exit code; nothing is left half-written."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import warm

GOOD = {"id": "one", "city": "a", "lang": "zh", "url": "", "title": "会议",
        "text": "市政府召开会议。"}  # fmt: skip


def shizheng(
    *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return warm.run("pipelines.cli", *map(str, arguments), env=env)


def test_cities_check_names_every_bad_file_not_only_the_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: only\n")
    ended = shizheng("cities", "check", "--cities-dir", tmp_path)
    assert ended.returncode == 2
    assert "a.yaml:1:" in ended.stderr
    assert "b.yaml:1:" in ended.stderr


def test_a_folder_that_cannot_be_written_is_named_before_any_work(tmp_path: Path) -> None:
    # /proc refuses even root, whom permission bits do not stop.
    ended = shizheng("crawl", "dalian", "--output", "/proc/shizheng")
    assert ended.returncode == 2
    assert "/proc/shizheng: cannot be written" in ended.stderr
    assert "--output" in ended.stderr


def test_a_bad_line_of_an_import_stores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    bad = '{"id": "x", "city": "a", "text": "t", "published_at": "May"}'
    path.write_text(f"{json.dumps(GOOD, ensure_ascii=False)}\n{bad}\n", encoding="utf-8")
    ended = shizheng("import", path, "--output", tmp_path / "out")
    assert ended.returncode == 2
    assert "news.jsonl:2: published_at must be" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_aligning_an_empty_folder_says_what_to_do_first(tmp_path: Path) -> None:
    ended = shizheng("align", "--output", tmp_path)
    assert ended.returncode == 2
    assert "no articles of any city" in ended.stderr
    ended = shizheng("align", "--output", tmp_path / "missing")
    assert ended.returncode == 2
    assert "no such folder" in ended.stderr


def test_sentences_are_never_written_over_their_own_input(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "1", "zh": ["一。"], "en": ["One."]}', encoding="utf-8")
    before = path.read_bytes()
    ended = shizheng("align-sentences", path, path)
    assert ended.returncode == 2
    assert "is the input itself" in ended.stderr
    assert path.read_bytes() == before


def test_a_setting_in_the_environment_that_is_no_number_is_named() -> None:
    ended = shizheng("crawl", "dalian", env={**os.environ, "SHIZHENG_DELAY": "2s"})
    assert ended.returncode == 2
    assert "SHIZHENG_DELAY must be a number such as 2, not '2s'" in ended.stderr
    assert "Traceback" not in ended.stderr
