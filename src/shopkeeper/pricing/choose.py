"""The prices of the coming week, chosen from what a model learnt and how prices stand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from shopkeeper.pricing.coming_demand import Coming, Knowledge, demand_at
from shopkeeper.pricing.demand.elasticity import Elasticities, of_pairs
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.exploration.exploring import Exploring
from shopkeeper.pricing.house.history import History
from shopkeeper.pricing.may_try import exploring_of
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.ending import ending_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.targets import Group, targets_of
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.coupling import Coupling, coupling_of
from shopkeeper.pricing.rules.offer import Offer, make_offer
from shopkeeper.pricing.rules.part_offer import PartOffer, part_of
from shopkeeper.pricing.shelf import Floats, Ints
from shopkeeper.pricing.standing_shelf import StandingShelf
from shopkeeper.pricing.weekly_prices import WeeklyPrices, weekly_prices

FOREVER: Final = 1_000_000_000
"""Periods for which the slopes of a registered model stand: it alone decides when they are learnt anew."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The prices of one currency, chosen together.

    Attributes:
        standing: All prices there are.
        offer: What each may become.
        rows: Prices that were chosen; the others are held, as nothing is known of their demand or cost, unless they
            share a price with one that was.
        choices, targets: Of these rows.
        groups: Whose each target is.
        weekly: The choice; None where there is no such row.
        now: Demand of these rows as believed near today's prices; None as `weekly`.
        slopes: Of these rows.
        part: How the prices that are held and those that belong together bind these rows.
        proposed: Of all prices, as shown.
    """

    policy: PricePolicy
    standing: StandingShelf
    offer: Offer
    rows: Ints
    choices: Choices
    targets: Targets
    groups: tuple[Group, ...]
    weekly: WeeklyPrices | None
    now: Demand | None
    slopes: Elasticities
    part: PartOffer
    proposed: Floats


def choose(
    policy: PricePolicy, standing: StandingShelf, history: History, slopes: Elasticities, day: date, seed: int = 0,
    tested: Collection[tuple[str, str]] = (),
) -> Chosen:  # fmt: skip
    """Choose the prices of the coming week.

    Args:
        history: The weeks up to now; `standing` names its pairs.
        slopes: Of all its pairs.
        seed: Of the draws by which chances are told, and of what is tried out.
        tested: Stores and products whose prices a running test holds: nothing is tried of them.
    """
    opened = open_shelf(policy, standing, day)
    offer, rows, part, coming = opened.offer, opened.rows, opened.part, opened.coming
    whole, groups = targets_of(policy, offer.limits, standing.shelf)
    targets = replace(whole, group=whole.group[rows])
    its = of_pairs(slopes, standing.pair[rows])
    weekly = now = None
    if rows.size:
        panel = history.panel().of_pairs(standing.pair[rows])
        exploring = exploring_of(policy, offer.limits, standing, rows, its, day, seed, tested)
        weekly = chosen_weekly(panel, coming, targets, policy, its, part.coupling, seed, exploring)
        now = demand_at(weekly.known, coming, coming.now())
    place = offer.place if weekly is None else part.places(offer, weekly.chosen)
    proposed = picked(offer.price, place)
    return Chosen(policy, standing, offer, rows, coming.choices, targets, groups, weekly, now, its, part, proposed)


@dataclass(frozen=True, slots=True)
class OpenShelf:
    """A shelf with what its prices may become.

    Attributes:
        rows: Prices that are chosen.
        part: How the others bind them.
        coming: What is known of the coming week, of these rows.
    """

    offer: Offer
    rows: Ints
    part: PartOffer
    coming: Coming


def open_shelf(policy: PricePolicy, standing: StandingShelf, day: date) -> OpenShelf:
    """Return what the prices of a shelf may become on a day, and which of them are chosen."""
    shelf = standing.shelf
    offer = make_offer(policy, shelf, day, coupling_of(policy, shelf, standing.traits))
    accepted = shelf.accepted_cost
    rows = np.flatnonzero((standing.pair >= 0) & (accepted > 0) & np.isfinite(accepted))
    part = part_of(offer, rows)
    choices = Choices(
        price=offer.price[rows], allowed=part.allowed, place=offer.place[rows], tax=shelf.tax[rows],
        cost=accepted[rows],
    )  # fmt: skip
    ending = ending_of(policy, shelf, offer, standing.days_left, standing.stock)
    coming = Coming(
        choices=choices, stock=standing.stock[rows], promo=standing.promo[rows], rival=standing.rival[rows],
        ending=ending.of_prices(rows),
    )  # fmt: skip
    return OpenShelf(offer, rows, part, coming)


def chosen_weekly(
    panel: PricePanel, coming: Coming, targets: Targets, policy: PricePolicy, slopes: Elasticities,
    coupling: Coupling | None, seed: int = 0, exploring: Exploring | None = None,
) -> WeeklyPrices:  # fmt: skip
    """Return the week's prices by slopes that were learnt before."""
    before = Knowledge(slopes, panel.periods)
    return weekly_prices(
        panel,
        coming,
        targets,
        policy.objective,
        coupling=coupling,
        before=before,
        every=FOREVER,
        seed=seed,
        exploring=exploring,
    )
