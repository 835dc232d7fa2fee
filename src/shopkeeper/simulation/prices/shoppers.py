"""Mechanism b: shoppers one by one, who know a few products of a category, compare, remember, and fill their cupboards.

A need is one shopper's need of one category in one store. A week in which it comes up, the shopper chooses among the
products they know and buying nothing, by a logit of their own:

    utility = liking - sensitivity * (p / anchor - 1) - reference * (dearer or cheaper than remembered)
              - compared * (above the lowest rival, comparers only) + promotion + luck of the product

Who finds the shelf empty chooses again among what is left. On a good price some buy for weeks to come and stay away.
No elasticity is constant, and none is a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.prices.catalogue import Catalogue
from shopkeeper.simulation.prices.demand import Moment, Response
from shopkeeper.simulation.prices.plan import ShoppersPlan
from shopkeeper.simulation.prices.ports import Flags, Floats, Integers

Segment = npt.NDArray[np.int64]
INSENSITIVE, COMPARER, LOYAL = range(3)
EATEN: Final = 0.6
"""Share of the cupboard that is left after a week."""
GOOD_PRICE: Final = (0.10, 0.03)
"""Log distance below what is remembered at which half of the most is bought extra, and how sharply."""
GAIN: Final = 0.5
"""What a price below the remembered counts, against one above it."""
BOUGHT: Final = 0.7
"""About which share of needs ends in a purchase; only sets how many needs a volume takes."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Who needs what; shape (needs,) or (needs, known products).

    Attributes:
        group: Category in store.
        known: Pairs the shopper knows.
        liking: Utility of each at its anchor price.
        sensitivity: Utility lost per 100% of price.
        comparer: Whether rivals' prices are looked at.
    """

    group: Integers
    known: Integers
    liking: Floats
    sensitivity: Floats
    comparer: Flags


class Shoppers:
    """Demand of mechanism b.

    Args:
        home: Units in each cupboard beyond the usual, shape (needs,).
        remembered: Log price each shopper remembers, shape (needs, known).
    """

    def __init__(
        self, plan: ShoppersPlan, catalogue: Catalogue, needs: Needs, home: Floats, remembered: Floats
    ) -> None:
        self.catalogue = catalogue
        self.needs = needs
        self._plan = plan
        self._home = home
        self._remembered = remembered

    def mean(self, moment: Moment, paid: Floats) -> Floats:
        """Return the mean units of each pair."""
        worth = np.exp(self._utility(moment, paid))
        bought = (self._comes(moment) / (worth.sum(axis=1) + self._nothing))[:, None] * worth
        return self._by_pair(bought * self._quantity(paid))

    def response(self, moment: Moment, paid: Floats, candidates: Floats) -> Response:
        """Return what happens as one paid price at a time moves; exact at five prices, between them interpolated."""
        ratio = candidates / paid[:, None]
        low, high = min(float(ratio.min()), 1 - 1e-6), max(float(ratio.max()), 1 + 1e-6)
        grid = np.array([low, (1 + low) / 2, 1.0, (1 + high) / 2, high])
        known, comes = self.needs.known, self._comes(moment)[:, None]
        worth = np.exp(self._utility(moment, paid))
        total = worth.sum(axis=1, keepdims=True) + self._nothing
        sold = worth * self._quantity(paid)
        rest = [np.asarray(sold * each[known]) for each in (paid, moment.cost)]
        others = [each.sum(axis=1, keepdims=True) - each for each in rest]
        found: list[list[Floats]] = [[], [], []]
        for step in grid:
            moved = np.exp(self._utility(moment, paid * step))
            share = comes / (total - worth + moved)
            found[0].append(np.log(self._by_pair(share * moved * self._quantity(paid * step)) + 1e-300))
            for place, each in enumerate(others):
                found[place + 1].append(self._by_pair((share - comes / total) * each))
        units, revenue, cost = (_between(grid, np.stack(each, axis=1), ratio) for each in found)
        return Response(np.exp(units), revenue, cost)

    def happen(
        self, moment: Moment, paid: Floats, on_hand: Integers, rng: np.random.Generator
    ) -> tuple[Integers, Integers]:
        """Live through the week; both choices of who finds a shelf empty are asked for."""
        luck = rng.random((5, len(self._home)))
        come = np.flatnonzero(luck[0] < self._comes(moment))
        come = come[np.argsort(luck[1, come])]
        worth = np.exp(self._utility(moment, paid, come))
        amount = np.floor(self._quantity(paid, come) + luck[2, come][:, None]).astype(np.int64)
        first = self._chosen(worth, luck[3, come])
        asked, served, left = self._serve(come, first, amount, on_hand)
        again = np.flatnonzero((first >= 0) & ~served)
        there = left[self.needs.known[come[again]]] > 0
        second = self._chosen(worth[again] * there, luck[4, come[again]])
        asked_then, served_then, left = self._serve(come[again], second, amount[again], left)
        took = np.where(served, amount[np.arange(len(come)), np.maximum(first, 0)], 0)
        took[again] = np.where(served_then, amount[again, np.maximum(second, 0)], 0)
        self._home *= EATEN
        self._home[come] += np.maximum(0, took - 1)
        seen = np.log(paid)[self.needs.known[come]]
        self._remembered[come] += self._plan.forgets * (seen - self._remembered[come])
        return asked + asked_then, on_hand - left

    def copy(self) -> Shoppers:
        """Return the same with a memory of its own."""
        return Shoppers(self._plan, self.catalogue, self.needs, self._home.copy(), self._remembered.copy())

    @property
    def _nothing(self) -> float:
        return float(np.exp(self._plan.outside))

    def _comes(self, moment: Moment) -> Floats:
        """Return each need's chance to come up this week."""
        level = _group_level(self.catalogue, moment)[self.needs.group]
        return np.minimum(1.0, self._plan.trips * level * np.exp(-self._home))

    def _utility(self, moment: Moment, paid: Floats, of: Integers | None = None) -> Floats:
        """Return the utility of each known product, of all needs or of some."""
        needs, plan, shelf = self.needs, self._plan, self.catalogue.shelf
        rows = slice(None) if of is None else of
        known = needs.known[rows]
        lowest = moment.rivals(paid).min(axis=-1)
        own = plan.promotion * moment.promoted + np.log(
            moment.level / _group_level(self.catalogue, moment)[self.catalogue.group]
        )
        above = np.maximum(0, np.log(paid / lowest))
        dearer = np.log(paid)[known] - self._remembered[rows]
        utility = needs.liking[rows] + own[known]
        utility -= needs.sensitivity[rows] * (paid / shelf.anchor - 1)[known]
        utility -= plan.reference * np.where(dearer > 0, dearer, GAIN * dearer)
        utility -= (plan.compared * needs.comparer[rows])[:, None] * above[known]
        return np.asarray(utility)

    def _quantity(self, paid: Floats, of: Integers | None = None) -> Floats:
        """Return the mean units bought of each known product, by who buys it."""
        rows = slice(None) if of is None else of
        middle, width = GOOD_PRICE
        below = self._remembered[rows] - np.log(paid)[self.needs.known[rows]]
        return np.asarray(1 + self._plan.stockpile / (1 + np.exp((middle - below) / width)))

    def _by_pair(self, worth: Floats) -> Floats:
        return np.asarray(
            np.bincount(self.needs.known.ravel(), worth.ravel(), self.catalogue.shelf.pairs), dtype=np.float64
        )

    def _chosen(self, worth: Floats, luck: Floats) -> Integers:
        """Return the place of the product each chooses, -1 = nothing."""
        below = np.cumsum(worth, axis=1)
        total = below[:, -1:] + self._nothing
        place = (luck[:, None] * total > below).sum(axis=1)
        return np.asarray(np.where(place < worth.shape[1], place, -1))

    def _serve(
        self, come: Integers, place: Integers, amount: Integers, on_hand: Integers
    ) -> tuple[Integers, Flags, Integers]:
        """Hand out stock in the order people come; return units asked for, who was served, and what is left."""
        wants = np.flatnonzero(place >= 0)
        pair = self.needs.known[come[wants], place[wants]]
        units = amount[wants, place[wants]]
        asked = np.bincount(pair, units, len(on_hand)).astype(np.int64)
        order = np.argsort(pair, kind="stable")
        running = np.cumsum(units[order])
        begin = np.cumsum(asked) - asked
        enough = np.empty(len(wants), dtype=np.bool_)
        enough[order] = running - begin[pair[order]] <= on_hand[pair[order]]
        served = np.zeros(len(come), dtype=np.bool_)
        served[wants] = enough
        sold = np.bincount(pair[enough], units[enough], len(on_hand)).astype(np.int64)
        return asked, served, on_hand - sold


