"""Sufficient statistics of an experiment: sums over units from which every test can be run without the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums over the units of one arm, of k figures each unit has.

    The figures of a mean are (y); of a ratio (numerator, denominator); with a pre-period the same again behind them.
    Sums of disjoint sets of units add up, so days, stores and epochs can be kept apart and put together.

    Attributes:
        n: Number of units.
        totals: Sum of each figure; shape (k,).
        products: Sum of the product of each pair of figures; shape (k, k).
    """

    n: int
    totals: Array
    products: Array

    @staticmethod
    def of_rows(rows: npt.ArrayLike) -> Sums:
        """Return the sums of rows of units, shape (n, k) or (n,) for one figure."""
        table = np.asarray(rows, dtype=np.float64)
        table = table.reshape(len(table), -1)
        return Sums(len(table), table.sum(axis=0), table.T @ table)

    @staticmethod
    def of_figures(n: int, totals: Sequence[float], products: Sequence[Sequence[float]]) -> Sums:
        """Return sums that were added up elsewhere, such as by SQL.

        Raises:
            ValueError: the shapes do not fit, or the products are not symmetric.
        """
        total, product = np.asarray(totals, dtype=np.float64), np.asarray(products, dtype=np.float64)
        if product.shape != (len(total), len(total)) or not np.allclose(product, product.T):
            raise ValueError(f"{len(total)} totals need a symmetric table of products, got shape {product.shape}.")
        return Sums(n, total, product)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.n + other.n, self.totals + other.totals, self.products + other.products)

    @property
    def means(self) -> Array:
        """Mean of each figure over units, shape (k,); 0 without units."""
        return self.totals / self.n if self.n else np.zeros_like(self.totals)

    @property
    def covariance(self) -> Array:
        """Sample covariance of the figures over units (n - 1), shape (k, k); 0 with fewer than two units."""
        if self.n < 2:
            return np.zeros_like(self.products)
        return np.asarray((self.products - np.outer(self.totals, self.totals) / self.n) / (self.n - 1))

    def take(self, figures: Sequence[int]) -> Sums:
        """Return the sums of some of the figures, in the order given."""
        chosen = np.asarray(figures, dtype=np.intp)
        return Sums(self.n, self.totals[chosen], self.products[np.ix_(chosen, chosen)])


def add_up(parts: Sequence[Sums], figures: int) -> Sums:
    """Return the sum of parts; empty sums of `figures` figures where there are none."""
    total = Sums(0, np.zeros(figures), np.zeros((figures, figures)))
    for part in parts:
        total = total + part
    return total
