"""Prices that belong together: masks leave exactly what can stand together, blocks are solved as brute force does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.couplings import a_coupling, broken, every_way, some_prices

from shopkeeper.pricing.optimizer.blocks import blocks_of
from shopkeeper.pricing.optimizer.curves import Choices
from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.rules.coherence import broken_together, together
from shopkeeper.pricing.shelf import Flags, Floats, Ints


def _choices(price: Floats, allowed: Flags, place: Ints) -> Choices:
    nothing = np.zeros(len(price))
    return Choices(price=price, allowed=allowed, place=place, tax=nothing, cost=nothing)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000))
def test_masks_leave_just_the_prices_that_can_stand_together(seed: int) -> None:
    price, allowed, place, coupling = some_prices(seed)
    masks = together(price, allowed, place, coupling, approach=False)
    ways = every_way(price, allowed, coupling)
    if not ways:
        assert masks.stuck.any()
        assert masks.allowed[masks.stuck].sum() == masks.stuck.sum()  # held: the current one
        return
    reached = np.zeros(allowed.shape, np.bool_)
    for one in ways:
        reached[np.arange(len(price)), one] = True
    assert not masks.stuck.any()
    assert np.array_equal(masks.allowed, reached)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000))
def test_the_best_of_trees_and_rings_is_that_of_all_ways(seed: int) -> None:
    price, allowed, place, coupling = some_prices(seed)
    masks = together(price, allowed, place, coupling, approach=False)
    value = np.where(masks.allowed, np.random.default_rng(seed).normal(size=price.shape), -np.inf)
    found = blocks_of(_choices(price, masks.allowed, place), coupling).chosen(value, Meter(1))
    assert np.isfinite(picked(value, found)).all()
    if not masks.stuck.any():
        best = max(picked(value, one).sum() for one in every_way(price, allowed, coupling))
        assert not broken(coupling, picked(price, found)).size
        assert picked(value, found).sum() == pytest.approx(best, abs=1e-9)


def test_packs_of_two_brands_beside_each_other_are_a_ring_and_solved() -> None:
    price = np.tile(np.array([8.0, 9.0, 10.0, 11.0]), (4, 1)) * np.array([[1.0], [1.9], [0.9], [1.7]])
    bounds = [(1, 0, 1.9), (3, 2, 1.9), (2, 0, 0.9), (3, 1, 0.9)]
    coupling = a_coupling(np.arange(4), bounds)
    allowed = np.ones(price.shape, np.bool_)
    blocks = blocks_of(_choices(price, allowed, np.zeros(4, np.int64)), coupling)
    value = np.random.default_rng(1).normal(size=price.shape)
    assert blocks.closure is not None
    best = max(picked(value, one).sum() for one in every_way(price, allowed, coupling))
    assert picked(value, blocks.chosen(value, Meter(1))).sum() == pytest.approx(best)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100_000))
def test_prices_that_cannot_stand_together_come_nearer_where_they_may_approach(seed: int) -> None:
    price, allowed, place, coupling = some_prices(seed)
    masks = together(price, allowed, place, coupling, approach=True)
    chosen = masks.allowed.argmax(axis=1)
    assert picked(allowed.astype(float), chosen)[masks.stuck].all()
    if masks.stuck.all():
        assert _excess(price, chosen, coupling.low, coupling.high, coupling.factor, coupling.node) <= _excess(
            price, place, coupling.low, coupling.high, coupling.factor, coupling.node
        )


def _excess(price: Floats, chosen: Ints, low: Ints, high: Ints, factor: Floats, node: Ints) -> float:
    """Return how far prices break couplings, over all pairs of nodes."""
    shown = picked(price, chosen)
    total = 0.0
    for one, other, by in zip(low, high, factor, strict=True):
        for mine in shown[node == one]:
            total += float(np.maximum(np.log(mine / (by * shown[node == other])), 0).sum())
    for of in np.unique(node):
        mine = np.log(shown[node == of])
        total += float(np.abs(mine[:, None] - mine).sum()) / 2
    return total + 1e-9


def test_a_price_names_the_couplings_it_would_break_beside_the_others() -> None:
    coupling = a_coupling(np.array([0, 0, 1]), [(1, 0, 2.0)])
    shown = np.array([10.0, 10.0, 19.0])
    assert broken_together(coupling, shown, 2, 20.5) == ("packs (all)",)
    assert broken_together(coupling, shown, 0, 9.0) == ("one_price (all)", "packs (all)")
    assert broken_together(coupling, shown, 2, 19.5) == ()
