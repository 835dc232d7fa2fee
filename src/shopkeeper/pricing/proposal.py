"""What a price run proposes: one row a price, and how fresh the feeds were that it rests on.

Rows are plain, so that gates, people and files read the same that was computed, and nothing of how it was computed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Feed = Literal["cost", "competitor", "sales", "inventory", "prices"]


class Expected(Struct, frozen=True):
    """A figure with its interval of 90%."""

    low: float
    value: float
    high: float


class ProposedPrice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One price: a product in a store on a price list.

    Attributes:
        current, proposed: Shown prices now and as proposed; equal where the price is held.
        currency: ISO 4217 code.
        category: Main category path.
        tax: Rate of the tax that is in the shown price.
        cost: Unit cost without tax that the floor was made from; None where none is believed.
        floor: Least shown price that the rules about cost allow; 0 where there is none.
        daily_move: Largest change the policy allows, a share of the current price.
        why: Why it is what it is, as `weekly_prices.REASONS` has it, or `asked` where a person wrote it.
        binding: Rules that kept out a better price, with their scopes.
        units, revenue, profit: Expected of the coming period at the proposed price; money without tax.
        revenue_now: Expected revenue at the current price.
    """

    store: str
    product: str
    price_list: str = ""
    current: float
    proposed: float
    currency: str = ""
    category: str = ""
    tax: float = 0.0
    cost: float | None = None
    floor: float = 0.0
    daily_move: float = 0.1
    why: str = ""
    binding: tuple[str, ...] = ()
    units: Expected | None = None
    revenue: Expected | None = None
    profit: Expected | None = None
    revenue_now: float | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Store, price list and product: there is one price for them at a time."""
        return self.store, self.price_list, self.product

    @property
    def move(self) -> float:
        """Change of the shown price, a share of the current one."""
        return self.proposed / self.current - 1


class FeedState(Struct, frozen=True, kw_only=True):
    """How one feed of one store stood when prices were computed.

    Attributes:
        prices: How many prices of the run want it.
        missing, stale, absurd: For how many of them it was not there, too old, or not credible.
        newest: Source time of its newest row; None = there is none.
    """

    feed: Feed
    store: str
    prices: int
    missing: int = 0
    stale: int = 0
    absurd: int = 0
    newest: datetime | None = None

    @property
    def unbelieved(self) -> float:
        """Share of the prices for which the feed is missing, stale or absurd."""
        return (self.missing + self.stale + self.absurd) / self.prices if self.prices else 0.0


class Proposals(Struct, frozen=True, kw_only=True):
    """What a run proposes.

    Attributes:
        at: The moment it was computed for.
        rows: One for each price, those held included; no key twice.
        feeds: One for each feed and store.
        lift: Of the objective over today's prices, relative, winner's curse taken off; None where nothing foretold it.
        objective: What was made as large as the rules allow.
        margin_chance: With which the portfolio's margin target is met; None where there is none.
    """

    at: datetime
    rows: tuple[ProposedPrice, ...]
    feeds: tuple[FeedState, ...] = ()
    lift: Expected | None = None
    objective: str = "revenue"
    margin_chance: float | None = None
