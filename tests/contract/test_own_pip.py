"""What is installed can be installed by the pip that each Python brings."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?")


def test_no_two_packages_spell_an_extra_of_a_third_differently() -> None:
    # pip 23.2, which comes with Python 3.11, takes html_clean and html-clean for two extras and
    # ends with an internal error.
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    allowed = {_NAMED.match(one)[1].lower(): one for one in listed["dependencies"]}  # type: ignore[index]
    assert "<0.9" in allowed["readability-lxml"]
    spelt: dict[str, set[str]] = {}
    for name in allowed:
        if name == "readability-lxml":
            continue  # an older environment may have the version that is excluded above
        for requirement in distribution(name).requires or ():
            found = _NAMED.match(requirement)
            for extra in (
                (found[2] or "").split(",") if found and "extra ==" not in requirement else ()
            ):
                if extra:
                    key = f"{found[1]}[{re.sub(r'[-_.]+', '-', extra)}]".lower()  # type: ignore[index]
                    spelt.setdefault(key, set()).add(extra)
    assert {key: names for key, names in spelt.items() if len(names) > 1} == {}
