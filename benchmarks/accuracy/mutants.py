"""Mutation test of the rooms that keep data.

`python -m benchmarks.accuracy.mutants [--count 200] [--seed 2] [--rooms archive,state] [--jobs 2]
[--results FILE] [--floor SHARE]`: small faults are drawn by the seed, the rooms in turn, evenly
over the places of a room. Each is put into a fresh copy of the tree, and the tests of its own room
run there: first those that run the changed line, the quickest first, then all, if one runs it, or a
module that is imported, or a process that a test starts. A mutant is `killed` if a test fails,
`timeout` if the tests exceed the limit (counted as killed, and reported), `crashed` if a signal
ended them (not counted at all), else `survived`. Equivalent mutants are not guessed: they are
survivors, too, but for those of `data/equivalent_mutants.tsv`, each with its reason, which are not
run.

Before that, the tests of each drawn room run on an unchanged copy: they must pass, and tell their
lines and time, which sets the limit. The results go into a JSON Lines file, from which a stopped
run goes on; results of another state of the tree are not used. The working tree is only read. Exit
code 0 at the floor or above, 1 below it, 2 for a wrong option, 4 if tests fail without a mutant.
"""

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain, islice, zip_longest
from pathlib import Path
from threading import Lock
from typing import Any

ROOT = Path(__file__).parents[2]
FLOOR = 0.7
"""Lowest share killed that passes; docs/measurements/mutants.md has the run it is from."""

EQUIVALENT = Path("benchmarks/accuracy/data/equivalent_mutants.tsv")

LIMIT_FACTOR = 4
LIMIT_SECONDS = 60.0
"""Limit of a run: its time without a mutant, times the factor, plus the seconds.
Set by hand, so that a machine under load ends few runs that would have passed."""


@dataclass(frozen=True, slots=True)
class Room:
    """Sources that are mutated (paths or globs), and the tests of them: folders or files."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "archive": Room(("crawler/archive/*.py",), ("tests/unit/archive",)),
    "state": Room(("crawler/state/*.py",), ("tests/unit/state",)),
    "crawl": Room(("crawler/crawl/*.py",), ("tests/unit/crawl",)),
    "tables": Room(("pipelines/tables/*.py",), ("tests/unit/tables",)),
    "pairs": Room(
        ("pipelines/pairs/*.py",),
        (
            "tests/unit/pairs",
            "tests/unit/pipelines/test_align.py",
            "tests/unit/quality/test_calibrate.py",
        ),
    ),
    "sentences": Room(
        ("pipelines/sentences/*.py",),
        ("tests/unit/sentences", "tests/unit/quality/test_corrected_beads.py"),
    ),
    "quality": Room(("pipelines/quality/*.py",), ("tests/unit/quality",)),
    "review": Room(
        ("pipelines/review/journal.py", "pipelines/review/stored_verdicts.py"),
        ("tests/unit/review", "tests/unit/quality/test_subjects.py"),
    ),
    "release": Room(
        ("pipelines/release/content/selection.py", "pipelines/release/content/masking.py"),
        ("tests/unit/release",),
    ),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a source: the bytes from `start` to `end` of `path` become `new`."""

    room: str
    path: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        """Return the source with the change in it."""
        return source[: self.start] + self.new.encode() + source[self.end :]

    def __str__(self) -> str:
        """Return `file:line old -> new`, each text on one line."""
        old, new = " ".join(self.old.split()), " ".join(self.new.split())
        return f"{self.path}:{self.line} {old} -> {new}"


COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def changed_comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    """Yield the comparison with one operator changed, for each of its operators."""
    for place, operator in enumerate(node.ops):
        ops = list(node.ops)
        ops[place] = COMPARISONS[type(operator)]()
        yield ast.Compare(node.left, ops, node.comparators)


def changed_constants(node: ast.Constant) -> Iterator[ast.expr]:
    """Yield the opposite of a truth value, and the neighbours of a number."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


_EITHER_WAY = {"max", "min"}
"""Functions of which the order of the arguments changes nothing."""


def swapped_arguments(node: ast.Call) -> Iterator[ast.expr]:
    """Yield the call with two neighbouring arguments swapped, for each pair that differs."""
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        return
    if isinstance(node.func, ast.Name) and node.func.id in _EITHER_WAY:
        return
    for place in range(len(node.args) - 1):
        args = list(node.args)
        args[place : place + 2] = args[place + 1], args[place]
        if ast.dump(args[place]) != ast.dump(args[place + 1]):
            yield ast.Call(node.func, args, node.keywords)


def changed_expressions(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what an expression is changed into."""
    match node:
        case ast.Compare():
            yield from changed_comparisons(node)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Constant():
            yield from changed_constants(node)
        case ast.Call():
            yield from swapped_arguments(node)


