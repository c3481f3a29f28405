"""Mutation test: what is changed, what is drawn, and what a run of tests makes of it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.accuracy.forks import ROOT, Outcome
from benchmarks.accuracy.mutants import (
    ROOMS,
    Reached,
    Results,
    Room,
    Unchanged,
    drawn,
    equivalents,
    line_of,
    main,
    measure,
    run_mutant,
    run_unchanged,
    tree_digest,
)
from benchmarks.accuracy.mutations import Mutant, mutants_of, statement_of

SOURCE = '''"""A pond."""

DEPTH = 3


def deep(metres: int, limit: int = DEPTH) -> bool:
    """Return True if it is deep."""
    return metres > limit


def unseen(metres: int) -> int:
    return metres + 0
'''
TESTS = """from pond.water import DEPTH, deep

def test_deep():
    assert DEPTH == 3
    assert deep(4) is True
    assert deep(3) is False
"""


PROCESS = """
import multiprocessing

def test_process():
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    assert process.exitcode == 0
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of one room, in which one function is not tested."""
    # Its tests need no plugin, and to load ours is most of the time of each run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    root = tmp_path / "tree"
    for name, text in {
        "pond/__init__.py": "",
        "pond/water.py": SOURCE,
        "tests/pond/test_water.py": TESTS,
        "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["slow: takes long"]\n',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


POND = {"pond": Room(("pond/*.py",), ("tests/pond",))}


def texts(source: str) -> set[str]:
    """The changes of a source, as `old -> new`."""
    found = mutants_of("pond", "pond.py", source.encode())
    return {str(mutant).removeprefix(f"pond.py:{mutant.line} ") for mutant in found}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a < b", {"a < b -> (a <= b)"}),
        ("a <= b != c", {"a <= b != c -> (a < b != c)", "a <= b != c -> (a <= b == c)"}),
        ("a is None", {"a is None -> (a is not None)"}),
        ("a in b", {"a in b -> (a not in b)"}),
        ("a and b", {"a and b -> (a or b)"}),
        ("not a", {"not a -> (a)"}),
        ("a = True", {"True -> (False)"}),
        ("a = 2", {"2 -> (3)", "2 -> (1)"}),
        ("a = f(b, c, c)", {"f(b, c, c) -> (f(c, b, c))"}),
        ("def f():\n    return a", {"return a -> return None"}),
        ("def f():\n    raise a", {"raise a -> pass"}),
        ("a.b = c", {"a.b = c -> pass"}),
        ("a += b", {"a += b -> pass"}),
    ],
)
def test_each_kind_of_fault(source: str, expected: set[str]) -> None:
    assert expected <= texts(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""Docstring."""',
        "a: Literal[1]",
        "def f(a: Literal[1]) -> Literal[2]: ...",
        "@cached(1)\ndef f(): ...",
        'a = f"{b < 1}"',
        "def f():\n    return None",
        "a = f(b, b)",
        "a = f(*b, c)",
        "a = max(b, c)",
        "a = np.minimum(b, c)",
    ],
)
def test_what_does_not_run_or_changes_nothing_is_left(source: str) -> None:
    assert texts(source) == set()


def test_a_change_replaces_only_its_own_bytes_after_chinese_text() -> None:
    source = 'a = "池塘"; b = c < d  # 深\n'.encode()
    (mutant,) = mutants_of("pond", "pond.py", source)
    assert mutant.applied(source).decode() == 'a = "池塘"; b = (c <= d)  # 深\n'


def test_a_smaller_draw_is_the_beginning_of_a_larger_one_and_the_rooms_take_turns() -> None:
    rooms = {name: ROOMS[name] for name in ("archive", "state")}
    small, large = drawn(ROOT, rooms, 4, 7), drawn(ROOT, rooms, 8, 7)
    assert small == large[:4]
    assert [mutant.room for mutant in small] == ["archive", "state"] * 2
    assert drawn(ROOT, rooms, 4, 8) != small


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_sources_and_tests(room: str) -> None:
    assert drawn(ROOT, {room: ROOMS[room]}, 1, 1)
    tests = [ROOT / name for name in ROOMS[room].tests]
    assert all(path.is_file() or list(path.glob("**/test_*.py")) for path in tests)


@pytest.mark.slow
def test_only_the_faults_that_no_test_notices_survive(tree: Path, tmp_path: Path) -> None:
    with (tree / "tests/pond/test_water.py").open("a") as tests:
        tests.write(PROCESS)
    results = Results(tmp_path / "results.jsonl", tree_digest(tree))
    before = tree_digest(tree)
    mutants = drawn(tree, POND, 100, 1)
    outcomes = {str(mutant): outcome for mutant, outcome in measure(tree, POND, mutants, results)}
    survived = {text for text, outcome in outcomes.items() if outcome.verdict == "survived"}
    assert survived == {
        "pond/water.py:12 return metres + 0 -> return None",
        "pond/water.py:12 0 -> (1)",
        "pond/water.py:12 0 -> (-1)",
    }
    killed = outcomes["pond/water.py:8 metres > limit -> (metres >= limit)"]
    assert killed.verdict == "killed"
    assert "test_water.py::test_deep" in killed.test
    assert tree_digest(tree) == before


LINES = b"""LEAST = 3


def deep(metres, limit=LEAST):
    if metres > limit and (
        metres < 9
    ):
        return [
            metres,
            limit]
    else:
        metres += 1
    return None
"""


