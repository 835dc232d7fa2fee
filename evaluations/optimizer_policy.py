"""The price optimizer as a policy of the simulated market: what a shop sees in, prices out."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.coming_demand import Coming, Knowledge, learnt
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.exploration.exploring import Exploring
from shopkeeper.pricing.exploration.turns import goes_up
from shopkeeper.pricing.optimizer.curves import Choices
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.pricing.weekly_prices import EVERY, WeeklyPrices, weekly_prices
from shopkeeper.simulation.prices.limits import credible, last_known, paid
from shopkeeper.simulation.prices.ports import Choice, Floats, Offer, Seen

CHANCE: Final = 0.95
"""With which a store's margin of a week is to be at its target less the allowance, as the oracle asks it."""
ALLOWANCE: Final = 0.002


class Optimizer:
    """Sets prices by what the history says.

    Args:
        seed: Of the draws by which chances are told, and of what is tried.
        explore: What may be tried out to learn; nothing where None.
    """

    def __init__(self, seed: int, explore: Exploration | None = None) -> None:
        self._seed = seed
        self._explore = explore
        self._knowledge: Knowledge | None = None
        self.tries = 0.0
        """Tried prices so far."""

    @property
    def slopes(self) -> Elasticities:
        """How demand answers, as learnt last. Raises NotEnoughData before the first week."""
        if self._knowledge is None:
            raise NotEnoughData("Nothing is learnt yet.", "Let it set the prices of a week.")
        return self._knowledge.slopes

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the prices of the coming week."""
        found = self.prices(seen, offer)
        self._knowledge = found.knowledge
        self.tries += 0 if found.tries is None else float(found.tries.tried.sum())
        rows = np.arange(len(found.chosen))
        price = offer.price[rows, found.chosen]
        return Choice(price, price if found.tries is None else offer.price[rows, found.tries.place])

    def prices(self, seen: Seen, offer: Offer) -> WeeklyPrices:
        """Return the prices with what they rest on."""
        rivals = rivals_seen(seen)
        targets = Targets(group=seen.shelf.store, margin=seen.target - ALLOWANCE, probability=CHANCE)
        panel = panel_of(seen, rivals[:-1])
        self._knowledge = learnt(panel, self._knowledge, EVERY)
        exploring = None if self._explore is None else self._exploring(seen, self._explore, self._knowledge.slopes)
        return weekly_prices(
            panel, coming_of(seen, offer, rivals[-1]), targets, before=self._knowledge, seed=self._seed,
            exploring=exploring,
        )  # fmt: skip

    def _exploring(self, seen: Seen, explore: Exploration, slopes: Elasticities) -> Exploring:
        """Return what may be tried: no promotion, nothing that ends with a season or spoils; a store is a pool."""
        shelf = seen.shelf

        def every(figure: float) -> Floats:
            return np.full(shelf.pairs, figure)

        return Exploring(
            may=(seen.promotion == 0) & ~np.isfinite(seen.weeks_left), budget=every(explore.budget),
            share=every(explore.share), move=every(explore.move), weeks=every(explore.weeks),
            enough=every(explore.enough), wide=every(explore.wide),
            weak=np.array([word != "own" for word in slopes.support]),
            unknown=np.array([word == "none" for word in slopes.support]), pool=shelf.store,
            up=goes_up(list(map(str, shelf.product.tolist())), shelf.category, shelf.store, seen.week, self._seed),
            seed=self._seed + seen.week,
        )  # fmt: skip


def panel_of(seen: Seen, rivals: Floats) -> PricePanel:
    """Return the history of a market as a panel."""
    shelf = seen.shelf
    return PricePanel(
        product=shelf.product, store=shelf.store, category=shelf.category, units=seen.units.T.astype(np.float64),
        price=seen.price.T, exposure=seen.in_stock.T, promo=seen.promoted.T.astype(np.float64), rival=rivals.T,
        cost=seen.cost.T,
    )  # fmt: skip


def coming_of(seen: Seen, offer: Offer, rivals: Floats) -> Coming:
    """Return what is known of the coming week; what ends with a season is shared out over the weeks left."""
    shelf = seen.shelf
    shown = paid(offer.price, seen.promotion[:, None], seen.cost_now[:, None], shelf.step[:, None])
    distance = np.where(offer.allowed, np.abs(offer.price - seen.regular[-1][:, None]), np.inf)
    choices = Choices(
        price=shown, allowed=offer.allowed, place=distance.argmin(axis=1), tax=np.zeros(shelf.pairs),
        cost=seen.cost_now,
    )  # fmt: skip
    stock = seen.stock / np.where(np.isfinite(seen.weeks_left), seen.weeks_left, 1.0)
    return Coming(choices=choices, stock=stock, promo=(seen.promotion > 0).astype(np.float64), rival=rivals)


def rivals_seen(seen: Seen) -> Floats:
    """Return the rivals' mean price as known before each week, the coming one last, shape (weeks + 1, pairs)."""
    found = np.full((seen.week + 1, seen.shelf.pairs), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a pair no rival of which was seen
        for week in range(1, seen.week + 1):
            known = credible(last_known(seen.rivals[:week]), seen.price[week - 1])
            found[week] = np.exp(np.nanmean(np.log(known), axis=1))
    return found
