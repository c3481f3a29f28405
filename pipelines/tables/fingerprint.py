"""Digest of the code and data that a cached result depends on."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pipelines

_SUFFIXES = (".py", ".json", ".tsv")


@cache
def fingerprint(parts: tuple[str, ...], packages: tuple[str, ...]) -> bytes:
    """Digest rooms of this program and versions of installed packages.

    `parts` are dotted names of rooms or modules, like `pipelines.facts` or `crawler.item`: every
    module and data file of a room counts, however deep. 32 bytes. Raises `ModuleNotFoundError` for
    a missing part, so that a room that moved cannot be left out silently.
    """
    digest = digest_of_files(Path(pipelines.__file__).parents[1], parts)
    return hashlib.sha256(
        digest + " ".join(f"{p} {version(p)}" for p in packages).encode()
    ).digest()


def digest_of_files(root: Path, parts: Sequence[str]) -> bytes:
    """Digest paths and bytes of the files of `parts` below `root`."""
    digest = hashlib.sha256()
    for part in parts:
        for path in _files(root, part):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.digest()


def _files(root: Path, part: str) -> Iterator[Path]:
    place = root.joinpath(*part.split("."))
    module = place.with_suffix(".py")
    if module.is_file():
        # With its data: details.tsv beside details.py.
        yield from sorted(
            path for suffix in _SUFFIXES if (path := place.with_suffix(suffix)).is_file()
        )
    elif place.is_dir():
        yield from sorted(path for path in place.rglob("*") if path.suffix in _SUFFIXES)
    else:
        raise ModuleNotFoundError(f"no room or module {part} in {root}")
