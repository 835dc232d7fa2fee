"""The loop keeps the laws of shards."""

from __future__ import annotations

import pytest

from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.testing.shard_mapper_suite import ShardMapperSuite


class TestSequentialShards(ShardMapperSuite):
    @pytest.fixture
    def mapper(self) -> SequentialShards:
        return SequentialShards()
