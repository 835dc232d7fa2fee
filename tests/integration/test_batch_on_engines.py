"""Everybody's lists are the same rows whether a loop, worker processes or Ray computes them."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.wiring.batch_recommendations import export_recommendations
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, train_system

from .conftest import missing

pytestmark = pytest.mark.integration

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = Asked("item-knn", folds=0, ignore_quality="a test")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    """A simulated retailer with a model, and one of its stores."""
    folder = tmp_path_factory.mktemp("batch")
    history = write_history(make_market(7, Scale(products=80, shoppers=150, days=20)), folder / "history", UNTIL)
    settings = create_workspace(folder / "shop")
    for store in history:
        import_into(settings, store.folder, store.store)
    train_system(settings, "recommendations", ASKED, say=lambda _: None)
    return settings, history[0].store


def lists(shop: tuple[Settings, str], folder: Path, shards: str, workers: int) -> str:
    """Return the file that an engine gives for shards of 20 users."""
    settings, store = shop
    engines = settings.engines.model_copy(update={"shards": shards, "shard_workers": workers})
    file = folder / f"{shards}-{workers}.csv"
    chosen = settings.model_copy(update={"engines": engines})
    done = export_recommendations(chosen, store, 10, file, now=UNTIL, per_shard=20)
    assert done.users > 60
    return file.read_text("utf-8")


def test_worker_processes_give_what_a_loop_gives(shop: tuple[Settings, str], tmp_path: Path) -> None:
    assert lists(shop, tmp_path, "local", 2) == lists(shop, tmp_path, "local", 1)


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_gives_what_a_loop_gives(shop: tuple[Settings, str], tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is None:
        missing("Ray is not installed.")
    assert lists(shop, tmp_path, "ray", 2) == lists(shop, tmp_path, "local", 1)