@pytest.mark.parametrize(
    ("line", "lines", "called"),
    [
        (1, [1], False),
        (4, [4], False),
        (5, [5, 6, 7], True),
        (6, [5, 6, 7], True),
        (8, [8, 9, 10], True),
        (10, [8, 9, 10], True),
        (12, [12], True),
        (13, [13], True),
    ],
)
def test_the_lines_of_a_statement_are_run_by_a_call_or_by_an_import(
    line: int, lines: list[int], called: bool
) -> None:
    found, by_call = statement_of(LINES, line)
    assert (list(found), by_call) == (lines, called)


@pytest.mark.slow
def test_the_tests_that_run_the_changed_line_come_first_and_without_any_none_is_run(
    tree: Path, tmp_path: Path
) -> None:
    more = "\n\ndef test_constant():\n    assert DEPTH == 3\n"
    (tree / "tests/pond/test_water.py").write_text(TESTS + more)
    unchanged = run_unchanged(tree, POND["pond"], tmp_path)
    assert (unchanged.outcome.verdict, unchanged.reached.started) == ("survived", [])
    (deep,) = unchanged.reached.by("pond/water.py", range(8, 9))
    assert deep.endswith("test_deep")
    assert unchanged.reached.by("pond/water.py", range(12, 13)) == []
    started = replace(unchanged.reached, started=["tests/pond/test_water.py::test_deep", "b.py::c"])
    assert started.beside([deep]) == ["tests/pond/test_water.py", "b.py::c"]
    mutants = {str(mutant): mutant for mutant in drawn(tree, POND, 100, 1)}

    def end(name: str) -> Outcome:
        return run_mutant(tree, POND["pond"], mutants[name], unchanged, tmp_path)

    lost = end("pond/water.py:12 0 -> (1)")
    assert (lost.verdict, lost.test) == ("survived", "no test runs the line")
    # One after another in the same copy, whose compiled modules stay.
    assert end("pond/water.py:3 3 -> (4)").verdict == "killed"
    assert end("pond/water.py:3 3 -> (2)").verdict == "killed"


def endless(tree: Path) -> Mutant:
    """A mutant with which a loop does not end."""
    source = b"def dig():\n    depth = 0\n    while depth < 1:\n        depth += 1\n\n\ndig()\n"
    (tree / "pond/water.py").write_bytes(source)
    mutants = mutants_of("pond", "pond/water.py", source)
    return next(mutant for mutant in mutants if mutant.old == "depth += 1")


@pytest.mark.slow
def test_a_loop_without_end_is_ended_at_the_limit(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "tests/pond/test_water.py").write_text("import pond.water\n\ndef test(): ...\n")
    mutant = endless(tree)
    monkeypatch.setattr("benchmarks.accuracy.mutants.LIMIT_SECONDS", 2.0)
    unchanged = Unchanged(
        Outcome("survived", "", 0.0), Reached({}, {}, ["tests/pond/test_water.py::test"])
    )
    outcome = run_mutant(tree, POND["pond"], mutant, unchanged, tmp_path)
    assert outcome.verdict == "timeout"


@pytest.mark.slow
def test_tests_that_fail_without_a_mutant_measure_nothing(tree: Path, tmp_path: Path) -> None:
    (tree / "tests/pond/test_water.py").write_text("def test_dry():\n    assert False\n")
    results = Results(tmp_path / "results.jsonl", tree_digest(tree))
    with pytest.raises(ValueError, match=r"must pass without a mutant.*test_dry"):
        list(measure(tree, POND, drawn(tree, POND, 1, 1), results))


def test_a_stopped_run_goes_on_from_its_results_but_not_from_those_of_another_tree(
    tmp_path: Path,
) -> None:
    path = tmp_path / "results.jsonl"
    first = Results(path, "tree a")
    first.add("killed one", Outcome("killed", "FAILED test", 1.5))
    first.add("crashed one", Outcome("crashed", "", 1.5))
    with path.open("a") as file:
        file.write('{"tree": "tree a", "ke')  # the machine stopped here
    again = Results(path, "tree a")
    assert again.outcomes == {"killed one": Outcome("killed", "FAILED test", 1.5)}
    again.add("survivor", Outcome("survived", "", 2.0))
    assert set(Results(path, "tree a").outcomes) == {"killed one", "survivor"}
    assert Results(path, "tree b").outcomes == {}


def test_a_run_without_a_mutant_is_stored_for_its_tree(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    reached = Reached({"test": 0.5}, {"test": {"pond.py": [1, 2]}}, ["test"])
    run = Unchanged(Outcome("survived", "", 1.5), reached)
    Results(path, "tree a").add_unchanged("pond", run)
    assert Results(path, "tree a").unchanged("pond") == run
    assert Results(path, "tree a").unchanged("lake") is None
    assert Results(path, "tree b").unchanged("pond") is None


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--rooms", "attic"], "--rooms: no room 'attic'"),
        (["--count", "0"], "--count: expected 1 or more, not 0"),
        (["--jobs", "0"], "--jobs: expected 1 or more, not 0"),
        (["--floor", "90"], "--floor: expected a share from 0 to 1, not 90"),
    ],
)
def test_a_wrong_option_is_refused(
    option: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(option)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_every_mutant_said_to_change_nothing_can_still_be_made() -> None:
    known = equivalents(ROOT)
    for path in {path for path, *_ in known}:
        made = {line_of(ROOT, one) for one in mutants_of("", path, (ROOT / path).read_bytes())}
        assert {key for key in known if key[0] == path} <= made
    assert all(known.values())
