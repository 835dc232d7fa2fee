"""Work cut into shards: one pure function over many of them, on one core, on all of them, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError, ShardFailed

ShardT = TypeVar("ShardT")
ResultT = TypeVar("ResultT")

Array = npt.NDArray[np.generic]

RUNS = 3
"""How often a shard is computed at most when workers or machines die under it."""


@dataclass(frozen=True, eq=False)
class Shared:
    """Arrays that every call may read and none may change.

    It is known by identity and stays the same object for all calls of one worker, so `functools.lru_cache` keeps what
    a call makes of it: once a worker, not once a shard.
    """

    arrays: Mapping[str, Array]


NOTHING_SHARED: Mapping[str, Array] = {}

ShardCall = Callable[[ShardT, Shared], ResultT]
"""A function at the top level of an importable module; its result depends on nothing but its two arguments."""


def tell_nobody(done: int) -> None:
    """Take progress and say nothing."""


class ShardMapper(Protocol):
    """Applies a function to every shard.

    Laws:
    - The results are those of `[call(shard, shared) for shard in shards]`, in that order, whatever the engine and the
      number of its workers. No shard, no result.
    - A shard whose worker or machine dies is computed again, at most `RUNS` times in all, and a result that was lost
      with its machine too. So `call` must be pure: what it did besides returning may have happened twice.
    - A call that raises is not repeated: ShardFailed carries the number of the shard and what was raised, results of
      the shards before it have been handed over, and the rest is stopped. So it is when a shard used up its runs.
    - Results are handed over as they are asked for, and shards are read only a few ahead of them, so neither all
      shards nor all results need to fit into memory. Whoever closes the generator stops the work.
    - `shared` crosses once, not once a shard; a call gets it read-only. Shards and results cross by value, so they are
      best small: numbers, texts, tuples, arrays.
    """

    def map_shards(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        *,
        shared: Mapping[str, Array] = NOTHING_SHARED,
        progress: Callable[[int], None] = tell_nobody,
    ) -> Generator[ResultT, None, None]:
        """Return the results in the order of the shards.

        Args:
            shared: Large inputs of all calls.
            progress: Called in the caller's thread each time a shard is finished, in whatever order they finish, with
                how many are: 1, 2, 3 ...
        Raises:
            InputError: `call` is not at the top level of a module, so no worker could find it.
            ShardFailed: as in the laws.
            Unavailable: the engine's cluster does not answer.
        """
        ...


def check_call(call: Callable[..., object]) -> None:
    """Raise InputError unless other processes can import `call` by its name."""
    name, module = getattr(call, "__qualname__", None), getattr(call, "__module__", None)
    if name is None or module is None or "<" in name:
        raise InputError(
            f"{call!r} cannot be sent to other processes: it is not a function at the top level of a module.",
            "Name a plain function; what it needs besides goes into the shards or into `shared`.",
        )


def read_only(arrays: Mapping[str, Array]) -> Shared:
    """Return views of arrays that cannot be written through. Raises InputError where one holds Python objects."""
    views = {}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise InputError(f"Shared array {name!r} holds Python objects.", "Share numbers, or texts as their bytes.")
        view = np.asarray(array).view()
        view.flags.writeable = False
        views[name] = view
    return Shared(views)


def described(error: BaseException) -> str:
    """Return what was raised as one line that can cross to another process."""
    return f"{type(error).__name__}: {error}"


def call_failed(shard: int, what: str) -> ShardFailed:
    """Return the error of a call that raised `what`."""
    return ShardFailed(shard, what, "Mend what it names and run again.")


def worker_died(shard: int, how: str) -> ShardFailed:
    """Return the error of a shard whose worker died in every run."""
    return ShardFailed(
        shard,
        f"its worker died in each of {RUNS} runs ({how})",
        "It needs more memory than there is, or crashes its process: make shards smaller, or use fewer workers.",
    )
