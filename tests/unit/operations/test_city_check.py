"""The exit code of a check of city files and sites."""

import pytest

from crawler.errors import ExitCode
from pipelines.operations.cities import Checked

LIST = "http://www.anbei.example/xwzx/"
WORKS, FAILS = {"code": None, "list": LIST}, {"code": "robots", "list": LIST}


@pytest.mark.parametrize(
    ("errors", "sources", "code"),
    [
        ((), {}, ExitCode.DONE),
        ((), {"anbei": [WORKS, WORKS]}, ExitCode.DONE),
        ((), {"anbei": [WORKS], "erhe": [FAILS]}, ExitCode.UNWELL),
        ((), {"anbei": [FAILS], "erhe": [FAILS]}, ExitCode.UNUSABLE),
        (("erhe.yaml:1: unknown key",), {"anbei": [WORKS]}, ExitCode.USAGE),
    ],
)
def test_the_worst_finding_decides(
    errors: tuple[str, ...], sources: dict[str, list[dict[str, str | None]]], code: ExitCode
) -> None:
    assert Checked((), errors, sources).exit_code == code
