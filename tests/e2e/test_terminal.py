"""Text of a site steers no terminal: on a real one, every command shows escapes as characters."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from crawler.legible import visible
from pipelines import terminal
from tests.authored import write_corpus

ROOT = Path(__file__).parents[2]
EVIL = "红\x1b[31m色\x1b]0;owned\x07\x9b31m\x7f\u202e倒\u2066\r末"
"""A colour, a window title, a C1 introducer, DEL, a direction override, a carriage return."""

REFERENCES = "".join(f"&#{ord(c)};" if not c.isprintable() else c for c in EVIL)
STEERS = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1a\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\x1b(?!\\[)")
OURS = re.compile(r"\x1b\[(\?25[lh]|[0-9;]*[mKAJ]|2K)")
"""What the program itself sends: colours, and the redrawing of progress bars."""


def on_terminal(*arguments: str, columns: int = 100, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; return its exit code and all that it sent there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        stdin=slave, stdout=slave, stderr=slave, cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONUTF8": "1", **environment},
    )  # fmt: skip
    os.close(slave)
    sent = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # Linux: all who wrote have closed it
            break
        if not part:
            break
        sent += part
    os.close(master)
    return process.wait(60), sent.decode("utf-8", "replace")


def steered(sent: str) -> list[str]:
    """Return what in a terminal's input is neither text nor the program's own colours."""
    return STEERS.findall(OURS.sub("", sent))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    text = "市长今天会见了客人，双方就合作进行了友好的交谈。" * 4
    path.write_text(
        f"<html><head><meta charset=utf-8><title>{REFERENCES}</title></head>"
        f"<body><h1>{REFERENCES}</h1><p>{text}{REFERENCES}</p><p>{text}</p>"
        f"<p>来源：{REFERENCES}</p></body></html>",
        encoding="utf-8",
    )
    return path


def test_a_page_whose_title_is_escapes_written_as_references(page: Path) -> None:
    for more in ([], ["--json"]):
        code, sent = on_terminal("page", str(page), "--url", "http://anbei.example/1", *more)
        assert code == 0
        assert steered(sent) == []
        assert "\x1b[31m" not in sent
    assert "红" in sent


def test_json_for_a_terminal_is_still_the_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    odd = {"title": EVIL, "astral": "\U000e0001 𠮷 \U0001f600", "half": "\ud800"}
    terminal.say_json(odd)
    said = capsys.readouterr().out
    assert json.loads(said) == odd
    assert steered(said) == []
    assert "𠮷 \U0001f600" in said


@pytest.mark.parametrize("columns", [1, 100])
def test_every_command_that_shows_stored_text(tmp_path: Path, columns: int) -> None:
    output = Path(shutil.copytree(write_corpus(tmp_path / "corpus"), tmp_path / "own"))
    row = {"id": "a", "city": "anbei", "lang": "zh", "published_at": "2024-03-05"}
    row |= {"url": "http://anbei.example/1", "title": EVIL, "text": f"市长会见客人。{EVIL}。" * 5}
    (output / "in.jsonl").write_text(json.dumps(row) + "\n")
    run = output / "runs" / "20240501T000000Z-0000"
    run.mkdir(parents=True)
    manifest = {"run_id": run.name, "command": EVIL, "cities": ["anbei"], "started_at": "x"}
    manifest |= {"finished_at": "2024-05-01T00:00:00+00:00", "cut_short": EVIL, "exit_code": 1}
    manifest |= {"started_at": "2024-05-01T00:00:00+00:00"}
    (run / "manifest.json").write_text(json.dumps(manifest))
    where = ("--output", str(output))
    for arguments in (
        ("import", str(output / "in.jsonl")),
        ("status",),
        ("status", "--runs"),
        ("align", "--explain", EVIL.replace("\0", ""), "b"),
        ("align",),
        ("release", "verify", EVIL),
    ):
        code, sent = on_terminal(*arguments, *where, columns=columns)
        assert code in (0, 2, 3), sent
        assert steered(sent) == [], arguments
        assert "\x1b[31m色" not in sent


def test_a_progress_bar_shows_a_city_s_name_as_text() -> None:
    """Names of cities may come from an archive's hosts; `[` begins no markup in them."""
    code = (
        "from pipelines.terminal import progress\n"
        "import sys\n"
        "with progress() as bars:\n"
        "    bars.update(sys.argv[1], 1, 2, sys.argv[1])\n"
        "    bars.update('[bold]x[/nothing]', 2, 2, '[/]')\n"
    )
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, EVIL], stdout=slave, stderr=slave, cwd=ROOT,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(slave)
    sent = b""
    while True:
        try:
            sent += os.read(master, 65536)
        except OSError:
            break
    os.close(master)
    assert process.wait(60) == 0
    assert steered(sent.decode("utf-8", "replace")) == []
    assert "\x1b[31m色" not in sent.decode()
    assert b"[bold]x[/nothing]" in sent


def test_what_is_text_stays_as_it_is() -> None:
    for text in ("会议\n\t第二段", "全角　空格", "naïve\u00a0café", "𠮷野家 \U0001f600", ""):
        assert visible(text) == text
    assert visible("a\x1bb\x9bc\x7f\u202e") == "a␛b⟦U+009B⟧c⟦U+007F⟧⟦U+202E⟧"
    assert visible("a\udcff") == "a⟦U+DCFF⟧"
