"""A copy of a release from anywhere: all but plain, listed files is refused by name."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from release_corpus import release, write_corpus

from pipelines.cli.app import main
from pipelines.release import difference, snapshot, verify
from pipelines.release.snapshot import ReleaseError, Snapshot


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return release(write_corpus(tmp_path_factory.mktemp("corpus")), formats=("hf", "moses"))


@pytest.fixture
def copy(original: Snapshot, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original.folder, tmp_path / "copy"))


def problems(copy: Path) -> list[str]:
    return verify.problems(snapshot.read(copy))


def link_to_file(copy: Path) -> None:
    (copy / "datasheet.md").rename(copy.parent / "elsewhere.md")
    (copy / "datasheet.md").symlink_to(copy.parent / "elsewhere.md")


def link_to_folder(copy: Path) -> None:
    (copy / "data" / "pairs").rename(copy.parent / "pairs")
    (copy / "data" / "pairs").symlink_to(copy.parent / "pairs")


def link_to_nothing(copy: Path) -> None:
    (copy / "extra").symlink_to("nowhere")


def link_to_itself(copy: Path) -> None:
    (copy / "moses" / "again").symlink_to(copy)


def pipe(copy: Path) -> None:
    os.mkfifo(copy / "data" / "pipe")


def pipe_for_file(copy: Path) -> None:
    (copy / "datasheet.md").unlink()
    os.mkfifo(copy / "datasheet.md")


def open_socket(copy: Path) -> None:
    here = Path.cwd()
    os.chdir(copy)  # a socket's path may not be long
    try:
        socket.socket(socket.AF_UNIX).bind("socket")
    finally:
        os.chdir(here)


def hidden(copy: Path) -> None:
    (copy / "data" / ".hidden").write_text("x")


def hidden_folder(copy: Path) -> None:
    (copy / ".git" / "hooks").mkdir(parents=True)


def unlisted_part(copy: Path) -> None:
    """It would be read as a part of the table by who looks into the folder."""
    shutil.copy(
        copy / "data" / "pairs" / "all-00000.parquet", copy / "data/pairs/all-00001.parquet"
    )


def sums_linked(copy: Path) -> None:
    (copy / "SHA256SUMS").rename(copy.parent / "sums")
    (copy / "SHA256SUMS").symlink_to(copy.parent / "sums")


def sums_not_text(copy: Path) -> None:
    (copy / "SHA256SUMS").write_bytes(b"\xff\xfe")


LINKED = "a symbolic link; a release consists of plain files and folders"
PIPE = "a pipe, socket or device; a release consists of plain files and folders"
MORE = "not part of the release"


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (link_to_file, [f"datasheet.md: {LINKED}"]),
        (link_to_folder, ["data/pairs/all-00000.parquet: missing", f"data/pairs: {LINKED}"]),
        (link_to_nothing, [f"extra: {LINKED}"]),
        (link_to_itself, [f"moses/again: {LINKED}"]),
        (pipe, [f"data/pipe: {PIPE}"]),
        (pipe_for_file, [f"datasheet.md: {PIPE}"]),
        (open_socket, [f"socket: {PIPE}"]),
        (hidden, [f"data/.hidden: {MORE}"]),
        (hidden_folder, [f".git: {MORE}"]),
        (unlisted_part, [f"data/pairs/all-00001.parquet: {MORE}"]),
        (sums_linked, [f"SHA256SUMS: {LINKED}"]),
        (
            sums_not_text,
            ["SHA256SUMS: does not agree with manifest.json; one of the two was changed"],
        ),
    ],
)
def test_what_is_no_plain_listed_file_is_named(
    copy: Path, do: Callable[[Path], None], said: list[str]
) -> None:
    assert problems(copy) == []
    do(copy)
    assert problems(copy) == said


def test_a_hard_link_is_a_plain_file(copy: Path) -> None:
    """The files of `hf` are links of this kind to the release's own."""
    (copy / "datasheet.md").rename(copy.parent / "elsewhere.md")
    os.link(copy.parent / "elsewhere.md", copy / "datasheet.md")
    assert problems(copy) == []


def test_names_that_differ_by_case_alone_are_refused(copy: Path) -> None:
    listed = stated(copy)["files"]
    (twin,) = [row | {"path": "DataSheet.md"} for row in listed if row["path"] == "datasheet.md"]
    shutil.copy(copy / "datasheet.md", copy / "DataSheet.md")
    change(copy, files=[*listed, twin])
    assert "DataSheet.md: some systems take it for datasheet.md; a release has no such names" in (
        problems(copy)
    )


def stated(copy: Path) -> dict[str, Any]:
    return dict(json.loads((copy / "manifest.json").read_text()))


def change(copy: Path, **more: Any) -> None:
    (copy / "manifest.json").write_text(json.dumps(stated(copy) | more))


