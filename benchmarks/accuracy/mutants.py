"""Mutation test of the rooms that keep data.

`python -m benchmarks.accuracy.mutants [--count 200] [--seed 2] [--rooms archive,state] [--jobs 2]
[--results FILE] [--floor SHARE]`: small faults are drawn by the seed, the rooms in turn, evenly
over the places of a room. Each is put into a copy of the tree, and the tests of its own room run
there: first those that run the changed line, the quickest files first; then their whole files and
the tests that start a process; or all, if the line runs when its module is imported. A mutant is
`killed` if a test fails, `timeout` if the tests exceed the limit (counted as killed, and reported),
`crashed` if a signal ended them (not counted at all), else `survived`. Equivalent mutants are not
guessed: they are survivors, too, but for those of `data/equivalent_mutants.tsv`, each with its
reason, which are not run.

Before that, the tests of each drawn room run on an unchanged copy: they must pass, and tell their
lines and time, which sets the limit; both are stored beside the results. The results go into a JSON
Lines file, from which a stopped run goes on; those of another state of the tree are not used. The
working tree is only read. Exit code 0 at the floor or above, 1 below it, 2 for a wrong option, 4 if
tests fail without a mutant.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice, zip_longest
from multiprocessing import connection
from pathlib import Path
from typing import Any
from zlib import adler32

from benchmarks.accuracy.forks import ROOT, Outcome, load, run_tests
from benchmarks.accuracy.mutations import Mutant, mutants_of, statement_of

FLOOR = 0.75
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


def refresh(root: Path, copy: Path) -> None:
    """Copy the files of the tree that the copy has not, or has changed; none that git ignores."""
    for name in tree_files(root):
        ours, theirs = root / name, copy / name
        if not theirs.exists() or stamp(ours) != stamp(theirs):
            theirs.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ours, theirs)


def stamp(path: Path) -> tuple[int, int]:
    """Return size and time of a file, by which Python, too, knows a changed source."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Reached:
    """Tests of a room by what they run: lines of sources, or a process."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[int]]]
    started: list[str]

    def by(self, path: str, lines: range) -> list[str]:
        """Return the tests that run one of a source's lines, those of the quickest files first."""
        found = [test for test, hit in self.lines.items() if set(hit.get(path, ())) & set(lines)]
        files: defaultdict[str, float] = defaultdict(float)
        for test in found:
            files[test.partition("::")[0]] += self.seconds[test]
        return sorted(found, key=lambda test: files[test.partition("::")[0]])

    def beside(self, tests: Sequence[str]) -> list[str]:
        """Return the whole files of some tests, and the tests that start a process.

        A line that a file's cache or fixture has run counts for the first test of them alone.
        """
        files = {test.partition("::")[0] for test in tests}
        return [*sorted(files), *(t for t in self.started if t.partition("::")[0] not in files)]


def reached_of(copy: Path, file: Path) -> Reached:
    """Read what the plugin wrote, with paths within the copy."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    lines = {
        row["test"]: {
            Path(name).relative_to(copy).as_posix(): hit for name, hit in row["lines"].items()
        }
        for row in rows
    }
    seconds = {row["test"]: row["seconds"] for row in rows}
    return Reached(seconds, lines, [row["test"] for row in rows if row["started"]])


def paths_of(root: Path, room: Room) -> list[Path]:
    """Return the sources of a room."""
    return sorted({path for glob in room.sources for path in root.glob(glob)})


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Run of a room's tests without a mutant."""

    outcome: Outcome
    reached: Reached


def run_unchanged(root: Path, room: Room, work: Path) -> Unchanged:
    """Run the tests of a room without a mutant, in a copy within `work`."""
    copy, file = work / "tree", work / "reached"
    refresh(root, copy)
    file.write_text("")
    sources = "\n".join(map(str, paths_of(copy, room)))
    more = {"REACHED_SOURCES": sources, "REACHED_FILE": str(file)}
    options = ["-p", "benchmarks.accuracy.reached", *room.tests]
    outcome = run_tests(copy, work / "output", options, None, more)
    return Unchanged(outcome, reached_of(copy, file))


