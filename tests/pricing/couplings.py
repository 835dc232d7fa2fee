"""Prices that belong together, for tests: random ones with what brute force and HiGHS say of them."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import optimize, sparse

from shopkeeper.pricing.rules.coupling import ALONE, Coupling
from shopkeeper.pricing.shelf import Flags, Floats, Ints


def a_coupling(node: Ints, bounds: list[tuple[int, int, float]]) -> Coupling:
    """Return pairs in nodes, and bounds as low node, high node and factor."""
    low, high = (np.array([bound[at] for bound in bounds], np.int64) for at in (0, 1))
    return Coupling(
        node=node, shared=np.where(np.bincount(node) > 1, 0, ALONE), low=low, high=high,
        factor=np.array([bound[2] for bound in bounds], np.float64), rule=np.ones(len(bounds), np.int64),
        names=("one_price (all)", "packs (all)"),
    )  # fmt: skip


def some_prices(seed: int, pairs: int = 5, points: int = 4) -> tuple[Floats, Flags, Ints, Coupling]:
    """Return candidates, which are allowed, the current ones and how they are coupled; often in rings."""
    rng = np.random.default_rng(seed)
    price = np.sort(np.round(rng.uniform(5, 15, (pairs, 1)) * rng.uniform(0.7, 1.3, (pairs, points)), 1), axis=1)
    node = np.arange(pairs)
    if rng.random() < 0.5:
        node, price[1] = np.maximum(node - 1, 0), price[0]
    nodes = int(node.max()) + 1
    ends = [rng.choice(nodes, 2, replace=False) for _ in range(rng.integers(1, 8))]
    allowed = rng.random(price.shape) < 0.8
    allowed[:, 0] = True
    allowed[:, 1:] &= price[:, 1:] > price[:, :-1]
    bounds = [(int(one), int(other), float(rng.uniform(0.9, 1.8))) for one, other in ends]
    return price, allowed, np.zeros(pairs, np.int64), a_coupling(node, bounds)


def broken(coupling: Coupling, shown: Floats) -> Ints:
    """Return the nodes whose shown prices break a coupling."""
    low, high = np.full(coupling.nodes, np.inf), np.zeros(coupling.nodes)
    np.minimum.at(low, coupling.node, shown)
    np.maximum.at(high, coupling.node, shown)
    out = set(np.flatnonzero(high > low * (1 + 1e-9)).tolist())
    for at in np.flatnonzero(low[coupling.low] > coupling.factor * high[coupling.high] * (1 + 1e-8)):
        out |= {int(coupling.low[at]), int(coupling.high[at])}
    return np.array(sorted(out), np.int64)


def every_way(price: Floats, allowed: Flags, coupling: Coupling) -> list[Ints]:
    """Return every choice of candidates that follows all couplings."""
    free = [np.flatnonzero(row) for row in allowed]
    rows = np.arange(len(price))
    return [found for one in product(*free) if not len(broken(coupling, price[rows, found := np.array(one)]))]


def by_highs(
    value: Floats, price: Floats, coupling: Coupling, brings: list[Floats], need: list[float]
) -> float:  # fmt: skip
    """Return the best sum of values that HiGHS finds as a mixed integer program.

    Args:
        value: Of each candidate, -inf where it is not allowed.
        brings: What candidates bring to each target.
        need: What all must bring to each.
    """
    row, point = np.nonzero(np.isfinite(value))
    cells, pairs = np.arange(len(row)), len(value)
    shown = price[row, point]

    def lines(entries: list[tuple[int, float]], number: int) -> sparse.csr_matrix:
        """Return rows that hold the prices of pairs, with weights."""
        found = sparse.lil_matrix((number, len(row)))
        for line, (pair, weight) in enumerate(entries):
            found[line % number, cells[row == pair]] += weight * shown[row == pair]
        return sparse.csr_matrix(found)

    one = sparse.csr_matrix((np.ones(len(row)), (row, cells)), shape=(pairs, len(row)))
    limits = [optimize.LinearConstraint(one, 1, 1)]
    limits += [
        optimize.LinearConstraint(held[row, point][None, :], least, np.inf)
        for held, least in zip(brings, need, strict=True)
    ]
    first = {int(node): int(np.flatnonzero(coupling.node == node)[0]) for node in np.unique(coupling.node)}
    for pair in range(pairs):
        if (other := first[int(coupling.node[pair])]) != pair:
            limits.append(optimize.LinearConstraint(lines([(pair, 1.0), (other, -1.0)], 1), -1e-7, 1e-7))
    for low, high, factor in zip(coupling.low, coupling.high, coupling.factor, strict=True):
        both = lines([(first[int(low)], 1.0), (first[int(high)], -float(factor))], 1)
        limits.append(optimize.LinearConstraint(both, -np.inf, 1e-7))
    found = optimize.milp(
        -value[row, point], integrality=np.ones(len(row), np.int64), bounds=optimize.Bounds(0, 1), constraints=limits,
        options={"mip_rel_gap": 1e-9},
    )  # fmt: skip
    assert found.x is not None, found.message
    return -float(found.fun)
