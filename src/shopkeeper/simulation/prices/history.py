"""The past of a world: two years of prices by rules whose keeper sees demand coming, or of the twin who does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from shopkeeper.simulation.prices.market import Market
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS
from shopkeeper.simulation.prices.ports import Choice, Floats, Offer, Seen
from shopkeeper.simulation.prices.rules import RuleBook, Rules
from shopkeeper.simulation.prices.takings import takings_of
from shopkeeper.simulation.prices.weather import luck
from shopkeeper.simulation.prices.world import WEEKS, World, stream

YEAR: Final = 52
HISTORY_BOOK: Final = RuleBook(least_margin=0.25)
"""The rules that made every history; tuning begins with them."""
TUNING_WEEKS: Final = 26


@dataclass(frozen=True, slots=True)
class Past:
    """The past of a world.

    Attributes:
        market: At the end of its history.
        earlier: The same some weeks before its end, for tuning.
        target: Margin of each store over the last year, which policies have to hold, shape (stores,).
    """

    market: Market
    earlier: Market
    target: Floats


class Keeper:
    """Who set the prices of the past: rules, times what the keeper sees coming, times whims.

    Args:
        nudge: Log of what the rules' prices are multiplied with, shape (weeks, pairs).
    """

    def __init__(self, rules: Rules, nudge: Floats) -> None:
        self._rules = rules
        self._nudge = nudge

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the prices of the keeper."""
        price = offer.nearest(self._rules.wanted(seen) * np.exp(self._nudge[seen.week]))
        return Choice(price, price)


class Still:
    """A past in which prices stayed at their anchors, so that nobody can know what another price would do."""

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the anchors, or the allowed prices nearest to them."""
        price = offer.nearest(seen.shelf.anchor)
        return Choice(price, price)


def live_past(world: World, book: RuleBook = HISTORY_BOOK) -> Past:
    """Live through the history of a world."""
    market = Market(world)
    policy = _keeper(world, book)
    nothing = np.zeros(world.plan.size.stores)
    earlier = market
    while market.week < HISTORY_WEEKS:
        if market.week == HISTORY_WEEKS - TUNING_WEEKS:
            earlier = market.copy()
        offer = market.offer()
        market.set_prices(policy.decide(market.seen(nothing), offer), offer)
    year = takings_of(market, HISTORY_WEEKS - YEAR, HISTORY_WEEKS)
    return Past(market, earlier, 1 - year.cost.sum(axis=0) / year.revenue.sum(axis=0))


def _keeper(world: World, book: RuleBook) -> Keeper | Still:
    plan, shelf = world.plan.history, world.catalogue.shelf
    whims = _whims(world)
    if world.past == "still":
        return Still()
    if world.past == "confounded":
        coming = world.weather.group[:, shelf.store, shelf.category] + world.weather.product[:, shelf.product]
        return Keeper(Rules(book), plan.reaction * coming + whims)
    # The twin's keeper is as restless, but nothing that moves him has to do with demand.
    size, shocks, rng = world.plan.size, world.plan.shocks, stream(world.seed, "twin")
    group = luck(rng, (WEEKS, size.stores, size.categories), shocks.group, shocks.memory)
    product = luck(rng, (WEEKS, size.products), shocks.product, shocks.memory)
    elsewhere = group[:, shelf.store, shelf.category] + product[:, shelf.product]
    return Keeper(Rules(msgspec.structs.replace(book, slow_discount=0.0)), plan.reaction * elsewhere + whims)


def _whims(world: World) -> Floats:
    plan, rng = world.plan.history, stream(world.seed, "whims")
    pairs = world.catalogue.shelf.pairs
    changes = rng.random((WEEKS, pairs)) < 1 / plan.whim_weeks
    drawn = rng.normal(0, plan.whim, (WEEKS, pairs))
    for week in range(1, WEEKS):
        drawn[week] = np.where(changes[week], drawn[week], drawn[week - 1])
    return drawn
