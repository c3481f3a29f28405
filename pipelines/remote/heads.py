"""Heads: the files of a city as one object, swapped whole.

Files are immutable objects named by their SHA-256; a head lists them. Its replacement names the
version that it replaces, so that a reader finds one whole state, and of two writers one is refused.
"""

import json
import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipelines.remote.objects import ConflictError, Objects, RemoteError

REPORTS, REVIEWS = "reports", "reviews"
"""Heads of what is of no single city."""


@dataclass(frozen=True, slots=True)
class Head:
    """Files of a unit: SHA-256 by path within the output folder.

    `version` is the ETag of the stored head; None if there is none yet.
    """

    unit: str
    files: Mapping[str, str] = field(default_factory=dict)
    version: str | None = None


def city_unit(city: str) -> str:
    """Return the unit of a city."""
    return f"cities/{city}"


def object_name(sha256: str) -> str:
    """Return the name of the object with this SHA-256."""
    return f"objects/{sha256[:2]}/{sha256}"


def read_head(objects: Objects, unit: str) -> Head:
    """Return the head of a unit; without files if none."""
    name = f"heads/{unit}.json"
    found = objects.read(name)
    if found is None:
        return Head(unit)
    try:
        files = json.loads(found.content)["files"]
        if not all(_within(path) and isinstance(of, str) for path, of in files.items()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RemoteError(f"{objects.url}/{name}: not the head of a city: restore it") from error
    return Head(unit, files, found.version)


def replace_head(objects: Objects, before: Head, files: Mapping[str, str]) -> Head:
    """Replace a head. Raises `ConflictError` if it is not `before` any more."""
    # The nonce makes versions differ that list the same files: an ETag is a digest of the content.
    by, nonce = f"{socket.gethostname()}:{os.getpid()}", uuid.uuid4().hex
    content = json.dumps({"files": files, "by": by, "nonce": nonce}, sort_keys=True).encode()
    name = f"heads/{before.unit}.json"
    if before.version is None:
        version = objects.create(name, content)
    else:
        version = objects.swap(name, content, before.version)
    if version is None:
        raise ConflictError(
            f"{objects.url}: another writer has stored {before.unit.rpartition('/')[2]} since it "
            "was read here; nothing was changed there. Run again to begin with its state"
        )
    return Head(before.unit, files, version)


def stored_cities(objects: Objects) -> list[str]:
    """Return the cities that have a head, sorted."""
    prefix = "heads/cities/"
    return sorted(_key(name, prefix) for name, _, _ in objects.names(prefix))


def stored_heads(objects: Objects) -> Iterator[Head]:
    """Yield every head."""
    for name, _, _ in objects.names("heads/"):
        yield read_head(objects, _key(name, "heads/"))


def _within(path: str) -> bool:
    """Return True for a path that stays within a folder."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts


def _key(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).removesuffix(".json")
