"""Simulated shoppers of a live test as sums over units, so that thousands of tests can be drawn in a minute.

Shoppers see lists, click, some buy, some send goods back. Clicks, purchases, order values, margin and refunds of one
shopper hang together: one who clicks more buys more often, and revenue, margin and refunds are of the same orders.
Sums over buyers are sums of simulated buyers, heavy tails included; those over the many who do not buy, of clicks and
impressions alone, are drawn as normal, which thousands of users a day allow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

SEEN: Final = ("i", "c", "ii", "ic", "cc")
BOUGHT: Final = ("o", "oo", "r", "rr", "ro", "m", "mm", "f", "ff", "fg", "g", "gg", "m0", "m0m0")
"""Impressions i, clicks c | orders o, revenue after returns r, its margin m, refunds f, revenue before returns g, its
margin m0; two letters: the sum of products."""
_PLACE: Final = {name: place for place, name in enumerate((*SEEN, *BOUGHT))}
_BUYERS = 1 << 19
_BLOCKS = 1 << 15
_LEVELS = 15


@dataclass(frozen=True, slots=True)
class Shoppers:
    """How shoppers of one arm behave.

    Attributes:
        conversion: Share who buy.
        click_rate: Clicks per impression.
        order_value: Mean of an order, before returns; its logarithm has deviation `spread`.
        refund_chance: Share of buyers who send something back, all of it or half.
    """

    conversion: float = 0.03
    click_rate: float = 0.05
    order_value: float = 60.0
    spread: float = 0.8
    refund_chance: float = 0.12
    margin_rate: float = 0.35

    def changed(self, **lifts: float) -> Shoppers:
        """Return shoppers with some of the figures raised by a share of themselves."""
        return replace(self, **{name: getattr(self, name) * (1 + lift) for name, lift in lifts.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Shoppers ready to be drawn.

    Attributes:
        mean, root: Of what one who does not buy has seen: mean and a root of the covariance of `SEEN`.
        levels: For each power of 2, sums over so many buyers of `SEEN` and `BOUGHT`; shape (blocks, figures).
    """

    shoppers: Shoppers
    mean: Array
    root: Array
    levels: tuple[Array, ...]

    @staticmethod
    def of(shoppers: Shoppers, seed: int) -> Crowd:
        """Return a crowd; equal shoppers and seeds make equal ones, as the arms of an A/A test must be."""
        rng = np.random.default_rng([seed, 1])
        others = _seen(shoppers, rng, _BUYERS, buyers=False)
        root = np.asarray(np.linalg.cholesky(np.cov(others, rowvar=False)), dtype=np.float64)
        sums = np.column_stack([_seen(shoppers, rng, _BUYERS, buyers=True), _bought(shoppers, rng, _BUYERS)])
        levels: list[Array] = []
        for level in range(_LEVELS):
            size = 1 << level
            if size * _BLOCKS <= _BUYERS:
                levels.append(sums[: size * _BLOCKS].reshape(_BLOCKS, size, -1).sum(axis=1))
            else:
                halves = rng.integers(0, _BLOCKS, (2, _BLOCKS))
                levels.append(levels[-1][halves[0]] + levels[-1][halves[1]])
        return Crowd(shoppers, np.asarray(others.mean(axis=0), dtype=np.float64), root, tuple(levels))

    def buyers(self, counts: Counts, rng: np.random.Generator) -> Array:
        """Return sums over as many buyers as each count says; shape (*counts.shape, figures)."""
        flat = counts.ravel()
        found = np.zeros((len(flat), len(_PLACE)))
        for level, blocks in enumerate(self.levels[:-1]):
            chosen = np.flatnonzero(flat >> level & 1)
            found[chosen] += blocks[rng.integers(0, _BLOCKS, len(chosen))]
        left = flat >> (_LEVELS - 1)
        while (chosen := np.flatnonzero(left > 0)).size:
            found[chosen] += self.levels[-1][rng.integers(0, _BLOCKS, len(chosen))]
            left[chosen] -= 1
        return found.reshape(*counts.shape, -1)

    def others(self, counts: Counts, rng: np.random.Generator) -> Array:
        """Return the sums of `SEEN` over as many who do not buy."""
        noise = rng.standard_normal((*counts.shape, len(SEEN))) @ self.root.T
        return np.asarray(counts[..., None] * self.mean + np.sqrt(counts)[..., None] * noise)


def figure(sums: Array, name: str) -> Array:
    """Return one figure of sums by its name; last axis."""
    return np.asarray(sums[..., _PLACE[name]])


def _seen(shoppers: Shoppers, rng: np.random.Generator, n: int, *, buyers: bool) -> Array:
    """Return what users saw and clicked; a buyer is met in proportion to how much users click."""
    eager = rng.beta(1.0, 19.0, 2 * n)
    wanted = 0.5 + 0.5 * eager / 0.05
    met = wanted if buyers else np.maximum(1.0 - shoppers.conversion * wanted, 0.0)  # both together click as all do
    eager = rng.choice(eager, 2 * n, p=met / met.sum())
    lists = 6.0 * (1 + rng.poisson(2.0, n))
    rate = np.minimum(eager[:n] / 0.05 * shoppers.click_rate, 1.0)
    clicks = rng.binomial(lists.astype(np.int64), rate).astype(np.float64)
    return np.column_stack([lists, clicks, lists**2, lists * clicks, clicks**2])


def _bought(shoppers: Shoppers, rng: np.random.Generator, n: int) -> Array:
    """Return the figures of `BOUGHT` of n buyers."""
    o = 1.0 + rng.poisson(0.15, n)
    g = o * shoppers.order_value * np.exp(rng.normal(-(shoppers.spread**2) / 2, shoppers.spread, n))
    back = (rng.random(n) < shoppers.refund_chance) * rng.choice([0.5, 1.0], n)
    margin = np.clip(rng.normal(shoppers.margin_rate, 0.1, n), 0.0, 0.8)
    f, r = g * back, g * (1 - back)
    m, m0 = r * margin, g * margin
    return np.column_stack([o, o * o, r, r * r, r * o, m, m * m, f, f * f, f * g, g, g * g, m0, m0 * m0])
