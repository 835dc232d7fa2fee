"""Is everything there that should be? Required fields, the ledger's orders, the catalogue's entities, in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from shopkeeper.quality.judge import Judge, Share
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import one_row, query
from shopkeeper.quality.report import Offender

WINDOW_DAYS: Final = 28
"""Days of events whose delay is judged; older ones may have come by an import of the past."""


def required_fields(judge: Judge, seen: Mapping[str, Any], recent: Mapping[str, Any], limits: QualityLimits) -> None:
    """Judge how full the fields of events are, from one row of `event_completeness` each over all and the recent."""
    all_events, bought = seen["events"], seen["purchases"]
    required, recommended = limits.required, limits.recommended

    def newest(part: str, whole: str) -> Share:
        return Share(recent[part], recent[whole])

    judge.share(
        "completeness", "events about a product that name it", seen["with_product"], seen["about_product"], required,
        "fail", "Fill `product` in the source or the mapping.", recent=newest("with_product", "about_product"),
    )  # fmt: skip
    judge.share(
        "completeness", "events with a user, visitor or session", seen["with_shopper"], all_events, required,
        "fail", "Fill one of them; the order number can stand in as session.", recent=newest("with_shopper", "events"),
    )  # fmt: skip
    judge.share(
        "completeness", "purchases with a price", seen["with_price"], bought, required,
        "fail", "Fill `price`: what one unit cost the shopper.", recent=newest("with_price", "purchases"),
    )  # fmt: skip
    judge.share(
        "completeness", "purchases with a quantity", seen["with_quantity"], bought, recommended,
        "warn", "Fill `quantity`; without it a purchase counts as one unit.",
        recent=newest("with_quantity", "purchases"),
    )  # fmt: skip
    judge.share(
        "completeness", "purchases with an order", seen["with_order"], bought, recommended,
        "warn", "Fill `order_id`, so that sums can be held against the order ledger.",
        recent=newest("with_order", "purchases"),
    )  # fmt: skip
    judge.share(
        "completeness", "events with a user", seen["with_user"], all_events, limits.known_users,
        "warn", "Send the user once a shopper signs in; histories across devices need it.",
        recent=newest("with_user", "events"),
    )  # fmt: skip


def received(judge: Judge, ever: Share, recent: Share, limits: QualityLimits) -> None:
    """Judge how many orders of the ledger came as purchase events."""
    judge.share(
        "completeness", "orders of the ledger that came as purchases", *ever, limits.received,
        "fail", "Send one `purchase` event per line of every order, with its `order_id`.", recent=recent,
    )  # fmt: skip


def entities(judge: Judge, warehouse: Warehouse, limits: QualityLimits) -> None:
    """Judge what active products have."""
    has = one_row(warehouse, "product_coverage", store=judge.store)
    total = has["products"]
    judge.least("completeness", "products", total, 1, "rows", "fail", "Import a table products, or PUT /v1/products.")
    remedies = {
        "price": "Fill `price`; it is shown, and pricing needs it.",
        "stock": "Fill `stock`, or send inventory; without it a product counts as available.",
        "image": "Fill `image_url`; a page of products without pictures is not looked at.",
        "title": "Fill `title`; a product without one cannot be shown to people.",
        "category": "Fill `categories` as paths `a > b > c`; filters and popularity by category need them.",
    }
    worst = _bare(warehouse, judge.store, tuple(remedies)) if total else {}
    for name, remedy in remedies.items():
        label = f"products with {'an' if name == 'image' else 'a'} {name}" if name != "stock" else "products with stock"
        offenders = tuple(o for o, missing in worst.items() if name in missing)
        judge.share("completeness", label, has[f"with_{name}"], total, limits.coverage, "warn", remedy, offenders)


def _bare(warehouse: Warehouse, store: str, fields: tuple[str, ...]) -> dict[Offender, tuple[str, ...]]:
    """Return the products that miss the most, with what they miss."""
    rows = warehouse.fetch(query("bare_products"), store=store)
    found: dict[Offender, tuple[str, ...]] = {}
    for place, product in enumerate(rows["product"]):
        missing = tuple(name for name in fields if rows[f"no_{name}"][place])
        found[Offender(str(product), len(missing), f"without {', '.join(missing)}")] = missing
    return found


def on_time(judge: Judge, warehouse: Warehouse, now: datetime, limits: QualityLimits) -> None:
    """Judge how many recent events came in soon after they happened."""
    since = now - timedelta(days=WINDOW_DAYS)
    rows = warehouse.fetch(query("on_time_events"), store=judge.store, since=since, seconds=int(limits.on_time_seconds))
    total, soon = (np.asarray(rows[name], dtype=float) for name in ("events", "on_time"))
    late = total - soon
    offenders = tuple(
        Offender(str(rows["type"][at]), float(late[at] / total[at]), f"{int(late[at]):,} of {int(total[at]):,} late")
        for at in np.argsort(-late, kind="stable")
        if late[at] > 0
    )
    judge.share(
        "completeness", f"events of {WINDOW_DAYS} days that came within {limits.on_time_seconds / 3600:g} h",
        float(soon.sum()), float(total.sum()), limits.on_time,
        "warn", "Send events as they happen to POST /v1/events, or import more often.", offenders,
    )  # fmt: skip
