"""The order of the crawler's rooms is checked for every module, not only for those named."""

import tomllib
from pathlib import Path
from pkgutil import walk_packages

import crawler

PYPROJECT = Path(crawler.__file__).parents[1] / "pyproject.toml"


def test_every_module_of_the_crawler_has_a_layer() -> None:
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    lines = next(c["layers"] for c in contracts if c["name"].startswith("Rooms of the crawler"))
    layers = {name.strip() for line in lines for name in line.replace("|", ":").split(":")}
    modules = {found.name for found in walk_packages(crawler.__path__, "crawler.")}
    rooms = {module.rpartition(".")[0] for module in modules}
    unchecked = {m for m in modules - rooms if not any(f"{m}.".startswith(f"{n}.") for n in layers)}
    assert unchecked == set()
    assert layers <= modules
