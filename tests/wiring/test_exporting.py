"""Leaving and coming back: an export imported into a new workspace holds the same rows and gives the same answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import KEYED_TABLES, PRODUCTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.wiring.exporting import export_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, train_system

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 5
ASKED = Asked("item-knn", seed=SEED, folds=0, ignore_quality="a test")
VIEWS = [*KEYED_TABLES, *(f"{name}_history" for name in KEYED_TABLES), "events", "event_counts"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A simulated retailer, imported; one product was changed twice and one withdrawn."""
    folder = tmp_path_factory.mktemp("first")
    history = write_history(make_market(7, Scale(products=80, shoppers=150, days=20)), folder / "history", UNTIL)
    settings = create_workspace(folder / "shop")
    for store in history:
        import_into(settings, store.folder, store.store)
    change(settings, history[0].store)
    return settings


def change(settings: Settings, store: str) -> None:
    tricky = Product(
        product="new", store=store, title='Tea "{cup}" | 漢字', categories=("a > b", "c"), attributes={"n": 1}
    )
    rows = [
        SourcedRow(tricky, datetime(2026, 10, 1, tzinfo=UTC)),
        SourcedRow(Product(product="new", store=store, title={"en": "Tea"}), datetime(2026, 10, 2, 1, 2, 3, 4, UTC)),
        SourcedRow(Product(product="gone", store=store), datetime(2026, 10, 2, tzinfo=UTC), deleted=True),
        SourcedRow(Product(product="all", title="Everywhere"), datetime(2026, 10, 2, tzinfo=UTC)),
    ]
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    log.append(PRODUCTS, [logged(row) for row in rows])
    log.close()
    state = open_state(settings.state_url)
    state.tables.upsert(PRODUCTS, rows)
    state.close()


@pytest.fixture(scope="module")
def exported(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("out") / "all"
    return folder, export_workspace(shop, folder).as_dict()


@pytest.fixture(scope="module")
def back(exported: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = create_workspace(tmp_path_factory.mktemp("second") / "shop")
    report = import_into(settings, exported[0], None)
    assert report.quarantined == 0
    return settings


def rows(settings: Settings, view: str) -> Iterator[tuple[object, ...]]:
    """Give the rows of a view in the order of their text, without when they were taken in."""
    warehouse = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake)).warehouse()
    found = warehouse.fetch(NamedQuery("all", f"SELECT * FROM {view}"))  # noqa: S608 - names of ours
    warehouse.close()
    found.pop("received_at", None)
    yield from sorted(zip(*(column.tolist() for column in found.values()), strict=True), key=repr)


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "event_counts"])
def test_every_row_comes_back_with_every_value(shop: Settings, back: Settings, view: str) -> None:
    first, second = list(rows(shop, view)), list(rows(back, view))
    assert len(first) == len(second)
    assert repr(first) == repr(second)
    assert first or view.startswith("competitor_prices")


def test_the_current_state_is_the_same(shop: Settings, back: Settings) -> None:
    first, second = open_state(shop.state_url), open_state(back.state_url)
    for table in KEYED_TABLES.values():
        ours, theirs = (
            sorted(repr(one) for one in state.tables.scan(table, with_deleted=True)) for state in (first, second)
        )
        assert ours == theirs
    first.close()
    second.close()


def test_the_same_seed_learns_the_same_model(shop: Settings, back: Settings) -> None:
    arrays = []
    for settings in (shop, back):
        trained = train_system(settings, "recommendations", ASKED, say=lambda _: None)
        folder = settings.folder(settings.engines.models) / "recommendations" / trained.version
        arrays.append(open_bundle(folder).arrays)
    assert set(arrays[0]) == set(arrays[1])
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])


def test_the_manifest_vouches_for_every_file(exported: tuple[Path, dict[str, Any]]) -> None:
    folder, document = exported
    assert json.loads((folder / "export.json").read_text())["rows"] == document["rows"]
    named = {file["path"]: file["sha256"] for file in document["files"]}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"export.json"}
    assert set(named) == there
    assert all(hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest for path, digest in named.items())


def test_keys_stay_and_one_store_is_alone(
    shop: Settings, exported: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    assert "api_keys" not in exported[1]["beside"]
    state = open_state(shop.state_url)
    chosen = sorted(row.row.store for row in state.tables.scan(next(iter(KEYED_TABLES.values()))))[0]  # type: ignore[attr-defined]  # stores
    state.close()
    export_workspace(shop, tmp_path / "one", chosen)
    alone = create_workspace(tmp_path / "alone")
    import_into(alone, tmp_path / "one", None)
    assert {row[2] for row in rows(alone, "events")} == {chosen}
    with pytest.raises(UnknownStore):
        export_workspace(shop, tmp_path / "none", "nowhere")


def test_a_folder_that_holds_something_is_left_alone(shop: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not an empty folder"):
        export_workspace(shop, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
