"""One order of a shop's export: its row in the ledger, its purchases, its refunds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS, ORDERS
from shopkeeper.intake.formats.cells import as_number, filled
from shopkeeper.intake.formats.shape import Produced

_CENT = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order; quantity and unit price as the source writes them, before discounts on the order."""

    row: int
    product: str | None
    name: str | None
    quantity: str | None
    price: str | None
    discount: float = 0.0

    @property
    def value(self) -> float | None:
        """What the line cost after its own discount; None where it cannot be reckoned."""
        quantity, price = as_number(self.quantity), as_number(self.price)
        return None if quantity is None or price is None else max(quantity * price - self.discount, 0.0)


@dataclass(slots=True)
class Sale:
    """One order as its export gives it.

    Attributes:
        source: Format, the first part of the ids of its events.
        row: The source row that begins it.
        subtotal: Goods after discounts, without shipping; with tax where the shop's prices have it.
        refunded: Money given back, tax and shipping included.
        sold: False for orders that never became a sale: voided, expired, failed.
        changed: When the export was written; the newer export wins.
    """

    source: str
    order_id: str
    row: int
    ts: str | None
    user: str | None
    currency: str | None
    status: str
    changed: datetime
    lines: list[Line] = field(default_factory=list)
    subtotal: float | None = None
    total: float | None = None
    tax: float | None = None
    shipping: float | None = None
    discount: float | None = None
    refunded: float = 0.0
    refunded_at: str | None = None
    sold: bool = True
    properties: dict[str, Any] = field(default_factory=dict)

    def produced(self) -> Iterator[Produced]:
        """Yield the order, then a purchase for each line, then refunds."""
        yield Produced(ORDERS, self._ledger(), self.row)
        if not self.sold:
            return
        factor = self._after_discounts()
        for number, line in enumerate(self.lines, start=1):
            yield Produced(EVENTS, self._event("purchase", number, line, self._unit_price(line, factor)), line.row)
        yield from self._refunds(factor)

    @property
    def goods(self) -> float:
        """What the goods cost, from the subtotal or else the lines."""
        lines = [value for line in self.lines if (value := line.value) is not None]
        return self.subtotal if self.subtotal is not None else sum(lines)

    def _ledger(self) -> dict[str, Any]:
        net = self.goods - (self.tax or 0.0 if self._tax_is_inside() else 0.0)
        kept = 0.0 if not self.sold else max(1.0 - self._refunded_share(), 0.0)
        return filled({
            "order_id": self.order_id, "ts": self.ts, "user": self.user, "revenue": round(net * kept, 4),
            "tax": self.tax, "shipping": self.shipping, "discount": self.discount, "status": self.status,
            "source_ts": self.changed.isoformat(),
        })  # fmt: skip

    def _tax_is_inside(self) -> bool:
        """Return whether the subtotal holds the tax: then the total is goods and shipping, and nothing more."""
        if not self.tax or self.total is None or self.subtotal is None:
            return False
        return abs(self.total - self.subtotal - (self.shipping or 0.0)) < _CENT

    def _after_discounts(self) -> float:
        """Return what part of the lines' prices was paid, so that purchases add up to the subtotal."""
        values = [line.value for line in self.lines]
        known = [value for value in values if value is not None]
        whole = sum(known)
        if self.subtotal is None or len(known) < len(values) or whole <= 0 or self.subtotal > whole + _CENT:
            return 1.0
        return max(self.subtotal / whole, 0.0)

    def _refunded_share(self) -> float:
        """Return which part of the order was given back, 0 to 1."""
        whole = self.total if self.total else self.goods
        return min(self.refunded / whole, 1.0) if whole > 0 else 0.0

    def _unit_price(self, line: Line, factor: float) -> float | str | None:
        quantity = as_number(line.quantity)
        if line.value is None or not quantity:
            return line.price
        return round(line.value * factor / quantity, 6)

    def _event(self, kind: str, number: int, line: Line, price: float | str | None) -> dict[str, Any]:
        properties = {**self.properties, "name": line.name, "list_price": as_number(line.price)}
        ending = "" if kind == "purchase" else f":{kind}"
        return filled({
            "event_id": f"{self.source}:{self.order_id}:{number}{ending}"[:200], "ts": self.ts, "type": kind,
            "user": self.user, "order_id": self.order_id, "product": line.product, "quantity": line.quantity,
            "price": price, "currency": self.currency, "properties": filled(properties),
        })  # fmt: skip

    def _refunds(self, factor: float) -> Iterator[Produced]:
        """Yield what was given back: whole lines, or a share of every line where the export does not say which."""
        share = self._refunded_share()
        if share <= 0:
            return
        for number, line in enumerate(self.lines, start=1):
            price = self._unit_price(line, factor)
            event = self._event("refund", number, line, price)
            event["ts"] = self.refunded_at or self.ts
            if share < 1 and line.value is not None:
                # Which units came back is not in the export, so only money is given back, in proportion.
                event["price"] = round(line.value * factor * share, 6)
                event.pop("quantity", None)
                event["properties"] = {**event.get("properties", {}), "allocated": "in proportion"}
            yield Produced(EVENTS, filled(event), line.row)
