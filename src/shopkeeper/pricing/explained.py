"""Why one price of a house is what it is, with the evidence: its curve, its slope, its rivals and its history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.explain import explain
from shopkeeper.pricing.explanation import Evidence, Explained, Explanation, Week
from shopkeeper.pricing.house.history import History
from shopkeeper.pricing.house.weeks import FIRST_MONDAY
from shopkeeper.pricing.proposal import Feed, Proposal

WEEKS: Final = 26
"""Newest weeks that are shown."""


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
