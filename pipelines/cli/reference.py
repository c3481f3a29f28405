"""Reference pages generated from the code: `make reference` writes, a test compares."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cyclopts import App
from rich.console import Console

from crawler.city_file import CITIES_DIR, load_cities
from crawler.city_schema import city_schema
from pipelines.cli.app import app
from pipelines.operations import catalogue

_WIDTH = 96
"""Columns of a help text: the longest line that a code block of the site shows whole."""

_COMMANDS = """# Commands

The help texts of the program, generated from it (`make reference`). What they share: exit codes are
0 done · 1 internal error · 2 usage · 3 done, but some city failed · 4 nothing usable · 5 another
run has the lock; the folder of the corpus is `--output DIR`, or `SHIZHENG_OUTPUT`.
"""

_CITY_FILE = """# City file

Every key of a city file, generated from its schema (`make reference`). Editors check and complete
city files with [city-file.schema.json](city-file.schema.json): VS Code's YAML extension finds it by
the settings in this repository, and any editor with a YAML language server by a first line
`# yaml-language-server: $schema=` with the path. `shizheng cities check` knows more, such as hosts
of lists and patterns, and names the line. How to write one:
[your first city](../tutorial/first-city.md).

| key | value | meaning |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return the generated files by path below `docs/reference`."""
    cities = load_cities(CITIES_DIR)
    return {
        "cities.md": catalogue.page(cities),
        "cities.svg": catalogue.badge(cities),
        "commands.md": commands(),
        "city-file.md": _CITY_FILE + "".join(_rows(city_schema(), "")),
        "city-file.schema.json": json.dumps(city_schema(), ensure_ascii=False, indent=1) + "\n",
    }


def commands() -> str:
    """Return the page of commands as Markdown."""
    parts = [_COMMANDS]
    for words in _named(app, ()):
        text = io.StringIO()
        app.help_print(list(words), console=Console(file=text, width=_WIDTH, no_color=True))
        help_text = "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())
        parts.append(f"\n{'#' * (1 + len(words))} {' '.join(words)}\n\n```text\n{help_text}\n```\n")
    return "".join(parts)


def _named(group: App, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, subcommands after theirs."""
    for name in group:
        if not name.startswith("-"):
            yield (*before, name)
            yield from _named(group[name], (*before, name))


def _rows(schema: dict[str, Any], prefix: str) -> Iterator[str]:
    """Yield a table row for each key, inner keys after theirs."""
    for key, inner in schema["properties"].items():
        needed = " (required)" if key in schema.get("required", ()) else ""
        yield f"| `{prefix}{key}` | {_kind(inner)}{needed} | {inner['description']} |\n"
        listed = inner.get("items", {})
        for nested, dots in ((inner, "."), (listed, "[].")):
            if "properties" in nested:
                yield from _rows(nested, f"{prefix}{key}{dots}")


def _kind(schema: dict[str, Any]) -> str:
    """Return the values that a schema allows, in words."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("format") == "date":
        return "date"
    kind = schema["type"]
    return str(kind if isinstance(kind, str) else " or ".join(kind))


if __name__ == "__main__":
    _folder = Path(__file__).parents[2] / "docs" / "reference"
    for _name, _text in pages().items():
        (_folder / _name).write_text(_text, encoding="utf-8")
