"""Takes out of columns what pairs and periods explain by themselves: weighted alternating projections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effects:
    """Which effects are taken out.

    Attributes:
        basis: What each pair has a coefficient of its own for, shape (b, periods): a level, and a straight trend.
        periods: Whether each period has an effect common to all pairs.
    """

    basis: Floats
    periods: bool

    @classmethod
    def of(cls, periods: int, *, trend: bool, by_period: bool) -> Effects:
        """Return a level a pair, with a trend and effects of periods where asked for."""
        level = np.ones(periods)
        rows = [level, np.linspace(-1, 1, periods)] if trend else [level]
        return cls(np.asarray(rows), by_period)

    def take_out(self, columns: Floats, weights: Floats, sweeps: int) -> None:
        """Make columns orthogonal to the effects, in place; call again with new weights to go on from there.

        Args:
            columns: Shape (k, pairs, periods).
            weights: Shape (pairs, periods), 0 where a cell does not count.
            sweeps: Rounds over pairs, then periods. One is exact for pairs alone.
        """
        rows, periods = self.basis.shape
        squares = (self.basis[:, None] * self.basis).reshape(-1, periods)
        normal = _inverse((squares @ weights.T).reshape(rows, rows, -1))
        levels, shared = np.empty((len(columns), rows, len(weights))), np.zeros((len(columns), periods))
        for column, level, of_period in zip(columns, levels, shared, strict=True):
            weighted = weights * column
            level[:] = self.basis @ weighted.T
            if self.periods:
                weighted.sum(axis=0, out=of_period)
        if self.periods:
            levels, shared = self._alternated(weights, normal, levels, shared, sweeps)
        else:
            levels = (normal * levels[:, None]).sum(axis=2)
        for column, (level, of_period) in enumerate(zip(levels, shared, strict=True)):
            columns[column] -= level.T @ self.basis
            if self.periods:
                columns[column] -= of_period

    def _alternated(
        self, weights: Floats, normal: Floats, levels: Floats, shared: Floats, sweeps: int
    ) -> tuple[Floats, Floats]:
        """Return each pair's coefficients, shape (k, b, pairs), and each period's, from weighted sums over its cells.

        A sweep over sums reads the weights once for all columns, where one over cells reads every column.
        """
        total = weights.sum(axis=0)
        per_weight = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
        found, periods = np.zeros_like(levels), len(total)
        for _ in range(sweeps):
            by_pairs = (found.reshape(-1, len(weights)) @ weights).reshape(*found.shape[:2], periods)
            effects = (shared - (by_pairs * self.basis).sum(axis=1)) * per_weight
            taken = ((effects[:, None] * self.basis).reshape(-1, periods) @ weights.T).reshape(found.shape)
            found = (normal * (levels - taken)[:, None]).sum(axis=2)
        return found, effects


def _inverse(normal: Floats) -> Floats:
    """Return inverses of each pair's normal equations, of the level alone where a trend cannot be told.

    Args:
        normal: Shape (b, b, pairs).
    """
    level = normal[0, 0]
    found = np.zeros_like(normal)
    found[0, 0] = np.divide(1.0, level, out=np.zeros_like(level), where=level > 0)
    if len(normal) == 1:
        return found
    determinant = level * normal[1, 1] - normal[0, 1] ** 2
    told = determinant > 0.02 * level**2
    a, b, d = level[told], normal[0, 1, told], normal[1, 1, told]
    found[:, :, told] = np.stack([np.stack([d, -b]), np.stack([-b, a])]) / determinant[told]
    return found
