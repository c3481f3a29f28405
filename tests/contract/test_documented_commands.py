"""Every command and option that README and docs name is one of the command line's."""

import io
import re
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_ROW = re.compile(r"^\| `(?!shizheng)([a-z][^`]*)`", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_COMMAND = re.compile(r"(?:^|[\s(]|bin/)shizheng ((?:[a-z-]+|--[a-z]).*)")


def named(page: Path) -> list[str]:
    """Return the command lines of a page, without the program."""
    text = page.read_text(encoding="utf-8")
    shells = [block for language, block in _FENCED.findall(text) if language in ("", "sh")]
    lines = [line for block in shells for line in block.splitlines()]
    spans = [" ".join(span.split()) for span in _CODE.findall(_FENCED.sub("", text))]
    found = [match[1] for one in (*lines, *spans) if (match := _COMMAND.search(one))]
    if page.name == "README.md" and page.parent == ROOT:
        table = text.split("| command | does |")[1].split("\n\n")[0]
        found += [row.replace("\\|", "|") for row in _ROW.findall(table)]
    return [line.split(" #")[0].split("&&")[0].split(" | head")[0] for line in found]


@cache
def shown(*command: str) -> str:
    """Return what `--help` prints."""
    with redirect_stdout(io.StringIO()) as out:
        app.main([*command, "--help"])
    return out.getvalue()


def commands() -> set[str]:
    return set(re.findall(r"^  ([a-z][a-z-]+): ", shown(), re.MULTILINE))


def options(words: list[str]) -> set[str]:
    """Return the options of a command and of those of its subcommands that `words` name."""
    command, *more = words
    whole = shown(command)
    inside = [word for word in more if re.search(rf"\b{word}\b", whole) and word.islower()]
    return set(_OPTION.findall(whole + "".join(shown(command, word) for word in inside)))


def test_make_is_called_with_a_target_that_there_is() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert "setup" in targets
    # Alone it prints its targets and sets nothing up.
    named = [
        (page.name, target)
        for page in PAGES
        for target in re.findall(
            r"(?:^|`|# or: |或者 )make(?: ([a-z]+))?(?=[`\s，,]*(?:#|`|$|,|，))",
            re.sub(r"`make\s+", "`make ", page.read_text(encoding="utf-8")),
            re.MULTILINE,
        )
    ]
    assert ("README.md", "setup") in named
    assert [one for one in named if one[1] not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_of_a_page_exists(page: Path) -> None:
    for line in named(page):
        words = re.findall(r"[a-z][a-z-]*", _OPTION.split(line)[0].split('"')[0])
        if words:
            assert words[0] in commands(), line
            assert set(_OPTION.findall(line)) <= options(words) | {"--help"}, line


def test_commands_are_found_in_readme() -> None:
    found = {line.split()[0] for line in named(ROOT / "README.md")}
    assert {"demo", "crawl", "page", "review", "release", "cities"} <= found
