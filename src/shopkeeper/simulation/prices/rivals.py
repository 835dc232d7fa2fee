"""Three rivals and the feed that tells of them: one sets cost plus, one follows us, one promotes by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.simulation.prices.plan import RivalsPlan
from shopkeeper.simulation.prices.ports import Floats, Integers, Shelf

RIVALS: Final = 3
COST_PLUS, FOLLOWER, PROMOTER = range(RIVALS)
LEAST: Final = 1.10
"""Down to which the follower goes, times his cost."""
PROMOTION: Final = (0.10, 0.30)
WRONG: Final = (0.1, 0.5, 3.0, 10.0)
"""What a wrong price in the feed is multiplied with."""
DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class RivalsWeek:
    """What the rivals do in one week whatever we do, and how the follower answers us.

    Attributes:
        before: Prices when the week begins, shape (pairs, 3).
        fixed: Prices of the two who don't look at us.
        most, least: The follower's own price, and the lowest he goes to, shape (pairs,).
        lag: Days until he has answered.
        undercut: How far he goes below us.
    """

    before: Floats
    fixed: Floats
    most: Floats
    least: Floats
    lag: Integers
    undercut: float

    def after(self, paid: Floats) -> Floats:
        """Return the prices at the end of the week, shape (*paid.shape, 3), under our paid price.

        Args:
            paid: Shape (pairs,) or (pairs, candidates).
        """
        wide = (slice(None),) + (None,) * (paid.ndim - 1)
        answer = np.maximum(np.minimum(paid * (1 - self.undercut), self.most[wide]), self.least[wide])
        fixed = [np.broadcast_to(self.fixed[:, place][wide], paid.shape) for place in (COST_PLUS, PROMOTER)]
        return np.stack([fixed[0], answer, fixed[1]], axis=-1)

    def during(self, paid: Floats) -> Floats:
        """Return the mean prices of the week; the follower's old one holds until he has answered."""
        mean = self.after(paid)
        wide = (slice(None),) + (None,) * (paid.ndim - 1)
        share = self.lag[wide] / DAYS
        mean[..., FOLLOWER] = share * self.before[:, FOLLOWER][wide] + (1 - share) * mean[..., FOLLOWER]
        return mean


@dataclass(frozen=True, slots=True)
class Rivals:
    """What the rivals of a market are like.

    Attributes:
        cost: Of each against ours, shape (pairs, 3).
        lag: Days after which the follower has answered, 1 to 3, shape (pairs,).
    """

    plan: RivalsPlan
    shelf: Shelf
    cost: Floats
    lag: Integers

    def usual(self, cost: Floats) -> Floats:
        """Return the prices they would set by themselves, given our cost; shape (pairs, 3)."""
        return np.asarray(cost[:, None] * self.cost * (1 + self.shelf.markup[:, None]))

    def week(self, before: Floats, cost: Floats, rng: np.random.Generator) -> RivalsWeek:
        """Draw what they do in a week.

        Args:
            before: Their prices at the end of the week before.
        """
        usual = self.usual(cost)
        adjusts = rng.random(len(cost)) < self.plan.adjusts
        promotes = rng.random(len(cost)) < self.plan.promotes
        depth = rng.uniform(*PROMOTION, len(cost))
        fixed = usual.copy()
        fixed[:, COST_PLUS] = np.where(adjusts, usual[:, COST_PLUS], before[:, COST_PLUS])
        fixed[:, PROMOTER] = np.where(promotes, usual[:, PROMOTER] * (1 - depth), usual[:, PROMOTER])
        return self._with(before, fixed, cost)

    def foreseen(self, before: Floats, cost: Floats) -> RivalsWeek:
        """Return the week in which each does what he does on average."""
        usual = self.usual(cost)
        fixed = usual.copy()
        moves = self.plan.adjusts
        fixed[:, COST_PLUS] = moves * usual[:, COST_PLUS] + (1 - moves) * before[:, COST_PLUS]
        fixed[:, PROMOTER] *= 1 - self.plan.promotes * sum(PROMOTION) / 2
        return self._with(before, fixed, cost)

    def _with(self, before: Floats, fixed: Floats, cost: Floats) -> RivalsWeek:
        most, least = self.usual(cost)[:, FOLLOWER], LEAST * cost * self.cost[:, FOLLOWER]
        return RivalsWeek(before, fixed, most, least, self.lag, self.plan.undercut)

    def feed(self, prices: Floats, before: Floats, rng: np.random.Generator) -> Floats:
        """Return what the feed says: some prices are late, some wrong, some missing."""
        late, wrong, missing = (rng.random(prices.shape) for _ in range(3))
        factor = rng.choice(WRONG, prices.shape)
        told = np.where(late < self.plan.late, before, prices)
        told = np.where(wrong < self.plan.wrong, told * factor, told)
        return np.where(missing < self.plan.missing, np.nan, told)


def make_rivals(plan: RivalsPlan, shelf: Shelf, stores: int, rng: np.random.Generator) -> Rivals:
    """Draw the rivals of a market; a rival's cost of a product is the same wherever he meets us."""
    products = shelf.pairs // stores
    cost = np.tile(np.exp(rng.normal(0, plan.cost_spread, (products, RIVALS))), (stores, 1))
    return Rivals(plan, shelf, cost, np.tile(rng.integers(1, 4, products), stores))
