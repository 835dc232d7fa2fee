"""A bundle answering known shoppers as serving does, with a shelf made of the training data; for timing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.training.split import moment_of

_LIST = 20
_SHOPPERS = 2_000


def answerer(bundle: Bundle, data: Interactions, seed: int) -> Callable[[int], object]:
    """Return what answers the n-th of many shoppers, drawn by chance: 20 products each, everything but HTTP.

    Pasts come from the bundle, and every answer is checked against the shelf; each product of the data stands on it in
    every store of its customer group.
    """
    now = moment_of(int(data.times.max()))
    system = RecommendationSystem(_shelf(data, now), Trending())
    system.load(bundle)
    requests = _requests(data, now, seed)
    return lambda number: system.answer(requests[number % len(requests)])


def _shelf(data: Interactions, now: datetime) -> Catalogue:
    groups = data.index.group_of()
    catalogue = Catalogue()
    group_of_store: dict[int, int] = {}
    for store, item in zip(data.stores.tolist(), data.items.tolist(), strict=True):
        if len(group_of_store) == len(data.store_names):
            break
        group_of_store.setdefault(store, int(groups[item]))
    rows: list[Store | Product] = [
        Store(store=data.store_names[store], customer_group=data.index.groups[group])
        for store, group in sorted(group_of_store.items())
    ]
    stores_of: dict[int, list[str]] = {}
    for store, group in sorted(group_of_store.items()):
        stores_of.setdefault(group, []).append(data.store_names[store])
    for code, name in enumerate(data.index.products):
        rows += [
            Product(product=name, store=store, title=name, categories=tuple(data.categories[code]))
            for store in stores_of.get(int(groups[code]), [])
        ]
    catalogue.apply(SourcedRow(row, now) for row in rows)
    return catalogue


def _requests(data: Interactions, now: datetime, seed: int) -> list[RecommendationRequest]:
    """Return requests of shoppers with a lasting key, each in the store they were last in."""
    seen = data.sequences
    alive = np.flatnonzero(np.diff(seen.starts) > 0)
    picked = np.random.default_rng(seed).permutation(alive)
    requests = []
    for shopper in picked.tolist():
        group, kind, identity = data.shopper_keys[shopper].split("\x1f")
        if kind != "session":
            keys = {kind: identity}
            store = data.store_names[int(seen.stores[seen.starts[shopper + 1] - 1])]
            body = RecommendationBody(store=store, k=_LIST, user=keys.get("user"), visitor=keys.get("visitor"))
            who = Shopper(group, user=keys.get("user"), visitor=keys.get("visitor"))
            requests.append(RecommendationRequest(body, who, FULL_CONSENT, now))
        if len(requests) == _SHOPPERS:
            break
    return requests or [_stranger(data, now)]


def _stranger(data: Interactions, now: datetime) -> RecommendationRequest:
    body = RecommendationBody(store=data.store_names[0], k=_LIST)
    group = data.index.groups[int(data.index.group_of()[data.items[data.stores == 0][0]])]
    return RecommendationRequest(body, Shopper(group), FULL_CONSENT, now)
