"""How the command line reads its arguments, and what it loads for it."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pipelines.cli.parser import _parse

# Loading either takes longer than all that these two commands do.
SLOW = {"scipy", "scrapy", "trafilatura", "justext", "readability", "pypinyin", "jinja2"}


def test_the_words_of_a_list_may_stand_on_both_sides_of_an_option() -> None:
    assert _parse(["align", "dalian", "--output", "corpus", "wuhan"]).cities == ["dalian", "wuhan"]
    assert _parse(["review", "export", "--output", "corpus", "a.csv"]).what == ["export", "a.csv"]
    warcs = _parse(["extract", "a.warc", "--any-host", "b.warc"]).warcs
    assert warcs == [Path("a.warc"), Path("b.warc")]


@pytest.mark.parametrize(
    "arguments",
    [["align", "dalian", "--nope"], ["demo", "--json", "dalian"], ["align", "--nope", "x"]],
)
def test_what_no_option_and_no_list_takes_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        _parse(arguments)
    assert stopped.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["status"]])
def test_what_is_asked_often_loads_little(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys; from pipelines.cli.parser import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: sys.stderr.write(' '.join(sys.modules))"
    )
    where = ["--output", str(tmp_path)] if "status" in arguments else []
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments, *where], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in ended.stderr.split()}
    assert "pipelines" in loaded
    assert not loaded & SLOW


@pytest.mark.parametrize(
    "arguments",
    [["demo"], ["crawl"], ["extract"], ["page", "x"], ["import", "x"], ["align"], ["run"],
     ["align-sentences", "x", "y"], ["status"], ["report"], ["review"], ["evaluate"],
     ["calibrate"], ["release", "1.0"], ["cities", "list"], ["cities", "check"],
     ["cities", "add", "http://www.dl.gov.cn/"]],
)  # fmt: skip
def test_every_command_exists(arguments: list[str]) -> None:
    command = _parse(arguments).command
    path = command.__qualname__
    module, _, name = path.rpartition(".")
    assert callable(getattr(import_module(f"pipelines.{module}"), name))
