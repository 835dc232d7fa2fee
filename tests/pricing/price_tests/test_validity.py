"""A test of prices is worth something only if every price was the one of its arm on every counted day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from shopkeeper.experiments.switchback import drawn
from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.price_tests.validity import Validity, spoilt_tests, validity_of
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice
from shopkeeper.testing.prices_suite import example_price

START = datetime(2026, 12, 7, tzinfo=UTC)
CLUSTERS = {("uk", "lamp"): "uk: Home", ("uk", "ball"): "uk: Toys"}
TESTED = [example_price("lamp", 10.0, 9.0), example_price("ball", 5.0, 5.5), example_price("cup", 3.0, 3.0)]
PERIOD, WASHOUT, DAYS = 3, 1, 6
TEST = PriceTest(
    name="autumn", run="r1", stores=("uk",), start=date(2026, 12, 7),
    design=drawn(("uk: Home", "uk: Toys"), DAYS, 1, period_days=PERIOD, washout_days=WASHOUT, apart=1),
)  # fmt: skip
MIDNIGHTS = {"uk": [START + timedelta(days=day) for day in range(DAYS + 1)]}
PRICES = {"lamp": (10.0, 9.0), "ball": (5.0, 5.5)}


def changed(number: int, product: str, price: float, at: datetime, outcome: str = "confirmed") -> PriceChange:
    return PriceChange(
        number=number, previous=0, run="r", kind="publish", store="uk", price_list="", product=product, currency="GBP",
        price=price, before=0.0, at=at, outcome=outcome,  # type: ignore[arg-type]  # one of the outcomes
    )  # fmt: skip


def as_drawn(late: timedelta = timedelta(minutes=1)) -> list[PriceChange]:
    """Return the changes a worker makes that takes each turn a little after midnight."""
    found = list[PriceChange]()
    for period in range(DAYS // PERIOD):
        treated = TEST.treated_on(period * PERIOD)
        for product, (control, other) in PRICES.items():
            price = other if CLUSTERS["uk", product] in treated else control
            found.append(changed(len(found) + 1, product, price, START + timedelta(days=period * PERIOD) + late))
    return found


def judged(changes: list[PriceChange], tolerated: float = 0.0, until: int = DAYS) -> Validity:
    return validity_of(TEST, TESTED, CLUSTERS, changes, {"uk": MIDNIGHTS["uk"][: until + 1]}, tolerated)


def test_a_test_that_was_shown_as_it_was_drawn_is_valid() -> None:
    found = judged(as_drawn())
    assert found == Validity(2 * DAYS * (PERIOD - WASHOUT) // PERIOD, 0, 0, 0.0, ())
    assert judged(as_drawn(), until=0).price_days == 0


def test_a_turn_that_comes_a_day_into_the_counted_days_makes_it_invalid() -> None:
    assert judged(as_drawn(late=timedelta(hours=23))).reasons == ()
    late = judged(as_drawn(late=timedelta(hours=25)))
    assert late.otherwise == 2 + 1, "both prices in the second period, and the treated one in the first"
    assert late.reasons[0].startswith("on 3 of 8 price days another price than the design's held: 3 by another")


def test_a_price_that_somebody_else_changed_makes_it_invalid() -> None:
    noon = START + timedelta(days=PERIOD + 1, hours=12)
    found = judged([*as_drawn(), changed(9, "ball", 4.9, noon)])
    assert (found.otherwise, found.mismatched) == (2, 0)
    assert "(ball in uk)" in found.reasons[0]


def test_what_held_before_the_test_is_known() -> None:
    before = changed(0, "lamp", 8.0, START - timedelta(days=2))
    assert judged([before, *as_drawn()]).reasons == (), "the first turn sets it"
    assert judged([before]).otherwise == 4 + 2, "never set; the ball misses its treated days"


def test_a_mismatch_makes_it_invalid_unless_the_plan_bears_it() -> None:
    changes = as_drawn()
    changes[0] = replace(changes[0], outcome="mismatch", observed=7.0)
    found = judged(changes)
    assert (found.otherwise, found.mismatched, found.wrong_share) == (0, 2, 2 / 8)
    assert "2 as the shop showed another (lamp in uk)" in found.reasons[0]
    assert judged(changes, tolerated=0.25).reasons == ()


def test_a_mismatch_that_was_mended_counts_until_then() -> None:
    changes = as_drawn()
    mended = START + timedelta(days=1, hours=20)
    changes[0] = replace(changes[0], mismatch_at=START + timedelta(hours=1), outcome_at=mended)
    assert judged(changes).mismatched == 1, "day 1 of the counted 1 and 2"


def test_a_price_the_shop_changed_itself_counts_from_then_on() -> None:
    changes = as_drawn()
    seen = START + timedelta(days=2, hours=5)
    changes[0] = replace(changes[0], outcome="changed", observed=7.0, outcome_at=seen)
    assert judged(changes).mismatched == 1, "day 2; day 1 was as drawn, day 0 is washed out"


def test_changes_nobody_saw_in_the_shop_are_counted() -> None:
    changes = as_drawn()
    changes[0] = replace(changes[0], outcome="")
    assert judged(changes).unconfirmed == 1 / 4


def test_an_alarm_learns_which_running_tests_a_mismatch_spoils() -> None:
    def price(product: str, outcome: str) -> PublishedPrice:
        return PublishedPrice(
            store="uk", price_list="", product=product, number=1, run="r", currency="GBP", price=1.0, good=1.0,
            at=START, outcome=outcome,  # type: ignore[arg-type]  # one of the outcomes
        )  # fmt: skip

    held = {("uk", "lamp"): "autumn", ("uk", "ball"): "autumn"}
    prices = [price("lamp", "mismatch"), price("ball", "confirmed"), price("cup", "mismatch")]
    assert spoilt_tests(prices, held) == {"autumn": [("uk", "", "lamp")]}
