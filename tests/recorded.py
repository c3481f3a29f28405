"""Fixtures of `tests/cms/<city>/<case>/`: a saved page, its expected fields.

An article is `page.html`; a list page is `list.*` in a case whose name begins `list-`. Beside it
lies `expected.json`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parent / "cms"
_FOLDERS = sorted(p for p in FIXTURES.glob("*/*") if p.is_dir() and p.name[0] not in "._")
PAGES = [path for path in _FOLDERS if not path.name.startswith("list-")]
LISTS = [path for path in _FOLDERS if path.name.startswith("list-")]


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def page(case: Path) -> Path:
    """Return the saved page of a case."""
    pattern = "list.*" if case.name.startswith("list-") else "page.html"
    found = sorted(case.glob(pattern))
    return found[0] if found else case / pattern


@cache
def expected(case: Path) -> dict[str, Any]:
    """Return the expected fields of a page.
    Without the page or them, the test fails with a sentence."""
    recorded = case / "expected.json"
    missing = [path.name for path in (page(case), recorded) if not path.is_file()]
    if missing:
        pytest.fail(
            f"tests/cms/{name(case)}: {' and '.join(missing)} missing. A fixture is a page "
            "and what a person, looking at it, says it holds; see CONTRIBUTING.md.",
            pytrace=False,
        )
    found: dict[str, Any] = json.loads(recorded.read_text(encoding="utf-8"))
    if "draft" in found:
        pytest.fail(
            f"tests/cms/{name(case)}: expected.json is a draft. Compare it with the page, put "
            'right what is wrong, and take out the line "draft".',
            pytrace=False,
        )
    return found
