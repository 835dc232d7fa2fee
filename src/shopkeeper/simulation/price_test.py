"""Demand of product clusters over days with a known effect of a treatment, to try price tests on. All simulated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.switchback import drawn, effect_of_tiles, tiles_of

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DemandWorld:
    """What demand is like.

    Attributes:
        memory: How much of a day's luck goes on to the next (autocorrelation), 0 to 1.
        noise: Standard deviation of a day's luck, log scale.
        week: Swing of a week, log scale.
        spread: Standard deviation of the clusters' sizes, log scale.
        carryover: Share of the arm before that still works on the first day after a switch.
    """

    memory: float = 0.5
    noise: float = 0.25
    week: float = 0.3
    spread: float = 0.8
    carryover: float = 0.0


def demand(world: DemandWorld, clusters: int, days: int, rng: np.random.Generator) -> Array:
    """Return the revenue of each cluster on each day without any treatment; shape (clusters, days)."""
    luck = rng.normal(0, world.noise, (clusters, days))
    for day in range(1, days):
        luck[:, day] = world.memory * luck[:, day - 1] + np.sqrt(1 - world.memory**2) * luck[:, day]
    size = rng.normal(6, world.spread, (clusters, 1))
    season = world.week * np.sin(2 * np.pi * (np.arange(days) + rng.integers(0, 7)) / 7)
    return np.asarray(np.exp(size + season + luck))


def treated_demand(world: DemandWorld, base: Array, treated: npt.NDArray[np.bool_], effect: float) -> Array:
    """Return the revenue under a relative effect of the treatment, some of which is still there the day after."""
    strength = treated.astype(np.float64)
    strength[:, 1:] += world.carryover * (strength[:, :-1] - strength[:, 1:])
    return np.asarray(base * (1 + effect * strength))


def interval_coverage(
    runs: int, seed: int, *, effect: float = 0.05, clusters: int = 16, days: int = 28, period_days: int = 1,
    washout_days: int = 0, apart: int = 7, world: DemandWorld = DemandWorld(),
) -> float:  # fmt: skip
    """Return the share of simulated price tests whose 95% interval of the relative effect holds the true one.

    Args:
        effect: True relative effect, the same in each cell.
    """
    rng = np.random.default_rng(seed)
    names = [f"cluster {place}" for place in range(clusters)]
    hits = 0
    for run in range(runs):
        design = drawn(
            names, days, int(rng.integers(2**31)), period_days=period_days, washout_days=washout_days, apart=apart
        )
        values = treated_demand(world, demand(world, clusters, design.days, rng), design.table(), effect)
        found = effect_of_tiles(tiles_of(design, values), draws=999, seed=run)
        low, high = found.relative_low, found.relative_high
        hits += low is not None and high is not None and low <= effect <= high
    return hits / runs
