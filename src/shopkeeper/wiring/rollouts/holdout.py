"""What everything a system does brings, by the shoppers it never did it for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.arms import mean_arm
from shopkeeper.experiments.live_test import HOLDOUT
from shopkeeper.experiments.long_term import HoldoutFigure, holdout_figure
from shopkeeper.experiments.unit_sums import TestCell, TestSums
from shopkeeper.wiring.rollouts.everybody import OTHERS, sums_of_everybody
from shopkeeper.wiring.settings import Settings

METRIC = "revenue_per_user"


@dataclass(frozen=True, slots=True)
class HoldoutMoney:
    """The figure of the stores of one currency.

    Attributes:
        held_out, others: Shoppers.
    """

    currency: str
    stores: tuple[str, ...]
    held_out: int
    others: int
    figure: HoldoutFigure

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)


def holdout_money(settings: Settings, system: str, weeks: int, at: datetime) -> tuple[HoldoutMoney, ...]:
    """Return the revenue that a system brought in the last weeks, for each currency, against the permanent holdout.

    A shopper's revenue counts from the first answer in these weeks on. Both groups have the same days of first answers,
    so that those who came late bend nothing.

    Raises:
        NotEnoughData: in no currency two shoppers or more were held out.
        ConfigError, Unavailable: see `sums_of_everybody`.
    """
    first, days = (at - timedelta(weeks=weeks)).date(), 7.0 * weeks
    sums = sums_of_everybody(settings, system, [METRIC], first, at, attribution_days=days, maturation_days=days)
    cells = sums.chosen()
    currencies = sorted({sums.currencies[cell.store] for cell in cells})
    found = [
        _money(sums, currency, [cell for cell in cells if sums.currencies[cell.store] == currency])
        for currency in currencies
    ]
    usable = tuple(one for one in found if one.held_out > 1 and one.others > 1)
    if not usable:
        held = sum(one.held_out for one in found)
        raise NotEnoughData(
            f"{held} shoppers of {system} were held out in the last {weeks} weeks, which shows nothing.",
            "Units are held out once a rollout has run (`rollout.holdout`); ask again when some have come.",
        )
    return usable


def _money(sums: TestSums, currency: str, cells: list[TestCell]) -> HoldoutMoney:
    held, others = (
        mean_arm(sums.sums(METRIC, [cell for cell in cells if cell.variant == name]).take([0]))
        for name in (HOLDOUT, OTHERS)
    )
    stores = tuple(sorted({cell.store for cell in cells}))
    return HoldoutMoney(currency, stores, held.n, others.n, holdout_figure(held, others))
