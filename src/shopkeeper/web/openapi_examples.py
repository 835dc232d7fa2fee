"""One request per route that works as it stands, once the store `uk` and the product `85123A` are declared."""

from __future__ import annotations

from typing import Any

TS = "2026-01-31T12:00:00Z"
EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "ts": TS,
    "store": "uk",
    "type": "view",
    "visitor": "device-7",
    "product": "85123A",
    "consent": {"measure": True, "personalise": True},
}
BEACON: dict[str, Any] = {
    "event_id": "web-0d2c4f7e-6f0b-4e7e-9d53-0a4a4f0c9a11",
    "ts": TS,
    "type": "view",
    "visitor": "device-7",
    "product": "85123A",
    "consent": {"measure": True, "personalise": True},
}
RECOMMEND: dict[str, Any] = {
    "store": "uk",
    "visitor": "device-7",
    "surface": "product",
    "products": ["85123A"],
    "k": 4,
}
RERANK: dict[str, Any] = {
    "store": "uk",
    "visitor": "device-7",
    "query": "heart",
    "results": [{"product": "85123A", "relevance": 3.2}],
}
PUT: dict[str, dict[str, Any]] = {
    "stores": {"store": "uk", "currency": "GBP", "time_zone": "Europe/London", "locales": ["en-GB"]},
    "products": {
        "product": "85123A",
        "store": "uk",
        "title": "White hanging heart T-light holder",
        "categories": ["Home > Candles"],
        "price": 2.55,
        "stock": 40,
    },
    "users": {"user": "17850", "store": "uk", "consent": {"measure": True, "personalise": True}},
    "prices": {"product": "85123A", "store": "uk", "ts": TS, "price": 2.95},
    "competitor_prices": {"product": "85123A", "store": "uk", "competitor": "other-shop", "ts": TS, "price": 2.75},
    "inventory": {"product": "85123A", "store": "uk", "ts": TS, "on_hand": 12},
    "orders": {"order_id": "o-1", "store": "uk", "ts": TS, "user": "17850", "revenue": 15.3},
}
DELETE: dict[str, dict[str, Any]] = {
    "stores": {"store": ["uk"]},
    "products": {"store": "uk", "product": ["85123A"]},
    "users": {"store": "uk", "user": ["17850"]},
    "prices": {"store": "uk", "product": ["85123A"]},
    "competitor_prices": {"store": "uk", "product": ["85123A"], "competitor": "other-shop"},
    "inventory": {"store": "uk", "product": ["85123A"]},
    "orders": {"store": "uk", "order_id": ["o-1"]},
}
PARAMETERS = {
    "product": "85123A", "store": "uk", "category": "Home > Candles", "k": 4, "experiment": "diversity",
    "text": "variety", "system": "recommendations", "metric": "ctr", "tag": "ranking", "state": "running",
    "outcome": "wins", "since": "2026-12-01",
}  # fmt: skip
"""Values of path and query parameters by name."""
PLAN = {
    "version": 1,
    "name": "varied-lists",
    "title": "A varied list keeps shoppers longer",
    "hypothesis": "Lists of near-twins bore; a varied list is looked at longer and sells no less.",
    "owner": {"name": "Head of e-commerce"},
    "system": "recommendations",
    "layer": "ranking",
    "period": {"start": "2026-12-01", "end": "2026-12-14"},
    "arms": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "settings": {"diversity": 0.3}},
    ],
    "primary": {"metric": "session_length", "minimum_uplift": 0.05},
    "guardrails": [{"metric": "conversion", "margin": 0.05}],
    "attribution_days": 7,
    "maturation_days": 14,
    "expected": {"units_per_day": 24000, "value": 240, "deviation": 320},
    "consequences": {"wins": "It stays.", "loses": "It goes.", "flat": "It goes."},
}
"""Body of `POST /v1/experiments`."""
