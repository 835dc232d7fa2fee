"""Levels are those of the normal model solved at full length, and spreads are found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import truncnorm

from shopkeeper.pricing.demand.instrument import Instrument, believed, chosen
from shopkeeper.pricing.demand.shrinkage import Spreads, Table, level_of, spread_around, spreads_of
from shopkeeper.pricing.demand.truncated import moments_below, quantile_below


def made(seed: int, products: int, stores: int, spreads: Spreads, mean: float) -> Table:
    rng = np.random.default_rng(seed)
    product, store = np.repeat(np.arange(products), stores), np.tile(np.arange(stores), products)
    variance = rng.uniform(0.1, 2.0, len(product))
    slope = mean + rng.normal(0, spreads.product, products)[product] + rng.normal(0, spreads.store, stores)[store]
    slope += rng.normal(0, spreads.pair, len(product)) + rng.normal(0, np.sqrt(variance))
    return Table.of(slope, variance, product, store)


def test_levels_are_those_of_the_joint_normal_distribution() -> None:
    spreads, prior = Spreads(0.3, 0.6, 0.2), (-2.0, 0.5)
    table = made(1, 6, 3, spreads, -2.5)
    product, store = table.row, table.column
    same_product, same_store = product[:, None] == product, store[:, None] == store
    level = 0.5**2 + 0.6**2 * same_product + 0.2**2 * same_store
    total = level + np.diag(table.variance[product, store] + 0.3**2)
    gain = level @ np.linalg.inv(total)
    found = level_of(table, spreads, prior)
    np.testing.assert_allclose(found.mean[product, store], -2.0 + gain @ (table.slope[product, store] + 2.0))
    np.testing.assert_allclose(found.variance[product, store], np.diag(level - gain @ level))


def test_an_error_that_a_products_stores_share_is_no_part_of_its_level() -> None:
    spreads, prior = Spreads(0.3, 0.6, 0.2), (-2.0, 0.5)
    shared = np.linspace(0.0, 1.0, 6)
    plain = made(1, 6, 3, spreads, -2.5)
    product, store = plain.row, plain.column
    table = Table.of(plain.slope[product, store], plain.variance[product, store], product, store, shared[product])
    same_product, same_store = product[:, None] == product, store[:, None] == store
    level = 0.5**2 + 0.6**2 * same_product + 0.2**2 * same_store
    total = level + shared[product] * same_product + np.diag(table.variance[product, store] + 0.3**2)
    gain = level @ np.linalg.inv(total)
    found = level_of(table, spreads, prior)
    np.testing.assert_allclose(found.mean[product, store], -2.0 + gain @ (table.slope[product, store] + 2.0))
    np.testing.assert_allclose(found.variance[product, store], np.diag(level - gain @ level))
    both = level + shared[product] * same_product
    np.testing.assert_allclose(found.seen_variance[product, store], np.diag(both - both @ np.linalg.solve(total, both)))


def test_no_spreads_near_the_found_ones_are_likelier() -> None:
    tables = [made(seed, 20, 3, Spreads(0.3, 0.8, 0.3), -2.5) for seed in range(4)]

    def likelihood(pair: float, product: float, store: float) -> float:
        return sum(level_of(table, Spreads(pair, product, store)).log_likelihood for table in tables)

    found = spreads_of(tables, [1.0] * 4)
    at = (found.pair, found.product, found.store)
    for n in range(3):
        for factor in (0.98, 1.02):
            assert likelihood(*(value * factor if n == m else value for m, value in enumerate(at))) < likelihood(*at)


def test_spreads_are_found_again_and_not_overestimated() -> None:
    true = Spreads(0.3, 0.8, 0.3)
    tables = [made(seed, 60, 4, true, -2.5) for seed in range(6)]
    found = spreads_of(tables, [1.0] * 6)
    assert found.product == pytest.approx(0.8, abs=0.12)
    assert found.pair == pytest.approx(0.3, abs=0.15)


def test_spreads_that_grow_with_the_slope_are_called_relative() -> None:
    means = [-1.0, -1.5, -3.0, -5.0]
    tables = [made(n, 60, 4, Spreads(-0.1 * m, -0.35 * m, -0.1 * m), m) for n, m in enumerate(means)]
    found = spreads_of(tables, [-m for m in means])
    assert found.relative
    assert found.product == pytest.approx(0.35, abs=0.06)


def test_badly_measured_values_do_not_widen_a_spread() -> None:
    rng = np.random.default_rng(2)
    variance = np.where(rng.random(2_000) < 0.5, 0.01, 25.0)
    values = rng.normal(0, 0.5, 2_000) + rng.normal(0, np.sqrt(variance))
    assert spread_around(values, variance) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("mean", [-3.0, -0.2, 0.5, 4.0])
def test_a_cut_off_normal_has_the_moments_of_scipys(mean: float) -> None:
    bound, sd = -0.05, 0.4
    peer = truncnorm(-np.inf, (bound - mean) / sd, loc=mean, scale=sd)
    found, spread = moments_below(np.array([mean]), np.array([sd]), bound)
    assert found[0] == pytest.approx(peer.mean(), rel=1e-4)
    assert spread[0] == pytest.approx(peer.std(), rel=1e-3)
    assert quantile_below(np.array([mean]), np.array([sd]), bound, 0.05)[0] == pytest.approx(peer.ppf(0.05), rel=1e-6)


def test_a_mean_far_beyond_the_bound_stays_finite() -> None:
    found, spread = moments_below(np.array([80.0]), np.array([1.0]), -0.05)
    assert -0.1 < found[0] <= -0.05
    assert 0 < spread[0] < 0.05


def reaction(value: float, error: float) -> Instrument:
    return Instrument(100.0, value, error, 1.0)


def test_a_reaction_that_is_mostly_noise_is_not_believed() -> None:
    mean, _ = believed([reaction(0.1, 0.5), reaction(-0.2, 0.5), reaction(0.1, 0.5)])
    assert np.abs(mean).max() < 0.02


def test_a_reaction_that_all_categories_show_is_believed_and_shared() -> None:
    weak = Instrument.none()
    mean, sd = believed([reaction(0.8, 0.1), reaction(0.9, 0.1), reaction(0.7, 0.1), weak])
    assert mean == pytest.approx([0.8] * 4, abs=0.1)
    assert (sd < 0.15).all()


def test_without_a_strong_instrument_nothing_is_corrected() -> None:
    weak = Instrument.none()
    mean, sd = believed([weak, weak])
    assert (mean == 0).all()
    assert (sd == 0).all()


def test_the_steeper_of_two_parts_stands_where_they_differ_for_sure() -> None:
    calm, steep = [reaction(0.1, 0.05)] * 4, [reaction(0.9, 0.1)] * 4
    assert chosen(calm, steep) is steep
    assert chosen(steep, calm) is steep
    unsure = [reaction(0.9, 2.0)] * 4
    assert chosen(calm, unsure) is calm


def test_prices_that_seem_cut_in_good_times_correct_nothing() -> None:
    mean, sd = believed([reaction(-0.8, 0.1), reaction(-0.9, 0.1)])
    assert (mean == 0).all()
    assert (sd == 0).all()
