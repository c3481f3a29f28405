"""Bad input gets one clear sentence and the promised exit code; nothing is left half-written."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import warm

DEMO_CITIES = Path(__file__).parents[2] / "crawler/demo/cities"

GOOD = {"id": "one", "city": "a", "lang": "zh", "url": "", "title": "会议",
        "text": "市政府召开会议。"}  # fmt: skip


def shizheng(
    *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return warm.run("pipelines.cli", *map(str, arguments), env=env)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_wrong_key_in_a_city_file_is_named_by_file_and_line(tmp_path: Path) -> None:
    cities = tmp_path / "cities"
    cities.mkdir()
    text = (DEMO_CITIES / "yunze.yaml").read_text(encoding="utf-8")
    (cities / "yunze.yaml").write_text(text + "pearing: {max_days: 60}\n", encoding="utf-8")
    ended = shizheng("crawl", "yunze", "--cities-dir", cities, "--output", tmp_path / "out")
    assert ended.returncode == 2
    assert f"yunze.yaml:{text.count(chr(10)) + 1}: unknown key 'pearing'" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_cities_check_names_every_bad_file_not_only_the_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: only\n")
    ended = shizheng("cities", "check", "--cities-dir", tmp_path)
    assert ended.returncode == 2
    assert "a.yaml:1:" in ended.stderr
    assert "b.yaml:1:" in ended.stderr


def test_an_unknown_city_is_told_the_known_ones(tmp_path: Path) -> None:
    ended = shizheng("crawl", "atlantis", "--output", tmp_path / "out")
    assert ended.returncode == 2
    assert "unknown city atlantis; known: " in ended.stderr
    assert "dalian" in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "not.warc.gz"
    path.write_bytes(b"this is not a web archive")
    ended = shizheng("extract", path, "--output", tmp_path / "out")
    assert ended.returncode == 2
    assert "not.warc.gz" in ended.stderr
    assert "WARC" in ended.stderr
    assert not (tmp_path / "out/articles").exists()


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


def test_a_line_of_align_sentences_that_is_not_json_writes_no_result(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "1", "zh": ["一。"], "en": ["One."]}\nnonsense\n', encoding="utf-8")
    ended = shizheng("align-sentences", path, tmp_path / "out.jsonl")
    assert ended.returncode == 2
    assert "in.jsonl:2:" in ended.stderr
    assert files(tmp_path) == ["in.jsonl"]


def test_aligning_an_empty_folder_says_what_to_do_first(tmp_path: Path) -> None:
    ended = shizheng("align", "--output", tmp_path)
    assert ended.returncode == 2
    assert "no articles of any city" in ended.stderr
    ended = shizheng("align", "--output", tmp_path / "missing")
    assert ended.returncode == 2
    assert "no such folder" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("demo", "--output", "/proc/shizheng"), "/proc/shizheng: cannot be written"),
        (("crawl", "dalian", "--since", "2024-02-01", "--until", "2024-01-01"), "is later than"),
    ],
)
def test_a_wrong_option_is_a_usage_error(arguments: tuple[str, ...], message: str) -> None:
    ended = shizheng(*arguments)
    assert ended.returncode == 2
    assert message in ended.stderr


def test_sentences_are_never_written_over_their_own_input(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "1", "zh": ["一。"], "en": ["One."]}', encoding="utf-8")
    before = path.read_bytes()
    ended = shizheng("align-sentences", path, path)
    assert ended.returncode == 2
    assert "is the input itself" in ended.stderr
    assert path.read_bytes() == before


def test_two_runs_at_once_are_refused_with_exit_code_five(tmp_path: Path) -> None:
    from pipelines.tables import lock

    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps(GOOD, ensure_ascii=False), encoding="utf-8")
    output = tmp_path / "out"
    with lock.hold(output, ["a"]):
        ended = shizheng("import", path, "--output", output)
    assert ended.returncode == 5
    assert "is working on a" in ended.stderr
    assert not (output / "articles").exists()
    assert shizheng("import", path, "--output", output).returncode == 0


def test_a_setting_in_the_environment_that_is_no_number_is_named() -> None:
    ended = shizheng("crawl", "dalian", env={**os.environ, "SHIZHENG_DELAY": "2s"})
    assert ended.returncode == 2
    assert "SHIZHENG_DELAY must be a number such as 2, not '2s'" in ended.stderr
    assert "Traceback" not in ended.stderr
