"""Shards one after the other in this process: for small work, and the measure of the other engines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from shopkeeper.engines.checked_shards import CheckedShards
from shopkeeper.jobs.shards import ResultT, ShardCall, ShardT, Shared, call_failed, described


class SequentialShards(CheckedShards):
    """Implements `jobs.shards.ShardMapper` as a loop; nothing can die under it but the whole process."""

    def _results(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        shared: Shared,
        progress: Callable[[int], None],
    ) -> Generator[ResultT, None, None]:
        for number, shard in enumerate(shards):
            try:
                result = call(shard, shared)
            except Exception as error:
                raise call_failed(number, described(error)) from error
            progress(number + 1)
            yield result
