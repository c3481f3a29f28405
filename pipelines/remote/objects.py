"""Objects of a store: created once, swapped by ETag, server's clock.

Credentials, region and endpoint are read from the environment, by the names that each service's
own tools use (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS` …).
"""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.credentials import without_user
from crawler.errors import ExitCode, ShizhengError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
"""Schemes of URLs of object stores."""

CHUNK = 8 * 2**20
"""Bytes transferred at once. Set by hand."""


class RemoteError(ShizhengError):
    """Store that cannot be used, or answered wrongly."""

    exit_code = ExitCode.INTERNAL


class RemoteUsageError(ShizhengError):
    """A URL, or an installation, without a store behind it."""

    exit_code = ExitCode.USAGE


class ConflictError(ShizhengError):
    """Another writer was earlier; nothing was changed."""

    exit_code = ExitCode.BUSY


@dataclass(frozen=True, slots=True)
class Found:
    """Object read: content, version (ETag), time of writing (server's)."""

    content: bytes
    version: str
    written: datetime


class Objects:
    """Objects below a URL, by name."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._store = _opened(url)

    def names(self, prefix: str) -> Iterator[tuple[str, datetime, int]]:
        """Yield names, times of writing and sizes below a prefix."""
        import obstore

        with self._naming(prefix):
            for batch in obstore.list(self._store, prefix):
                for each in batch:
                    yield str(each["path"]), each["last_modified"], int(each["size"])

    def read(self, name: str) -> Found | None:
        """Return a small object, or None if there is none."""
        import obstore

        with self._naming(name):
            try:
                got = obstore.get(self._store, name)
            except FileNotFoundError:
                return None
            meta = got.meta
            return Found(bytes(got.bytes()), str(meta["e_tag"]), meta["last_modified"])

    def exists(self, name: str) -> bool:
        import obstore

        with self._naming(name):
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                return False
            return True

    def create(self, name: str, content: bytes) -> str | None:
        """Write a new object; return its version, None if it exists."""
        return self._put(name, content, "create")

    def swap(self, name: str, content: bytes, version: str) -> str | None:
        """Replace the object of a version; return the new, or None."""
        return self._put(name, content, {"e_tag": version})

    def _put(self, name: str, content: bytes, mode: Any) -> str | None:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._naming(name):
            try:
                return str(obstore.put(self._store, name, content, mode=mode)["e_tag"])
            except (AlreadyExistsError, PreconditionError):
                return None

    def upload(self, name: str, path: Path) -> None:
        """Write a file, replacing any object of the name."""
        import obstore

        with self._naming(name):
            obstore.put(self._store, name, path, chunk_size=CHUNK)

    def download(self, name: str, path: Path, sha256: str) -> None:
        """Replace a file by an object with this SHA-256."""
        import obstore

        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        digest = hashlib.sha256()
        try:
            with self._naming(name), temporary.open("wb") as file:
                for chunk in obstore.get(self._store, name).stream(min_chunk_size=CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != sha256:
                raise RemoteError(f"{self.url}/{name}: its content has another digest; run again")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        import obstore

        with self._naming(name):
            obstore.delete(self._store, name)

    def now(self) -> datetime:
        """Return the server's time: machines' clocks differ."""
        name = f"probes/{uuid.uuid4().hex}"
        self.create(name, b"")
        found = self.read(name)
        self.delete(name)
        if found is None:
            raise RemoteError(f"{self.url}/{name}: an object just written cannot be read")
        return found.written

    def probe(self) -> None:
        """Raise `RemoteError` for a store that ignores conditions on writes.

        On such a store two writers would replace each other's work without notice.
        """
        name = f"probes/{uuid.uuid4().hex}"
        version = self.create(name, b"1")
        again = self.create(name, b"2")
        late = self.swap(name, b"3", '"0123456789abcdef0123456789abcdef"')
        right = self.swap(name, b"4", version) if version else None
        self.delete(name)
        if version is None or again is not None or late is not None or right is None:
            raise RemoteError(
                f"{self.url}: the store ignores conditions on writes (If-None-Match, If-Match), so "
                "that two writers would undo each other's work unnoticed; use one that knows them, "
                "such as Amazon S3, Google Cloud Storage, Azure or SeaweedFS"
            )

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError as error:
            raise RemoteError(f"{self.url}/{name}: is not there") from error
        except BaseError as error:
            reason = " ".join(str(error).partition("\n")[0].split())[:300]
            raise RemoteError(
                f"{self.url}/{name}: the store did not answer as expected ({reason}); check the "
                "URL, the credentials in the environment and the network, then run again"
            ) from error


def _opened(url: str) -> "ObjectStore":
    scheme, _, bucket = url.partition("://")
    if scheme not in SCHEMES or not bucket.strip("/") or without_user(url) != url:
        # A signed address has its secret in the query.
        named = without_user(url.partition("?")[0])
        raise RemoteUsageError(
            f"{named}: expected the URL of a bucket or a folder in it, such as s3://bucket/corpus "
            f"({', '.join(SCHEMES)}), with the credentials in the environment"
        )
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as error:
        raise RemoteUsageError(
            f"{url}: object stores need obstore; install it: pip install 'shizheng[s3]'"
        ) from error
    try:
        return from_url(url.rstrip("/"))
    except BaseError as error:
        raise RemoteUsageError(f"{url}: not the URL of a store ({error})") from error
