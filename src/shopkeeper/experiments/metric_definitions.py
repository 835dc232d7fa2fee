"""What is added up of a unit, and which metric is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from shopkeeper.commerce.event import EventType
from shopkeeper.experiments.arms import Form
from shopkeeper.objectives.catalogue import CATALOGUE, Direction

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,59}$")]
Measure = Literal[
    "events", "quantity", "visits", "seconds", "orders", "items", "sold", "refunded", "revenue", "margin",
    "costed_revenue",
]  # fmt: skip
OF_ORDERS: frozenset[Measure] = frozenset(
    {"orders", "items", "sold", "refunded", "revenue", "margin", "costed_revenue"}
)
"""Measures of orders and their returns."""
MONEY: frozenset[Measure] = frozenset({"sold", "refunded", "revenue", "margin", "costed_revenue"})
"""Measures in the store's currency."""
OF_SERVICE = ("p99_ms", "errors", "fallbacks", "uptime")
OF_PRODUCTS = ("shown",)
CUT: frozenset[Measure] = frozenset({"revenue", "margin"})
"""Measures whose means can be winsorised."""
WINSORISED_AT = 0.999
"""Quantile of the shoppers of the time before the test that a winsorised figure is cut at."""


class Figure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is added up of one unit.

    Attributes:
        name: Word by which metrics name it.
        measure: `events` or `quantity` of events of some types; `visits` and `seconds` of visits; `orders`, `items`;
            money `sold` before returns, `refunded`, `revenue` and `margin` less returns, and `costed_revenue` of lines
            whose cost is known.
        events: Types that are counted; for `events` and `quantity` alone.
        led: Only events that name a decision.
        surfaces: Only events on these surfaces; none = on all.
    """

    name: Name
    measure: Measure
    events: tuple[EventType, ...] = ()
    led: bool = False
    surfaces: tuple[str, ...] = ()


class MetricDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one metric is made of figures.

    Attributes:
        name: Name in the catalogue, or one of the house's own, which experiments report and no objective can name.
        of: The figure it is made of; a ratio's numerator.
        over: The figure it is divided by, over all units.
        shape: What of the figure counts for a unit: all of it, whether there is `any`, or what is `beyond_first`.
        winsorised: The same is measured once more with every unit cut at what all but one in a thousand shoppers of the
            store stayed below before the test.
        rows: What the rows are: units, products that were shown, or answers of the service.
        window_days: Whole days after the day of exposure that count; none = the objective's attribution_days.
        unit, direction, definition: For a metric that is not in the catalogue.
    """

    name: Name
    of: Name
    over: Name | None = None
    shape: Literal["whole", "any", "beyond_first"] = "whole"
    winsorised: bool = False
    rows: Literal["units", "products", "service"] = "units"
    window_days: Annotated[int, Meta(ge=0, le=366)] | None = None
    unit: str | None = None
    direction: Direction | None = None
    definition: str | None = None

    @property
    def form(self) -> Form:
        """How its sums are read."""
        return "ratio" if self.over is not None else "proportion" if self.shape == "any" else "mean"

    @property
    def upwards(self) -> bool:
        """True where more is better."""
        known = CATALOGUE.get(self.name)
        return (self.direction if known is None else known.direction) != "down"


class MetricFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of metrics.

    Attributes:
        version: Of this form; always 1.
        figures: What is added up of a unit.
        metrics: What is made of it.
    """

    version: Annotated[int, Meta(ge=1, le=1)]
    figures: tuple[Figure, ...] = ()
    metrics: tuple[MetricDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every figure and metric a workspace knows, by name."""

    figures: dict[str, Figure]
    metrics: dict[str, MetricDefinition]

    def of_units(self, names: Iterable[str] | None = None) -> tuple[MetricDefinition, ...]:
        """Return the metrics over units among some names (all by default), in the order of the files."""
        wanted = None if names is None else set(names)
        return tuple(
            one for one in self.metrics.values() if one.rows == "units" and (wanted is None or one.name in wanted)
        )

    def figure(self, name: str) -> Figure:
        """Return a figure by its name."""
        return self.figures[name]

    def in_money(self, metric: MetricDefinition) -> tuple[bool, bool]:
        """Say whether the numerator and the denominator of a metric are money."""
        over = metric.over is not None and self.figures[metric.over].measure in MONEY
        return self.figures[metric.of].measure in MONEY, over
