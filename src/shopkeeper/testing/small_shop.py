"""A shop of twelve products and models of made-up histories, in a second: for tests of what serves, not how well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.intake.ports import SourcedRow, TableStore
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelRegistry, ModelVersion

NAMES: Final = tuple(f"p{n:02}" for n in range(12))
STORE: Final = "uk"
_MADE_AT: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
_EVENTS, _EACH = 400, 4


def stock_up(tables: TableStore) -> None:
    """Put twelve products on the shelf of one store."""
    tables.upsert(STORES, [SourcedRow(Store(store=STORE), _MADE_AT)])
    shelf = [Product(product=name, store=STORE, categories=("home",)) for name in NAMES]
    tables.upsert(PRODUCTS, [SourcedRow(row, _MADE_AT) for row in shelf])


def register_version(registry: ModelRegistry, models: Path, seed: int, step: int | None = None) -> str:
    """Write and register a model of made-up histories; return its version. Models of different seeds differ.

    Args:
        step: Who saw a product goes on to the one so many places on; None = to any.
    """
    data = _histories(seed, step)
    model = ItemKnn.fit(data, ItemKnnParams(), 1)
    arrays = bundle_arrays(model, ShopperPasts.build(data))
    content = BundleContent("recommendations", model.name, "test", model.parameters, 1, data.fingerprint(), {}, arrays)
    made_at = _MADE_AT + timedelta(seconds=seed)
    version = write_bundle(models, content, made_at).version
    folder = f"recommendations/{version}"
    registry.register(
        ModelVersion("recommendations", version, model.name, folder, made_at, True, {}, data.fingerprint())
    )
    return version


def _histories(seed: int, step: int | None) -> Interactions:
    chance = np.random.default_rng(seed)
    items = chance.integers(0, len(NAMES), _EVENTS)
    if step is not None:
        items = (np.repeat(items[::_EACH], _EACH) + step * (np.arange(_EVENTS) % _EACH)) % len(NAMES)
    return Interactions(
        shoppers=np.arange(_EVENTS, dtype=np.int32) // _EACH,
        items=items.astype(np.int32),
        stores=np.zeros(_EVENTS, dtype=np.int32),
        kinds=np.full(_EVENTS, KINDS.index("view"), dtype=np.int8),
        times=np.arange(_EVENTS, dtype=np.int64) * 60 * SECOND,
        devices=np.zeros(_EVENTS, dtype=np.int8),
        index=single_group(NAMES, STORE),
        categories=[("home",)] * len(NAMES),
        shopper_keys=[shopper_key(STORE, "visitor", f"old{n}") for n in range(_EVENTS // _EACH)],
        store_names=(STORE,),
    )
