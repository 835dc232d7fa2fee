"""A workspace that names a ClickHouse reads there: the same report and the same model; without it, from the lake."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from unittest import mock

import numpy as np
import pytest

from shopkeeper.engines.clickhouse_warehouse import ClickHouseWarehouse
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.lake import Lake
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import EngineSettings, Settings, load_settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.warehouse import Analytics

pytestmark = pytest.mark.integration

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A simulated retailer, imported."""
    folder = tmp_path_factory.mktemp("shop")
    history = write_history(make_market(7, Scale(products=80, shoppers=150, days=20)), folder / "history", UNTIL)
    settings = create_workspace(folder / "shop")
    for store in history:
        import_into(settings, store.folder, store.store)
    return settings


@pytest.fixture
def copy_of(shop: Settings, tmp_path: Path) -> Callable[[str, str | None], Settings]:
    """Give copies of the workspace, each with a warehouse of its own."""

    def copy(name: str, url: str | None) -> Settings:
        shutil.copytree(shop.workspace, tmp_path / name)
        return load_settings(tmp_path / name).model_copy(update={"engines": EngineSettings(warehouse_url=url)})

    return copy


@pytest.fixture
def warehouse_url(clickhouse_over_http: str) -> str:
    return f"{clickhouse_over_http}/shopkeeper_test_{token_hex(6)}"


def checked(settings: Settings) -> dict[str, Any]:
    """Return the report of a check made at one fixed moment."""
    with mock.patch("shopkeeper.wiring.checking.datetime", wraps=datetime) as clock:
        clock.now.side_effect = lambda _: UNTIL
        return dict(check_workspace(settings).as_dict())


def test_a_check_on_clickhouse_says_what_a_check_on_the_lake_says(
    copy_of: Callable[[str, str | None], Settings], warehouse_url: str
) -> None:
    here = checked(copy_of("lake", None))
    with mock.patch.object(DuckDbWarehouse, "fetch", side_effect=AssertionError("read from the lake")):
        there = checked(copy_of("clickhouse", warehouse_url))
    assert here["findings"]
    assert there == here


def test_a_model_trained_from_clickhouse_is_the_model_trained_from_the_lake(
    copy_of: Callable[[str, str | None], Settings], warehouse_url: str
) -> None:
    results, read = [], ClickHouseWarehouse.fetch
    for name, url in (("lake", None), ("clickhouse", warehouse_url)):
        settings = copy_of(name, url)
        with mock.patch.object(ClickHouseWarehouse, "fetch", autospec=True, side_effect=read) as on:
            trained = train_system(
                settings, "recommendations", Asked("item-knn", folds=0, ignore_quality="a test"), say=lambda _: None
            )
        assert bool(on.call_count) == (url is not None)
        folder = settings.folder(settings.engines.models) / "recommendations" / trained.version
        decided = {name: one for name, one in trained.metrics.items() if name != "latency"}  # that is the machine's
        results.append((decided, open_bundle(folder).arrays))
    (metrics, arrays), (other_metrics, other_arrays) = results
    assert metrics == other_metrics
    assert set(arrays) == set(other_arrays)
    assert all(np.array_equal(arrays[name], other_arrays[name]) for name in arrays)


def test_a_clickhouse_that_is_down_leaves_the_reads_to_the_lake_and_it_is_counted(
    copy_of: Callable[[str, str | None], Settings],
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"clickhouse://127.0.0.1:{nobody.getsockname()[1]}/shop"
        here, there = checked(copy_of("lake", None)), checked(copy_of("dead", url))
        settings = copy_of("counted", url)
        analytics = Analytics(settings, Lake(settings.folder(Path("log")), settings.folder(Path("lake"))))
        for _ in range(2):
            with analytics.reading():
                pass
    assert there == here
    assert (analytics.figures.fallbacks, analytics.figures.behind) == (2, None)


def test_a_clickhouse_that_dies_between_two_reads_is_left_for_the_lake(
    copy_of: Callable[[str, str | None], Settings], tmp_path: Path
) -> None:
    script = Path(__file__).with_name("clickhouse_over_http.py")
    command = [sys.executable, "-W", "ignore", str(script), str(tmp_path / "chdb")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            pytest.skip("chdb does not start.")
        settings = copy_of("dies", f"clickhouse://127.0.0.1:{port}/shop")
        lake = Lake(settings.folder(Path("log")), settings.folder(Path("lake")))
        lake.compact()
        analytics = Analytics(settings, lake)
        query = NamedQuery("test", "SELECT count(*) AS n FROM events")
        with analytics.reading() as warehouse:
            before = int(warehouse.fetch(query)["n"][0])
            process.kill()
            process.wait(30)
            after = int(warehouse.fetch(query)["n"][0])
    analytics.look_behind()
    assert before == after > 0
    assert analytics.figures.fallbacks == 1
    assert analytics.figures.behind is not None
    assert analytics.figures.behind.rows == 0
