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


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = (page.relative_to(ROOT / "docs") for page in ROOT.glob("docs/*/*.md"))
    assert [page for page in pages if f"]({page})" not in index] == []


def test_the_navigation_of_the_site_names_every_page() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    pages = (page.relative_to(ROOT / "docs") for page in ROOT.glob("docs/*/*.md"))
    assert [page for page in pages if f": {page}\n" not in navigation] == []


@pytest.mark.parametrize("package", ["crawler", "pipelines"])
def test_the_architecture_names_every_room(package: str) -> None:
    page = (ROOT / "docs/reference/architecture.md").read_text(encoding="utf-8")
    _, listed = page.split(f"## Rooms of `{package}/`")
    listed = listed.split("## ")[0]
    rooms = [f for f in (ROOT / package).iterdir() if f.is_dir() and f.name != "__pycache__"]
    assert [room.name for room in rooms if f"| `{room.name}/` |" not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_and_every_benchmark_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = [code for code in _CODE.findall(text) if _PATH.fullmatch(code)]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    modules = _MODULE.findall(text)
    assert [module for module in modules if not importlib.util.find_spec(module)] == []


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("tutorial/first-city.zh-CN.md", "tutorial/first-city.md"),
        ("tutorial/load-filter-cite.zh-CN.md", "tutorial/load-filter-cite.md"),
    ],
)
def test_a_tutorial_in_chinese_has_the_steps_and_the_code_of_the_english_one(
    chinese: str, english: str
) -> None:
    texts = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in (chinese, english)]
    blocks, steps, options = (
        [re.findall(pattern, text, re.MULTILINE | re.DOTALL) for text in texts]
        for pattern in (r"^```.*?^```$", r"^## \d", r"`(--?[a-z][a-z-]*)`")
    )
    assert blocks[0] == blocks[1]
    assert len(blocks[0]) > 5
    assert steps[0] == steps[1]
    assert sorted(options[0]) == sorted(options[1])


def test_the_guide_to_reviewing_in_chinese_has_all_that_the_english_one_has() -> None:
    names = ("how-to/reviewing.zh-CN.md", "how-to/reviewing.md")
    texts = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in names]
    assert _FENCED.findall(texts[0]) == _FENCED.findall(texts[1])
    chinese, english = (_FENCED.sub("", text) for text in texts)
    for pattern in (r"^#+ ", r"^\* ", r"^\| `([^`]*)`", _CODE.pattern, _LINK.pattern):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (chinese, english)]
        assert sorted(found[0]) == sorted(found[1]), pattern
        assert found[0]
    # Controls have the names that the page shows.
    shown = "".join(
        path.read_text(encoding="utf-8") for path in ROOT.glob("pipelines/review/templates/*.j2")
    )
    controls = re.findall(r"(?<!\*)\*([\u4e00-\u9fff]+)\*(?!\*)", chinese)
    assert len(controls) > 8
    assert [name for name in controls if f"'{name}" not in shown] == []


def test_the_guide_to_cities_in_chinese_has_the_systems_and_steps_of_the_english_one() -> None:
    chinese = (ROOT / "docs/how-to/add-a-city.zh-CN.md").read_text(encoding="utf-8")
    english = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    english = english.split("## Add a city\n")[1].split("\n## ")[0]
    for pattern in (r"^\d\. \*\*", r"^   \| .* \| (`\w+`) \|$", r"`([a-z_]+:) ?", r"#[a-z-]+\)"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (chinese, english)]
        assert sorted(found[0]) == sorted(found[1]), pattern
        assert found[0]
