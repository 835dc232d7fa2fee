"""Do the events say what the ledger says? Orders and money, per store and store-local day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.local_days import by_day, local_days, zone_of
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.reading import query
from shopkeeper.quality.report import Offender


@dataclass(frozen=True, slots=True)
class LedgerDays:
    """Orders and money of the ledger and of events, by store-local day of the order.

    Attributes:
        orders: Orders of the ledger.
        matched: Those among them that purchase events name.
        unknown: Orders that purchase events name and the ledger does not, within the days the ledger covers.
        money: Money of the ledger: revenue, with tax where the store's prices include it.
        sent: Purchases less refunds of the ledger's orders, and purchases of unknown ones.
    """

    orders: Counter[date]
    matched: Counter[date]
    unknown: Counter[date]
    money: Counter[date]
    sent: Counter[date]


def read_ledger(warehouse: Warehouse, store: Store) -> LedgerDays:
    """Return the ledger of a store beside its events."""
    zone = zone_of(store.time_zone)
    rows = warehouse.fetch(query("ledger_orders"), store=store.store)
    days = local_days(rows["minute"], zone)
    money = _floats(rows["revenue"]) + (_floats(rows["tax"]) if store.price_includes_tax else 0.0)
    strangers = warehouse.fetch(query("ledger_unknown"), store=store.store)
    their_days = local_days(strangers["minute"], zone)
    inside = np.array([bool(days) and min(days) <= day <= max(days) for day in their_days], dtype=bool)
    their_days = [day for day, keep in zip(their_days, inside, strict=True) if keep]
    sent = by_day(days, _floats(rows["sent_money"]))
    sent.update(by_day(their_days, _floats(strangers["money"])[inside]))
    return LedgerDays(
        by_day(days, rows["orders"]),
        by_day(days, rows["sent_orders"]),
        by_day(their_days, strangers["orders"][inside]),
        by_day(days, money),
        sent,
    )


def accuracy(judge: Judge, ledger: LedgerDays, limits: QualityLimits) -> None:
    """Judge the distance of events from the ledger: over all, and by day."""
    orders, sent_orders = ledger.orders.total(), ledger.matched.total() + ledger.unknown.total()
    money, sent = ledger.money.total(), ledger.sent.total()
    judge.most(
        "accuracy", "orders: events against the ledger", _distance(sent_orders, orders), limits.tolerance,
        "share", "fail", "Find the orders that are missing or unknown on the days below.",
        detail=f"{int(sent_orders):,} in events, {int(orders):,} in the ledger, "
        f"{int(ledger.unknown.total()):,} unknown to it",
        offenders=_worst(ledger.orders, ledger.matched + ledger.unknown, "orders"),
    )  # fmt: skip
    judge.most(
        "accuracy", "money: events against the ledger", _distance(sent, money), limits.tolerance,
        "share", "fail", "Compare discounts, tax and returns of the days below: prices are what the shopper paid.",
        detail=f"{sent:,.2f} in events, {money:,.2f} in the ledger",
        offenders=_worst(ledger.money, ledger.sent, "money"),
    )  # fmt: skip
    days = sorted(ledger.orders)
    close = [
        day
        for day in days
        if _near(ledger.matched[day] + ledger.unknown[day], ledger.orders[day], limits.tolerance)
        and _near(ledger.sent[day], ledger.money[day], limits.tolerance)
    ]
    judge.share(
        "accuracy", "days whose orders and money agree", len(close), len(days), limits.accurate_days,
        "warn", "Start with the worst day; one wrong day often explains the rest.",
    )  # fmt: skip


def _floats(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(values, dtype=np.float64))


def _distance(sent: float, ledger: float) -> float | None:
    """Return the relative distance; None without a ledger."""
    if not ledger:
        return None
    return abs(sent - ledger) / abs(ledger)


def _near(sent: float, ledger: float, tolerance: float) -> bool:
    return abs(sent - ledger) <= max(tolerance * abs(ledger), 0.005)


def _worst(ledger: Counter[date], sent: Counter[date], word: str) -> tuple[Offender, ...]:
    """Return the days whose figures are furthest apart."""
    apart = {day: sent[day] - ledger[day] for day in ledger.keys() | sent.keys()}
    ranked = sorted(apart, key=lambda day: (-abs(apart[day]), day))
    digits = 0 if word == "orders" else 2
    return tuple(
        Offender(
            day.isoformat(), apart[day],
            f"{sent[day]:,.{digits}f} in events, {ledger[day]:,.{digits}f} in the ledger",
        )
        for day in ranked[:5]
        if abs(apart[day]) > 0.005
    )  # fmt: skip
