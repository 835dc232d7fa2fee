"""A small shop with a model fitted by hand-made history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT, Consent
from shopkeeper.commerce.event import EventType
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.models.habits import habit_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.ports import Profile, SessionEvent

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PRODUCTS = ("bowl", "cup", "fork", "knife", "lamp", "mug", "pan", "plate", "spoon", "toy")
CATEGORY = dict.fromkeys(PRODUCTS, "Home > Kitchen") | {"lamp": "Home > Light", "toy": "Play"}

Past = list[tuple[str, str, EventType]]
"""(user, product, type), a day apart."""

HISTORY: Past = [
    *((f"u{n}", product, "view") for n in range(30) for product in ("mug", "cup", "plate")),
    *((f"w{n}", product, "view") for n in range(20) for product in ("fork", "knife", "spoon")),
    ("ann", "mug", "view"),
    ("ben", "mug", "purchase"),
    ("ben", "cup", "purchase"),
]


def interactions(past: Past, group: str = "uk") -> Interactions:
    """Return interactions of one store, each a minute after the one before."""
    users = list(dict.fromkeys(user for user, _, _ in past))
    first = int((NOW - timedelta(days=10)).timestamp())
    return Interactions(
        shoppers=np.array([users.index(user) for user, _, _ in past], dtype=np.int32),
        items=np.array([PRODUCTS.index(product) for _, product, _ in past], dtype=np.int32),
        stores=np.zeros(len(past), dtype=np.int32),
        kinds=np.array([KINDS.index(kind) for _, _, kind in past], dtype=np.int8),
        times=(first + 60 * np.arange(len(past), dtype=np.int64)) * SECOND,
        devices=np.zeros(len(past), dtype=np.int8),
        index=single_group(PRODUCTS, group),
        categories=[(CATEGORY[name],) for name in PRODUCTS],
        shopper_keys=[shopper_key(group, "user", user) for user in users],
        store_names=("uk",),
    )


def product(name: str, **fields: Any) -> Product:  # noqa: ANN401 - fields of a product, whatever they are
    """Return a product of the small shop."""
    told = {"title": name.capitalize(), "categories": (CATEGORY.get(name, "Home"),), "price": 10.0, "stock": 5.0}
    return Product(product=name, **{**told, **fields})


class Shop:
    """The small shop: its shelf, live counts and system, and a way to ask it."""

    def __init__(self, folder: Path, params: RecommendParams = DEFAULT_PARAMS) -> None:
        self.folder = folder
        self.catalogue = Catalogue()
        self.trending = Trending()
        self.system = RecommendationSystem(self.catalogue, self.trending, params)
        self.put(Store(store="uk"))
        for name in PRODUCTS:
            self.put(product(name))

    def put(self, *rows: Store | Product, at: datetime = NOW) -> None:
        """Take rows into the catalogue."""
        self.catalogue.apply([SourcedRow(row, at) for row in rows])

    def bundle(self, past: Past = HISTORY) -> Bundle:
        """Write a model of `past` and open it."""
        data = interactions(past)
        model = ItemKnn.fit(data, ItemKnnParams(), 1)
        content = BundleContent(
            "recommendations", model.name, "test", model.parameters, 1, data.fingerprint(), {},
            {**bundle_arrays(model, ShopperPasts.build(data)), **habit_arrays(data)},
        )  # fmt: skip
        manifest = write_bundle(self.folder, content, NOW)
        return open_bundle(self.folder / "recommendations" / manifest.version)

    def learn(self, past: Past = HISTORY) -> Shop:
        """Serve a model of `past`."""
        self.system.load(self.bundle(past))
        return self

    def request(
        self,
        live: list[tuple[str, EventType]] | None = None,
        consent: Consent = FULL_CONSENT,
        now: datetime = NOW,
        **body: Any,  # noqa: ANN401 - fields of a body, whatever they are
    ) -> RecommendationRequest:
        """Return a request; `live` are the shopper's events of the last minutes, oldest first."""
        asked = RecommendationBody(**{"store": "uk", "k": 3, **body})
        events = tuple(
            SessionEvent(name, kind, now - timedelta(minutes=len(live or ()) - n))
            for n, (name, kind) in enumerate(live or ())
        )
        shopper = Shopper("uk", user=asked.user, visitor=asked.visitor, session=asked.session)
        return RecommendationRequest(asked, shopper, consent, now, Profile(events, len(events)))

    def ask(self, **request: Any) -> list[str]:  # noqa: ANN401 - as `request`
        """Return the products of an answer by the model."""
        return [item.product for item in self.system.answer(self.request(**request)).items]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return the small shop with its model."""
    return Shop(tmp_path).learn()


@pytest.fixture
def make_shop(tmp_path: Path) -> Callable[..., Shop]:
    """Return a maker of shops without a model."""
    return lambda params=DEFAULT_PARAMS: Shop(tmp_path, params)
