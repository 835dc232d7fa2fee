"""A small shop with a test of prices: six categories of two goods, each bought once a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State, open_state
from shopkeeper.experiments.plan import ExperimentPlan, Period, SwitchedPrices
from shopkeeper.experiments.plan_file import read_plan
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.person import shell_user
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.experiments import example_plan
from shopkeeper.wiring.price_runs.acts import approve_run
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.ordering import AskedPrice, RunOrder
from shopkeeper.wiring.price_tests.running import start_price_test
from shopkeeper.wiring.settings import Settings

ANNA, BEN = shell_user("anna"), shell_user("ben")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = ("Home", "Toys", "Garden", "Food", "Books", "Music")
PRODUCTS_OF = {f"{category.lower()}{number}": category for category in CATEGORIES for number in range(2)}
PERIOD, DAYS, BEFORE = 2, 16, 20
LIFT = 1.2
"""Units in treated days over control days."""


def opened_shop(settings: Settings, start: date) -> State:
    """Open the state of a workspace whose store has sold all goods for weeks."""
    opened = open_state(settings.state_url)
    opened.tables.upsert(STORES, [SourcedRow(Store(store="uk", currency="GBP", tax_rates={"standard": 0.2}), LONG_AGO)])
    goods = [
        Product(product=name, price=10.0, cost=4.0, categories=(category,)) for name, category in PRODUCTS_OF.items()
    ]
    rows = [SourcedRow(one, LONG_AGO) for one in goods]
    opened.tables.upsert(PRODUCTS, rows)
    log = SegmentLog(settings.folder(settings.engines.log), "goods")
    log.append(PRODUCTS, [logged(row) for row in rows])
    log.close()
    sell(settings, start, range(-BEFORE, -1), "before", frozenset())
    return opened


def sell(settings: Settings, start: date, days: range, name: str, treated: frozenset[tuple[str, int]]) -> None:
    """Let every product be bought once on each day: ten pieces, more where its category is treated on that day."""
    log, rng = SegmentLog(settings.folder(settings.engines.log), name), np.random.default_rng(days.start + 99)
    rows = []
    for day in days:
        moment = datetime.combine(start + timedelta(days=day), time(12), UTC)
        for product, category in PRODUCTS_OF.items():
            pieces = round(float(rng.normal(1_000, 10)))
            at_run = (category, day) in treated
            rows.append(
                Event(
                    event_id=f"{product} {day}", ts=moment, received_at=moment, store="uk", type="purchase", user="u1",
                    product=product, quantity=round(pieces * LIFT) if at_run else pieces,
                    price=10.4 if at_run else 10.0, order_id=f"o {product} {day}",
                )
            )  # fmt: skip
    log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
    log.close()


def approved(settings: Settings, state: State, tmp_path: Path, **prices: float) -> PriceRun:
    asked = prices or dict.fromkeys(PRODUCTS_OF, 10.4)
    order = RunOrder(
        stores=("uk",), at=datetime.now(UTC), who=ANNA.who,
        asked=tuple(AskedPrice(store="uk", product=name, price=price) for name, price in asked.items()),
    )  # fmt: skip
    return approve_run(settings, state, ran(settings, tmp_path, order), BEN, "looks right")


def ran(settings: Settings, tmp_path: Path, order: RunOrder) -> str:
    steps = StepsInMemory(tmp_path / "run")
    steps.run = f"run of {len(order.asked)}"
    return str(price_run_work(settings)(steps, "uk", msgspec.to_builtins(order))["run"])


def planned(run: str, start: date, **fields: object) -> ExperimentPlan:
    plan = read_plan(example_plan("prices"), "prices.yaml")
    plan = replace(
        plan, name="autumn", maturation_days=1, period=Period(start=start, end=start + timedelta(days=DAYS - 1)),
        prices=SwitchedPrices(run=run, period_days=PERIOD, washout_days=1, apart=1),
    )  # fmt: skip
    return replace(plan, **fields)


def noon(start: date, day: int) -> datetime:
    return datetime.combine(start + timedelta(days=day), time(0, 1), UTC)


def now_shown(state: State) -> dict[str, float]:
    return {one.product: one.price for one in state.prices.published()}


def begun(settings: Settings, state: State, tmp_path: Path, now: datetime, start: date) -> ExperimentPlan:
    plan = planned(approved(settings, state, tmp_path).id, start)
    start_price_test(settings, state, plan, "anna", now)
    return plan
