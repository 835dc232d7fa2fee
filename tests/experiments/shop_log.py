"""A log of a test, made by chance from few values: ties, shared devices, logins and missing fields come about."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.traffic import TrafficVerdict

TEST = "t-ü鍵"
START = datetime(2026, 3, 20, tzinfo=UTC)
STORES = (
    Store(store="uk", currency="GBP", time_zone="Europe/London", tax_rates={"standard": 0.2, "food": 0.05}),
    Store(store="Ключ-鍵'é", currency="GBP", time_zone="America/New_York", price_includes_tax=False),
)
PRODUCTS = (
    Product(product="lamp", cost=4.0),
    Product(product="lamp", store="uk", cost=5.0, tax_class="food"),
    Product(product="Ключ-鍵", cost=None),
    Product(product="post", kind="service"),
    Product(product="rug", cost=30.5, tax_class="unknown"),
)
_ARMS = ("control", "treatment", "third")
_EVENTS = ("impression", "impression", "impression", "view", "search", "click", "click", "cart", "purchase", "refund",
           "checkout", "identify")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShopLog:
    """Rows of every table a test reads."""

    events: tuple[Event, ...]
    decisions: tuple[DecisionRecord, ...]
    verdicts: tuple[TrafficVerdict, ...]


def shop_log(seed: int, events: int = 400, decisions: int = 120) -> ShopLog:
    """Return a log of 28 days before the test and 20 of the test."""
    draw = random.Random(seed)
    made = tuple(_decision(draw, number) for number in range(decisions))
    days = (_moment(draw, -30, 25) for _ in range(30))
    verdicts = {
        (day.date(), subject): TrafficVerdict(
            store="uk", ts=datetime.combine(day.date(), datetime.min.time(), UTC),
            kind="session" if subject.startswith("s") else "visitor", subject=subject, rule="behaviour.rate",
        )
        for day in days
        for subject in (draw.choice(("s1", "s4", "v3")),)
    }  # fmt: skip
    return ShopLog(tuple(_event(draw, number, made) for number in range(events)), made, tuple(verdicts.values()))


def _moment(draw: random.Random, first: int, last: int) -> datetime:
    """Return one of few moments around midnights, so that many fall on one another."""
    day = START + timedelta(days=draw.randrange(first, last))
    return day + draw.choice((0, 1, 59, 60 * 5, 60 * 23, 60 * 23 + 59)) * timedelta(minutes=1)


def _shopper(draw: random.Random) -> dict[str, str]:
    number = draw.randrange(8)
    keys = {"visitor": f"v{number if draw.random() < 0.9 else draw.randrange(8)}", "session": f"s{draw.randrange(9)}"}
    if draw.random() < 0.4:
        keys["user"] = f"u{number // 2}" if number < 6 else "ü-鍵"
    return {name: value for name, value in keys.items() if draw.random() < 0.9}


def _decision(draw: random.Random, number: int) -> DecisionRecord:
    keys = _shopper(draw)
    unit = keys.get("user") or keys.get("visitor") or keys.get("session")
    ts = _moment(draw, 0, 20)
    arm = _ARMS[hash_of(unit or "") % 3] if draw.random() < 0.93 else draw.choice(_ARMS)
    return DecisionRecord(
        decision_id=f"d{number}", ts=ts, store=draw.choice(STORES).store, system="recommendations",
        unit=unit, session=keys.get("session"), test=TEST if draw.random() < 0.9 else draw.choice((None, "other")),
        epoch=0 if ts < START + timedelta(days=8) else 1, variant=arm, took_ms=draw.choice((1.0, 5.5, 99.0, 250.0)),
        fallback=draw.choice((None, None, None, "deadline", "unanswered")),
    )  # fmt: skip


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum(text.encode())


def _event(draw: random.Random, number: int, decisions: tuple[DecisionRecord, ...]) -> Event:
    kind = draw.choice(_EVENTS)
    led = draw.choice(decisions) if draw.random() < 0.3 else None
    machine = draw.random() < 0.03
    fields = {
        "event_id": f"e{number}",
        "ts": _moment(draw, -30, 24),
        "store": led.store if led else draw.choice(STORES).store,
        "type": kind,
        **_shopper(draw),
        "product": draw.choice(("lamp", "Ключ-鍵", "post", "rug", "ghost")),
        "quantity": draw.choice((None, 1.0, 2.5)),
        "price": draw.choice((None, 0.1, 19.99, 350.0)),
        "currency": draw.choice((None, "GBP", "GBP", "EUR")),
        "order_id": draw.choice((None, *(f"o{n}" for n in range(12)))) if kind in ("purchase", "refund") else None,
        "decision_id": led.decision_id if led else draw.choice((None, None, "gone")),
        "device": (None, "phone", "Mobile", "desktop", None, "tablet", "kettle")[number % 7],
        "surface": draw.choice((None, "home", "product")),
        "traffic": "declared_bot" if machine else draw.choice(("human",) * 20 + ("suspected_bot",)),
        "traffic_rule": "agent.crawler" if machine else None,
    }
    return msgspec.convert(fields, Event)


def local_day(store: str, moment: datetime) -> date:
    """Return the day of a moment in a store of `STORES`."""
    zone = next(one.time_zone for one in STORES if one.store == store)
    return moment.astimezone(ZoneInfo(zone)).date()