def run_mutant(root: Path, room: Room, mutant: Mutant, unchanged: Unchanged, work: Path) -> Outcome:
    """Run the tests of a room with a mutant in the copy: those that run the changed line first."""
    reached = unchanged.reached
    lines, called = statement_of((root / mutant.path).read_bytes(), mutant.line)
    first = reached.by(mutant.path, lines)
    if called and not first and not reached.started:
        return Outcome("survived", "no test runs the line", 0.0)
    copy = work / "tree"
    refresh(root, copy)
    source = copy / mutant.path
    source.write_bytes(mutant.applied(source.read_bytes()))
    # Of another second than any other mutant: its compiled module is found by that.
    moment = adler32(mutant_key(mutant).encode())
    os.utime(source, (moment, moment))
    limit = LIMIT_FACTOR * unchanged.outcome.seconds + LIMIT_SECONDS
    for tests in filter(None, (first, reached.beside(first) if called else room.tests)):
        outcome = run_tests(copy, work / "output", tests, limit, {})
        if outcome.verdict != "survived":
            break
    return outcome


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
        self.path, self.tree = path, tree
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
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def unchanged(self, room: str) -> Unchanged | None:
        """Return the stored run of a room without a mutant, of this tree."""
        path = self.path.with_suffix(f".{room}.json")
        row = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if row.get("tree") != self.tree:
            return None
        return Unchanged(Outcome(**row["outcome"]), Reached(**row["reached"]))

    def add_unchanged(self, room: str, run: Unchanged) -> None:
        """Store the run of a room without a mutant."""
        path = self.path.with_suffix(f".{room}.json")
        path.write_text(json.dumps({"tree": self.tree, **asdict(run)}), encoding="utf-8")


def mutant_key(mutant: Mutant) -> str:
    """Return the name of a mutant among the results."""
    return f"{mutant.start}-{mutant.end} {mutant}"


@dataclass(frozen=True, slots=True)
class Task:
    """Run of a room's tests in a process of the pool, with a mutant or without."""

    root: Path
    room: Room
    name: str
    """Of the mutant among the results, or of the room."""
    work: Path
    mutant: Mutant | None = None
    unchanged: Unchanged | None = None

    def run(self) -> tuple[str, Outcome | Unchanged]:
        """Run it in the copy of this process; return its name and the end of it."""
        work = self.work / str(os.getpid())
        work.mkdir(exist_ok=True)
        if self.mutant is None or self.unchanged is None:
            return self.name, run_unchanged(self.root, self.room, work)
        return self.name, run_mutant(self.root, self.room, self.mutant, self.unchanged, work)


def end_well() -> None:
    """End at SIGTERM as at any other end, and with it what was started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def run_all(tasks: Sequence[Task], jobs: int) -> Iterator[tuple[str, Any]]:
    """Run tasks in forked processes; yield names and ends, the first to end first."""
    if tasks:
        load()
    context, workers = multiprocessing.get_context("fork"), dict[Any, Any]()
    try:
        for number in range(min(jobs, len(tasks))):
            line, end = context.Pipe(duplex=False)
            workers[line] = context.Process(target=work, args=(tasks[number::jobs], end))
            workers[line].start()
            end.close()
        while workers:
            for line in connection.wait(list(workers)):
                if (found := line.recv()) is None:
                    workers.pop(line).join()
                else:
                    yield found
    finally:
        for process in workers.values():
            process.terminate()
            process.join()


def work(tasks: Sequence[Task], line: Any) -> None:
    """Run tasks in this process and send what `Task.run` returns; None at the end."""
    end_well()
    for task in tasks:
        line.send(task.run())
    line.send(None)


def unchanged_runs(
    root: Path, rooms: dict[str, Room], results: Results, work: Path, jobs: int
) -> dict[str, Unchanged]:
    """Return the run of each room without a mutant, of those stored or a new one.

    Raise ValueError if tests fail.
    """
    tasks = [Task(root, room, name, work) for name, room in rooms.items()]
    found = {name: run for name in rooms if (run := results.unchanged(name))}
    for name, run in run_all([task for task in tasks if task.name not in found], jobs):
        if run.outcome.verdict != "survived":
            raise ValueError(
                f"the tests of {name} must pass without a mutant, but: "
                f"{run.outcome.test or run.outcome.verdict}; "
                f"run `pytest {' '.join(rooms[name].tests)}`"
            )
        results.add_unchanged(name, run)
        found[name] = run
    return found


def measure(
    root: Path, rooms: dict[str, Room], mutants: Sequence[Mutant], results: Results, jobs: int = 1
) -> Iterator[tuple[Mutant, Outcome]]:
    """Yield each mutant with its outcome; raise ValueError if tests fail without a mutant."""
    known = equivalents(ROOT)
    new: dict[str, Mutant] = {}
    for mutant in mutants:
        name = mutant_key(mutant)
        if reason := known.get(line_of(root, mutant)):
            yield mutant, Outcome("equivalent", reason, 0.0)
        elif name in results.outcomes:
            yield mutant, results.outcomes[name]
        else:
            new[name] = mutant
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        work = Path(folder).resolve()
        needed = {mutant.room: rooms[mutant.room] for mutant in new.values()}
        without = unchanged_runs(root, needed, results, work, jobs)
        tasks = [
            Task(root, rooms[mutant.room], name, work, mutant, without[mutant.room])
            for name, mutant in new.items()
        ]
        for name, outcome in run_all(tasks, jobs):
            results.add(name, outcome)
            yield new[name], outcome


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
    end_well()
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
