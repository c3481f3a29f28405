"""The documentation: its links lead somewhere, the paths it names exist."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:benchmarks|crawler|deploy|docs|pipelines|tests)/[\w./-]*\w/?")
_MODULE = re.compile(r"python -m (benchmarks[\w.]*\w)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, spelt as GitHub spells them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def is_reached(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    links = [one or other for one, other in _LINK.findall(page.read_text(encoding="utf-8"))]
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not is_reached(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_and_every_benchmark_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = [code for code in _CODE.findall(text) if _PATH.fullmatch(code)]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    modules = _MODULE.findall(text)
    assert [module for module in modules if not importlib.util.find_spec(module)] == []
