"""What a policy of prices sees and says. A period is a week; a pair is one product in one store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a shop knows of its pairs and what does not change; each array has shape (pairs,).

    Attributes:
        product: Number of the product.
        store: Number of the store.
        category: Number of the category.
        step: Distance of two shown prices of the ladder; every price is a multiple of it less .01.
        anchor: Regular price the allowed band is about, at the cost of `anchor_cost`.
        anchor_cost: Unit cost when the anchor was set.
        markup: What the shop's rule book puts on cost, a share of cost.
        lead_weeks: Weeks from an order to its arrival.
        seasonal: Bought once a season; what is left at its end is worth nothing.
        perishable: What was not sold within two weeks is thrown away.
    """

    product: Integers
    store: Integers
    category: Integers
    step: Floats
    anchor: Floats
    anchor_cost: Floats
    markup: Floats
    lead_weeks: Integers
    seasonal: Flags
    perishable: Flags

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self.product)


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a shop knows before a week for which it sets prices.

    Arrays of the past have a row a week, oldest first, shape (week, pairs). Nothing of the coming week's demand, of the
    rivals' coming prices or of the shop's true demand is in it.

    Attributes:
        week: Number of the coming week; as many weeks are past.
        units: Sold; what stock did not allow is not in it.
        in_stock: Share of the week the pair was in stock, in sevenths.
        price: Shown and paid, promotions included.
        regular: Shown before promotions; this is what a policy sets.
        promoted: Whether the week was a promotion.
        cost: Unit cost.
        rivals: Prices as the feed said, shape (week, pairs, rivals); NaN = missing, some are wrong. The newest row is
            of the last day before the coming week.
        cost_now: Unit cost in the coming week.
        stock: On hand.
        inbound: Ordered and under way.
        weeks_left: Weeks, the coming one included, until what is on hand is worth nothing; infinite where never.
        promotion: Depth of the promotion planned for the coming week, a share of the regular price, 0 = none.
        events: Of every week of the calendar, past and to come: number of the event it holds, 0 = none.
        target: Least margin of each store, a share of revenue, shape (stores,).
    """

    week: int
    shelf: Shelf
    units: Integers
    in_stock: Floats
    price: Floats
    regular: Floats
    promoted: Flags
    cost: Floats
    rivals: Floats
    cost_now: Floats
    stock: Integers
    inbound: Integers
    weeks_left: Floats
    promotion: Floats
    events: Integers
    target: Floats


@dataclass(frozen=True, slots=True)
class Offer:
    """Which regular prices each pair may have in the coming week, the same for every policy.

    Attributes:
        price: Candidates from low to high, shape (pairs, candidates).
        allowed: Which of them exist; at least one a pair.
    """

    price: Floats
    allowed: Flags

    def nearest(self, wanted: Floats) -> Floats:
        """Return the allowed price nearest to what is wanted, the lower of two."""
        distance = np.where(self.allowed, np.abs(self.price - wanted[:, None]), np.inf)
        return np.asarray(self.price[np.arange(len(wanted)), distance.argmin(axis=1)])


@dataclass(frozen=True, slots=True)
class Choice:
    """Regular prices for the coming week.

    Attributes:
        price: One of the offered prices of each pair.
        unexplored: What would have been set if nothing had to be learnt; the same array where nothing is explored.
    """

    price: Floats
    unexplored: Floats


class Policy(Protocol):
    """A way to set prices.

    Laws: It is asked once a week, weeks in order, and may keep what it learns between calls. It reads `seen` and
    changes nothing in it. Every price it returns is allowed by `offer`; the market counts one that is not as a broken
    rule and keeps the price that was. The same calls give the same prices.
    """

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the prices of the coming week."""
        ...


class Hold:
    """The policy that changes nothing it need not change."""

    def decide(self, seen: Seen, offer: Offer) -> Choice:
        """Return the prices there are, or the allowed ones nearest to them."""
        price = offer.nearest(seen.regular[-1])
        return Choice(price, price)
