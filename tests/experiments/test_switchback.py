"""Price tests switch clusters over time: balanced whatever the coins say, judged by them alone, refused when weak."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.experiments.switchback import Tiles, drawn, effect_of_tiles, tiles_of
from shopkeeper.experiments.switchback_power import power_of, refuse_underpowered
from shopkeeper.simulation.price_test import DemandWorld, demand, interval_coverage, treated_demand

NAMES = [f"c{place}" for place in range(16)]


def test_every_cluster_is_treated_half_of_the_days_and_every_day_treats_half_of_the_clusters() -> None:
    arms = drawn(NAMES, 28, 1).table()
    assert (arms.sum(axis=0) == 16 / 2).all()
    assert (arms.sum(axis=1) == 28 / 2).all()


def test_a_weekday_is_paired_with_itself_in_the_week_after() -> None:
    arms = drawn(NAMES, 14, 1).table()
    assert (arms[:, :7] != arms[:, 7:]).all()


def test_asking_for_one_day_says_what_the_table_says() -> None:
    design = drawn(NAMES[:7], 26, 4, period_days=2, apart=3)
    table = design.table()
    assert design.days == 24
    assert all(
        design.treated(name, day) == table[place, day]
        for (place, name), day in product(enumerate(NAMES[:7]), range(design.days))
    )
    assert not table[6].any(), "an odd cluster stays in the control"


def test_what_clusters_and_days_bring_by_themselves_falls_out() -> None:
    design = drawn(NAMES, 28, 3)
    values = np.arange(16)[:, None] * 10.0 + np.arange(28)[None, :] + 2.5 * design.table()
    found = effect_of_tiles(tiles_of(design, values))
    assert found.absolute == pytest.approx(2.5)
    assert found.absolute_low == pytest.approx(2.5)


def test_days_of_washout_are_not_counted() -> None:
    design = drawn(NAMES, 28, 3, period_days=2, washout_days=1, apart=7)
    values = np.ones((16, 28))
    values[:, 0::2] = 1e6
    assert effect_of_tiles(tiles_of(design, values)).absolute == 0.0


def test_the_p_value_of_few_tiles_is_that_of_all_ways_the_coins_could_fall() -> None:
    treated, control = np.array([5.0, 7.0, 6.0, 9.0, 4.0]), np.array([3.0, 4.0, 5.0, 5.0, 4.5])
    gaps = treated - control
    turned = [np.dot(signs, gaps) for signs in product([1, -1], repeat=5)]
    larger = sum(one >= gaps.sum() - 1e-12 for one in turned)
    assert effect_of_tiles(Tiles(treated, control)).p == pytest.approx(2 * larger / 2**5)


def test_the_interval_holds_the_effects_that_no_test_rejects() -> None:
    rng = np.random.default_rng(2)
    control = rng.uniform(5, 15, 11)
    treated = control * 1.1 + rng.normal(0, 0.8, 11)
    found = effect_of_tiles(Tiles(treated, control), alpha=0.1)
    assert found.relative_low is not None
    assert found.relative_high is not None
    for inside, r in [(False, found.relative_low - 1e-6), (True, found.relative_low + 1e-6)]:
        undone = effect_of_tiles(Tiles(treated / (1 + r), control))
        assert (undone.p > 0.1) == inside
    for inside, r in [(True, found.relative_high - 1e-6), (False, found.relative_high + 1e-6)]:
        assert (effect_of_tiles(Tiles(treated / (1 + r), control)).p > 0.1) == inside


def test_intervals_hold_the_true_effect_in_95_of_100_simulated_tests() -> None:
    assert interval_coverage(400, seed=1) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 400))


def test_a_washout_keeps_what_was_before_out_of_the_interval() -> None:
    world = DemandWorld(carryover=0.5, noise=0.05)
    without = interval_coverage(60, 2, effect=0.2, days=56, period_days=2, apart=7, world=world)
    with_it = interval_coverage(60, 2, effect=0.2, days=56, period_days=2, washout_days=1, apart=7, world=world)
    assert without < 0.5
    assert with_it > 0.85


def test_a_test_is_refused_that_could_not_see_what_it_is_made_for_and_says_how_long_it_would_take() -> None:
    rng = np.random.default_rng(3)
    past = demand(DemandWorld(), 16, 56, rng)
    design = drawn(NAMES, 28, 5)
    weak = power_of(design, past, 0.04)
    assert weak.power < 0.8
    with pytest.raises(NotEnoughData, match="Run about"):
        refuse_underpowered(weak, 0.04)
    longer = power_of(drawn(NAMES, weak.days_needed, 5), past, 0.04)
    assert longer.power == pytest.approx(0.8, abs=0.06)
    strong = power_of(design, past, 0.2)
    refuse_underpowered(strong, 0.2)


def test_the_smallest_effect_it_can_see_is_found_with_the_chance_asked_for() -> None:
    rng = np.random.default_rng(3)
    past = demand(DemandWorld(), 16, 56, rng)
    design = drawn(NAMES, 28, 5)
    assert power_of(design, past, power_of(design, past, 0.05).smallest).power == pytest.approx(0.8, abs=0.06)


def test_four_coins_can_reject_nothing_however_large_the_effect() -> None:
    rng = np.random.default_rng(3)
    design = drawn(NAMES[:4], 2, 5, apart=1)
    found = power_of(design, demand(DemandWorld(), 4, 14, rng), 3.0)
    assert found.smallest_p == 2 / 2**2
    with pytest.raises(NotEnoughData):
        refuse_underpowered(found, 3.0)
    effect = effect_of_tiles(tiles_of(design, np.ones((4, 2)) + design.table()))
    assert np.isinf(effect.absolute_high)


def test_a_table_of_another_shape_or_with_gaps_is_refused() -> None:
    design = drawn(NAMES, 28, 3)
    with pytest.raises(InputError, match="16 clusters over 28 days"):
        tiles_of(design, np.full((16, 28), np.nan))
    with pytest.raises(InputError, match="washout"):
        drawn(NAMES, 28, 3, washout_days=1)


def test_an_effect_on_the_day_before_is_mixed_in_by_the_carryover() -> None:
    base = np.ones((1, 3))
    arms = np.array([[True, False, False]])
    assert treated_demand(DemandWorld(carryover=0.5), base, arms, 0.2)[0] == pytest.approx([1.2, 1.1, 1.0])
