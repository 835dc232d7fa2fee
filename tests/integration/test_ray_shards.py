"""A real Ray cluster of two machines (played by two node processes) keeps the laws of shards, and loses one of them."""

from __future__ import annotations

import importlib
import importlib.util
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from shopkeeper.engines.ray_shards import RayShards, open_ray
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.errors import ConfigError, Unavailable
from shopkeeper.jobs.shards import Shared
from shopkeeper.testing.shard_mapper_suite import (
    PRICES,
    RemoteShardMapperSuite,
    basket_values,
    baskets,
    held_basket_values,
)
from shopkeeper.wiring.pricing.store_reading import read_shard

from .conftest import missing
from .test_parallel_trials import SYSTEM, searched
from .two_priced_stores import asks, assert_same, read, two_stores

pytestmark = pytest.mark.integration

STORE_BYTES = 100 * 1024 * 1024


class Cluster(Protocol):
    """What the tests use of `ray.cluster_utils.Cluster`, and its second machine."""

    address: str
    second: Any

    def remove_node(self, node: object, allow_graceful: bool) -> None: ...


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Give a cluster whose machines are processes here, two cores each."""
    with pytest.MonkeyPatch.context() as environment, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # stay on the loopback address
        try:
            cluster_utils = importlib.import_module("ray.cluster_utils")
        except ImportError as error:
            missing(f"Ray is not installed: {error}.")
        node = {"num_cpus": 2, "node_ip_address": "127.0.0.1", "object_store_memory": STORE_BYTES}
        started = cluster_utils.Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        started.second = started.add_node(**node)
        yield started
        started.shutdown()


@pytest.fixture(scope="module")
def mapper(cluster: Cluster) -> Iterator[RayShards]:
    """Give the engine, connected to the cluster."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_ray(cluster.address) as opened:
            yield opened


class TestRayShards(RemoteShardMapperSuite):
    pass


def test_trials_on_two_machines_are_those_of_the_loop(mapper: RayShards, tmp_path: Path) -> None:
    SYSTEM.write(SYSTEM.data, tmp_path)
    assert searched(mapper, tmp_path) == searched(SequentialShards(), tmp_path)


def test_stores_of_a_price_run_read_on_two_machines_are_those_read_here(mapper: RayShards, tmp_path: Path) -> None:
    with two_stores(tmp_path) as settings:
        there = list(mapper.map_shards(read_shard, asks(settings)))
        assert_same(read(settings, 1), there)


def lose(cluster: Cluster, folder: Path, doomed: int) -> None:
    """Take the second machine away once it has a shard under way."""
    patience = time.monotonic() + 60
    while f"begun below {doomed}\n" not in (folder / "log").read_text() and time.monotonic() < patience:
        time.sleep(0.05)
    cluster.remove_node(cluster.second, allow_graceful=False)


def test_losing_a_machine_in_the_middle_costs_no_result(cluster: Cluster, mapper: RayShards, tmp_path: Path) -> None:
    lonely = Shared({"prices": PRICES})
    raylet = cluster.second.all_processes["raylet"][0].process.pid
    (tmp_path / "doomed").write_text(str(raylet))
    (tmp_path / "log").touch()
    loss = threading.Thread(target=lose, args=(cluster, tmp_path, raylet))
    loss.start()
    shards = [(one, str(tmp_path)) for one in baskets(40)]
    found = list(mapper.map_shards(held_basket_values, shards, shared=lonely.arrays))
    loss.join()
    assert len(found) == 40
    for own, basket in zip(found, baskets(40), strict=True):
        np.testing.assert_array_equal(own, basket_values(basket, lonely))
    log = (tmp_path / "log").read_text()
    assert f"begun below {raylet}\n" in log
    assert log.count("begun") > 40


def test_a_cluster_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9"), open_ray("127.0.0.1:9"):
        pass


def test_a_client_server_without_grpc_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "grpc" else found(name, *rest))
    with pytest.raises(ConfigError, match="grpcio is not installed") as raised, open_ray("ray://127.0.0.1:9"):
        pass
    assert "ray[client]" in str(raised.value.remedy)


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(ConfigError, match="no address of a Ray cluster"), open_ray("my-cluster"):
        pass
