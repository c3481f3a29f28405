"""What is installed can be installed by the pip that each Python brings."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(requirements: list[str]) -> Iterator[tuple[str, str]]:
    """Yield packages with the extras of them that are asked for, as they are spelt."""
    for requirement in requirements:
        found = _NAMED.match(requirement)
        if found and "extra ==" not in requirement:
            for extra in (found[2] or "").split(","):
                yield found[1], extra.strip()


def test_what_an_extra_brings_that_old_pips_do_not_find_is_asked_for_by_name() -> None:
    # pip 23.2 looks for an extra by its very letters, and only warns where there is none.
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {plain(package) for package, _ in wanted(listed["dependencies"])}
    left, seen, missed = list(named), set[str](), set[str]()
    while left:
        package = left.pop()
        if package in seen:
            continue
        seen.add(package)
        try:
            asked = wanted(distribution(package).requires or [])
        except PackageNotFoundError:
            continue  # of another platform or Python
        for other, extra in asked:
            left.append(plain(other))
            try:
                of = distribution(other)
            except PackageNotFoundError:
                continue
            if extra and extra not in (of.metadata.get_all("Provides-Extra") or ()):
                brought = (
                    _NAMED.match(line)
                    for line in of.requires or ()
                    if re.search(rf"extra == .{plain(extra)}.$", line)
                )
                missed |= {plain(one[1]) for one in brought if one}
    assert len(seen) > 60
    assert missed  # else this rule, and what it asks for, can go
    assert missed <= named


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
