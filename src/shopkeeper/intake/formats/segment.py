"""Segment's e-commerce events, spec v2, as its destinations write them: one call a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.intake.formats.cells import filled, said
from shopkeeper.intake.formats.shape import Format, Memory, Produced
from shopkeeper.intake.identity import row_identity

TYPES = {
    "products searched": "search",
    "product list viewed": "impression",
    "product clicked": "click",
    "product viewed": "view",
    "product added": "cart",
    "product removed": "remove",
    "checkout started": "checkout",
    "order completed": "purchase",
    "order refunded": "refund",
    "product reviewed": "rating",
}
"""Name of an event in lower case -> type; every other name is a custom event of that name."""

_LISTS = frozenset({"impression", "checkout", "purchase", "refund"})
_ITEM_KEYS = ("name", "brand", "variant", "category", "coupon", "sku")
_ORDER_KEYS = (
    "affiliation",
    "coupon",
    "revenue",
    "total",
    "shipping",
    "tax",
    "discount",
    "checkout_id",
    "cart_id",
    "list_id",
)


class SegmentCalls:
    """A track call is one event for each product in its `products`; other calls are one event."""

    def __init__(self, _memory: Memory, _changed: datetime) -> None:
        pass

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the events."""
        call = str(values.get("type") or "track").lower()
        name = values.get("event") or values.get("name") or call
        kind = TYPES.get(str(name).lower(), "custom") if call == "track" else "custom"
        if call in ("identify", "alias"):
            kind = "identify"
        given = _object(values.get("properties"))
        shared = self._shared(values, given, kind, str(name))
        identity = str(values.get("messageId") or row_identity("segment", "", values))[:180]
        products = given.get("products")
        products = [item for item in products if isinstance(item, Mapping)] if isinstance(products, list) else []
        if kind in _LISTS and products:
            for place, product in enumerate(products, start=1):
                event = {**shared, **_product(product, shared), "event_id": f"{identity}-{place}"}
                if kind == "impression":
                    event.setdefault("position", place)
                yield Produced(EVENTS, event, row)
            return
        own = (
            {} if kind in ("search", "identify", "custom") and not given.get("product_id") else _product(given, shared)
        )
        yield Produced(EVENTS, {**shared, **own, "event_id": identity}, row)

    def finish(self) -> Iterable[Produced]:
        """Nothing waits."""
        return ()

    @staticmethod
    def _shared(values: Mapping[str, Any], given: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
        """Return what all events of a call have in common."""
        context = _object(values.get("context"))
        page = _object(context.get("page"))
        properties = {
            "name": name if kind == "custom" else None,
            "page": said(page.get("url")) or said(given.get("url")),
            **{key: said(given.get(key)) for key in _ORDER_KEYS},
        }
        value = {"rating": given.get("rating"), "custom": given.get("value")}.get(kind)
        return filled({
            "ts": values.get("timestamp") or values.get("originalTimestamp") or values.get("sentAt"), "type": kind,
            "user": said(values.get("userId")), "visitor": said(values.get("anonymousId")),
            "session": said(given.get("session_id")) or said(context.get("sessionId")),
            "order_id": said(given.get("order_id")), "currency": said(given.get("currency")),
            "query": said(given.get("query")) if kind == "search" else None, "value": value,
            "decision_id": said(given.get("decision_id")), "surface": said(given.get("list_id")),
            "user_agent": _short(context.get("userAgent")), "device": said(_object(context.get("device")).get("type")),
            "referrer": _short(page.get("referrer")), "properties": filled(properties),
        })  # fmt: skip


def _product(item: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    properties = {**shared.get("properties", {}), **{key: said(item.get(key)) for key in _ITEM_KEYS}}
    return filled({
        "product": said(item.get("product_id")) or said(item.get("sku")), "quantity": item.get("quantity"),
        "price": item.get("price"), "position": item.get("position"),
        "decision_id": said(item.get("decision_id")) or shared.get("decision_id"), "properties": filled(properties),
    })  # fmt: skip


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _short(value: object) -> str | None:
    return value[:500] if isinstance(value, str) and value.strip() else None


SEGMENT = (
    Format(
        "segment",
        "Segment e-commerce events, spec v2",
        (
            frozenset({"type", "event", "properties", "messageid"}),
            frozenset({"event", "properties", "anonymousid"}),
            frozenset({"event", "properties", "userid"}),
            frozenset({"type", "messageid", "anonymousid"}),
        ),
        (EVENTS,),
        SegmentCalls,
    ),
)
