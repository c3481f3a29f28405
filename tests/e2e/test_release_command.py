"""`shizheng release` as a person runs it: killed, repeated, checked, compared, refused."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import warm
from release_corpus import release, tree, write_corpus

from pipelines.cli import app
from pipelines.release.formats import FORMATS

ALL = tuple(sorted(FORMATS))


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


def words(output: Path, *arguments: str | Path) -> list[str]:
    made = arguments[0] not in ("verify", "diff", "list")
    cities = ["--cities-dir", str(output.parent / "cities")] if made else []
    return ["release", *map(str, arguments), "--output", str(output), *cities]


@pytest.fixture
def shizheng(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the command in this process: a new one would spend most of its time importing."""

    def run(output: Path, *arguments: str | Path) -> Ended:
        capsys.readouterr()
        code = app.main(words(output, *arguments))
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def test_release_verify_and_diff_from_the_command_line(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    ended = shizheng(output, "1.0", "--format", "all", "--min-probability", "0.6")
    assert ended.returncode == 0, ended.stderr
    assert "articles held: 28 full, 28 metadata, 14 metadata+excerpt" in ended.stdout
    assert "metadata only, because nobody has checked their terms: chunan, erhe;" in ended.stderr
    ended = shizheng(output, "1.1", "--relation", "translation", "--city", "anbei", "--json")
    facts = json.loads(ended.stdout)
    assert facts["thresholds"]["relations"] == ["translation"]
    assert facts["folder"] == str(output / "releases" / "1.1")
    ended = shizheng(output, "verify", "1.0")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "files agree with each other" in ended.stdout
    listed = json.loads(shizheng(output, "list", "--json").stdout)
    assert [release["release"] for release in listed] == ["1.0", "1.1"]
    ended = shizheng(output, "list")
    assert "1.1" in ended.stdout
    ended = shizheng(output, "diff", "1.0", "1.1", "--json")
    found = json.loads(ended.stdout)
    assert set(found["tables"]["articles"]["removed"]) == {"outside the new selection"}
    path = output / "releases" / "1.1" / "data" / "pairs" / "all-00000.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    ended = shizheng(output, "verify", path.parents[2])
    assert ended.returncode == 4
    assert "data/pairs/all-00000.parquet: not the file that was released" in ended.stderr


def test_a_difference_in_settings_is_told_part_by_part(
    output: Path, shizheng: Callable[..., Ended]
) -> None:
    for version, more in (("a", ()), ("b", ("--min-probability", "0.9", "--since", "2024-01-02"))):
        assert shizheng(output, version, "--format", "parquet", *more).returncode == 0
    said = shizheng(output, "diff", "a", "b").stdout
    assert "thresholds, min_probability: 0.5 -> 0.9\n" in said
    assert "thresholds, since: none -> 2024-01-02\n" in said
    assert "relations" not in said


def test_a_withdrawal_that_meets_nothing_is_pointed_out(
    tmp_path: Path, shizheng: Callable[..., Ended]
) -> None:
    output = write_corpus(tmp_path)
    (output / "withdrawn.yaml").write_text("- article: misspelt\n- url: http://www.x.example/\n")
    said = shizheng(output, "1", "--format", "parquet").stderr
    assert "no stored article is misspelt, http://www.x.example/ (2 of its entries)" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x", "--since", "2024-02-01", "--until", "2024-01-01"), "is later than"),
        (("x", "--city", "atlantis"), "no articles of atlantis; known: anbei"),
    ],
)
def test_a_wrong_order_is_a_usage_error(
    output: Path, shizheng: Callable[..., Ended], arguments: tuple[str, ...], message: str
) -> None:
    ended = shizheng(output, *arguments)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert not (output / "releases" / "x").exists()


def test_a_killed_release_leaves_none_and_the_next_is_the_same_bytes(tmp_path: Path) -> None:
    whole, broken = write_corpus(tmp_path / "whole"), write_corpus(tmp_path / "broken")
    expected = tree(release(whole, "1", formats=ALL).folder)
    killed = 0
    # When it has begun its tables, its first format, and the last one.
    for stage in (".1.*.tmp/data/*", ".1.*.tmp/hf/*", ".1.*.tmp/site/*"):
        process = warm.start("pipelines.cli", *words(broken, "1", "--format", "all"))
        while process.poll() is None:
            if any((broken / "releases").glob(stage)):
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.001)
        process.wait()
        if (broken / "releases" / "1").exists():
            # Too late: it was done, and then it is whole.
            assert tree(broken / "releases" / "1") == expected
            shutil.rmtree(broken / "releases" / "1")
        else:
            killed += 1
    assert killed
    # The last one was killed at its formats, or had ended; what it left stands for any.
    left = broken / "releases" / ".1.4711.tmp" / "data"
    left.mkdir(parents=True)
    (left / "half").write_text("half")
    made = release(broken, "1", formats=ALL)
    assert [path.name for path in (broken / "releases").iterdir()] == ["1"]
    assert tree(made.folder) == expected
