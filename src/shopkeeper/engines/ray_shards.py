"""Shards on a Ray cluster, or on a Ray that is started here and lives as long as the work.

Ray itself is loaded only when `open_ray` is called, so nothing else needs the extra `[ray]`. Every machine of a cluster
must have the same version of Shopkeeper installed: functions go there by name, and no folder is sent along.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import socket
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Final

from shopkeeper.engines.checked_shards import CheckedShards
from shopkeeper.engines.shard_delivery import Task, deliver
from shopkeeper.engines.shard_worker import Outcome, outcome_of
from shopkeeper.errors import ConfigError, Unavailable
from shopkeeper.jobs.shards import Array, ResultT, ShardCall, ShardT, Shared, described, read_only

_CLIENT: Final = "ray://"
HERE: Final = "ray"
"""The address that starts Ray on this machine."""
STORE_BYTES: Final = 1 << 30
"""Object store of a Ray started here; Ray's own default is a third of the memory. What does not fit goes to disk."""
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CONNECT_SECONDS: Final = 5.0
_ENDING_SECONDS: Final = 0.5
_REMEDY: Final = "Check `engines.shards` and that the cluster runs; `local` works without it."


class RayShards(CheckedShards):
    """Implements `jobs.shards.ShardMapper` by one Ray task a run of a shard.

    Shared arrays lie in the object store: once a machine, mapped by its workers.

    Args:
        ray: The module, connected.
        workers: Most tasks at a time; None = one for each core of the cluster.
    """

    def __init__(self, ray: Any, workers: int | None = None) -> None:  # noqa: ANN401 - Ray's types need Ray
        self._ray = ray
        self._workers = workers

    def _results(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        shared: Shared,
        progress: Callable[[int], None],
    ) -> Generator[ResultT, None, None]:
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        crew = _Crew(self._ray, max(self._workers or cores, 1), shared)
        try:
            yield from deliver(crew, call, shards, progress)
        finally:
            crew.stop()


class _Crew:
    """Implements `shard_delivery.Crew` by Ray tasks.

    Ray's own retries are off: it would repeat a task that runs out of memory for ever, and `deliver` counts runs.
    """

    def __init__(self, ray: Any, most: int, shared: Shared) -> None:  # noqa: ANN401 - as above
        self.most = most
        self._ray = ray
        self._run = ray.remote(max_retries=0, num_cpus=1)(_run)
        self._names = tuple(shared.arrays)
        self._arrays = [ray.put(array) for array in shared.arrays.values()]
        self._token = secrets.token_hex(8)
        self._tasks: dict[Any, Task] = {}

    def busy(self) -> int:
        """Return how many tasks are under way."""
        return len(self._tasks)

    def give(self, call: Callable[..., object], task: Task) -> None:
        """Start a task wherever there is a free core."""
        reference = self._run.remote(call, task.shard, self._token, self._names, *self._arrays)
        self._tasks[reference] = task

    def ended(self) -> Iterator[tuple[Task, Outcome | str]]:
        """Wait for a task, and yield it with its outcome, or with how its worker or machine was lost."""
        ready, _ = self._ray.wait(list(self._tasks), num_returns=1)
        for reference in ready:
            task = self._tasks.pop(reference)
            try:
                end: Outcome | str = self._ray.get(reference)
            except self._ray.exceptions.RayTaskError as error:  # a call or result that cannot cross
                end = Outcome(failure=described(error.cause or error), trace=str(error))
            except self._ray.exceptions.RayError as error:
                end = type(error).__name__
            yield task, end

    def stop(self) -> None:
        """End what is under way, whatever it does, and let go of the arrays.

        What ends by itself at once is waited for: Ray aborts this process where it cancels a task whose result is on
        its way ("Tried to complete task that was not pending", seen with 2.60).
        """
        tasks = list(self._tasks)
        if tasks:
            _, going = self._ray.wait(tasks, num_returns=len(tasks), timeout=_ENDING_SECONDS, fetch_local=False)
            for reference in going:
                self._ray.cancel(reference, force=True)
        self._tasks.clear()
        self._arrays.clear()


@contextlib.contextmanager
def open_ray(address: str, workers: int | None = None) -> Iterator[RayShards]:
    """Connect to a cluster, or start Ray here, and let go of it in the end.

    Args:
        address: `HOST:PORT` of the cluster's head, from one of its machines; `ray://HOST:PORT` of its client server,
            from anywhere; `ray` = start one on this machine.
        workers: Most shards at a time; None = one for each core.
    Raises:
        ConfigError: Ray is not installed, or not what its client server is spoken to with.
        Unavailable: nobody answers there, or with another version of Ray or Python.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # it would send the working folder to every machine
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    host, port = _place(address)
    if host in _LOOPBACK:  # else Ray takes the machine's outward address for it, and listens or calls there
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        remedy = "Install it: `pip install 'shopkeeper[ray]'`; or set it to `local`."
        raise ConfigError(f"engines.shards is {address!r}, and Ray is not installed.", remedy) from error
    _check_client(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if address == HERE:
        options |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
        options |= {"object_store_memory": STORE_BYTES, "_node_ip_address": "127.0.0.1"}
    else:
        _knock(host, port, address)
        options |= {"address": address}
    try:
        ray.init(**options)
    except Exception as error:
        raise Unavailable(f"Ray at {address!r} cannot be used: {described(error)}.", _REMEDY) from error
    try:
        yield RayShards(ray, workers)
    finally:
        ray.shutdown()


def _check_client(address: str) -> None:
    """Raise ConfigError where a client server is to be spoken to without gRPC, which the extra `[ray]` leaves out."""
    if address.startswith(_CLIENT) and importlib.util.find_spec("grpc") is None:
        raise ConfigError(
            f"engines.shards is {address!r}, a client server, and grpcio is not installed.",
            "Install it: `pip install 'ray[client]'`; or write HOST:PORT of the head, from inside.",
        )


def _place(address: str) -> tuple[str, int]:
    """Return host and port of an address. Raises ConfigError."""
    if address == HERE:
        return "127.0.0.1", 0
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError(
            f"engines.shards is {address!r}, which is no address of a Ray cluster.",
            "Write `local`, `ray`, HOST:PORT of the cluster's head, or ray://HOST:PORT of its client server.",
        )
    return host, int(port)


def _knock(host: str, port: int, address: str) -> None:
    """Raise Unavailable where nobody listens; Ray itself would wait for minutes."""
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        raise Unavailable(f"Ray at {address!r} does not answer: {error}.", _REMEDY) from error


_kept: dict[str, Shared] = {}
"""In a worker: what is shared in the work it does now, by token, so that it stays one object."""


def _run(call: Any, shard: Any, token: str, names: tuple[str, ...], *arrays: Array) -> Outcome:  # noqa: ANN401
    if token not in _kept:
        _kept.clear()
        _kept[token] = read_only(dict(zip(names, arrays, strict=True)))
    return outcome_of(call, shard, _kept[token])
