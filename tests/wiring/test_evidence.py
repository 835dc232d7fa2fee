"""What the gate is told of a test is what its logs say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import DECISIONS, EVENTS, SHADOW_ANSWERS, STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ConfigError
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.ports import Measured
from shopkeeper.rollout.state import Allocation
from shopkeeper.rollout.strata import stratified
from shopkeeper.wiring.evidence import gather
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.settings import Settings

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OBJECTIVE = read_objective(example_objective("recommendations"), "example")
ALLOCATIONS = (
    Allocation(number=0, stage="shadow", share=0.05, since=START - timedelta(days=2)),
    Allocation(number=1, stage="ab", share=0.15, since=START),
    Allocation(number=2, stage="ramp", share=0.5, since=START + timedelta(days=7)),
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(Settings(workspace=tmp_path).state_url)
    stores = (Store(store="uk", currency="GBP", tax_rates={"standard": 0.2}), Store(store="de", currency="EUR"))
    opened.tables.upsert(STORES, [SourcedRow(store, START) for store in stores])
    yield opened
    opened.close()


class Shop:
    """The logs of a workspace."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(workspace=folder)
        self._number = 0
        self._log = SegmentLog(folder / "log", "test")

    def decided(self, unit: str, variant: str, at: datetime, epoch: int = 1, **changed: object) -> None:
        self._number += 1
        row = {"decision_id": f"d{self._number}", "ts": at, "store": "uk", "system": "recommendations", "unit": unit,
               "test": "r1", "epoch": epoch, "variant": variant, "took_ms": 10.0, **changed}  # fmt: skip
        self._log.append(DECISIONS, [msgspec.json.encode(msgspec.convert(row, DecisionRecord))])

    def did(self, user: str | None, kind: str, at: datetime, **changed: object) -> None:
        self._number += 1
        row = {"event_id": f"e{self._number}", "ts": at, "store": "uk", "type": kind, "user": user, "session": user,
               "product": "lamp", **changed}  # fmt: skip
        self._log.append(EVENTS, [msgspec.json.encode(msgspec.convert(row, Event))])

    def shadowed(self, count: int, at: datetime, **changed: object) -> None:
        for number in range(count):
            row = {"decision_id": f"s{number}", "ts": at, "store": "uk", "system": "recommendations", "test": "r1",
                   "version": "v2", "took_ms": 20.0, **changed}  # fmt: skip
            self._log.append(SHADOW_ANSWERS, [msgspec.json.encode(msgspec.convert(row, ShadowAnswer))])

    def gathered(self, state: State, at: datetime) -> Measured:
        self._log.seal()
        Lake(
            self.settings.folder(self.settings.engines.log), self.settings.folder(self.settings.engines.lake)
        ).compact()
        return gather(self.settings, state, "r1", OBJECTIVE, ALLOCATIONS, at)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_uplift_is_found_in_the_allocation_it_was_made_in(shop: Shop, state: State) -> None:
    for number in range(20):
        arm = ("control", "treatment")[number % 2]
        shop.decided(f"u{number}", arm, START)
        shop.did(f"u{number}", "impression", START, decision_id="d")
        if number % 4 < 3:
            shop.did(f"u{number}", "purchase", START + timedelta(hours=1), price=12.0 + 12.0 * (arm == "treatment"))
    found = shop.gathered(state, START + timedelta(days=15))
    (epoch,) = found.epochs
    assert (epoch.stage, epoch.share, epoch.exposed, epoch.crossers) == ("ab", 0.15, (10, 10), 0)
    revenue = next(one for one in epoch.matured if one.metric == "revenue_per_user")
    assert revenue.control.totals[0] == pytest.approx(10 * 12.0 / 1.2)
    assert revenue.treatment.totals[0] == pytest.approx(5 * 24.0 / 1.2)
    relative = stratified(epoch.matured, "revenue_per_user")
    assert relative is not None
    assert relative.value == pytest.approx((5 * 24.0 / 1.2) / (10 * 12.0 / 1.2) - 1)
    assert found.newest == START + timedelta(hours=1)


