"""Pool of processes for steps over shards, with serial results."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
) -> Tried[Result]:
    """Take a step with every shard, each independent of others' failures.

    A shard whose process dies is tried again in a process of its own.
    `step` must be picklable when more than one process runs. Every step writes its own shard only,
    so that the number of processes changes nothing but the time.
    """
    jobs = min(default_jobs() if jobs is None else jobs, len(shards))
    step = partial(_single_threaded, step)
    results: dict[str, Result] = {}
    errors: dict[str, Exception] = {}
    if jobs <= 1:
        for shard in shards:
            try:
                results[shard] = step(shard)
            except Exception as error:
                errors[shard] = error
            else:
                on_done(shard)
        return Tried(results, errors)
    _pooled(step, shards, jobs, on_done, (results, errors))
    # A process that dies ends the pool and all that waited for it: each gets a process of its own.
    for shard in [key for key, error in errors.items() if isinstance(error, BrokenProcessPool)]:
        del errors[shard]
        _pooled(step, [shard], 1, on_done, (results, errors))
    return Tried(
        {shard: results[shard] for shard in shards if shard in results},
        {shard: errors[shard] for shard in shards if shard in errors},
    )


def _pooled(
    step: Callable[[str], Result],
    shards: Sequence[str],
    jobs: int,
    on_done: Callable[[str], None],
    found: tuple[dict[str, Result], dict[str, Exception]],
) -> None:
    """Take a step with every shard in a pool; add to `found`."""
    results, errors = found
    # Spawned, not forked: numerical libraries may hold threads that do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running = {pool.submit(step, shard): shard for shard in shards}
        for future in as_completed(running):
            shard = running[future]
            try:
                results[shard] = future.result()
            except Exception as error:
                errors[shard] = error
            else:
                on_done(shard)


def map_ordered(
    step: Callable[[Item], Result], items: Sequence[Item], *, jobs: int | None = None
) -> Iterator[tuple[Item, Result]]:
    """Yield (item, step(item)) in the order of `items`, `jobs` at once.

    An error is raised in its turn. Results that are ready early wait, at most one more than there
    are processes, so that a long list of large results is never in memory. `step` and its results
    must be picklable.
    """
    jobs = min(default_jobs() if jobs is None else jobs, len(items))
    step = partial(_single_threaded, step)
    if jobs <= 1:
        for item in items:
            yield item, step(item)
        return
    rest = iter(items)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
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


def _single_threaded(step: Callable[[Item], Result], shard: Item) -> Result:
    """Run a step with one thread of linear algebra.

    Processes share the cores already; with threads of their own they would only wait for each
    other. And the number of threads can change the last bit of a product, so a fixed one is what
    makes results the same on every machine.
    """
    with threadpool_limits(limits=1):
        return step(shard)
