"""The command line: its commands, the reading of their arguments, and errors as sentences."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from crawler.demo import DEMO_CITIES
from pipelines.cli import cities, commands, fetching, release, review
from pipelines.cli.app import app, main, parse

# Loading either takes longer than all that `--help` and `status` do.
SLOW = {"scipy", "scrapy", "trafilatura", "justext", "readability", "pypinyin", "jinja2"}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUTPUT", "TIME_LIMIT", "WEBHOOK", "METRICS_DIR"):
        monkeypatch.delenv(f"SHIZHENG_{name}", raising=False)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("demo", commands.demo),
        ("crawl dalian", fetching.crawl),
        ("extract --all", commands.extract),
        ("page page.html", commands.page),
        ("import in.jsonl", commands.import_articles),
        ("align", commands.align),
        ("align-sentences in.jsonl out.jsonl", commands.align_sentences),
        ("run", fetching.run),
        ("status", commands.status),
        ("report", commands.report),
        ("review", review.serve),
        ("review dalian wuhan", review.serve),
        ("review serve dalian", review.serve),
        ("review export a.csv", review.export_verdicts),
        ("review import a.csv", review.import_verdicts),
        ("evaluate", commands.evaluate),
        ("calibrate", commands.calibrate),
        ("release 1.0", release.make),
        ("release make 1.0", release.make),
        ("release --format hf moses --output corpus 1.0", release.make),
        ("release verify 1.0", release.verify),
        ("release diff 1.0 1.1", release.diff),
        ("release list", release.list_releases),
        ("cities list", cities.list_cities),
        ("cities check", cities.check),
        ("cities add http://www.dl.gov.cn/", cities.add),
    ],
)
def test_every_command_takes_an_output_folder_and_json(line: str, command: object) -> None:
    found, bound = parse([*line.split(), "--output", "corpus", "--json"])
    assert found is command
    assert bound.arguments["shared"].output == Path("corpus")
    assert bound.arguments["shared"].json


def test_words_of_a_list_may_be_on_both_sides_of_an_option() -> None:
    bound = parse(["align", "dalian", "--output", "corpus", "wuhan"])[1]
    assert bound.arguments["cities"] == ("dalian", "wuhan")
    bound = parse(["extract", "a.warc", "--any-host", "b.warc"])[1]
    assert bound.arguments["warcs"] == (Path("a.warc"), Path("b.warc"))
    assert str(parse(["review", "export", "--output", "o", "a.csv"])[1].args[0]) == "a.csv"


@pytest.mark.parametrize("line", ["review dalian", "review serve dalian"])
def test_a_review_without_a_subcommand_is_served(line: str) -> None:
    assert parse(line.split())[1].arguments["cities"] == ("dalian",)


def test_the_options_of_a_round() -> None:
    line = "crawl dalian --since 2024-03-05 -s A=1 -sB=2 --time-limit 45m --verbose"
    crawling = parse(line.split())[1].arguments["crawling"]
    assert (crawling.since, crawling.until) == (date(2024, 3, 5), None)
    assert (crawling.settings, crawling.time_limit) == (("A=1", "B=2"), 2700)
    assert crawling.verbose


@pytest.mark.parametrize(
    ("line", "runs"), [("status", None), ("status --runs", ()), ("status --runs 5", (5,))]
)
def test_the_number_of_runs_may_be_left_out(line: str, runs: tuple[int, ...] | None) -> None:
    assert parse(line.split())[1].arguments.get("runs") == runs


def test_options_of_several_words() -> None:
    found = parse(["release", "1.0", "--relation", "abridged", "translation", "--lang", "zh"])[1]
    assert found.arguments["selecting"].relation == ("abridged", "translation")
    assert found.arguments["lang"] == ("zh",)
    assert parse(["align", "--explain", "a", "b"])[1].arguments["explain"] == ("a", "b")


def test_the_last_of_repeated_options_counts() -> None:
    found = parse(["status", "--output", "a", "--output", "b"])[1]
    assert found.arguments["shared"].output == Path("b")


def test_variables_of_the_environment_are_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"OUTPUT": "corpus", "TIME_LIMIT": "90s",
              "WEBHOOK": "https://hooks.example.org/x", "METRICS_DIR": "prom"}  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"SHIZHENG_{name}", value)
    found = parse(["run"])[1].arguments
    assert found["shared"].output == Path("corpus")
    assert found["crawling"].time_limit == 90
    assert found["webhook"] == "https://hooks.example.org/x"
    assert found["metrics_dir"] == Path("prom")
    assert parse(["run", "--output", "other"])[1].arguments["shared"].output == Path("other")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUTPUT", "CITIES", "TIME_LIMIT", "WEBHOOK", "METRICS_DIR"):
        monkeypatch.setenv(f"SHIZHENG_{name}", "")
    found = parse(["run"])[1].arguments
    assert found["shared"].output == Path("output")
    assert found["crawling"].time_limit is None
    assert (found["webhook"], found["metrics_dir"]) == ("", None)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "expected a command (see shizheng --help)"),
        ("cities", "expected a command (see shizheng cities --help)"),
        ("crwl dalian", 'Unknown command "crwl". Did you mean "crawl"?'),
        ("cities chek", 'Did you mean "check"?'),
        ("align dalian --encodr x", "Unknown option: --encodr. Did you mean --encoder?"),
        ("demo --json dalian", "Unexpected argument: dalian. (see shizheng demo --help)"),
        ("release diff 1.0", 'Command "release diff" parameter B requires an argument'),
        ("release", "VERSION requires an argument"),
        ("crawl dalian --since yesterday", "--since: expected a date like 2024-03-05, not"),
        ("crawl dalian -s A", "-s: expected NAME=VALUE, not 'A'"),
        ("crawl dalian --time-limit 6", "expected a span like 90s, 45m or 6h, not '6'"),
        ("crawl", "name at least one city, or --all"),
        ("crawl dalian --all", "name cities, or --all, not both"),
        ("align --jobs 0", "expected a number of processes from 1 on, not '0'"),
        ("status --runs no", "--runs: expected a number of runs from 1 on, not 'no'"),
        ("run --webhook ftp://x", "a webhook is an http or https address"),
        ("status --output ftp://bucket/x", "expected the URL of a bucket or a folder in it"),
        ("pull s3://k:secret@bucket/x", "s3://bucket/x: expected the URL of a bucket"),
        ("pull https://h.example/x?signature=secret", "https://h.example/x: expected the URL"),
        ("cities add http://k:secret@[h/", "http://[h/: expected the address of a home"),
        ("demo --output s3://bucket/x", "demo works on a local folder"),
        ("release 1 --format jsnl", "invalid choice: 'jsnl'"),
        ("release 1 --format jsnl", "did you mean jsonl?"),
        ("release 1 --min-probability 2", "expected a probability from 0 to 1, not '2' (see"),
        ("release 1 --min-similarity 2", "expected a cosine from 0 to 1, not '2' (see"),
        ("export pairs a.tsv --min-probability 90", "not '90'; did you mean 0.9?"),
        ("export pairs a.tsv --format tsv,csv", "invalid choice: 'tsv,csv'; known: tsv, csv"),
        ("release 1 --relation translation,digests", "invalid choice: 'digests'; known: transl"),
        ("export pairs a.tsv --min-similarity 85%", "not '85%'; did you mean 0.85?"),
        ("calibrate --list --revert", "name one of --list, --revert and --dry-run"),
        ("review --port x", "--port"),
        ("cities add http://www.example.org/ --division 12", "expected six digits, like 210200"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(
    line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("shizheng: ")
    assert sentence in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("is_file", [False, True])
def test_an_encoder_that_is_none_ends_a_run_before_it_crawls(
    is_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if is_file:
        (tmp_path / "model").write_text("no model")
    named = ["--encoder", str(tmp_path / "model")]
    places = ["--cities-dir", str(DEMO_CITIES), "--output", str(tmp_path / "corpus")]
    assert main(["run", *named, *places]) == 2
    assert capsys.readouterr().err.startswith(f"shizheng: {tmp_path / 'model'}: ")
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize(
    "line",
    ["ftp://www.example.org/", "FILE --url www.example.org/1", "http://", "http://[::1/x",
     "http://a.example:99999/"],
)  # fmt: skip
def test_an_address_of_a_page_is_on_the_web(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").write_text("<title>Bridge opens</title>")
    assert main(["page", *line.replace("FILE", str(tmp_path / "page.html")).split()]) == 2
    assert "expected an address" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["--help", "release --help", "review export -h", "cities -h"])
def test_help_is_printed(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 0
    assert capsys.readouterr().out.startswith("Usage: shizheng ")


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("shizheng 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_and_options(shell: str) -> None:
    script = app.generate_completion(shell=shell)  # type: ignore[arg-type]
    assert "align-sentences" in script
    assert "min-probability" in script


def test_completion_is_installed_for_the_shell_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["--install-completion", "--shell", "bash"]) == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any("align-sentences" in path.read_text() for path in written)


def test_completion_for_a_shell_that_is_not_known_asks_for_its_name(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "--install-completion"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "SHELL": "/bin/foosh", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "shizheng: the shell in use is not known; name it: --shell bash|zsh|fish\n"
    )


def test_completion_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").write_text("no folder")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert main(["--install-completion", "--shell", "zsh"]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["status"], ["release", "--help"]])
def test_frequent_commands_load_little(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; from pipelines.cli.app import main\n"
        "main(sys.argv[1:])\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    where = ["--output", str(tmp_path)] if "status" in arguments else []
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments, *where], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in ended.stderr.split()}
    assert "pipelines" in loaded
    assert not loaded & SLOW
