"""Google Analytics 4 as BigQuery exports it: one event a line, parameters and items as lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.intake.formats.cells import as_number, filled, said
from shopkeeper.intake.formats.shape import Format, Memory, Produced
from shopkeeper.intake.identity import row_identity

TYPES = {
    "view_item": "view",
    "select_item": "click",
    "view_item_list": "impression",
    "add_to_cart": "cart",
    "remove_from_cart": "remove",
    "begin_checkout": "checkout",
    "purchase": "purchase",
    "in_app_purchase": "purchase",
    "refund": "refund",
    "search": "search",
    "view_search_results": "search",
    "login": "identify",
    "sign_up": "identify",
}
"""Name of a GA4 event -> type; every other name is a custom event of that name."""

_PER_ITEM = frozenset({"view", "click", "impression", "cart", "remove", "checkout", "purchase", "refund"})
_CONSENT = {"yes": True, "no": False, "granted": True, "denied": False}
_VALUES = ("string_value", "int_value", "float_value", "double_value")
_USED = frozenset({
    "ga_session_id", "currency", "transaction_id", "search_term", "page_location", "page_referrer", "value",
    "decision_id", "item_list_name", "item_list_id",
})  # fmt: skip


class Ga4Events:
    """One row is one event for each of its items; an event without items is one event."""

    def __init__(self, _memory: Memory, _changed: datetime) -> None:
        pass

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the events."""
        name = values.get("event_name")
        kind = TYPES.get(str(name), "custom")
        shared = self._shared(values, kind, str(name) if name is not None else None)
        items = values.get("items")
        items = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
        identity = row_identity("ga4", "", values)
        if kind not in _PER_ITEM or not items:
            yield Produced(EVENTS, filled({**shared, "event_id": identity}), row)
            return
        for place, item in enumerate(items, start=1):
            yield Produced(EVENTS, {**shared, **_item(item, shared), "event_id": f"{identity}-{place}"}, row)

    def finish(self) -> Iterable[Produced]:
        """Nothing waits."""
        return ()

    @staticmethod
    def _shared(values: Mapping[str, Any], kind: str, name: str | None) -> dict[str, Any]:
        """Return what all events of a row have in common."""
        params = _params(values.get("event_params"))
        commerce, device, privacy = (_object(values.get(key)) for key in ("ecommerce", "device", "privacy_info"))
        visitor = said(values.get("user_pseudo_id"))
        session = params.get("ga_session_id")
        allowed = _CONSENT.get(str(privacy.get("analytics_storage")).lower())
        page = params.get("page_location")
        properties = {
            "name": name if kind == "custom" else None,
            "page": page,
            "country": said(_object(values.get("geo")).get("country")),
            **{key: value for key, value in params.items() if key not in _USED},
        }
        return filled({
            "ts": _time(values.get("event_timestamp")), "type": kind, "user": said(values.get("user_id")),
            "visitor": visitor, "session": None if session is None else f"{visitor or ''}.{session}",
            "order_id": said(commerce.get("transaction_id")) or params.get("transaction_id"),
            "currency": params.get("currency"), "decision_id": params.get("decision_id"),
            "surface": params.get("item_list_name") or params.get("item_list_id"),
            "query": params.get("search_term"), "device": said(device.get("category")),
            "referrer": params.get("page_referrer"), "value": params.get("value") if kind == "custom" else None,
            "consent": None if allowed is None else {"measure": allowed}, "properties": _bounded(properties),
        })  # fmt: skip


def _item(item: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what one item says; its price is after discounts where the item names them apart."""
    own = _params(item.get("item_params"))
    categories = [said(item.get(key)) for key in ("item_category", *(f"item_category{n}" for n in range(2, 6)))]
    properties = {
        **shared.get("properties", {}),
        "item_name": said(item.get("item_name")),
        "item_brand": said(item.get("item_brand")),
        "item_variant": said(item.get("item_variant")),
        "item_category": " > ".join(str(part) for part in categories if part),
        "coupon": said(item.get("coupon")),
    }
    return filled({
        "product": said(item.get("item_id")) or said(item.get("item_name")), "quantity": item.get("quantity"),
        "price": item.get("price"), "currency": shared.get("currency") or said(item.get("currency")),
        "surface": said(item.get("item_list_name")) or said(item.get("item_list_id")) or shared.get("surface"),
        "position": _whole(said(item.get("item_list_index"))),
        "decision_id": own.get("decision_id") or shared.get("decision_id"), "properties": _bounded(properties),
    })  # fmt: skip


def _params(given: object) -> dict[str, Any]:
    """Return a list of `{key, value: {..._value}}` as one object."""
    params: dict[str, Any] = {}
    for entry in given if isinstance(given, list) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("key"), str):
            held = _object(entry.get("value"))
            value = next((found for kind in _VALUES if (found := said(held.get(kind))) is not None), None)
            if value is not None:
                params[entry["key"]] = value
    return params


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time(value: object) -> object:
    """Return microseconds as a number, even where BigQuery writes them as text."""
    number = as_number(value)
    return int(number) if number is not None else value


def _whole(value: object) -> object:
    number = as_number(value)
    return value if number is None else int(number) if number.is_integer() else value


def _bounded(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return at most 80 entries, long texts cut, so that a page's parameters never cost an event."""
    return {
        name: value[:500] if isinstance(value, str) else value for name, value in list(filled(properties).items())[:80]
    }


GA4 = (
    Format(
        "ga4",
        "Google Analytics 4, BigQuery export",
        (
            frozenset({"event_name", "event_timestamp", "event_params"}),
            frozenset({"event_name", "event_timestamp", "items"}),
        ),
        (EVENTS,),
        Ga4Events,
    ),
)
