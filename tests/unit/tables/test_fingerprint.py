"""Cached results are known by the code that made them: all of it, and no more."""

import shutil
from pathlib import Path

import grimp
import pytest

import pipelines
from pipelines.articles import archives_read
from pipelines.pairs import prepared
from pipelines.sentences import cache
from pipelines.tables.fingerprint import digest_of_files, fingerprint

ROOT = Path(pipelines.__file__).parents[1]
CACHES = {
    "pipelines.articles.archives": archives_read.DEPENDS_ON,
    "pipelines.pairs.candidates": prepared.DEPENDS_ON,
    "pipelines.sentences.align": cache.DEPENDS_ON,
}
"""Modules whose results are cached, with the rooms that their fingerprint names."""

PLUMBING = (
    "crawler.errors",
    "crawler.ordinary",
    "crawler.state",
    "pipelines.pool",
    "pipelines.tables",
    "pipelines.terminal",
)
"""Rooms that carry results without deciding what they are."""


def within(module: str, parts: tuple[str, ...]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("program")
    for name in ("crawler", "pipelines"):
        skip = shutil.ignore_patterns("demo", "__pycache__")
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    return root


@pytest.mark.parametrize("module", CACHES)
def test_every_module_that_a_result_rests_on_is_named(module: str) -> None:
    graph = grimp.build_graph("crawler", "pipelines")
    for carrier in sorted(m for m in graph.modules if within(m, PLUMBING)):
        graph.remove_module(carrier)
    rests_on = {module, *graph.find_upstream_modules(module)}
    rooms = {"crawler", "pipelines"}  # their own files are empty
    assert not {m for m in rests_on - rooms if not within(m, CACHES[module])}


@pytest.mark.parametrize("module", CACHES)
def test_a_fingerprint_changes_with_each_file_of_its_rooms_and_with_no_other(
    module: str, copy: Path
) -> None:
    parts = CACHES[module]
    before = digest_of_files(copy, parts)
    for path in sorted(copy.rglob("*")):
        if path.suffix not in (".py", ".json", ".tsv"):
            continue
        name = ".".join(path.relative_to(copy).with_suffix("").parts)
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        changed = digest_of_files(copy, parts) != before
        path.write_bytes(content)
        assert changed == within(name, parts), name


def test_data_beside_the_code_counts_however_deep(tmp_path: Path) -> None:
    deep = tmp_path / "pipelines" / "facts" / "words" / "places.tsv"
    deep.parent.mkdir(parents=True)
    deep.write_text("大连\tDalian\n", encoding="utf-8")
    before = digest_of_files(tmp_path, ["pipelines.facts"])
    deep.write_text("大连\tDairen\n", encoding="utf-8")
    assert digest_of_files(tmp_path, ["pipelines.facts"]) != before


def test_a_room_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"pipelines\.nowhere"):
        fingerprint(("pipelines.nowhere",), ())