def entry(**more: Any) -> list[dict[str, Any]]:
    return [{"path": "a", "bytes": 1, "sha256": "0" * 64} | more]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"files": None}, "files: expected a list"),
        ({"files": [1]}, "files, entry 1: expected an object"),
        ({"files": {"../../etc/passwd": {}}}, "files: expected a list"),
        ({"files": entry(path=None)}, "files, entry 1, path: expected a string"),
        ({"files": entry(path="../../etc/passwd")}, "expected a path inside the release"),
        ({"files": entry(path="/etc/passwd")}, "expected a path inside the release"),
        ({"files": entry(path="a//b")}, "expected a path inside the release"),
        ({"files": entry(path="./a")}, "expected a path inside the release"),
        ({"files": entry(path="..\\a")}, "expected a plain file name"),
        ({"files": entry(path="a\x1b[31m")}, r"expected a plain file name, not 'a\x1b[31m'"),
        ({"files": entry(path="a\0")}, "expected a plain file name"),
        ({"files": entry(path="a\ud800")}, "expected a plain file name"),
        ({"files": entry(path="a\u202e")}, "expected a plain file name"),
        ({"files": entry() + entry()}, "files, entry 2: a is listed twice"),
        ({"files": entry(bytes=-1)}, "files, entry 1, bytes: expected a count"),
        ({"files": entry(bytes=True)}, "files, entry 1, bytes: expected a count"),
        ({"files": entry(sha256="x")}, "sha256: expected 64 hexadecimal digits"),
        ({"release": 5}, "release: expected a string"),
        ({"counts": None}, "counts: expected an object"),
        ({"counts": {"articles": {"all": 1}}}, "counts, pairs: expected an object"),
        ({"counts": {"articles": {"train": 1}}}, "counts, articles, all: expected"),
        ({"thresholds": []}, "thresholds: expected an object"),
        ({"thresholds": {"min_probability": "0.5"}}, "min_probability: expected a number"),
        ({"withdrawn": {"digests": 3}}, "withdrawn, digests: expected a list"),
        ({"split": "time"}, "split: expected an object"),
    ],
)
def test_a_manifest_of_another_shape_is_refused_with_the_place(
    copy: Path, more: dict[str, Any], said: str
) -> None:
    change(copy, **more)
    with pytest.raises(ReleaseError) as raised:
        snapshot.read(copy)
    assert "manifest.json: not the manifest of a release; " in str(raised.value)
    assert said in str(raised.value)


@pytest.mark.parametrize("key", ["release", "as_of", "files", "counts", "thresholds", "withdrawn"])
def test_a_manifest_that_lacks_something_is_refused(copy: Path, key: str) -> None:
    facts = stated(copy)
    del facts[key]
    (copy / "manifest.json").write_text(json.dumps(facts))
    with pytest.raises(ReleaseError, match=f"it has no {key}"):
        snapshot.read(copy)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 9_000, b"9" * 6_000, b"[1]"],
)
def test_a_manifest_that_is_no_json_object_is_refused(copy: Path, content: bytes) -> None:
    (copy / "manifest.json").write_bytes(content)
    with pytest.raises(ReleaseError, match=r"manifest\.json: not (a readable|the) manifest"):
        snapshot.read(copy)


def test_a_manifest_without_end_is_not_read(copy: Path) -> None:
    with (copy / "manifest.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ReleaseError, match="larger than 64 MiB"):
        snapshot.read(copy)


def test_a_linked_manifest_is_refused(copy: Path) -> None:
    (copy / "manifest.json").rename(copy.parent / "manifest.json")
    (copy / "manifest.json").symlink_to(copy.parent / "manifest.json")
    with pytest.raises(ReleaseError, match="a symbolic link"):
        snapshot.read(copy)


@pytest.mark.parametrize("do", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_the_difference_of_two_releases_opens_no_pipe_and_follows_no_link(
    original: Snapshot, copy: Path, do: Callable[[Path], None]
) -> None:
    path = copy / "data" / "articles" / "all-00000.parquet"
    path.unlink()
    do(path)
    with pytest.raises(ReleaseError, match=r"all-00000\.parquet: a (pipe|symbolic link)"):
        difference.compare_releases(original, snapshot.read(copy))


def test_the_difference_of_two_releases_is_that_of_their_listed_files(
    original: Snapshot, copy: Path
) -> None:
    unlisted_part(copy)
    assert difference.compare_releases(original, snapshot.read(copy))["tables"] == {}


def test_a_table_of_other_columns_is_not_compared(original: Snapshot, copy: Path) -> None:
    tables = copy / "data"
    shutil.copy(tables / "pairs" / "all-00000.parquet", tables / "articles" / "all-00000.parquet")
    with pytest.raises(ReleaseError, match="has no column article_id of type string"):
        difference.compare_releases(original, snapshot.read(copy))


def test_a_release_may_itself_be_named_by_a_link(copy: Path) -> None:
    (copy.parent / "latest").symlink_to(copy)
    assert problems(copy.parent / "latest") == []


@pytest.mark.parametrize("command", ["verify", "diff"])
def test_a_copy_is_checked_and_compared_where_there_is_no_corpus(
    command: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = [str(copy)] * (2 if command == "diff" else 1)
    assert main(["release", command, *copies, "--output", str(copy.parent / "none")]) == 0
    assert capsys.readouterr().err == ""


def test_a_name_that_is_no_release_is_refused_where_there_is_no_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "verify", "1.0", "--output", str(tmp_path / "none")]) == 2
    assert "1.0: no release of that name" in capsys.readouterr().err
