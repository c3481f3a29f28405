"""The two READMEs have equal content, and the first screen has what a stranger looks for."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
SCREEN = 60
"""Lines that a stranger sees before scrolling far."""


def links(text: str) -> list[str]:
    """Return where links lead; a page in Chinese counts as the one it renders."""
    found = {link.replace(".zh-CN.md", ".md") for link in re.findall(r"\]\(([^)]+)\)", text)}
    return sorted(found - {"README.md"})


def commands(text: str) -> list[str]:
    """Return the code of every command, without its comment."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"^\| (`.*?) \| ", text, re.MULTILINE)


@pytest.mark.parametrize("content", [links, commands], ids=lambda content: content.__name__)
def test_both_languages_have_the_same(content: object) -> None:
    assert callable(content)
    assert content(CHINESE) == content(ENGLISH)


@pytest.mark.parametrize("pattern", [r"^```python\n.*?^```$", r"^\| 中文 .*?\n\n"])
def test_both_languages_show_the_same_code_and_rows(pattern: str) -> None:
    kind = re.compile(pattern, re.MULTILINE | re.DOTALL)
    assert kind.findall(CHINESE) == kind.findall(ENGLISH) != []


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_the_first_screen_has_what_a_stranger_looks_for(text: str) -> None:
    first = "\n".join(text.splitlines()[:SCREEN])
    assert len(re.findall(r"\| \.\d\d \|$", first, re.MULTILINE)) == 10
    for sought in ("](docs/images/demo-pair.png)", "make demo ", "make test ", "```python"):
        assert sought in first
