"""Leases: a city is worked on by one machine at a time.

A lease is an object that is created, renewed and removed. It expires when it was not renewed for
its time, by the server's clock, and at once if its process has died on this very machine. It saves
work that would be refused at the end; the swap of heads alone already keeps two writers from
undoing each other's.
"""

import json
import os
import socket
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pipelines.remote.objects import ConflictError, Found, Objects, RemoteError

LIFETIME = timedelta(minutes=10)
"""Time after which a lease that was not renewed may be taken: long enough for a machine that was
suspended, or cut off, for some minutes."""


@dataclass(slots=True)
class Lease:
    """Lease of a city, renewed by a thread until its release."""

    objects: Objects
    name: str
    version: str
    _ended: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def renew(self) -> None:
        """Write the lease anew, or end if another machine took it."""
        with self._writing:
            if self._ended.is_set():
                return
            version = self.objects.swap(self.name, _content(), self.version)
            if version is None:
                self._ended.set()
            else:
                self.version = version

    def watch(self, every: float) -> None:
        """Renew every so many seconds until it is released."""
        while not self._ended.wait(every):
            # A store that is away for a moment: the next renewal may still be in time.
            with suppress(RemoteError):
                self.renew()

    def release(self) -> None:
        """Remove the lease if it is still this machine's."""
        with self._writing:
            if self._ended.is_set():
                return
            self._ended.set()
            found = self.objects.read(self.name)
            if found is not None and found.version == self.version:
                self.objects.delete(self.name)


@contextmanager
def leased(
    objects: Objects, cities: Iterable[str], lifetime: timedelta = LIFETIME
) -> Iterator[None]:
    """Lease cities while the block runs.

    Raises `ConflictError` for a city that another machine works on.
    """
    with ExitStack() as leases:
        for city in sorted(set(cities)):
            lease = _taken(objects, city, lifetime)
            leases.callback(lease.release)
            every = lifetime.total_seconds() / 3
            threading.Thread(target=lease.watch, args=(every,), daemon=True).start()
        yield


def _taken(objects: Objects, city: str, lifetime: timedelta) -> Lease:
    name = f"leases/{city}.json"
    version = objects.create(name, _content())
    if version is None:
        held = objects.read(name)
        if held is None:
            version = objects.create(name, _content())
        elif objects.now() - held.written > lifetime or _abandoned(held):
            version = objects.swap(name, _content(), held.version)
        if version is None:
            raise ConflictError(
                f"{objects.url}: {_holder(held)} works on {city}; wait for it to end, or until "
                f"{lifetime.total_seconds() / 60:.0f} minutes after it died"
            )
    return Lease(objects, name, version)


def _content() -> bytes:
    by = f"process {os.getpid()} on {socket.gethostname()}"
    lease: dict[str, object] = {"by": by, "nonce": uuid.uuid4().hex}
    if (place := _place()) is not None:
        lease |= {"place": place, "process": os.getpid(), "since": _since(os.getpid())}
    return json.dumps(lease).encode()


def _abandoned(held: Found) -> bool:
    """Return True if the holder, a process of this machine, is gone."""
    try:
        lease = json.loads(held.content)
        place, process, since = lease["place"], int(lease["process"]), lease["since"]
    except (ValueError, KeyError, TypeError):
        return False
    return bool(place == _place() and _since(process) != since)


def _place() -> str | None:
    """Return a name of this machine's table of processes.

    It is another after each start, and in each container. None where the system has none: a host's
    name alone may be that of another machine, and a number that of a process in another container.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _since(process: int) -> str | None:
    """Return the start of a process in ticks, or None.

    A number is given to another process in time, but not with the same start.
    """
    try:
        # The name before may have spaces and brackets of its own.
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else fields[18]


def _holder(held: Found | None) -> str:
    try:
        return str(json.loads(held.content)["by"]) if held else "another machine"
    except (ValueError, KeyError, TypeError):
        return "another machine"
