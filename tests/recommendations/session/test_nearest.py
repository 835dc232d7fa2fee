"""Lists of items that lie together: as many are looked through as find 95% of the best, or all items are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.session.nearest import NearestItems, nearest_items, recall_of

WIDTH, ITEMS = 8, 2_000
Floats = npt.NDArray[np.float32]


def clustered(draw: np.random.Generator) -> Floats:
    corners = draw.standard_normal((20, WIDTH))
    return (corners[np.arange(ITEMS) % 20] + 0.2 * draw.standard_normal((ITEMS, WIDTH))).astype(np.float32)


def lists_of(vectors: Floats, states: Floats) -> NearestItems | None:
    return nearest_items(np.arange(100, 100 + ITEMS), vectors, states, seed=1, fewest=1_000)


def test_items_that_lie_together_are_found_without_looking_at_all() -> None:
    draw = np.random.default_rng(3)
    vectors = clustered(draw)
    lists = lists_of(vectors, 2.0 * vectors[:50])
    assert lists is not None
    assert recall_of(lists, np.arange(100, 100 + ITEMS), vectors, 2.0 * vectors[:50]) >= 0.95
    near = lists.near(2.0 * vectors[7:8])
    assert len(near.items) < ITEMS
    np.testing.assert_allclose(near.products, vectors[near.items - 100] @ (2.0 * vectors[7]), rtol=1e-5)


def test_what_is_not_looked_at_is_estimated() -> None:
    vectors = clustered(np.random.default_rng(3))
    lists = lists_of(vectors, vectors[:50])
    assert lists is not None
    state = vectors[7]
    near = replace(lists, probes=4).near(state[None])
    away = np.setdiff1d(np.arange(ITEMS), near.items - 100)
    products = (vectors[away] @ state).astype(np.float64)
    assert abs(near.beyond[0] - np.logaddexp.reduce(products)) < 0.1
    assert abs(near.beyond_roots[0] - np.logaddexp.reduce(products / 2.0)) < 0.1


def test_items_without_order_and_few_items_are_looked_at_whole() -> None:
    draw = np.random.default_rng(3)
    noise = draw.standard_normal((ITEMS, 64)).astype(np.float32)
    states = draw.standard_normal((20, 64)).astype(np.float32)
    assert lists_of(noise, states) is None
    few = clustered(draw)[:500]
    assert nearest_items(np.arange(500), few, few[:9], seed=1, fewest=1_000) is None


def test_lists_come_back_from_their_arrays() -> None:
    vectors = clustered(np.random.default_rng(3))
    lists = lists_of(vectors, vectors[:50])
    assert lists is not None
    again = NearestItems.from_arrays("some", lists.arrays("some"))
    assert again is not None
    one, other = lists.near(vectors[3:4]), again.near(vectors[3:4])
    np.testing.assert_array_equal(one.items, other.items)
    assert (one.beyond.tolist(), one.beyond_roots.tolist()) == (other.beyond.tolist(), other.beyond_roots.tolist())
    assert NearestItems.from_arrays("other", lists.arrays("some")) is None
