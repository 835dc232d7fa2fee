"""Price tests: product clusters that switch between two arms over time, because shoppers must all see one price.

Clusters are taken two by two and periods two by two. In each such tile one coin decides: the first cluster is treated
in the first period and the second cluster in the second one, or the other way round. So every cluster is treated half
of the time and every period treats half of the clusters, whatever the coins say, and what a cluster or a period brings
by itself falls out of every tile.

Source:
    Bojinov, Simchi-Levi, Zhao (2023), Design and Analysis of Switchback Experiments, for randomisation inference and
    washout; Missault, Masoero, Delbe, Richardson, Imbens (2025), arXiv 2506.12654, for balance over products and time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SwitchbackDesign:
    """Who is treated when.

    Attributes:
        clusters: In pairs: the first two, the next two. Order them by size before, so that pairs are alike; nothing
            from within the test may be used for it. An odd one at the end stays in the control.
        period_days: Days between two switches.
        washout_days: Days at the start of each period that are not counted, as what was before still works on them.
        apart: Periods between the two of a tile; 7 periods of one day pair a weekday with itself.
        coins: 1 or -1 for each tile, shape (pairs, blocks, apart).
    """

    clusters: tuple[str, ...]
    period_days: int
    washout_days: int
    apart: int
    coins: tuple[tuple[tuple[int, ...], ...], ...]

    @property
    def tiles(self) -> int:
        """Number of coins: what stands for the size of the test."""
        return int(np.size(self.coins))

    @property
    def days(self) -> int:
        """Length of the test."""
        return len(self.coins[0]) * 2 * self.apart * self.period_days

    def treated(self, cluster: str, day: int) -> bool:
        """Say whether a cluster is treated on a day, counted from 0.

        Raises:
            InputError: the cluster or the day lies outside of the design.
        """
        if cluster not in self.clusters or not 0 <= day < self.days:
            raise InputError(f"The design has no cluster {cluster!r} on day {day}.", f"It has {self.days} days.")
        pair, second = divmod(self.clusters.index(cluster), 2)
        if pair >= len(self.coins):
            return False
        block, place = divmod(day // self.period_days, 2 * self.apart)
        later, period = divmod(place, self.apart)
        return (self.coins[pair][block][period] == 1) == (later == second)

    def table(self) -> npt.NDArray[np.bool_]:
        """Return who is treated when; shape (clusters, days)."""
        up = np.asarray(self.coins) == 1
        pairs, blocks, apart = up.shape
        arms = np.empty((pairs, 2, blocks, 2, apart), dtype=np.bool_)
        arms[:, 0, :, 0] = arms[:, 1, :, 1] = up
        arms[:, 0, :, 1] = arms[:, 1, :, 0] = ~up
        found = np.zeros((len(self.clusters), self.days), dtype=np.bool_)
        found[: 2 * pairs] = np.repeat(arms.reshape(2 * pairs, -1), self.period_days, axis=1)
        return found


def drawn(
    clusters: Sequence[str], days: int, seed: int, *, period_days: int = 1, washout_days: int = 0, apart: int = 7
) -> SwitchbackDesign:
    """Return a random balanced design over as many of the days as make whole tiles.

    Raises:
        InputError: fewer than two clusters, a washout that leaves nothing, or too few days for one tile.
    """
    blocks = days // (2 * apart * period_days)
    if len(clusters) < 2 or len(set(clusters)) != len(clusters):
        raise InputError(f"A switchback needs two clusters or more, each named once; there are {len(set(clusters))}.")
    if not 0 <= washout_days < period_days:
        raise InputError(
            f"A washout of {washout_days} days leaves nothing of periods of {period_days}.",
            "Take longer periods, or a shorter washout.",
        )
    if blocks < 1:
        raise InputError(
            f"{days} days are too few: one tile takes {2 * apart * period_days}.",
            "Run longer, or pair periods that lie nearer to each other.",
        )
    coins = np.random.default_rng(seed).choice([-1, 1], (len(clusters) // 2, blocks, apart))
    return SwitchbackDesign(
        tuple(clusters), period_days, washout_days, apart, tuple(tuple(map(tuple, pair)) for pair in coins.tolist())
    )


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """What a metric summed to in each tile; shape (tiles,) each.

    Attributes:
        treated, control: Over the two cells of the tile in that arm.
    """

    treated: Array
    control: Array


def corners(values: npt.ArrayLike, period_days: int, washout_days: int, apart: int) -> tuple[Array, Array]:
    """Return what the two ways a coin can fall put together, tile by tile: shape (pairs, blocks, apart) each.

    The first holds the first cluster's earlier period and the second cluster's later one; it is treated where the coin
    is 1.

    Args:
        values: A metric of each cluster on each day, shape (clusters, days); days beyond whole tiles are left out.
    """
    table = np.asarray(values, dtype=np.float64)
    pairs, blocks = table.shape[0] // 2, table.shape[1] // (2 * apart * period_days)
    cut = table[: 2 * pairs, : blocks * 2 * apart * period_days]
    cells = cut.reshape(pairs, 2, blocks, 2, apart, period_days)[..., washout_days:].sum(axis=-1)
    return cells[:, 0, :, 0] + cells[:, 1, :, 1], cells[:, 0, :, 1] + cells[:, 1, :, 0]


def tiles_of(design: SwitchbackDesign, values: npt.ArrayLike) -> Tiles:
    """Return the tiles of what was measured.

    Args:
        values: A metric of each cluster, in the design's order, on each day of the test; shape (clusters, days).

    Raises:
        InputError: the table has another shape, or gaps.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.shape != (len(design.clusters), design.days) or not np.isfinite(table).all():
        raise InputError(
            f"The design has {len(design.clusters)} clusters over {design.days} days; the table is {table.shape}"
            f" with {int((~np.isfinite(table)).sum())} gaps.",
            "Fill a day without sales with 0.",
        )
    one, other = corners(table, design.period_days, design.washout_days, design.apart)
    up = np.asarray(design.coins) == 1
    return Tiles(np.where(up, one, other).ravel(), np.where(up, other, one).ravel())


