"""What is known of a running test at one moment: sums alone, no rows of people. Analyses are made of it."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from shopkeeper.experiments.moments import Sums


class Cell(Struct, frozen=True, kw_only=True):
    """Sums of one metric over the units of one arm, epoch and day of first exposure.

    Attributes:
        metric: Name in the catalogue; its form says what the figures are.
        day: Day of the first exposure, in the store's time zone.
        segment: Group of units such as `device=phone`; empty = all of them. A group's units are in no other cell of
            the same way of grouping.
        cut: Values above the winsorising bound were cut to it.
        covariate: The figures are followed by the same of the time before exposure.
        mature: The units' window is closed, so their figures are final.
        n, totals, products: See `experiments.moments.Sums`.
    """

    metric: str
    arm: str
    epoch: int = 0
    day: date
    segment: str = ""
    cut: bool = False
    covariate: bool = False
    mature: bool = True
    n: int
    totals: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    @property
    def sums(self) -> Sums:
        """The same, to compute with."""
        return Sums.of_figures(self.n, self.totals, self.products)


class Allocation(Struct, frozen=True, kw_only=True):
    """One epoch: a time in which the arms' shares did not change.

    Attributes:
        shares: Planned share by arm.
        units: Units exposed by arm, mature or not; crossers are in none.
        crossers: Units seen in more than one arm; left out of every sum.
    """

    epoch: int = 0
    shares: dict[str, float]
    units: dict[str, int]
    crossers: int = 0


class Answered(Struct, frozen=True, kw_only=True):
    """How one arm was answered: requests, errors, answers by the rules, milliseconds in the server; `mean_ms` costs."""

    requests: int = 0
    errors: int = 0
    fallbacks: int = 0
    mean_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


class DailyFigures(Struct, frozen=True, kw_only=True):
    """Sums of the primary metric by days since exposure, over the units of one arm and epoch followed for all days.

    Attributes:
        n, totals, products: See `experiments.moments.Sums`; figures of day 0, 1, ..., then a ratio's denominators.
    """

    arm: str
    epoch: int = 0
    n: int
    totals: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    @property
    def sums(self) -> Sums:
        """The same, to compute with."""
        return Sums.of_figures(self.n, self.totals, self.products)


class TestFigures(Struct, frozen=True, kw_only=True):
    """Everything an analysis reads.

    Attributes:
        at: When it was read; nothing newer is in it.
        allocations: Epoch by epoch.
        answered: Arm -> how it was answered.
        not_measured: Metric -> why there are no figures of it.
        money: Currency of all amounts; empty where there are several.
        daily: Empty where no unit was followed for days enough.
        simulated: Every store behind it is made up.
    """

    __test__ = False  # no test of pytest's

    test: str
    at: datetime
    allocations: tuple[Allocation, ...]
    cells: tuple[Cell, ...]
    answered: dict[str, Answered] = {}
    not_measured: dict[str, str] = {}
    money: str = ""
    daily: tuple[DailyFigures, ...] = ()
    simulated: bool = False