def make_shoppers(plan: ShoppersPlan, catalogue: Catalogue, rng: np.random.Generator) -> Shoppers:
    """Draw the shoppers of a market, as many as its volumes take."""
    shelf, groups = catalogue.shelf, catalogue.groups
    wanted = np.bincount(catalogue.group, catalogue.volume, groups)
    group = np.repeat(np.arange(groups), np.ceil(wanted / (plan.trips * BOUGHT)).astype(np.int64))
    known = np.concatenate(
        [
            _known(np.flatnonzero(catalogue.group == each), int((group == each).sum()), plan.considered, catalogue, rng)
            for each in range(groups)
        ]
    )
    segment = rng.choice(3, len(group), p=plan.segment_share)
    of_category = np.exp(rng.normal(0, plan.category_spread, int(shelf.category.max()) + 1))
    of_product = np.exp(rng.normal(0, plan.product_spread, int(shelf.product.max()) + 1))
    liking = rng.normal(0, plan.taste, known.shape)
    liking[segment == LOYAL, 0] += plan.own_brand
    sensitivity = np.array(plan.sensitivity)[segment, None] * of_category[shelf.category[known]]
    sensitivity = sensitivity * of_product[shelf.product[known]]
    needs = Needs(group, known, liking, sensitivity, segment == COMPARER)
    return Shoppers(plan, catalogue, needs, np.zeros(len(group)), np.log(shelf.anchor)[known])


def _known(pairs: Integers, needs: int, considered: int, catalogue: Catalogue, rng: np.random.Generator) -> Integers:
    """Draw which pairs of a category each need's shopper knows, popular ones more often; shape (needs, considered)."""
    luck = np.log(catalogue.volume[pairs]) + rng.gumbel(size=(needs, len(pairs)))
    most = min(considered, len(pairs))
    return np.asarray(pairs[np.argsort(-luck, axis=1)[:, :most]])


def _group_level(catalogue: Catalogue, moment: Moment) -> Floats:
    """Return the level of demand of each category in each store."""
    weighed = np.bincount(catalogue.group, catalogue.volume * moment.level)
    return np.asarray(weighed / np.bincount(catalogue.group, catalogue.volume))


def _between(grid: Floats, values: Floats, at: Floats) -> Floats:
    """Return values given on a grid, shape (pairs, grid), at other places, by straight lines."""
    place = np.clip(np.searchsorted(grid, at, side="right") - 1, 0, len(grid) - 2)
    share = (at - grid[place]) / (grid[place + 1] - grid[place])
    rows = np.arange(len(values))[:, None]
    return np.asarray(values[rows, place] * (1 - share) + values[rows, place + 1] * share)
