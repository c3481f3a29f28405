"""Steps over shards on a Ray cluster, with the pool's results.

`RAY_ADDRESS` names a cluster; without it one is started on this machine, and ends with this
process. The output folder must be at the same path on every node, on a shared file system.
"""

import os
import re
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from crawler.errors import ExitCode, ShizhengError

if TYPE_CHECKING:
    import ray

Item = TypeVar("Item")
Result = TypeVar("Result")

OBJECTS = 256 * 2**20
"""Bytes of a started cluster's object store: results on their way. Ray's own choice would be 30 %
of the memory."""

CONNECTING = 10.0
"""Seconds within which a cluster must take a connection. Set by hand."""

TRIES_MORE = 1
"""Tries of a shard whose process or node died, after the first: as in the pool."""


class ClusterError(ShizhengError):
    """Cluster that cannot be reached, or is not installed."""

    exit_code = ExitCode.USAGE


def take_shards(
    step: Callable[[str], Result],
    shards: Sequence[str],
    jobs: int | None,
    settle: Callable[[str, Callable[[], Result]], None],
    died: Callable[[str], None],
) -> None:
    """Take a step with every shard; call `settle` with each result.

    `died` is called with a shard whose process died in every try. Interrupted, it ends the tasks.
    """
    import ray
    from ray.exceptions import NodeDiedError, OutOfMemoryError, WorkerCrashedError

    with _connected(jobs):
        task, taken = _task(), ray.put(step)
        running = {task.remote(taken, shard): shard for shard in shards}
        waiting = list(running)
        try:
            while waiting:
                done, waiting = ray.wait(waiting, num_returns=1)
                for future in done:
                    try:
                        result = partial(_identity, _result(future))
                    except (NodeDiedError, OutOfMemoryError, WorkerCrashedError):
                        died(running[future])
                        continue
                    except Exception as error:
                        result = partial(_raise, error)
                    settle(running[future], result)
        except BaseException:
            _cancel(running)
            raise


def map_ordered(
    step: Callable[[Item], Result], items: Sequence[Item], jobs: int | None
) -> Iterator[tuple[Item, Result]]:
    """Yield (item, step(item)) in the order of `items`: see `pool.map_ordered`."""
    import ray

    with _connected(jobs):
        task, taken = _task(), ray.put(step)
        ahead = int(ray.cluster_resources().get("CPU", 1)) + 1  # type: ignore[no-untyped-call]
        rest = iter(items)
        running = deque((item, task.remote(taken, item)) for item in islice(rest, ahead))
        try:
            while running:
                item, future = running.popleft()
                result = _result(future)
                running.extend((more, task.remote(taken, more)) for more in islice(rest, 1))
                yield item, result
        finally:
            _cancel(future for _, future in running)


def _identity(result: Any) -> Any:
    return result


def _raise(error: Exception) -> Any:
    raise error


def _task() -> Any:
    import ray

    return ray.remote(num_cpus=1, max_retries=TRIES_MORE)(_call)


def _call(step: Callable[[Any], Any], item: Any) -> Any:
    return step(item)


def _result(future: "ray.ObjectRef[Any]") -> Any:
    """Return a task's result, or raise the step's own error."""
    import ray
    from ray.exceptions import RayTaskError

    try:
        return ray.get(future)
    except RayTaskError as error:
        raise error.cause from None


def _cancel(futures: Any) -> None:
    import ray

    for future in futures:
        ray.cancel(future, force=True)


@contextmanager
def _connected(jobs: int | None) -> Iterator[None]:
    """Connect to the cluster, or start one; leave it at the end."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            "--engine ray needs Ray; install it: pip install 'shizheng[ray]'"
        ) from error
    address = os.environ.get("RAY_ADDRESS")
    _check(address)
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            cores: dict[str, Any] = {"num_cpus": jobs or _cores(), "object_store_memory": OBJECTS}
            ray.init(include_dashboard=False, **cores, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _unreachable(address, error) from error
    if main:
        signal.signal(signal.SIGTERM, handler)  # Ray sets one of its own.
    try:
        yield
    finally:
        ray.shutdown()


def _check(address: str | None) -> None:
    """Raise `ClusterError` if nothing listens there: Ray itself tries for minutes."""
    found = re.fullmatch(r"([^:/]+):(\d+)", address or "")
    if found is None:
        return
    try:
        socket.create_connection((found[1], int(found[2])), CONNECTING).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str | None, error: BaseException) -> ClusterError:
    reason = str(error).partition("\n")[0]
    return ClusterError(
        f"no Ray cluster at {address or 'this machine'} ({reason}); start one with "
        "`ray start --head`, or unset RAY_ADDRESS"
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
