"""The optimizer lives in the simulated market by the rules of every policy."""

from __future__ import annotations

import numpy as np
import pytest
from evaluations.optimizer_policy import Optimizer, rivals_seen
from evaluations.price_worlds import POLICIES

from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.plan import Size
from shopkeeper.simulation.prices.world import make_world


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_optimizer_breaks_no_rule_and_does_the_same_again(name: str) -> None:
    past = live_past(make_world("elastic", 7, size=Size(products=24, stores=2, categories=2)))
    first = past.market.week
    once, again = (play(past.market, POLICIES[name](7), 2, past.target) for _ in range(2))
    weeks = slice(first, first + 2)
    assert once.record.broken[weeks].sum() == 0
    assert (once.record.regular[weeks] != once.record.regular[first - 1]).any()
    np.testing.assert_array_equal(once.record.regular, again.record.regular)


def test_what_tries_give_up_is_told_to_the_market() -> None:
    past = live_past(make_world("elastic", 7, size=Size(products=24, stores=2, categories=2)))
    eager = Optimizer(7, Exploration(weeks=520, enough=0.01, wide=0.2, budget=0.01))
    first = past.market.week
    lived = play(past.market, eager, 2, past.target)
    assert eager.tries > 0
    assert lived.record.explored[first : first + 2].any()
    assert lived.record.broken[first : first + 2].sum() == 0


def test_rivals_are_those_known_before_a_week() -> None:
    past = live_past(make_world("elastic", 7, size=Size(products=24, stores=2, categories=2)))
    seen = past.market.seen(past.target)
    found = rivals_seen(seen)
    assert found.shape == (seen.week + 1, seen.shelf.pairs)
    assert np.isnan(found[0]).all()
    last = seen.rivals[-1]
    whole = np.isfinite(last).all(axis=1) & (np.abs(np.log(last / seen.price[-1][:, None])) < np.log(2)).all(axis=1)
    assert whole.any()
    np.testing.assert_allclose(found[-1][whole], np.exp(np.log(last[whole]).mean(axis=1)))
