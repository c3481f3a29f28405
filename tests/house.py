"""Rules of the house: rooms, import cycles and the words of docstrings.

python tests/house.py            # what `make lint` runs: every violation, exit code 1 if any
python tests/house.py --counts   # figures only
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = ("crawler", "pipelines", "shizheng")
MOST_FLAT = 8
"""Modules directly in `pipelines/`: a room or a step, not a drawer."""

MOST_WORDS = 12
HEADS = frozenset(("what", "which", "whose", "where", "whether", "how", "why", "who", "when"))
"""First words of a clause that stands in for the noun it avoids."""

DIALECT = {
    "say/tell": (re.compile(r"\b(?:says?|said|saying|tells?|told|telling)\b", re.I), 1.0),
    "stand/hold/lie/keep": (
        re.compile(
            r"\b(?:stands?|stood|standing|holds?|held|holding|lies?|lay|lying|keeps?|kept|keeping)\b",
            re.I,
        ),
        3.0,
    ),
    "what/which/whose/where": (re.compile(r"\b(?:what|which|whose|where)\b", re.I), 8.0),
}
"""Words that docstrings of other libraries hardly use, and how many in 1,000 are too many."""


@dataclass(frozen=True, slots=True)
class Docstring:
    """Docstring of a module, class or function."""

    place: str
    package: str
    text: str


def docstrings() -> Iterator[Docstring]:
    """Yield every docstring of both packages."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, kinds) and (text := ast.get_docstring(node)):
                    line = getattr(node, "lineno", 1)
                    yield Docstring(f"{path.relative_to(ROOT)}:{line}", package, text)


def badly_begun(docstring: Docstring) -> str | None:
    """Return the fault of a docstring's first line, if any."""
    words = docstring.text.splitlines()[0].split()
    if words[0].lower().strip(",:") in HEADS:
        return f"{docstring.place}: begins with {words[0]!r}; a noun phrase or an imperative"
    if len(words) > MOST_WORDS:
        return f"{docstring.place}: first line of {len(words)} words; at most {MOST_WORDS}"
    return None


def rates(package: str) -> dict[str, float]:
    """Return how often a package's docstrings use each group of `DIALECT`, per 1,000 words."""
    text = "\n".join(d.text for d in docstrings() if d.package == package)
    words = len(text.split())
    return {name: 1000 * len(group.findall(text)) / words for name, (group, _) in DIALECT.items()}


def cycles() -> list[list[str]]:
    """Return the groups of modules that import each other, TYPE_CHECKING included."""
    sys.path.insert(0, str(ROOT))
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False)
    above = {m: graph.find_upstream_modules(m) for m in graph.modules}
    groups = {frozenset({m, *(n for n in up if m in above[n])}) for m, up in above.items()}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def flat() -> list[str]:
    """Return the modules directly in `pipelines/`."""
    return sorted(p.name for p in (ROOT / "pipelines").glob("*.py") if p.name != "__init__.py")


def faults() -> list[str]:
    """Return every violation, a line each."""
    found = [fault for docstring in docstrings() if (fault := badly_begun(docstring))]
    for package in PACKAGES:
        for name, rate in rates(package).items():
            if rate >= DIALECT[name][1]:
                found.append(f"{package}: {name} {rate:.1f} in 1,000 words of docstrings")
    found += [f"import cycle: {', '.join(group)}" for group in cycles()]
    if len(flat()) > MOST_FLAT:
        found.append(f"{len(flat())} modules flat in pipelines/; at most {MOST_FLAT}")
    return found


def main(arguments: list[str]) -> int:
    """Print the violations, or the figures with `--counts`."""
    if "--counts" in arguments:
        print(f"flat in pipelines/: {len(flat())} ({', '.join(flat())})")
        print(f"import cycles: {len(cycles())}")
        print(f"badly begun docstrings: {sum(badly_begun(d) is not None for d in docstrings())}")
        for package in PACKAGES:
            print(package, {name: round(rate, 1) for name, rate in rates(package).items()})
        return 0
    found = faults()
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
