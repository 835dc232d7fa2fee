"""The metrics of a test once more, row by row in plain Python, to hold the SQL against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from tests.experiments.shop_log import PRODUCTS, START, STORES, TEST, ShopLog, local_day

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.question import PRE_DAYS
from shopkeeper.quality.traffic import ARM_BLIND_RULES

Group = tuple[int, str, str, date, bool, bool, bool]
"""Allocation, arm, store, local day, matured, machine, newcomer."""


@dataclass
class Reference:
    """Rows of units by group, and how many crossed."""

    rows: dict[Group, dict[str, list[list[float]]]] = field(default_factory=dict)
    guests: dict[Group, int] = field(default_factory=lambda: defaultdict(int))
    crossed: dict[tuple[int, str, bool], int] = field(default_factory=lambda: defaultdict(int))

    def sums(self, group: Group, metric: str) -> Sums:
        return Sums.of_rows(self.rows[group][metric])


@dataclass
class Unit:
    epoch: int
    first: datetime
    arms: set[str] = field(default_factory=set)


class Owners:
    """Whose an event is, and whether it is early."""

    def __init__(self, events: list[Event], decisions: list[DecisionRecord], attribution: int) -> None:
        self._attribution = timedelta(days=attribution)
        self._made_for = {(one.store, one.decision_id): one for one in decisions}
        self._first: dict[tuple[str, str, date], datetime] = {}
        for one in decisions:
            key = (one.store, str(one.unit), one.ts.date())
            self._first[key] = min(self._first.get(key, one.ts), one.ts)
        self._last: dict[tuple[str, str, str, date], datetime] = {}
        for event in events:
            if event.type != "refund":
                self._last[self.visit(event)] = max(self._last.get(self.visit(event), event.ts), event.ts)
        self.names = self._names([event for event in events if self.of(event) and event.type != "refund"])

    def _names(self, events: list[Event]) -> dict[tuple[str, str], str]:
        """Return the user of each device (else session) on which one user alone signed in."""
        devices: dict[tuple[str, str, str, date], str] = {}
        for event in events:
            device = event.visitor or event.session or ""
            devices[self.visit(event)] = max(devices.get(self.visit(event), ""), device)
        seen: dict[tuple[str, str], set[str]] = defaultdict(set)
        for event in events:
            if event.user and event.user == self.of(event) and devices[self.visit(event)]:
                seen[event.store, devices[self.visit(event)]].add(event.user)
        return {key: next(iter(users)) for key, users in seen.items() if len(users) == 1}

    def visit(self, event: Event) -> tuple[str, str, str, date]:
        name = ("s" + event.session) if event.session else ("v" + (event.visitor or ""))
        return event.store, self.of(event), name, event.ts.date()

    def in_early_visit(self, event: Event) -> bool:
        start = self._first.get((event.store, self.of(event), event.ts.date()))
        return start is None or self._last[self.visit(event)] < start

    def of(self, event: Event) -> str:
        led = self._made_for.get((event.store, event.decision_id or ""))
        if led is not None and timedelta() <= event.ts.date() - led.ts.date() <= self._attribution:
            return str(led.unit)
        return event.user or event.visitor or event.session or ""

    def early(self, event: Event) -> bool:
        start = self._first.get((event.store, self.of(event), event.ts.date()))
        return start is None or event.ts < start

    def known(self, store: str, name: str) -> tuple[str, str]:
        return store, self.names.get((store, name), name)


@dataclass
class Money:
    """An order or a refund: the day of the order, the day it was known, and whether the order was early."""

    day: date
    known: date
    early: bool
    amounts: dict[str, float]


def reference(
    log: ShopLog, at: datetime, attribution: int, maturation: int, caps: Mapping[tuple[str, str], float]
) -> Reference:
    """Return every figure of the shipped metrics over units."""
    since = START.date() - timedelta(PRE_DAYS)
    events = [event for event in log.events if event.ts < at and event.ts.date() >= since]
    decisions = [one for one in log.decisions if one.test == TEST and one.unit and one.ts < at]
    owners = Owners(events, decisions, attribution)
    owned: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if owners.of(event) and event.type != "refund":
            owned[owners.known(event.store, owners.of(event))].append(event)
    orders = _orders([event for event in events if not _service(event)], owners)
    found = Reference()
    for (store, name), unit in units_of(decisions, owners).items():
        first_day = unit.first.date()
        mine = owned[store, name]
        known = orders[store, name]
        after = [
            e
            for e in mine
            if _counts(e.ts.date(), e.ts.date(), owners.in_early_visit(e), first_day, attribution, maturation)
        ]
        before_test = [e for e in mine if e.ts < START]
        money_after = [
            one.amounts for one in known if _counts(one.day, one.known, one.early, first_day, attribution, maturation)
        ]
        money_before = [one.amounts for one in known if one.day >= since and one.known < START.date()]
        machine = _machine(log, mine, first_day)
        if len(unit.arms) > 1:
            found.crossed[unit.epoch, store, machine] += 1
            continue
        matured = first_day + timedelta(days=maturation) < at.date()
        newcomer = not any(e.ts.date() < first_day for e in mine) and not any(one.day < first_day for one in known)
        group = (unit.epoch, next(iter(unit.arms)), store, local_day(store, unit.first), matured, machine, newcomer)
        found.guests[group] += not any(e.user and e.user == owners.of(e) for e in mine)
        rows = found.rows.setdefault(group, defaultdict(list))
        now = _values(after, money_after, store, caps, owners)
        then = _values(before_test, money_before, store, caps, owners)
        for metric, value in now.items():
            rows[metric].append([*value, *then[metric]])
    return found


def on_each_day(
    log: ShopLog, at: datetime, attribution: int, days: int, last: date, returns: int, metric: str
) -> dict[tuple[str, int], list[list[float]]]:
    """Return (arm, allocation) -> rows of people who were in one arm and followed for some days.

    A row is the metric's figure of each day since the first decision, then, of a ratio, its denominator of each day.

    Args:
        last: Last day that counts.
        returns: Days after an order in which its refunds count.
    """
    since = START.date() - timedelta(PRE_DAYS)
    events = [event for event in log.events if event.ts < at and event.ts.date() >= since]
    decisions = [one for one in log.decisions if one.test == TEST and one.unit and one.ts < at]
    owners = Owners(events, decisions, attribution)
    owned: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if owners.of(event) and event.type != "refund":
            owned[owners.known(event.store, owners.of(event))].append(event)
    orders = _orders([event for event in events if not _service(event)], owners)
    found: dict[tuple[str, int], list[list[float]]] = defaultdict(list)
    for (store, name), unit in units_of(decisions, owners).items():
        first, mine = unit.first.date(), owned[store, name]
        if len(unit.arms) > 1 or first + timedelta(days=days - 1) > last or _machine(log, mine, first):
            continue
        row = []
        for day in (first + timedelta(days=age) for age in range(days)):
            seen = [e for e in mine if e.ts.date() == day and not (day == first and owners.in_early_visit(e))]
            money = [
                one.amounts
                for one in orders[store, name]
                if one.day == day and one.known <= day + timedelta(days=returns) and not (day == first and one.early)
            ]
            figures = _values(seen, money, store, {}, owners)[metric]
            if metric == "return_visits" and day > first:  # the first visit of all is that of day 0
                figures = [float(len({owners.visit(e) for e in seen}))]
            row.append(figures)
        found[next(iter(unit.arms)), unit.epoch].append([value for part in zip(*row, strict=True) for value in part])
    return found


def units_of(decisions: list[DecisionRecord], owners: Owners) -> dict[tuple[str, str], Unit]:
    """Return the units of a test by store and name."""
    units: dict[tuple[str, str], Unit] = {}
    for one in sorted(decisions, key=lambda one: one.ts):
        unit = units.setdefault(owners.known(one.store, str(one.unit)), Unit(one.epoch, one.ts))
        unit.epoch = min(unit.epoch, one.epoch)
        unit.arms.add(one.variant)
    return units


def _machine(log: ShopLog, mine: list[Event], first_day: date) -> bool:
    """Say whether a unit is a machine by its own word, or by a verdict from before it was exposed."""
    return any(e.traffic != "human" and e.traffic_rule in ARM_BLIND_RULES for e in mine) or any(
        _suspected(log, e) for e in mine if e.ts.date() < first_day
    )


def _orders(events: list[Event], owners: Owners) -> dict[tuple[str, str], list[Money]]:
    bought: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.type == "purchase" and owners.of(event):
            bought[event.store, event.order_id or f"{owners.of(event)} on {event.ts.date()}"].append(event)
    orders: dict[tuple[str, str], list[Money]] = defaultdict(list)
    for (store, _), lines in bought.items():
        day = min(line.ts.date() for line in lines)
        amounts = {"orders": 1.0, "items": sum(1.0 if line.quantity is None else line.quantity for line in lines)}
        for name in ("net", "gain", "costed"):
            amounts[name] = sum(_money(line)[name] for line in lines)
        amounts["sold"] = amounts["net"]
        owner = owners.known(store, min(owners.of(line) for line in lines))
        orders[owner].append(Money(day, day, any(owners.early(line) for line in lines), amounts))
    for refund in (event for event in events if event.type == "refund"):
        lines = bought.get((refund.store, refund.order_id or ""), []) or (
            [refund] if not refund.order_id and owners.of(refund) else []
        )
        if not lines:
            continue
        money = _money(refund)
        amounts = {"net": -money["net"], "gain": -money["gain"], "costed": -money["costed"], "refunded": money["net"]}
        owner = owners.known(refund.store, min(owners.of(line) for line in lines))
        day, early = min(line.ts.date() for line in lines), any(owners.early(line) for line in lines)
        orders[owner].append(Money(day, refund.ts.date(), early, amounts))
    return orders


def _counts(day: date, known: date, was_early: bool, first: date, attribution: int, maturation: int) -> bool:
    if known > first + timedelta(days=maturation) or day < first:
        return False
    return not was_early if day == first else day <= first + timedelta(days=attribution)


def _suspected(log: ShopLog, event: Event) -> bool:
    kind, subject = ("session", event.session) if event.session else ("visitor", event.visitor)
    return any(
        (v.store, v.kind, v.subject, v.ts.date()) == (event.store, kind, subject, event.ts.date()) for v in log.verdicts
    )


def _product(event: Event) -> tuple[float | None, str | None, str]:
    own = [one for one in PRODUCTS if one.product == event.product and one.store == event.store]
    shared = [one for one in PRODUCTS if one.product == event.product and not one.store]
    both = own + shared
    cost = next((one.cost for one in both if one.cost is not None), None)
    tax = next((one.tax_class for one in both if one.tax_class is not None), None)
    return cost, tax, both[0].kind if both else "product"


def _service(event: Event) -> bool:
    return _product(event)[2] == "service"


def _money(event: Event) -> dict[str, float]:
    store = next(one for one in STORES if one.store == event.store)
    if event.currency not in (None, store.currency):
        return {"net": 0.0, "gain": 0.0, "costed": 0.0}
    cost, tax_class, _ = _product(event)
    rates = store.tax_rates
    rate = rates.get(tax_class or "standard", rates.get("standard", 0.0)) if store.price_includes_tax else 0.0
    pieces = 1.0 if event.quantity is None else event.quantity
    net = (event.price or 0.0) * pieces / (1 + rate)
    return {"net": net, "gain": 0.0 if cost is None else net - cost * pieces, "costed": 0.0 if cost is None else net}


def _values(
    events: list[Event],
    money: list[dict[str, float]],
    store: str,
    caps: Mapping[tuple[str, str], float],
    owners: Owners,
) -> dict[str, list[float]]:
    def count(kind: str, *, led: bool = False) -> float:
        return float(sum(e.type == kind and (not led or bool(e.decision_id)) for e in events))

    def total(name: str) -> float:
        return sum(amounts.get(name, 0.0) for amounts in money)

    visits: dict[tuple[str, str, str, date], list[datetime]] = defaultdict(list)
    for e in events:
        visits[owners.visit(e)].append(e.ts)
    seconds = sum((max(times) - min(times)).total_seconds() for times in visits.values())
    orders, revenue, margin = total("orders"), total("net"), total("gain")
    return {
        "ctr": [count("click", led=True), count("impression", led=True)],
        "cart_rate": [float(count("cart") > 0)],
        "conversion": [float(orders > 0)],
        "aov": [revenue, orders],
        "items_per_order": [total("items"), orders],
        "revenue_per_user": [revenue],
        "revenue_per_user.cut": [min(revenue, caps.get((store, "revenue"), np.inf))],
        "margin_per_user": [margin],
        "margin_per_user.cut": [min(margin, caps.get((store, "margin"), np.inf))],
        "margin_rate": [margin, total("costed")],
        "session_length": [seconds, float(len(visits))],
        "pages_per_visit": [count("view") + count("search"), float(len(visits))],
        "return_visits": [max(len(visits) - 1.0, 0.0)],
        "refund_share": [total("refunded"), total("sold")],
    }