def test_only_units_whose_time_is_over_prove_something(shop: Shop, state: State) -> None:
    late = START + timedelta(days=3)
    for unit, variant, at in (("a", "control", START), ("b", "treatment", START), ("c", "control", late)):
        shop.decided(unit, variant, at)
    (epoch,) = shop.gathered(state, START + timedelta(days=15)).epochs
    assert epoch.exposed == (2, 1)
    assert {(one.control.n, one.treatment.n) for one in epoch.matured} == {(1, 1)}
    assert {(one.control.n, one.treatment.n) for one in epoch.so_far} == {(2, 1)}


def test_a_refund_that_comes_later_changes_the_day_of_exposure_until_it_is_mature(shop: Shop, state: State) -> None:
    shop.decided("a", "control", START)
    shop.decided("b", "treatment", START)
    shop.did("a", "purchase", START + timedelta(hours=2), price=12.0, order_id="o1")
    shop.did(None, "refund", START + timedelta(days=9), price=6.0, order_id="o1")
    shop.did(None, "refund", START + timedelta(days=20), price=6.0, order_id="o1")
    totals = []
    for days in (8, 10, 30):
        (epoch,) = shop.gathered(state, START + timedelta(days=days)).epochs
        totals.append(next(one for one in epoch.so_far if one.metric == "revenue_per_user").control.totals[0])
    assert totals == pytest.approx([12.0 / 1.2, 6.0 / 1.2, 6.0 / 1.2])


def test_a_unit_in_two_arms_is_counted_and_left_out(shop: Shop, state: State) -> None:
    for variant in ("control", "treatment"):
        shop.decided("both", variant, START)
        shop.decided(variant, variant, START)
    (epoch,) = shop.gathered(state, START + timedelta(days=1)).epochs
    assert (epoch.exposed, epoch.crossers) == ((1, 1), 1)


def test_a_device_whose_user_signs_in_is_one_unit(shop: Shop, state: State) -> None:
    shop.decided("device", "control", START)
    shop.did("ann", "cart", START + timedelta(minutes=1), visitor="device")
    shop.decided("ann", "control", START + timedelta(minutes=2))
    (epoch,) = shop.gathered(state, START + timedelta(days=1)).epochs
    assert epoch.exposed == (1, 0)


def test_service_and_shadow_are_counted_by_arm(shop: Shop, state: State) -> None:
    for number in range(100):
        shop.decided(f"u{number}", "treatment", START, fallback="deadline" if number < 3 else None,
                     took_ms={0: 150.0, 1: 200.0}.get(number, 10.0))  # fmt: skip
    shop.shadowed(4, START, agreement=0.5)
    found = shop.gathered(state, START + timedelta(days=1))
    assert (found.treatment.requests, found.treatment.fallbacks, found.treatment.slow) == (100, 3, 2)
    assert found.treatment.too_slow == 1  # the rollback criterion allows 150 ms
    assert 150.0 <= found.treatment.p99_ms <= 150.0 * 2 ** (1 / 32)
    assert found.control.requests == 0
    assert found.epochs == ()  # nobody was in the control
    assert found.shadow is not None
    assert (found.shadow.answered.requests, found.shadow.agreement) == (4, 0.5)


def test_amounts_of_two_currencies_are_not_added_up(shop: Shop, state: State) -> None:
    for store in ("uk", "de"):
        shop.decided(f"{store}-a", "control", START, store=store)
    with pytest.raises(ConfigError, match=r"several currencies.*rates.yaml"):
        shop.gathered(state, START + timedelta(days=1))


def test_amounts_of_two_currencies_are_added_up_by_the_rates_of_the_house(shop: Shop, state: State) -> None:
    for store in ("uk", "de"):
        shop.decided(f"{store}-a", "control", START, store=store)
    since = (START - timedelta(days=28)).date()
    (shop.settings.workspace / "rates.yaml").write_text(
        f"version: 1\nreporting_currency: EUR\nrates: [{{currency: GBP, since: {since}, rate: 1.2}}]\n", "utf-8"
    )
    (epoch,) = shop.gathered(state, START + timedelta(days=1)).epochs
    assert epoch.exposed == (2, 0)
