"""Which tries a budget buys: those that are worth most for the money at risk, each pool within its own."""

from __future__ import annotations

import numpy as np

from shopkeeper.pricing.exploration.exploring import UNTRIED, Exploring
from shopkeeper.pricing.exploration.stakes import Stakes
from shopkeeper.pricing.optimizer.frontier import sums_by
from shopkeeper.pricing.shelf import Flags, Floats, Ints


def bought(kind: Ints, stakes: Stakes, revenue: Floats, exploring: Exploring) -> Flags:
    """Return which tries are made, shape (pairs,).

    In the order of what they bring within the weeks they are given, their cost taken off, for the money at risk; as
    long as their pool's budget and share last, and none that does not pay. One that is expected to bring more than the
    price that would have been set is left alone, where anybody has an opinion on its slope: it was not set because its
    neighbours move too.

    Args:
        kind: Of each pair's try, -1 where there is none.
        revenue: Expected of each pair a week, money.
    """
    rate = net_rate(stakes, exploring)
    rows = np.flatnonzero((kind != UNTRIED) & (rate > 0) & ((stakes.cost >= 0) | exploring.unknown))
    rows = rows[np.lexsort((rows, -rate[rows], exploring.pool[rows]))]
    pool = exploring.pool[rows]
    spent, many = _running(stakes.risk[rows], pool), _running(np.ones(len(rows)), pool)
    prices = sums_by(exploring.pool, exploring.may, int(exploring.pool.max(initial=0)) + 1)
    made = (spent <= budgets(revenue, exploring)[pool]) & (many <= exploring.share[rows] * prices[pool])
    found = np.zeros(len(kind), np.bool_)
    found[rows[made]] = True
    return found


def net_rate(stakes: Stakes, exploring: Exploring) -> Floats:
    """Return what each try brings within its weeks, less its cost, for one unit of money at risk, shape (pairs,)."""
    net = stakes.gain * exploring.weeks - np.maximum(stakes.cost, 0.0)
    return np.asarray(np.where(exploring.may, net, 0.0) / np.maximum(stakes.risk, 1e-9))


def budgets(revenue: Floats, exploring: Exploring) -> Floats:
    """Return the money each pool may have at risk a week, shape (pools,)."""
    money = np.where(exploring.may, exploring.budget * revenue, 0.0)
    return sums_by(exploring.pool, money, int(exploring.pool.max(initial=0)) + 1)


def _running(values: Floats, pool: Ints) -> Floats:
    """Return the running sums of values within each pool; pools lie together."""
    total = np.cumsum(values)
    first = np.searchsorted(pool, pool)
    return np.asarray(total - np.where(first > 0, total[first - 1], 0.0))
