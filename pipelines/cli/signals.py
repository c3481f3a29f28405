"""SIGTERM as an interrupt: crawls are ended and reported as by Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipelines.errors import Stopped


@contextmanager
def heeding_termination() -> Iterator[None]:
    """Raise `Stopped` in the main thread at the first SIGTERM only.

    The time it then takes to end the crawls is bounded; who cannot wait sends SIGKILL.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Stopped(f"stopped by {signal.Signals(number).name}")
