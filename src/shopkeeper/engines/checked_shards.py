"""What every engine of shards does before its work begins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping

from shopkeeper.jobs.shards import (
    NOTHING_SHARED,
    Array,
    ResultT,
    ShardCall,
    ShardT,
    Shared,
    check_call,
    read_only,
    tell_nobody,
)


class CheckedShards(ABC):
    """Implements `jobs.shards.ShardMapper` but for the work: bad input is said at once, not with the first result."""

    def map_shards(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        *,
        shared: Mapping[str, Array] = NOTHING_SHARED,
        progress: Callable[[int], None] = tell_nobody,
    ) -> Generator[ResultT, None, None]:
        """Check call and arrays now, and begin when the first result is asked for."""
        check_call(call)
        return self._results(call, shards, read_only(shared), progress)

    @abstractmethod
    def _results(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        shared: Shared,
        progress: Callable[[int], None],
    ) -> Generator[ResultT, None, None]:
        """Yield the results in the order of the shards."""
