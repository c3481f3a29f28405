"""Pool of processes for steps over shards, with serial results."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

from crawler.errors import ExitCode, ShizhengError
from pipelines import cluster

Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerDiedError(ShizhengError):
    """Death of the process of one shard, twice."""

    exit_code = ExitCode.INTERNAL


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_engine(name: str | None) -> None:
    """Set where steps run, `pool` or `ray`; None leaves the environment's choice."""
    if name is not None:
        os.environ["SHIZHENG_ENGINE"] = name


def on_cluster() -> bool:
    """Return True if steps run on Ray: `SHIZHENG_ENGINE=ray`, or a `RAY_ADDRESS`."""
    chosen = os.environ.get("SHIZHENG_ENGINE", "")
    return chosen == "ray" or (not chosen and bool(os.environ.get("RAY_ADDRESS")))


def map_shards(
    step: Callable[[str], Result],
    shards: Sequence[str],
    *,
    jobs: int | None = None,
    on_done: Callable[[str], None] = lambda shard: None,
) -> dict[str, Result]:
    """Return {shard: step(shard)} in the order of `shards`.

    An error of a step is raised. The other shards are finished first; of several errors the first
    shard's is raised.
    """
    found = try_shards(step, shards, jobs=jobs, on_done=on_done)
    for error in found.errors.values():
        raise error
    return dict(found.results)


@dataclass(frozen=True, slots=True)
class Tried(Generic[Result]):
    """Results and errors of a step, in the order of the shards."""

    results: Mapping[str, Result]
    errors: Mapping[str, Exception]


def try_shards(
    step: Callable[[str], Result],
    shards: Sequence[str],
    *,
    jobs: int | None = None,
    on_done: Callable[[str], None] = lambda shard: None,
    size: Callable[[str], int] | None = None,
) -> Tried[Result]:
    """Take a step with every shard, each independent of others' failures.

    The largest by `size` begin first, so that the last process does not work alone on a large one.
    A shard whose process dies (killed, out of memory) is tried once more, in a process of its own;
    if that dies too, its error is a `WorkerDiedError`. Processes end with this one: when it is
    killed, and when it is interrupted. `step` must be picklable when more than one process runs.
    Every step writes its own shard only, so that the number of processes changes nothing but the
    time.
    """
    asked, jobs = jobs, min(default_jobs() if jobs is None else jobs, len(shards))
    order = list(shards) if size is None else sorted(shards, key=size, reverse=True)
    work = _Work(partial(_single_threaded, step), on_done)
    if order and on_cluster():
        cluster.take_shards(work.step, order, asked, work.settle, work.died)
    elif jobs <= 1:
        for shard in order:
            work.settle(shard, partial(work.step, shard))
    else:
        work.take(order, jobs)
    return Tried(
        {shard: work.results[shard] for shard in shards if shard in work.results},
        {shard: work.errors[shard] for shard in shards if shard in work.errors},
    )


@dataclass(slots=True)
class _Work(Generic[Result]):
    """A step over shards in pools, with its results and errors."""

    step: Callable[[str], Result]
    on_done: Callable[[str], None]
    results: dict[str, Result] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)

    def take(self, shards: Sequence[str], jobs: int) -> None:
        """Take every shard, with a new pool after each death."""
        waiting = deque(shards)
        while waiting:
            # A death ends the whole pool and does not name its shard: each that was under way is
            # tried alone, those that waited go on together.
            for suspect in self._until_a_death(waiting, jobs):
                if self._until_a_death(deque([suspect]), 1):
                    self.died(suspect)

    def died(self, shard: str) -> None:
        self.errors[shard] = WorkerDiedError(
            "its process died twice (killed, or out of memory); what was stored is whole: run "
            "again with more memory, or with --jobs 1"
        )

    def settle(self, shard: str, result: Callable[[], Result]) -> None:
        try:
            self.results[shard] = result()
        except BrokenProcessPool:
            raise
        except Exception as error:
            self.errors[shard] = error
        else:
            self.on_done(shard)

    def _until_a_death(self, waiting: deque[str], jobs: int) -> list[str]:
        """Take shards until a process dies; return its suspects."""
        running: dict[Future[Result], str] = {}
        suspects: list[str] = []
        with _processes(jobs) as pool:
            while (waiting and not suspects) or running:
                while waiting and not suspects and len(running) < jobs:
                    shard = waiting.popleft()
                    try:
                        running[pool.submit(self.step, shard)] = shard
                    except BrokenProcessPool:
                        suspects.append(shard)
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    shard = running.pop(future)
                    try:
                        self.settle(shard, future.result)
                    except BrokenProcessPool:
                        suspects.append(shard)
        return suspects


def map_ordered(
    step: Callable[[Item], Result], items: Sequence[Item], *, jobs: int | None = None
) -> Iterator[tuple[Item, Result]]:
    """Yield (item, step(item)) in the order of `items`, `jobs` at once.

    An error is raised in its turn. Results that are ready early wait, at most one more than there
    are processes, so that a long list of large results is never in memory. `step` and its results
    must be picklable.
    """
    asked, jobs = jobs, min(default_jobs() if jobs is None else jobs, len(items))
    step = partial(_single_threaded, step)
    if items and on_cluster():
        yield from cluster.map_ordered(step, items, asked)
        return
    if jobs <= 1:
        for item in items:
            yield item, step(item)
        return
    rest = iter(items)
    with _processes(jobs) as pool:
        running = deque((item, pool.submit(step, item)) for item in islice(rest, jobs + 1))
        try:
            while running:
                item, future = running.popleft()
                result = future.result()
                running.extend(
                    (following, pool.submit(step, following)) for following in islice(rest, 1)
                )
                yield item, result
        finally:
            for _, future in running:
                future.cancel()


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Start a pool; kill its processes on an interrupt.

    Spawned, not forked: numerical libraries may have threads that do not survive a fork.
    """
    others = {child.pid for child in multiprocessing.active_children()}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as pool:
        try:
            yield pool
        except (KeyboardInterrupt, SystemExit):
            # The pool would wait for the shards under way: minutes, for a large city. Every table
            # is written whole or not at all, so that a kill costs only the time.
            for child in multiprocessing.active_children():
                if child.pid not in others:
                    child.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _end_with_parent() -> None:
    """Make this process end with its parent, and ignore interrupts.

    An orphan would go on writing tables without the lock, that the parent held.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _single_threaded(step: Callable[[Item], Result], shard: Item) -> Result:
    """Run a step with one thread of linear algebra.

    Processes share the cores already; with threads of their own they would only wait for each
    other. And the number of threads can change the last bit of a product, so a fixed one is what
    makes results the same on every machine.
    """
    with threadpool_limits(limits=1):
        return step(shard)
