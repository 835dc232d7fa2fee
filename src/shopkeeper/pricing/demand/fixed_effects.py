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
        normal = _inverse(np.einsum("pt,bt,ct->pbc", weights, self.basis, self.basis, optimize=True))
        of_period = weights.sum(axis=0)
        per_weight = np.divide(1.0, of_period, out=np.zeros_like(of_period), where=of_period > 0)
        for _ in range(sweeps if self.periods else 1):
            for column in range(len(columns)):
                if self.periods:
                    columns[column] -= np.einsum("pt,pt->t", weights, columns[column]) * per_weight
                coefficients = np.einsum("pbc,pc->pb", normal, (weights * columns[column]) @ self.basis.T)
                columns[column] -= coefficients @ self.basis


def _inverse(normal: Floats) -> Floats:
    """Return inverses of each pair's normal equations, of the level alone where a trend cannot be told."""
    level = normal[:, 0, 0]
    found = np.zeros_like(normal)
    found[:, 0, 0] = np.divide(1.0, level, out=np.zeros_like(level), where=level > 0)
    if normal.shape[1] == 1:
        return found
    determinant = level * normal[:, 1, 1] - normal[:, 0, 1] ** 2
    told = determinant > 0.02 * level**2
    a, b, d = level[told], normal[told, 0, 1], normal[told, 1, 1]
    found[told] = np.stack([np.stack([d, -b], -1), np.stack([-b, a], -1)], -1) / determinant[told][:, None, None]
    return found
