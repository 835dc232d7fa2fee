"""What the data of a store can carry: each system and feature with the figure that decides, and what to send next.

The bounds are ours: below `weak` a method has nothing to learn from; at `ready` its public peers work on such data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import one_row, query

Carries = Literal["ready", "weak", "not yet"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What one feature can be built on.

    Attributes:
        figure: The measure that decides, named by `measure`.
        weak: From here on it is worth trying.
        ready: From here on it carries.
        send: What to send next; empty where it is ready.
    """

    store: str
    system: str
    feature: str
    carries: Carries
    measure: str
    figure: float
    weak: float
    ready: float
    send: str

    def __str__(self) -> str:
        line = f"{self.carries.upper():<7} {self.system}: {self.feature}; {self.measure} {_shown(self.figure)}"
        line += f" (weak from {_shown(self.weak)}, ready from {_shown(self.ready)})"
        return line if not self.send else f"{line}\n        {self.send}"


@dataclass(frozen=True, slots=True)
class _Rule:
    system: str
    feature: str
    measure: str
    weak: float
    ready: float
    send: str


_IDS = "Send `decision_id` of the answer with every impression."
RULES: Final = (
    _Rule("recommendations", "popular products", "interactions", 100, 1_000, "Import views, carts and purchases."),
    _Rule(
        "recommendations", "products that go together", "interactions per product", 2, 10,
        "Import more history, views included: a product nobody met has no neighbours.",
    ),
    _Rule(
        "recommendations", "next product in a session", "sessions with two products", 1_000, 10_000,
        "Send `session` or `visitor` with every view.",
    ),
    _Rule("recommendations", "learning from what was shown", "impression share with decision_id", 0.5, 0.95, _IDS),
    _Rule("experiments", "A/B tests on orders", "orders a week", 100, 1_000, "Send purchases with their `order_id`."),
    _Rule("experiments", "a page that reports back", "impression share with decision_id", 0.8, 0.95, _IDS),
    _Rule(
        "pricing", "elasticities", "price changes per product", 1, 3,
        "Import `prices` with their history, or purchases at the prices paid.",
    ),
    _Rule("pricing", "margin targets", "cost coverage", 0.5, 0.95, "Fill `cost` of products."),
    _Rule(
        "pricing", "competition", "competitor price coverage", 0.1, 0.5, "Import `competitor_prices` of your rivals."
    ),
    _Rule("pricing", "stock in prices", "inventory coverage", 0.5, 0.95, "Import `inventory`, or fill `stock`."),
    _Rule(
        "content", "product texts", "attributes filled", 0.5, 0.9,
        "Fill `brand`, `categories` and `attributes`: a text can only say what is known.",
    ),
    _Rule("retraining", "season and drift", "days with events", 28, 365, "Import a year of history."),
)  # fmt: skip


def readiness(warehouse: Warehouse, store: str) -> tuple[Readiness, ...]:
    """Return what the data of a store can carry."""
    figures = measures(warehouse, store)
    found = []
    for rule in RULES:
        figure = figures[rule.measure]
        carries: Carries = "ready" if figure >= rule.ready else "weak" if figure >= rule.weak else "not yet"
        send = "" if carries == "ready" else rule.send
        found.append(
            Readiness(
                store, rule.system, rule.feature, carries, rule.measure, round(figure, 4), rule.weak, rule.ready, send
            )
        )
    return tuple(found)


def measures(warehouse: Warehouse, store: str) -> Mapping[str, float]:
    """Return the figures that decide, by name."""
    seen = one_row(warehouse, "readiness_interactions", store=store)
    has = one_row(warehouse, "product_coverage", store=store)
    prices = warehouse.fetch(query("readiness_prices"), store=store)
    rivals = warehouse.fetch(query("readiness_rivals"), store=store)
    changes = [
        _share(float(made), float(products))
        for made, products in zip(prices["changes"], prices["products"], strict=True)
        if products
    ]
    other = {str(name): float(count) for name, count in zip(rivals["source"], rivals["products"], strict=True)}
    facts = has["with_brand"] + has["with_category"] + has["with_attributes"]
    led = _share(seen["led_impressions"], seen["impressions"])
    return {
        "interactions": seen["interactions"],
        "interactions per product": _share(seen["interactions"], max(seen["products"], has["products"])),
        "sessions with two products": one_row(warehouse, "readiness_sessions", store=store)["sessions"],
        "impression share with decision_id": led,
        "orders a week": _share(seen["orders"], max(1.0, seen["days"] / 7)),
        "price changes per product": max(changes, default=0.0),
        "cost coverage": _share(has["with_cost"], has["products"]),
        "competitor price coverage": min(1.0, _share(other["competitor_prices"], has["products"])),
        "inventory coverage": min(1.0, _share(max(other["inventory"], has["with_stock"]), has["products"])),
        "attributes filled": _share(facts, 3 * has["products"]),
        "days with events": seen["days"],
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 or figure == int(figure) else f"{figure:,.2f}"
