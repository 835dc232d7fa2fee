"""What the shop made of a price is told from its own feed, and never from before it could know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.pricing.runs.confirmation import Shown, judged
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import Outcome, PublishedPrice

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW, DAY = AT + 2 * HOUR, 24 * HOUR


def decided(outcome: Outcome = "", observed: float | None = None) -> PublishedPrice:
    return PublishedPrice(
        store="uk", price_list="", product="lamp", number=7, run="r1", currency="GBP", price=10.5, good=10.0, at=AT,
        outcome=outcome, observed=observed,
    )  # fmt: skip


def seen(outcome: Outcome, price: float) -> Seen:
    return Seen(7, outcome, price, NOW)


@pytest.mark.parametrize(
    ("before", "shown", "expected"),
    [
        (decided(), None, None),
        (decided(), Shown(10.0, AT - HOUR), None),  # from before it was published
        (decided(), Shown(10.5, AT + HOUR), seen("confirmed", 10.5)),
        (decided(), Shown(10.5000001, AT), seen("confirmed", 10.5000001)),
        (decided(), Shown(10.51, AT + HOUR), seen("mismatch", 10.51)),
        (decided("confirmed"), Shown(10.5, AT + HOUR), None),
        (decided("confirmed"), Shown(12.0, AT + HOUR), seen("changed", 12.0)),
        (decided("changed", 12.0), Shown(12.0, AT + HOUR), None),
        (decided("changed", 12.0), Shown(13.0, AT + HOUR), seen("changed", 13.0)),
        (decided("mismatch", 10.0), Shown(10.0, AT + HOUR), None),
        (decided("mismatch", 10.0), Shown(10.5, AT + HOUR), seen("confirmed", 10.5)),
    ],
)
def test_the_feed_says_what_became_of_a_price(
    before: PublishedPrice, shown: Shown | None, expected: Seen | None
) -> None:
    assert judged(before, shown, False, DAY, NOW) == expected


def test_another_price_is_no_mismatch_while_nobody_told_the_shop_until_that_is_overdue() -> None:
    other = Shown(10.0, AT + HOUR)
    assert judged(decided(), other, True, DAY, NOW) is None
    assert judged(decided(), other, True, HOUR, NOW) == seen("mismatch", 10.0)
