from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.prices.rivals import COST_PLUS, FOLLOWER, LEAST, PROMOTER, RivalsWeek
from shopkeeper.simulation.prices.world import World

WEEK = RivalsWeek(
    before=np.array([[10.0, 10.0, 10.0]]),
    fixed=np.array([[10.5, 0.0, 8.0]]),
    most=np.array([10.0]),
    least=np.array([7.0]),
    lag=np.array([2]),
    undercut=-0.02,
)


def test_the_follower_stays_a_little_above_us_between_his_own_price_and_his_least() -> None:
    after = WEEK.after(np.array([[5.0, 8.0, 12.0]]))
    assert after[0, :, FOLLOWER] == pytest.approx([7.0, 8 * 1.02, 10.0])
    assert after[0, :, COST_PLUS] == pytest.approx([10.5] * 3)
    assert after[0, :, PROMOTER] == pytest.approx([8.0] * 3)


def test_until_he_has_answered_his_old_price_holds() -> None:
    during = WEEK.during(np.array([8.0]))
    assert during[0, FOLLOWER] == pytest.approx((2 * 10 + 5 * 8 * 1.02) / 7)


def test_the_feed_lacks_some_prices_and_some_are_wrong(world: World) -> None:
    plan = world.plan.rivals
    prices = np.full((20_000, 3), 10.0)
    told = world.rivals.feed(prices, prices * 1.01, np.random.default_rng(1))
    assert np.isnan(told).mean() == pytest.approx(plan.missing, abs=0.005)
    absurd = (told < 6) | (told > 25)
    assert absurd.mean() == pytest.approx(plan.wrong * (1 - plan.missing), abs=0.003)
    assert (told == 10.1).mean() == pytest.approx(plan.late * (1 - plan.missing) * (1 - plan.wrong), abs=0.005)


def test_a_week_foreseen_is_the_mean_of_weeks_drawn(world: World) -> None:
    cost = world.cost(0)
    before = world.rivals.usual(cost) * 1.1
    drawn = np.mean([world.rivals.week(before, cost, np.random.default_rng(luck)).fixed for luck in range(400)], axis=0)
    foreseen = world.rivals.foreseen(before, cost).fixed
    for rival in (COST_PLUS, PROMOTER):
        assert drawn[:, rival] / foreseen[:, rival] == pytest.approx(1, abs=0.02)
    assert np.all(world.rivals.foreseen(before, cost).least == LEAST * cost * world.rivals.cost[:, FOLLOWER])