@dataclass(frozen=True, slots=True)
class SwitchbackEffect:
    """The effect of the treatment, by the coins alone: no model of demand is believed.

    Attributes:
        absolute: Per cluster and period, in the metric's unit, with its interval.
        relative: Over the control; None where a sum of the control is not above 0.
        p: Two-sided, of there being no effect on any cluster in any period.
        tiles: Coins.
    """

    absolute: float
    absolute_low: float
    absolute_high: float
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    p: float
    tiles: int


_ALL_SUBSETS: Final = 12
_MOST_CELLS: Final = 2_000_000
"""Cells of a table of sets held at once, so that a test of many thousand tiles fits into memory."""


def effect_of_tiles(tiles: Tiles, alpha: float = 0.05, draws: int = 1_999, seed: int = 0) -> SwitchbackEffect:
    """Return the effect with p value and interval, both from what else the coins might have said.

    If the treatment changed every cell by one factor `1 + r`, undoing it makes arms exchangeable in every tile. Letting
    the coins of a set S of tiles fall the other way then gives a larger difference exactly when the ratio of sums over
    S says `sum(treated) / sum(control) - 1 < r`. So the effects that no test rejects, the interval by inversion, lie
    between two quantiles of that ratio over random sets; of a constant amount likewise with mean differences.

    Args:
        draws: Random sets, where there are more than 4,096 sets in all.

    Source:
        Hartigan (1969), Using Subsample Values as Typical Values, for the quantiles; Fisher (1935) for the test.
    """
    treated, control, sizes = _sums_of_sets(tiles, draws, seed)
    gaps = (treated - control) / (2 * sizes)
    low, high = _typical(gaps, alpha)
    below = min(1.0, 2 * min(1 + int((gaps <= 0).sum()), 1 + int((gaps >= 0).sum())) / (1 + len(gaps)))
    whole = float(tiles.control.sum())
    absolute = float(tiles.treated.sum() - whole) / (2 * len(tiles.treated))
    if whole <= 0 or (control <= 0).any():
        return SwitchbackEffect(absolute, low, high, None, None, None, below, len(tiles.treated))
    relative = _typical(treated / control - 1, alpha)
    return SwitchbackEffect(
        absolute, low, high, float(tiles.treated.sum()) / whole - 1, *relative, below, len(tiles.treated)
    )


def _sums_of_sets(tiles: Tiles, draws: int, seed: int) -> Array:
    """Return the sums of both arms over sets of tiles (all sets where few exist) and their sizes; shape (3, sets)."""
    columns = np.column_stack([tiles.treated, tiles.control, np.ones(len(tiles.treated))])
    if len(columns) <= _ALL_SUBSETS:
        numbers = np.arange(1, 2 ** len(columns))
        return np.asarray((((numbers[:, None] >> np.arange(len(columns))) & 1) @ columns).T)
    rng = np.random.default_rng(seed)
    rows = max(_MOST_CELLS // len(columns), 1)
    sizes = [min(rows, draws - done) for done in range(0, draws, rows)]
    found = np.concatenate([rng.integers(0, 2, (size, len(columns))).astype(np.float64) @ columns for size in sizes])
    return np.asarray(found[found[:, 2] > 0].T)


def _typical(values: Array, alpha: float) -> tuple[float, float]:
    """Return the two values between which the truth lies with chance 1 - alpha: it is as likely between any two."""
    ordered, skipped = np.sort(values), int(alpha / 2 * (len(values) + 1))
    if skipped < 1:
        return -np.inf, np.inf
    return float(ordered[skipped - 1]), float(ordered[-skipped])
