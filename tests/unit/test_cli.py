"""How the command line reads its arguments."""

from pathlib import Path

import pytest

from pipelines.cli import _parse


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
