"""What a price test can see, from days before it: asked first, and no test without an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.switchback import Array, SwitchbackDesign, corners


@dataclass(frozen=True, slots=True)
class SwitchbackPower:
    """What a design can see.

    Attributes:
        tiles: Coins of the design.
        power: Chance to find the effect asked about, two-sided.
        smallest: Smallest relative effect that is found with the chance asked for.
        smallest_p: Smallest two-sided p value so many coins can give.
        days_needed: Days with these clusters that find the effect asked about.
    """

    tiles: int
    power: float
    smallest: float
    smallest_p: float
    days_needed: int


def power_of(
    design: SwitchbackDesign, history: npt.ArrayLike, effect: float, *, alpha: float = 0.05, power: float = 0.8,
    runs: int = 1_000, seed: int = 0,
) -> SwitchbackPower:  # fmt: skip
    """Return what a design would see, from tiles of days before the test.

    Each run draws as many tiles as the design has from those of the past, lets coins fall, raises the treated cells by
    the effect and tests by turning signs.

    Args:
        history: The metric of each cluster (in the design's order) on past days, shape (clusters, past days).
        effect: Relative, such as 0.03.

    Raises:
        NotEnoughData: the past is shorter than one tile, or holds nothing.
    """
    table = np.asarray(history, dtype=np.float64)
    block = 2 * design.apart * design.period_days
    if table.ndim != 2 or table.shape[0] != len(design.clusters) or table.shape[1] < block or not table.sum() > 0:
        raise NotEnoughData(
            f"A past of shape {table.shape} says nothing about a design of {len(design.clusters)} clusters.",
            f"Give {block} days or more of the metric for each cluster, as one tile takes that long.",
        )
    past = corners(table, design.period_days, design.washout_days, design.apart)
    one, other = (part.ravel() for part in past)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(one), (design.tiles, runs))
    coins = rng.choice([-1.0, 1.0], (design.tiles, runs))
    gaps, sums = coins * (one - other)[drawn], (one + other)[drawn]
    treated = (sums + gaps) / 2
    found = _found(gaps + effect * treated, alpha, rng)
    spread = math.sqrt(float(np.mean((one - other) ** 2)) / design.tiles)
    reach = float(stats.norm.isf(alpha / 2) + stats.norm.ppf(power))
    smallest = reach * spread / float(np.mean(one + other) / 2)
    tiles_needed = design.tiles * (smallest / effect) ** 2
    blocks = math.ceil(tiles_needed / (len(design.coins) * design.apart))
    return SwitchbackPower(design.tiles, found, smallest, math.ldexp(2.0, -design.tiles), max(blocks, 1) * block)


def _found(gaps: Array, alpha: float, rng: np.random.Generator, draws: int = 999) -> float:
    """Return the share of runs whose sum of gaps lies beyond all but alpha of what turned signs give."""
    turned = np.abs(rng.choice([-1.0, 1.0], (draws, len(gaps))) @ gaps)
    p = (1 + (turned >= np.abs(gaps.sum(axis=0)) - 1e-9).sum(axis=0)) / (draws + 1)
    return float(np.mean(p <= alpha))


def refuse_underpowered(found: SwitchbackPower, effect: float, *, alpha: float = 0.05, power: float = 0.8) -> None:
    """Let a design through only if it can see what it is made for.

    Raises:
        NotEnoughData: it would find the effect too seldom, or so few coins can reject nothing.
    """
    if found.power >= power and found.smallest_p < alpha:
        return
    raise NotEnoughData(
        f"{found.tiles} tiles find an effect of {100 * effect:g}% with chance {found.power:.2f}; {power:g} is asked"
        f" for. They can see {100 * found.smallest:.1f}% or more.",
        f"Run about {found.days_needed} days, take more product clusters, or test a larger change.",
    )
