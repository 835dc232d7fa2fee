"""What the estimators of pricing read: pairs of a product and a store over periods of equal length.

A panel holds sums and prices of a store, never a row of a person: no field of it can carry one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import FieldProblem, InputError

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

LEAST_EXPOSURE: Final = 0.1
"""In-stock share below which a period says nothing about demand."""


@dataclass(frozen=True, slots=True)
class PricePanel:
    """Sales and prices, one row a pair (a product in a store), one column a period.

    A cell counts where its exposure is at least a tenth and its price is known. So a period without sales is a zero
    with exposure, a period sold out has no exposure, and a period before the launch has none either.

    Attributes:
        product: Index of each pair's product, shape (pairs,).
        store: Index of its store.
        category: Index of its category.
        units: Units sold, not negative, shape (pairs, periods).
        price: Shelf price net of tax, of the retail price list, currency of the store, NaN where unknown. A price known
            only from sales has to be carried over periods without sales (`pricing.rows` does), or these are lost.
        exposure: Share of the period in which the product could be bought, 0 to 1.
        promo: Share of the period under an announced promotion, or its strength, 0 to 1.
        rival: Price of the nearest competitor, NaN where unknown.
        cost: Purchase cost of one unit, NaN where unknown.
        period_days: Length of a period in days.
        ordered: Whether columns follow each other in time; False where rows carry no time.
        products, stores, categories: Names behind the indices.
    """

    product: Ints
    store: Ints
    category: Ints
    units: Floats
    price: Floats
    exposure: Floats
    promo: Floats | None = None
    rival: Floats | None = None
    cost: Floats | None = None
    period_days: float = 7.0
    ordered: bool = True
    products: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and units below zero.

        Raises:
            InputError: names the field and what to do.
        """
        for name in ("price", "exposure", "promo", "rival", "cost"):
            values = getattr(self, name)
            if values is not None and values.shape != self.units.shape:
                raise _wrong(name, f"{name} has shape {values.shape}, units {self.units.shape}", "Give both one shape.")
        for name in ("product", "store", "category"):
            if getattr(self, name).shape != (self.pairs,):
                raise _wrong(name, f"{name} has not one entry for each of {self.pairs} pairs", "Give one index a pair.")
        if (self.units < 0).any():
            raise _wrong("units", f"units go down to {self.units.min()}", "Book returns on the day of the sale.")

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return int(self.units.shape[0])

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.units.shape[1])

    def counted(self) -> npt.NDArray[np.bool_]:
        """Return which cells say something about demand, shape (pairs, periods)."""
        return np.asarray((self.exposure >= LEAST_EXPOSURE) & (self.price > 0))  # NaN is not above zero

    def of_pairs(self, chosen: npt.NDArray[np.generic]) -> PricePanel:
        """Return the panel of some pairs, by index or mask; names stay."""
        cut = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays: dict[str, Any] = {k: v[chosen] for k, v in cut.items() if isinstance(v, np.ndarray)}
        return replace(self, **arrays)

    def of_periods(self, chosen: slice) -> PricePanel:
        """Return the panel of some consecutive periods."""
        cut = {f.name: getattr(self, f.name) for f in fields(self)}
        cells: dict[str, Any] = {k: v[:, chosen] for k, v in cut.items() if isinstance(v, np.ndarray) and v.ndim == 2}
        return replace(self, **cells)


def _wrong(field: str, reason: str, remedy: str) -> InputError:
    return InputError(f"The price panel is wrong: {reason}.", remedy, (FieldProblem(field, reason, remedy),))
