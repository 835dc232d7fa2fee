"""What was foreseen of an experiment before its first shopper, as it is stored and shown."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class Chance(Struct, frozen=True, kw_only=True):
    """How likely an arm has won by a day.

    Attributes:
        units: Matured, of one arm.
        planned: With the smallest uplift worth having.
        half: With half of it.
        none: Without any.
    """

    day: int
    date: date
    units: int
    planned: float
    half: float
    none: float


class Foreseen(Struct, frozen=True, kw_only=True):
    """What a plan needs for its primary metric, each other arm against the control.

    Attributes:
        units_per_arm: Of the smallest arm, mature, at which all of alpha is spent.
        days: Days with exposures, in whole weeks.
        decided_on: Day on which the last of them has matured.
        planned_days: Days that the plan has.
        enough: The plan's days are no fewer than are needed.
        cuped_factor: Share of the units that the time before exposure leaves to be needed.
        looks_factor: What looking more than once costs in units.
        chances: Look by look.
    """

    units_per_arm: int
    days: int
    decided_on: date
    planned_days: int
    enough: bool
    cuped_factor: float
    looks_factor: float
    chances: tuple[Chance, ...]
