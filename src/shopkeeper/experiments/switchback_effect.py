"""The effect of a switchback as the rails judge it: adjusted by the time before, with an interval by the coins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from shopkeeper.experiments.analysis_record import Estimate, Interval, nothing
from shopkeeper.experiments.switchback import Array, SwitchbackDesign, Tiles, effect_of_tiles, tiles_of


def levelled(values: npt.ArrayLike, before: npt.ArrayLike) -> Array:
    """Return a metric with both clusters of each pair brought to the mean of their levels before the test.

    What happens to all clusters alike, such as a sunny week, moves the larger one of a pair by more and so hangs on the
    coin; after this it does not. The factors know nothing of the test, so that randomisation inference stays exact. A
    pair of which one had nothing before is left as it is.

    Args:
        values: Of each cluster on each day, shape (clusters, days).
        before: Sum of each cluster before the test, shape (clusters,).
    """
    table, level = np.array(values, dtype=np.float64), np.asarray(before, dtype=np.float64)
    pairs = len(level) // 2
    two = level[: 2 * pairs].reshape(pairs, 2)
    sound = two.min(axis=1, keepdims=True) > 0
    factor = np.where(sound, two.mean(axis=1, keepdims=True) / np.where(two > 0, two, 1.0), 1.0)
    table[: 2 * pairs] *= factor.reshape(-1, 1)
    return table


def first_blocks(design: SwitchbackDesign, blocks: int) -> SwitchbackDesign:
    """Return the design of the first blocks of tiles alone: what has matured of a test that goes on."""
    return replace(design, coins=tuple(pair[:blocks] for pair in design.coins))


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One effect, adjusted by the time before and not."""

    adjusted: Estimate
    unadjusted: Estimate


def estimated(design: SwitchbackDesign, values: npt.ArrayLike, before: npt.ArrayLike, alpha: float) -> Adjusted:
    """Return the relative effect on a sum, such as revenue; shapes as in `levelled`."""
    raw, even = tiles_of(design, values), tiles_of(design, levelled(values, before))
    left = _spread(even) / _spread(raw) if _spread(raw) > 0 else 1.0
    return Adjusted(_estimate(even, alpha, left), _estimate(raw, alpha, 1.0))


def estimated_share(
    design: SwitchbackDesign, part: npt.ArrayLike, whole: npt.ArrayLike, alpha: float
) -> Estimate:  # fmt: skip
    """Return the relative effect on a ratio of sums, such as margin over revenue, tiles being the clusters.

    A ratio that is 0 in every tile, as where nothing came back, has no effect and no error.

    Source:
        Cochran (1977), Sampling Techniques, ch. 6: the ratio estimator linearised; differences by tile, t over tiles.
    """
    above, below = tiles_of(design, part), tiles_of(design, whole)
    n = len(above.treated)
    if n >= 2 and not (above.treated.any() or above.control.any()):
        return _of(n, 0.0, 0.0, 0.0, (0.0, 0.0), 1.0, alpha, 1.0)
    sums = [float(one.sum()) for one in (above.treated, below.treated, above.control, below.control)]
    if n < 2 or min(sums) <= 0:
        return nothing("too few tiles with something in both arms")
    treated, control = sums[0] / sums[1], sums[2] / sums[3]
    pull = (above.treated - treated * below.treated) / sums[0] - (above.control - control * below.control) / sums[2]
    relative = treated / control - 1
    error = (1 + relative) * math.sqrt(float((pull**2).sum()) * n / (n - 1))
    reach = float(stats.t.isf(alpha / 2, n - 1)) * error
    p = 2 * float(stats.t.sf(abs(relative) / error, n - 1)) if error > 0 else float(relative == 0)
    return _of(n, control, treated, relative, (relative - reach, relative + reach), p, alpha, 1.0)


def _estimate(tiles: Tiles, alpha: float, left: float) -> Estimate:
    found = effect_of_tiles(tiles, alpha)
    low, high = found.relative_low, found.relative_high
    if found.relative is None or low is None or high is None:
        return nothing("nothing was sold in the control, or more came back than was sold")
    if not (math.isfinite(low) and math.isfinite(high)):
        return nothing(f"{found.tiles} tiles are too few for an interval")
    cells = 2 * found.tiles
    control, treated = float(tiles.control.sum()) / cells, float(tiles.treated.sum()) / cells
    return _of(found.tiles, control, treated, found.relative, (low, high), found.p, alpha, left)


def _of(
    tiles: int, control: float, treated: float, relative: float, ends: tuple[float, float], p: float, alpha: float,
    left: float,
) -> Estimate:  # fmt: skip
    """Return an estimate whose error never says more than its interval does: the longer side, as if it were normal.

    There is no interval for any look, so `always` says nothing: such a test is looked at once.
    """
    error = max(relative - ends[0], ends[1] - relative, 0.0) / float(stats.norm.isf(alpha / 2))
    return Estimate(
        n=4 * tiles, control=control, value=treated, relative=relative, error=error,
        fixed=Interval(low=ends[0], high=ends[1]), always=Interval(), p=p, p_always=1.0, variance_left=left,
    )  # fmt: skip


def _spread(tiles: Tiles) -> float:
    """Return the mean squared gap of the arms, relative to their sums: its noise where there is no effect."""
    whole = float(np.mean(tiles.treated + tiles.control))
    return float(np.mean((tiles.treated - tiles.control) ** 2)) / whole**2 if whole > 0 else 0.0
