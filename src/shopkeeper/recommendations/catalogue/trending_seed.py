"""Trending after a restart: the last days' counts, so the first visitor sees what the one before saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.catalogue.trending import EVENT_WEIGHTS, Trending
from shopkeeper.serving.catalogue import Catalogue

_HALF_LIVES = 7
"""What is older counts less than a hundredth."""
_MOST = timedelta(days=365)


def seed_trending(trending: Trending, warehouse: Warehouse, catalogue: Catalogue, now: datetime) -> int:
    """Count the events of seven half-lives, of a year at most, and return how many; each counts in its own hour."""
    looked_back = timedelta(hours=min(_HALF_LIVES * trending.half_life_hours, _MOST.total_seconds() / 3_600))
    query = NamedQuery("recommendations/recent_counts", NamedQuery.load(__package__, "recent_counts").text)
    found = warehouse.fetch(query, since=now - looked_back)
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
