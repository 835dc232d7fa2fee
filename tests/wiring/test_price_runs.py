"""A price run over a workspace: proposed, judged, approved, published, handed over, confirmed, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRICES, PRODUCTS, STORES
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_stops import StateStops
from shopkeeper.errors import ConfigError, ContractNotMet, InputError, NotAllowed, Unavailable
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.person import Actor, shell_user
from shopkeeper.pricing.runs.price_run import PriceChange, PriceRun
from shopkeeper.testing.steps_in_memory import Died, StepsInMemory
from shopkeeper.wiring.price_runs.acts import approve_run, publish_due, publish_run, revert_run, schedule_run
from shopkeeper.wiring.price_runs.asked import read_asked
from shopkeeper.wiring.price_runs.confirming import confirm_prices
from shopkeeper.wiring.price_runs.handing_over import export_prices, hand_over, open_webhook
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.ordering import AskedPrice, RunOrder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.settings_prices import PriceWebhookSettings

ANNA, BEN = shell_user("anna"), shell_user("ben")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = (AskedPrice(store="uk", product="lamp", price=10.5), AskedPrice(store="uk", product="sofa", price=199.0))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").touch()
    return Settings(workspace=tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    opened.tables.upsert(STORES, [SourcedRow(Store(store="uk", currency="GBP", tax_rates={"standard": 0.2}), LONG_AGO)])
    goods = [
        Product(product="lamp", price=10.0, cost=4.0, categories=("Home > Lamps",)),
        Product(product="sofa", price=200.0, cost=120.0),
        Product(product="cup", price=5.0, cost=2.0),
    ]
    opened.tables.upsert(PRODUCTS, [SourcedRow(one, LONG_AGO) for one in goods])
    yield opened
    opened.close()


def ran(
    settings: Settings, state: State, tmp_path: Path, *asked: AskedPrice, steps: StepsInMemory | None = None
) -> PriceRun:
    order = RunOrder(stores=("uk",), at=datetime.now(UTC), who=ANNA.who, asked=asked or ASKED)
    steps = steps or StepsInMemory(tmp_path / "run")
    done = price_run_work(settings)(steps, "uk", msgspec.to_builtins(order))
    return state.price_runs.get(str(done["run"]))


def published(settings: Settings, state: State, tmp_path: Path) -> PriceRun:
    run = ran(settings, state, tmp_path)
    approve_run(settings, state, run.id, BEN, "looks right")
    return publish_run(settings, state, run.id, BEN, "now").run


def shop_shows(state: State, product: str, price: float, at: datetime | None = None) -> None:
    moment = at or datetime.now(UTC) + timedelta(seconds=1)
    row = Price(product=product, store="uk", ts=moment, price=price)
    state.tables.upsert(PRICES, [SourcedRow(row, moment)])


def test_prices_a_person_asks_for_wait_for_another_persons_approval(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    run = ran(settings, state, tmp_path)
    assert (run.status, run.prices, run.moved, run.stores) == ("waiting", 2, 2, ("uk",))
    assert [(one.proposal.why, one.proposal.tax) for one in state.price_runs.prices(run.id)] == [("asked", 0.2)] * 2
    with pytest.raises(NotAllowed, match="began run"):
        approve_run(settings, state, run.id, ANNA, "mine")
    assert approve_run(settings, state, run.id, BEN, "fine").status == "approved"
    assert [entry["who"] for entry in state.audit.found(None, "price_run", 10)] == [BEN.who, ANNA.who]


def test_a_price_below_cost_or_past_the_daily_move_is_held_and_the_others_go_on(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    wild = AskedPrice(store="uk", product="lamp", price=4.0), AskedPrice(store="uk", product="sofa", price=205.0)
    run = ran(settings, state, tmp_path, *wild)
    assert (run.status, run.moved, run.held) == ("waiting", 1, 1)
    assert sorted(one.code for one in run.findings) == ["below_cost", "daily_move"]


def test_a_run_goes_on_after_its_process_died_at_any_step_and_is_kept_once(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    recorded: dict[str, bytes] = {}
    for dies in (("propose", "after"), ("gates", "after"), ("publish", "before")):
        with pytest.raises(Died):
            ran(settings, state, tmp_path, steps=StepsInMemory(tmp_path / "run", recorded, dies))
    run = ran(settings, state, tmp_path, steps=StepsInMemory(tmp_path / "run", recorded))
    assert [one.id for one in state.price_runs.newest()] == [run.id]
    assert len(state.price_runs.prices(run.id)) == 2


def test_small_moves_are_published_by_rule_where_the_policy_lets_them(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    (tmp_path / "price-policy.yaml").write_text("version: 1\nruns: {small_move: 0.1, small_share: 1.0}\n", "utf-8")
    run = ran(settings, state, tmp_path)
    assert [(step.status, step.who) for step in run.steps] == [
        ("waiting", "rule"), ("approved", "rule"), ("published", "rule"),
    ]  # fmt: skip
    assert {one.product: one.price for one in state.prices.published()} == {"lamp": 10.5, "sofa": 199.0}


def test_what_was_approved_by_rule_is_not_published_while_pricing_is_stopped(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    (tmp_path / "price-policy.yaml").write_text("version: 1\nruns: {small_move: 0.1, small_share: 1.0}\n", "utf-8")
    StateStops(state.engine).give(StopOrder(system="", store="", person="carl", reason="looks odd", at="now"))
    run = ran(settings, state, tmp_path)
    assert (run.status, state.prices.published()) == ("approved", [])


def test_a_scheduled_run_is_published_when_its_time_has_come_and_waits_while_pricing_is_stopped(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    run = ran(settings, state, tmp_path)
    approve_run(settings, state, run.id, BEN, "fine")
    at = datetime.now(UTC) + timedelta(hours=1)
    schedule_run(settings, state, run.id, BEN, "at night", at)
    assert publish_due(settings, state, at - timedelta(minutes=1)) == []
    StateStops(state.engine).give(StopOrder(system="pricing", store="uk", person="carl", reason="looks odd", at="now"))
    assert publish_due(settings, state, at) == []
    with pytest.raises(ContractNotMet, match="carl, looks odd"):
        publish_run(settings, state, run.id, BEN, "now")
    StateStops(state.engine).lift("pricing", "uk")
    assert publish_due(settings, state, at) == [run.id]
    assert publish_due(settings, state, at) == []


def test_a_scheduled_run_that_got_old_is_rejected_and_says_so(settings: Settings, state: State, tmp_path: Path) -> None:
    run = ran(settings, state, tmp_path)
    approve_run(settings, state, run.id, BEN, "fine")
    schedule_run(settings, state, run.id, BEN, "soon", datetime.now(UTC))
    assert publish_due(settings, state, datetime.now(UTC) + timedelta(hours=49)) == []
    assert (state.price_runs.get(run.id).status, state.prices.published()) == ("rejected", [])


def test_what_the_shops_feed_shows_confirms_a_price_or_tells_of_a_mismatch(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    published(settings, state, tmp_path)
    now = datetime.now(UTC) + timedelta(minutes=1)
    assert confirm_prices(settings, state, now).unsure == 2  # the feed's rows are older than the run
    shop_shows(state, "lamp", 10.5)
    shop_shows(state, "sofa", 200.0)
    found = confirm_prices(settings, state, now)
    assert (found.confirmed, found.mismatch, found.unsure) == (1, 0, 1)  # nobody told the shop of the sofa yet
    export_prices(state, "uk", "csv", tmp_path / "prices.csv")
    found = confirm_prices(settings, state, now)
    assert (found.new, found.confirmed, found.mismatch) == (1, 1, 1)
    assert confirm_prices(settings, state, now).new == 0
    shop_shows(state, "lamp", 11.0, datetime.now(UTC) + timedelta(seconds=30))
    assert confirm_prices(settings, state, now).changed == 1
    assert {one.product: one.holds for one in state.prices.published()} == {"lamp": 11.0, "sofa": 199.0}


def paid(settings: Settings, *lines: tuple[str, float, datetime]) -> None:
    """Let shoppers buy products at prices."""
    log = SegmentLog(settings.folder(settings.engines.log), f"test{len(lines)}")
    for number, (product, price, when) in enumerate(lines):
        row = Event(
            event_id=f"{when:%H%M%S}-{product}-{number}", ts=when, received_at=when, store="uk", type="purchase",
            product=product, quantity=1, price=price, user="u1",
        )  # fmt: skip
        log.append(EVENTS, [msgspec.json.encode(row)])
    log.close()


def test_a_price_the_feed_is_silent_about_is_confirmed_by_whoever_pays_it(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    published(settings, state, tmp_path)
    now = datetime.now(UTC) + timedelta(minutes=1)
    paid(settings, ("lamp", 10.5, now), ("sofa", 180.0, now), ("sofa", 180.0, now))
    found = confirm_prices(settings, state, now)
    assert (found.confirmed, found.unsure, found.mismatch) == (1, 1, 0)  # a voucher may be behind the other
    assert [one.observed for one in state.prices.changes(product="lamp")] == [10.5]


def test_a_price_charged_higher_than_decided_is_a_mismatch_whatever_the_feed_says(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    published(settings, state, tmp_path)
    now = datetime.now(UTC)
    late = now + timedelta(hours=25)  # the shop had its 24 hours
    shop_shows(state, "sofa", 199.0)
    paid(settings, ("sofa", 200.0, now + timedelta(hours=1)), ("sofa", 200.0, late), ("lamp", 11.0, late))
    found = confirm_prices(settings, state, late)
    assert (found.mismatch, found.confirmed, found.unsure) == (1, 0, 1)  # the lamp's may be a slip: it was paid once
    assert [(one.product, one.mismatch) for one in state.prices.mismatches(["uk"], now, late + timedelta(1))] == [
        ("sofa", 200.0)
    ]
    assert confirm_prices(settings, state, late).new == 0
    paid(settings, ("sofa", 199.0, late + timedelta(hours=1)))
    assert confirm_prices(settings, state, late + timedelta(hours=2)).confirmed == 1


def test_a_run_begins_at_what_shoppers_see_now(settings: Settings, state: State, tmp_path: Path) -> None:
    published(settings, state, tmp_path)
    second = StepsInMemory(tmp_path / "second")
    second.run = "second"
    run = ran(settings, state, tmp_path, AskedPrice(store="uk", product="lamp", price=10.6), steps=second)
    assert [one.current for one in state.price_runs.prices(run.id)] == [10.5]


def test_a_run_is_taken_back_by_whoever_may_roll_back(settings: Settings, state: State, tmp_path: Path) -> None:
    run = published(settings, state, tmp_path)
    machine = Actor("key:1", rights=frozenset({"rollback"}), shop="uk")
    done = revert_run(state, run.id, machine, "complaints")
    assert (done.run.status, done.done.changed) == ("reverted", 2)
    assert {one.product: one.price for one in state.prices.published()} == {"lamp": 10.0, "sofa": 200.0}
    viewer = Actor("key:2", rights=frozenset({"view"}), shop="uk")
    with pytest.raises(NotAllowed):
        revert_run(state, run.id, viewer, "me too")


class Taker:
    """A shop that takes a few messages and then fails."""

    def __init__(self, takes: int) -> None:
        self.takes, self.taken = takes, list[int]()

    def take(self, changes: list[PriceChange]) -> None:
        if not self.takes:
            raise Unavailable("it is away.")
        self.takes -= 1
        self.taken += [one.number for one in changes]


def test_changes_are_handed_over_in_order_and_again_from_where_a_shop_was_away(
    settings: Settings, state: State, tmp_path: Path
) -> None:
    published(settings, state, tmp_path)
    first, second = Taker(1), Taker(9)
    assert hand_over(state, first, 1) == 1  # type: ignore[arg-type]
    assert hand_over(state, second, 1) == 1  # type: ignore[arg-type]
    assert (first.taken, second.taken) == ([1], [2])
    assert hand_over(state, second, 1) == 0  # type: ignore[arg-type]


def test_a_webhook_needs_an_address_and_a_secret(settings: Settings, tmp_path: Path) -> None:
    def webhook(**chosen: object) -> Settings:
        return settings.model_copy(update={"price_webhook": PriceWebhookSettings(**chosen)})  # type: ignore[arg-type]

    assert open_webhook(settings) is None
    with pytest.raises(ConfigError, match="16 letters"):
        open_webhook(webhook(url="https://shop.example/prices"))
    with pytest.raises(ConfigError, match="ftp"):
        open_webhook(webhook(url="ftp://shop.example", secret="x" * 16))
    (tmp_path / "secret").write_text("y" * 32 + "\n", "utf-8")
    opened = open_webhook(webhook(url="https://shop.example/prices", secret_file=Path("secret")))
    assert opened is not None
    opened.close()


def test_a_file_of_asked_prices_names_each_row_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "asked.csv"
    file.write_text("product,price,price_list\nlamp,10.5,\nsofa,cheap,\n,3,\ncup,5,wholesale\n", "utf-8")
    with pytest.raises(InputError) as caught:
        read_asked(file, "uk")
    assert [(one.row, one.field) for one in caught.value.problems] == [(3, "price"), (4, "product")]
    file.write_text("product,price,price_list\ncup,5,wholesale\n", "utf-8")
    assert read_asked(file, "uk") == [AskedPrice(store="uk", product="cup", price=5.0, price_list="wholesale")]


def test_a_price_nobody_knows_cannot_be_changed(settings: Settings, state: State, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        ran(settings, state, tmp_path, AskedPrice(store="uk", product="lamp", price=9.9, price_list="wholesale"))
    assert [one.reason for one in caught.value.problems] == ["'lamp' has no price yet in uk"]