def changed_statements(node: ast.stmt) -> Iterator[str]:
    """Yield what a statement is changed into: nothing, or the return of nothing.
    An assignment to a name is left: without it most code fails at once."""
    match node:
        case ast.Return(value=ast.expr() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return None"
        case ast.Expr(value=ast.Constant()):
            return  # a docstring, or an ellipsis
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield "pass"
        case ast.Delete() | ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "pass"


def mutable_nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """Yield the nodes below one, but for annotations, decorators and formatted strings.
    The first two do not run with the code; the places within the last are wrong before 3.12."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                if isinstance(child, ast.expr | ast.stmt):
                    yield child
                yield from mutable_nodes(child)


def changes(node: ast.expr | ast.stmt) -> Iterator[str]:
    """Yield the new texts of a node."""
    if isinstance(node, ast.stmt):
        yield from changed_statements(node)
    else:
        for new in changed_expressions(node):
            yield f"({ast.unparse(ast.fix_missing_locations(new))})"


def mutants_of(room: str, path: str, source: bytes) -> list[Mutant]:
    """Return every mutant of a source, in its order, of those that do not compile, too."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in mutable_nodes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for new in changes(node):
            old = source[start:end].decode()
            found.append(Mutant(room, path, node.lineno, start, end, old, new))
    return found


def compiles(root: Path, mutant: Mutant) -> bool:
    """Return True if the source with the mutant in it is valid Python."""
    source = mutant.applied((root / mutant.path).read_bytes())
    try:
        compile(source, mutant.path, "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def drawn(root: Path, rooms: dict[str, Room], count: int, seed: int) -> list[Mutant]:
    """Draw mutants that compile, rooms in turn; a smaller draw begins a larger one."""
    by_room = []
    for name, room in rooms.items():
        mutants = [
            mutant
            for path in paths_of(root, room)
            for mutant in mutants_of(name, path.relative_to(root).as_posix(), path.read_bytes())
        ]
        random.Random(f"{seed} {name}").shuffle(mutants)
        by_room.append(filter(lambda mutant: compiles(root, mutant), mutants))
    turns = chain.from_iterable(zip_longest(*by_room))
    return list(islice((mutant for mutant in turns if mutant is not None), count))


def tree_files(root: Path) -> list[str]:
    """Return the files of the tree that git tracks or would."""
    listing = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and (root / name).is_file())


def tree_digest(root: Path) -> str:
    """Return the digest of the Python tree, data files of packages and tests included."""
    digest = hashlib.sha256()
    for name in tree_files(root):
        if name.startswith(("crawler/", "pipelines/", "tests/")) or name == "pyproject.toml":
            digest.update(name.encode() + b"\0" + (root / name).read_bytes() + b"\0")
    return digest.hexdigest()


def copy_tree(root: Path, target: Path) -> None:
    """Copy the files of the tree, without caches, environments or outputs."""
    for name in tree_files(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """End of a run of tests, the first test that failed, and seconds."""

    verdict: str
    test: str
    seconds: float


def run_pytest(
    copy: Path, options: Sequence[str], limit: float | None, **environment: str
) -> tuple[int | None, str]:
    """Return exit code (None beyond the limit) and output; all that it started is ended."""
    path = os.pathsep.join([str(copy), *([str(ROOT)] if environment else [])])
    environment = os.environ | environment | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=copy,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(process)
        output.seek(0)
        return code, output.read()


def end_group(process: subprocess.Popen[Any]) -> None:
    """End the process and those that it left behind, which are in its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_tests(copy: Path, tests: Sequence[str], limit: float | None, **more: str) -> Outcome:
    """Run tests within the limit, in their order; end at the first failure."""
    began = time.monotonic()
    plugin = ["-p", "benchmarks.accuracy.reached"] if more else []
    code, output = run_pytest(copy, [*plugin, *tests], limit, **more)
    seconds = time.monotonic() - began
    if code == 0:
        return Outcome("survived", "", seconds)
    verdict = "timeout" if code is None else "crashed" if code < 0 else "killed"
    failed = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return Outcome(verdict, "".join(failed[:1])[:200], seconds)


@dataclass(frozen=True, slots=True)
class Reached:
    """Tests of a room by what they run: lines of sources, or a process."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, set[int]]]
    started: tuple[str, ...]

    def by(self, path: str, lines: range) -> list[str]:
        """Return the tests that run one of a source's lines, the quickest first."""
        found = [test for test, hit in self.lines.items() if hit.get(path, set()) & set(lines)]
        return sorted(found, key=lambda test: self.seconds[test])


def reached_of(copy: Path, file: Path) -> Reached:
    """Read what the plugin wrote, with paths within the copy."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    lines = {
        row["test"]: {
            Path(name).relative_to(copy).as_posix(): set(hit) for name, hit in row["lines"].items()
        }
        for row in rows
    }
    seconds = {row["test"]: row["seconds"] for row in rows}
    return Reached(seconds, lines, tuple(row["test"] for row in rows if row["started"]))


def paths_of(root: Path, room: Room) -> list[Path]:
    """Return the sources of a room."""
    return sorted({path for glob in room.sources for path in root.glob(glob)})


def run_unchanged(root: Path, room: Room) -> tuple[Outcome, Reached]:
    """Run the tests of a room without a mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy, file = Path(folder).resolve() / "tree", Path(folder).resolve() / "reached"
        copy_tree(root, copy)
        file.touch()
        sources = "\n".join(map(str, paths_of(copy, room)))
        more = {"REACHED_SOURCES": sources, "REACHED_FILE": str(file)}
        return run_tests(copy, room.tests, None, **more), reached_of(copy, file)


def run_mutant(
    root: Path, room: Room, mutant: Mutant, limit: float | None, reached: Reached | None = None
) -> Outcome:
    """Run the tests of a room in a fresh copy of the tree with a mutant.

    Those that run the changed line come first.
    """
    lines, called = statement_of((root / mutant.path).read_bytes(), mutant.line)
    first = reached.by(mutant.path, lines) if reached else []
    if reached and called and not first and not reached.started:
        return Outcome("survived", "no test runs the line", 0.0)
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder).resolve()
        copy_tree(root, copy)
        source = copy / mutant.path
        source.write_bytes(mutant.applied(source.read_bytes()))
        if first:
            outcome = run_tests(copy, first, limit)
            if outcome.verdict != "survived":
                return outcome
        return run_tests(copy, room.tests, limit)


def statement_of(source: bytes, line: int) -> tuple[range, bool]:
    """Return the lines of the statement at a line, and True if only a call runs it."""
    found, called = range(line, line + 1), False
    smallest = len(source)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        if not node.lineno <= line <= node.end_lineno:
            continue
        body = getattr(node, "body", None)
        head = body[0].lineno if body else node.end_lineno + 1
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            called = called or line >= head
        end = head if line < head else node.end_lineno + 1
        if end - node.lineno <= smallest:
            found, smallest = range(node.lineno, max(end, node.lineno + 1)), end - node.lineno
    return found, called


def equivalents(root: Path) -> dict[tuple[str, str, str, str], str]:
    """Return the reasons of the mutants that change nothing, by path, line, old and new text."""
    lines = (root / EQUIVALENT).read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {(path, line, old, new): reason for path, line, old, new, reason in rows}


def line_of(root: Path, mutant: Mutant) -> tuple[str, str, str, str]:
    """Return the path, the line and the texts that name a mutant whatever its line's number."""
    line = (root / mutant.path).read_text(encoding="utf-8").split("\n")[mutant.line - 1]
    return mutant.path, line.strip(), mutant.old, mutant.new


class Results:
    """Outcomes of one state of the tree, in a JSON Lines file that a later run goes on from."""

    def __init__(self, path: Path, tree: str) -> None:
        """Read the outcomes of this tree; a last line that is cut off is left out."""
        self.path, self.tree, self._lock = path, tree, Lock()
        self.outcomes: dict[str, Outcome] = {}
        whole = path.read_text(encoding="utf-8").rpartition("\n")[0] if path.exists() else ""
        for line in whole.splitlines():
            row = json.loads(line)
            if row["tree"] == tree:
                self.outcomes[row["key"]] = Outcome(**row["outcome"])
        if path.exists():
            path.write_text(whole + "\n" if whole else "", encoding="utf-8")

    def add(self, key: str, outcome: Outcome) -> None:
        """Store an outcome, unless a signal ended the run: that one is to be run again."""
        self.outcomes[key] = outcome
        if outcome.verdict != "crashed":
            row = {"tree": self.tree, "key": key, "outcome": asdict(outcome)}
            with self._lock, self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def mutant_key(mutant: Mutant) -> str:
    """Return the name of a mutant among the results."""
    return f"{mutant.start}-{mutant.end} {mutant}"


def measure(
    root: Path, rooms: dict[str, Room], mutants: Sequence[Mutant], results: Results, jobs: int = 1
) -> Iterator[tuple[Mutant, Outcome]]:
    """Yield each mutant with its outcome; raise ValueError if tests fail without a mutant."""
    known = equivalents(ROOT)
    changing = [mutant for mutant in mutants if not known.get(line_of(root, mutant))]
    new = {mutant.room for mutant in changing if mutant_key(mutant) not in results.outcomes}
    unchanged: dict[str, tuple[Outcome, Reached]] = {}

    def outcome_of(mutant: Mutant) -> Outcome:
        if reason := known.get(line_of(root, mutant)):
            return Outcome("equivalent", reason, 0.0)
        key = mutant_key(mutant)
        if key not in results.outcomes:
            without, reached = unchanged[mutant.room]
            limit = LIMIT_FACTOR * without.seconds + LIMIT_SECONDS
            results.add(key, run_mutant(root, rooms[mutant.room], mutant, limit, reached))
        return results.outcomes[key]

    with ThreadPoolExecutor(jobs) as pool:
        names = [name for name in rooms if name in new]
        runs = pool.map(lambda name: run_unchanged(root, rooms[name]), names)
        for name, (outcome, reached) in zip(names, runs, strict=True):
            unchanged[name] = outcome, reached
            if outcome.verdict != "survived":
                raise ValueError(
                    f"the tests of {name} must pass without a mutant, but: "
                    f"{outcome.test or outcome.verdict}; run `pytest {' '.join(rooms[name].tests)}`"
                )
        yield from zip(mutants, pool.map(outcome_of, mutants), strict=True)


def share_killed(verdicts: Counter[str]) -> float:
    """Return the killed part of the mutants that ran to an end; 0 if none did."""
    killed = verdicts["killed"] + verdicts["timeout"]
    return killed / max(1, killed + verdicts["survived"])


def print_table(by_room: dict[str, Counter[str]]) -> float:
    """Print the counts and the share killed by room; return the share of all."""
    heads = ("mutants", "killed", "timeout", "crashed", "equal")
    print(f"\n{'room':<10} {' '.join(f'{head:>7}' for head in heads)} {'share':>6}")
    by_room = by_room | {"all": sum(by_room.values(), Counter())}
    for room, verdicts in by_room.items():
        kinds = ("killed", "timeout", "crashed", "equivalent")
        counts = [verdicts.total(), *(verdicts[kind] for kind in kinds)]
        numbers = " ".join(f"{count:>7}" for count in counts)
        print(f"{room:<10} {numbers} {share_killed(verdicts):>6.1%}")
    return share_killed(by_room["all"])


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the options; a wrong one ends the program with code 2."""
    parser = argparse.ArgumentParser(description="Mutation test of the rooms that keep data")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=ROOT / "build/mutants.jsonl")
    parser.add_argument("--floor", type=float, default=FLOOR)
    options = parser.parse_args(arguments)
    options.rooms = options.rooms.split(",")
    if unknown := [room for room in options.rooms if room not in ROOMS]:
        parser.error(f"--rooms: no room {unknown[0]!r}; choose from {', '.join(ROOMS)}")
    for name in ("count", "jobs"):
        if getattr(options, name) < 1:
            parser.error(f"--{name}: expected 1 or more, not {getattr(options, name)}")
    if not 0 <= options.floor <= 1:
        parser.error(f"--floor: expected a share from 0 to 1, not {options.floor}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mutants, print survivors and shares; return the exit code."""
    options = parse_arguments(arguments)
    rooms = {name: ROOMS[name] for name in options.rooms}
    mutants = drawn(ROOT, rooms, options.count, options.seed)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    results = Results(options.results, tree_digest(ROOT))
    by_room: dict[str, Counter[str]] = {}
    try:
        for mutant, outcome in measure(ROOT, rooms, mutants, results, options.jobs):
            by_room.setdefault(mutant.room, Counter())[outcome.verdict] += 1
            if outcome.verdict != "killed":
                print(f"{outcome.verdict}: {mutant}", flush=True)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 4
    share = print_table(by_room)
    if share < options.floor:
        print(f"below the floor of {options.floor:.1%}: write tests that kill the survivors above")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
