"""Shards one after the other in this process: for small work, and the measure of the other engines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping

from shopkeeper.jobs.shards import (
    NOTHING_SHARED,
    Array,
    ResultT,
    ShardCall,
    ShardT,
    Shared,
    call_failed,
    check_call,
    described,
    read_only,
    tell_nobody,
)


class SequentialShards:
    """Implements `jobs.shards.ShardMapper` as a loop; nothing can die under it but the whole process."""

    def map_shards(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        *,
        shared: Mapping[str, Array] = NOTHING_SHARED,
        progress: Callable[[int], None] = tell_nobody,
    ) -> Generator[ResultT, None, None]:
        """Compute each shard when its result is asked for."""
        check_call(call)
        return _results(call, shards, read_only(shared), progress)


def _results(
    call: ShardCall[ShardT, ResultT], shards: Iterable[ShardT], shared: Shared, progress: Callable[[int], None]
) -> Generator[ResultT, None, None]:
    for number, shard in enumerate(shards):
        try:
            result = call(shard, shared)
        except Exception as error:
            raise call_failed(number, described(error)) from error
        progress(number + 1)
        yield result
