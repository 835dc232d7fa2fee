"""Do the events say what the ledger says? Orders and money, per store and store-local day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.quality.judge import Judge, Share
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
        unknown: Orders that purchase events name and the ledger does not, between its first and its newest order.
        explained: Missing orders that purchases of shoppers who do not allow measurement explain, at most one a line.
        money: Money of the matched orders in the ledger: revenue, with tax where the store's prices include it.
        sent: Purchases less refunds of the matched orders, postage and fees left out.
        missing: Revenue of the orders that are not matched.
    """

    orders: Counter[date]
    matched: Counter[date]
    unknown: Counter[date]
    explained: Counter[date]
    money: Counter[date]
    sent: Counter[date]
    missing: float

    def apart(self, day: date) -> float:
        """Return how many orders of a day are missing or unknown and not explained."""
        return self.orders[day] - self.matched[day] - self.explained[day] + self.unknown[day]

    @property
    def distance(self) -> float | None:
        """Orders apart, of the orders of the ledger; None without any."""
        orders = self.orders.total()
        return sum(self.apart(day) for day in self.orders | self.unknown) / orders if orders else None

    @property
    def money_distance(self) -> float | None:
        """Money apart, of the money of the ledger; None without any."""
        money = self.money.total()
        return abs(self.sent.total() - money) / abs(money) if money else None

    @property
    def came(self) -> Share:
        """Orders that came as purchases or are explained, of those in the ledger."""
        return Share(self.matched.total() + self.explained.total(), self.orders.total())

    def since(self, first: date) -> LedgerDays:
        """Return the days from `first` on; `missing` stays that of all."""

        def kept(days: Counter[date]) -> Counter[date]:
            return Counter({day: amount for day, amount in days.items() if day >= first})

        return replace(
            self, orders=kept(self.orders), matched=kept(self.matched), unknown=kept(self.unknown),
            explained=kept(self.explained), money=kept(self.money), sent=kept(self.sent),
        )  # fmt: skip


def read_ledger(warehouse: Warehouse, store: Store) -> LedgerDays:
    """Return the ledger of a store beside its events."""
    zone = zone_of(store.time_zone)
    rows = warehouse.fetch(query("ledger_orders"), store=store.store)
    days = local_days(rows["minute"], zone)
    money = _floats(rows["sent_revenue"]) + (_floats(rows["sent_tax"]) if store.price_includes_tax else 0.0)
    strangers = warehouse.fetch(query("ledger_unknown"), store=store.store)
    # What was bought after the newest order of the ledger will be in its next extract.
    known, asked = rows["minute"], strangers["minute"]
    inside = (asked >= known.min()) & (asked <= known.max()) if known.size else np.zeros(asked.size, dtype=bool)
    their_days = local_days(asked[inside], zone)
    orders, matched = by_day(days, rows["orders"]), by_day(days, rows["sent_orders"])
    silent = warehouse.fetch(query("unmeasured_purchases"), store=store.store)
    lines = by_day([day.astype("datetime64[D]").item() for day in silent["day"]], silent["purchases"])
    return LedgerDays(
        orders,
        matched,
        by_day(their_days, strangers["orders"][inside]),
        _explained(orders, matched, lines),
        by_day(days, money),
        by_day(days, _floats(rows["sent_money"])),
        float((_floats(rows["revenue"]) - _floats(rows["sent_revenue"])).sum()),
    )


def _explained(orders: Counter[date], matched: Counter[date], lines: Counter[date]) -> Counter[date]:
    """Return the missing orders of each day that unmeasured lines explain; their days are those of UTC, so one off."""
    left = Counter(lines)
    explained: Counter[date] = Counter()
    for day in sorted(orders):
        for near in (day, day - timedelta(days=1), day + timedelta(days=1)):
            taken = min(orders[day] - matched[day] - explained[day], left[near])
            explained[day] += taken
            left[near] -= taken
    return explained


def accuracy(judge: Judge, ledger: LedgerDays, recent: LedgerDays, limits: QualityLimits) -> None:
    """Judge the distance of events from the ledger: over all, over its recent days, and by day."""
    orders, sent_orders = ledger.orders.total(), ledger.matched.total() + ledger.unknown.total()
    money, sent = ledger.money.total(), ledger.sent.total()
    apart = {day: ledger.apart(day) for day in ledger.orders | ledger.unknown}
    judge.most(
        "accuracy", "orders: events against the ledger", ledger.distance, limits.tolerance, "share", "fail",
        "Find the orders that are missing or unknown on the days below.",
        detail=f"{int(sent_orders):,} in events, {int(orders):,} in the ledger, "
        f"{int(ledger.unknown.total()):,} unknown to it, {int(ledger.explained.total()):,} of unmeasured shoppers",
        offenders=_worst(apart, "orders missing or unknown"), recent=recent.distance,
    )  # fmt: skip
    judge.most(
        "accuracy", "money: events against the ledger", ledger.money_distance, limits.tolerance, "share", "fail",
        "Compare discounts, tax and returns of the days below: prices are what the shopper paid.",
        detail=f"{sent:,.2f} in events, {money:,.2f} in the ledger over orders both have; "
        f"{ledger.missing:,.2f} in orders that did not come",
        offenders=_worst({day: ledger.sent[day] - ledger.money[day] for day in ledger.orders}, "more in events"),
        recent=recent.money_distance,
    )  # fmt: skip
    days = sorted(ledger.orders)
    close = [
        day
        for day in days
        if ledger.apart(day) <= limits.tolerance * ledger.orders[day]
        and abs(ledger.sent[day] - ledger.money[day]) <= max(limits.tolerance * abs(ledger.money[day]), 0.005)
    ]
    judge.share(
        "accuracy", "days whose orders and money agree", len(close), len(days), limits.accurate_days,
        "warn", "Start with the worst day; one wrong day often explains the rest.",
    )  # fmt: skip


def _floats(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.nan_to_num(np.asarray(values, dtype=np.float64))


def _worst(apart: Mapping[date, float], words: str) -> tuple[Offender, ...]:
    """Return the days whose figures are furthest apart."""
    ranked = sorted(apart, key=lambda day: (-abs(apart[day]), day))
    worst = [day for day in ranked[:5] if abs(apart[day]) > 0.005]
    return tuple(Offender(day.isoformat(), apart[day], f"{apart[day]:,.2f} {words}") for day in worst)
