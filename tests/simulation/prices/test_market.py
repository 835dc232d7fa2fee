from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.prices.history import Past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.ports import Choice, Hold, Offer, Seen
from shopkeeper.simulation.prices.takings import takings_of


class OnePair:
    """Hold all prices but one pair's, which goes down as far as it may."""

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        price = offer.nearest(seen.regular[-1])
        price[0] = offer.price[0, 0]
        return Choice(price, price)


class Absurd:
    """Ask for a price nobody offered."""

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        wanted = np.maximum(offer.price.max(axis=1), seen.regular[-1]) * 3
        return Choice(wanted, wanted)


def test_the_same_policy_in_both_arms_differs_in_nothing(past: Past) -> None:
    one, two = (play(past.market, Hold(), 4, past.target).record for _ in range(2))
    assert np.array_equal(one.units, two.units)
    assert np.array_equal(one.feed, two.feed, equal_nan=True)


def test_a_price_changes_nothing_in_other_categories_and_stores(past: Past) -> None:
    group = past.market.world.catalogue.group
    hold, one = (play(past.market, policy, 6, past.target).record for policy in (Hold(), OnePair()))
    far = group != group[0]
    assert np.array_equal(hold.units[:, far], one.units[:, far])
    assert one.asked[:, 0].sum() > hold.asked[:, 0].sum()


def test_a_price_nobody_offered_is_counted_and_not_set(past: Past) -> None:
    market = play(past.market, Absurd(), 2, past.target)
    takings = takings_of(market, market.week - 2, market.week)
    assert takings.broken == 2 * market.world.catalogue.shelf.pairs
    assert np.array_equal(market.record.regular[market.week - 1], past.market.record.regular[past.market.week - 1])


def test_what_is_seen_ends_with_the_week_before(past: Past) -> None:
    seen = past.market.seen(past.target)
    assert {len(seen.units), len(seen.rivals), len(seen.cost), len(seen.price)} == {seen.week}
    assert np.array_equal(seen.cost_now, past.market.world.cost(seen.week))


def test_takings_are_units_times_prices_by_store(past: Past) -> None:
    record, store = past.market.record, past.market.world.catalogue.shelf.store
    takings = takings_of(past.market, 90, 92)
    assert takings.revenue[1, 0] == pytest.approx((record.units[91] * record.price[91])[store == 0].sum())
    assert takings.total_margin == pytest.approx(1 - takings.cost.sum() / takings.revenue.sum())


def test_a_policy_cannot_write_into_what_it_sees(past: Past) -> None:
    seen = past.market.seen(past.target)
    with pytest.raises(ValueError, match="read-only"):
        seen.units[-1, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        seen.stock[0] = 0
