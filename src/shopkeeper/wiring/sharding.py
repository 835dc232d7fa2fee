"""Which engine computes shards: the one the settings name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from shopkeeper.engines.process_shards import ProcessShards
from shopkeeper.engines.ray_shards import open_ray
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.jobs.shards import ShardMapper
from shopkeeper.wiring.settings import Settings


@contextlib.contextmanager
def open_shards(settings: Settings, shards: int) -> Iterator[ShardMapper]:
    """Open the engine for so many shards and close it in the end; a single one is computed here.

    Raises:
        ConfigError: the settings name no address, or Ray is not installed.
        Unavailable: the cluster does not answer.
    """
    engines = settings.engines
    workers = engines.shard_workers or None
    if shards <= 1 or (engines.shards == "local" and workers == 1):
        yield SequentialShards()
    elif engines.shards == "local":
        yield ProcessShards(workers)
    else:
        with open_ray(engines.shards, workers) as mapper:
            yield mapper
