"""A test of prices as it was drawn: which goods switch together, and who is at which prices when."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from shopkeeper.experiments.switchback import SwitchbackDesign


class PriceTest(Struct, frozen=True, kw_only=True):
    """One test of prices.

    Attributes:
        name: Of its plan.
        run: The price run whose prices are the other arm; what it was computed from is the control.
        stores: In which it changes prices, each by its own clock.
        start: First day.
        design: Clusters, periods and coins.
        state: `over` once the prices from before it hold everywhere again.
    """

    name: str
    run: str
    stores: tuple[str, ...]
    start: date
    design: SwitchbackDesign
    state: Literal["running", "over"] = "running"

    def day(self, local: date) -> int:
        """Return the number of a day of the test, counted from 0; below 0 before it."""
        return (local - self.start).days

    def treated_on(self, day: int) -> frozenset[str]:
        """Return the clusters that are at the run's prices on a day; none outside of the test."""
        if not 0 <= day < self.design.days:
            return frozenset()
        return frozenset(name for name in self.design.clusters if self.design.treated(name, day))


class Member(Struct, frozen=True):
    """A product in a store, and the cluster of a test it switches and is measured with."""

    store: str
    product: str
    cluster: str
