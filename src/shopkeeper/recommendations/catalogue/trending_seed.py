"""Trending after a restart: the last days' counts, so the first visitor sees what the one before saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.catalogue.trending import EVENT_WEIGHTS, Trending
from shopkeeper.serving.catalogue import Catalogue


def seed_trending(
    trending: Trending, warehouse: Warehouse, catalogue: Catalogue, now: datetime, days: float = 7.0
) -> int:
    """Count the last days' events into `trending` and return how many there were; each counts in its own hour."""
    query = NamedQuery("recommendations/recent_counts", NamedQuery.load(__package__, "recent_counts").text)
    found = warehouse.fetch(query, since=now - timedelta(days=days))
    hours = found["hour"].astype("datetime64[us]").astype(np.int64).tolist()
    columns = (found["store"].tolist(), found["product"].tolist(), found["type"].tolist(), found["n"].tolist(), hours)
    total = 0
    for store, product, kind, n, hour in zip(*columns, strict=True):
        weight = EVENT_WEIGHTS.get(kind)
        if weight is None:
            continue
        card = catalogue.card(store, product)
        categories = card.product.categories if card else ()
        trending.add(store, product, categories, weight * n, datetime.fromtimestamp(hour / 1e6, UTC))
        total += int(n)
    return total
