"""`shizheng page FILE`: explained as if it had been fetched, but for what nobody may see."""

import json
from pathlib import Path

import pytest

from pipelines.cli.app import main


def test_the_password_in_an_address_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.html").write_text("<p>市政府召开会议。</p>", encoding="utf-8")
    line = ["page", str(tmp_path / "a.html"), "--url", "http://bo:secret@www.anlan.example/1.html"]
    for shown in ([], ["--json"]):
        assert main([*line, *shown]) == 0
        said = capsys.readouterr()
        assert "secret" not in said.out + said.err
    assert json.loads(said.out)["url"] == "http://www.anlan.example/1.html"
