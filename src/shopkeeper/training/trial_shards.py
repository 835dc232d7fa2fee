"""Trials side by side: each is a shard, computed from the files of the run wherever a worker is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shopkeeper.jobs.shards import ShardMapper, Shared
from shopkeeper.training.ports import Attempt, LearningSystem, Trial, TryAll
from shopkeeper.training.split import three_way_split
from shopkeeper.training.trying import attempted
from shopkeeper.training.tune import Bench


@dataclass(frozen=True, slots=True)
class BenchFiles:
    """What a worker makes the bench of a search from.

    Attributes:
        offline: Makes the system; see `ports.LearningSystem`.
        folder: Where the system wrote the data; every worker must reach it.
    """

    offline: Callable[[], LearningSystem[Any, Any]]
    model: str
    folder: Path
    validation_share: float
    test_share: float
    gap_seconds: float
    seed: int


@contextlib.contextmanager
def side_by_side(mapper: ShardMapper, files: BenchFiles) -> Iterator[TryAll]:
    """Give what tries the attempts of a batch at the same time."""

    def try_all(attempts: Sequence[Attempt]) -> Generator[Trial, None, None]:
        yield from mapper.map_shards(try_shard, [(files, attempt) for attempt in attempts])

    try:
        yield try_all
    finally:
        _bench.cache_clear()  # where the mapper is a loop it lies in this process


def try_shard(shard: tuple[BenchFiles, Attempt], shared: Shared) -> Trial:  # noqa: ARG001 - nothing is shared but files
    """Try one attempt."""
    files, attempt = shard
    return attempted(_bench(files).judge, attempt)


@lru_cache(maxsize=1)
def _bench(files: BenchFiles) -> Bench[Any, Any]:
    """Return the bench, prepared once a worker."""
    system = files.offline()
    data = system.read(files.folder)
    split = three_way_split(system.times(data), files.validation_share, files.test_share, gap_seconds=files.gap_seconds)
    return Bench.of(system, files.model, data, split, files.seed)
