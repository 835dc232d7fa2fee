"""Why one price of a house is what it is, with the evidence: its curve, its slope, its rivals and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import numpy as np
from msgspec import Struct

from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.explain import Explanation, explain
from shopkeeper.pricing.house.history import History
from shopkeeper.pricing.house.weeks import FIRST_MONDAY
from shopkeeper.pricing.proposal import Feed, Proposal

WEEKS: Final = 26
"""Newest weeks that are shown."""


class Week(Struct, frozen=True, kw_only=True):
    """One week of the history.

    Attributes:
        monday: Its first day.
        price: Without tax; `exposure` the share of the week it could be bought, `promo` that it was under a promotion.
        rival: Rivals' mean price without tax; None where none was seen.
    """

    monday: date
    units: float
    price: float
    exposure: float
    promo: float
    rival: float | None


class Evidence(Struct, frozen=True, kw_only=True):
    """What a slope rests on. Slopes are percent of units for one percent of price.

    Attributes:
        support: Whose word it is.
        own, own_error: What the product's own sales say alone; None where its price did not move.
        category, category_sd: Mean slope of its category.
        settled: Share of what is unknown of a product never sold that its own sales have settled.
        reaction: Bias taken out because prices had followed demand, in points of slope.
        cross, rival: Effects of the category's other prices and of rivals' prices, percent of units for one percent.
        weeks: Weeks in which it had a price and could be bought.
        prices_seen: Different prices (to the cent, without tax) in them.
        price_source: Whether prices were shown ones or told by what was paid.
    """

    support: str
    own: float | None
    own_error: float | None
    category: float | None
    category_sd: float | None
    settled: float
    reaction: float
    cross: float
    rival: float
    weeks: int
    prices_seen: int
    price_source: str


class Explained(Struct, frozen=True, kw_only=True):
    """Why a price is what it is.

    Attributes:
        model: Version of pricing.
        proposal: The price as a run would propose it.
        why: Curve, chosen point, binding rules; None where nothing is known of its demand or its cost.
        evidence: What the slope rests on; None where it was never sold.
        rivals: Lowest and median of the rivals' shown prices that are believed, None where there is none.
        history: Its newest weeks, oldest first.
        feeds: Freshness of the store's feeds.
    """

    model: str
    proposal: Proposal
    why: Explanation | None
    evidence: Evidence | None
    rivals: tuple[float, float] | None
    history: tuple[Week, ...]
    feeds: tuple[Feed, ...]


def explained(
    chosen: Chosen, proposal: Proposal, history: History, row: int, model: str, feeds: Sequence[Feed]
) -> Explained:
    """Return why the price in a row of the shelf is what it is.

    Args:
        proposal: Of that row.
        history: The weeks up to now.
    """
    standing = chosen.standing
    pair, at = int(standing.pair[row]), np.flatnonzero(chosen.rows == row)
    lowest, median = float(standing.shelf.rival_lowest[row]), float(standing.shelf.rival_median[row])
    weeks = _weeks(history, pair) if pair >= 0 else ()
    return Explained(
        model=model, proposal=proposal, why=_why(chosen, int(at[0])) if at.size else None,
        evidence=_evidence(chosen, history, int(at[0]), pair) if at.size else None,
        rivals=(lowest, median) if np.isfinite(lowest) else None, history=weeks[-WEEKS:], feeds=tuple(feeds),
    )  # fmt: skip


def _why(chosen: Chosen, at: int) -> Explanation | None:
    if chosen.weekly is None or chosen.slopes.support[at] == "none":
        return None
    weekly = chosen.weekly
    return explain(
        chosen.offer.of_prices(chosen.rows), chosen.choices, weekly.demand, chosen.targets, weekly.plan.prices, at,
        int(weekly.chosen[at]), objective=chosen.policy.objective, shown=chosen.proposed[chosen.rows],
    )  # fmt: skip


def _evidence(chosen: Chosen, history: History, at: int, pair: int) -> Evidence:
    slopes = chosen.slopes
    own = float(slopes.raw_error[at])
    category = slopes.categories.get(int(history.category[pair]))
    weeks = _weeks(history, pair)
    return Evidence(
        support=slopes.support[at], own=float(slopes.raw[at]) if np.isfinite(own) else None,
        own_error=own if np.isfinite(own) else None, category=None if category is None else category.slope,
        category_sd=None if category is None else category.sd, settled=float(slopes.evidence[at]),
        reaction=0.0 if category is None else category.reaction, cross=0.0 if category is None else category.cross,
        rival=0.0 if category is None else category.rival, weeks=sum(one.exposure > 0 for one in weeks),
        prices_seen=len({round(one.price, 2) for one in weeks if one.exposure > 0}),
        price_source="paid" if history.paid[pair] else "shown",
    )  # fmt: skip


def _weeks(history: History, pair: int) -> tuple[Week, ...]:
    rows = np.flatnonzero(history.pair == pair)
    return tuple(
        Week(
            monday=FIRST_MONDAY + timedelta(weeks=int(history.week[row])), units=float(history.units[row]),
            price=float(history.price[row]), exposure=float(history.exposure[row]), promo=float(history.promo[row]),
            rival=float(history.rival[row]) if np.isfinite(history.rival[row]) else None,
        )
        for row in rows.tolist()
    )  # fmt: skip
