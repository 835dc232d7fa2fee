"""Proposed prices: what a run is made of before anybody approved anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from shopkeeper.pricing.demand.support import Support
from shopkeeper.pricing.exploration.exploring import Kind
from shopkeeper.pricing.policy.price_policy import Objective

Why = Literal["hold", "best_as_is", "objective", "target", "explore", "asked"]
"""`hold`: it may not move, `hold` of the row says why; `best_as_is`: no other price is better; `objective`: the price
brings more of the objective; `target`: a margin target asks for it; `explore`: it is tried out to learn how demand
answers; `asked`: a person does."""
Treatment = Literal["paid_price", "shown_price"]
FeedName = Literal["sales", "prices", "costs", "stock", "rivals"]
FEEDS: Final[tuple[FeedName, ...]] = ("sales", "prices", "costs", "stock", "rivals")


PriceKey = tuple[str, str, str]
"""Store, price list and product."""


class Span(Struct, frozen=True):
    """A figure with its interval of 90%, by what is not known of demand; luck of a single week comes on top.

    Attributes:
        low, high: Ends of the interval.
        expected: The figure.
    """

    low: float
    expected: float
    high: float


class Outcome(Struct, frozen=True, kw_only=True):
    """What a price is expected to bring in a week.

    Attributes:
        revenue, margin: Money without tax, currency of the store; the margin is revenue less the goods' cost.
    """

    units: Span
    revenue: Span
    margin: Span


class Tried(Struct, frozen=True, kw_only=True):
    """What trying a price out is about; money of the objective, a week.

    Attributes:
        kind: `wobble`, a designed small move, or `draw`, the best price for a drawn slope.
        instead: Price that would have been proposed had nothing to be learnt, as shown.
        at_instead: Expected outcome of a week at that price.
        cost: Expected to be given up, what it does to the targets counted in.
        risk: Given up on average where the tried price turns out to be the worse one; at least `cost`.
        gain: Expected gain of prices, each week, by what it teaches.
        seed: Of the draws.
    """

    kind: Kind
    instead: float
    at_instead: Outcome
    cost: float
    risk: float
    gain: float
    seed: int


class ExplorationSum(Struct, frozen=True, kw_only=True):
    """What the tried prices of one currency cost together, money of the objective in the coming week.

    Attributes:
        tried: How many prices are tried.
        cost: Expected to be given up, what other prices do to hold the targets counted in.
        budget: What may be.
        share: The cost as a share of the revenue expected without tries.
        seed: Of the draws.
    """

    tried: int
    cost: float
    budget: float
    share: float
    seed: int


class Proposal(Struct, frozen=True, kw_only=True):
    """One price: a product in a store on a price list.

    Attributes:
        parent: What it is a variant of; None = of nothing.
        category: Its main category as the policy and the targets name it.
        current, proposed: As shown, tax included where the store's prices include it.
        tax: Rate of the tax in the shown price.
        cost: Of one unit, without tax; None = nobody said.
        why: Why it is proposed.
        hold: Why it stays, where it does: names of rules with their scopes, as `no_opinion`, `cost_unknown`,
            `daily_move (key-value items)`; or `not_sold_yet`, `price_list`, for prices of which nothing is learnt.
        binding: Rules that keep out a price that would have been better; empty where none would.
        relaxation: The cheapest rule to relax where no price follows all of them.
        at_current, at_proposed: Expected outcome of a week; None where nothing is known of its demand.
        elasticity: Percent of units for one percent of price; None where nothing is known.
        support: Whose word the elasticity is: `own`, `category`, or `none` = nobody knows, the price stays.
        price_source: Whether its elasticity was learnt from shown prices or, without their history, from paid ones.
        block: What the prices share that belong together, one word a block; None where it is free of others.
        tried: Set where the price is tried out to learn from it.
    """

    store: str
    price_list: str
    product: str
    parent: str | None = None
    category: str
    currency: str
    current: float
    proposed: float
    tax: float
    cost: float | None = None
    why: Why
    hold: tuple[str, ...] = ()
    binding: tuple[str, ...] = ()
    relaxation: str | None = None
    at_current: Outcome | None = None
    at_proposed: Outcome | None = None
    elasticity: Span | None = None
    support: Support = "none"
    price_source: Treatment = "paid_price"
    block: str | None = None
    tried: Tried | None = None

    @property
    def key(self) -> PriceKey:
        """Store, price list and product: there is one price for them at a time."""
        return self.store, self.price_list, self.product

    @property
    def moves(self) -> bool:
        """Whether another price than the current one is proposed."""
        return self.proposed != self.current


class Feed(Struct, frozen=True, kw_only=True):
    """How fresh one feed of a store is.

    Attributes:
        feed: Which one.
        newest: Its newest row, None = there is none.
        hours: Age of that row at the moment of the proposal, None = there is none.
        rows: Products (of rivals: products and competitors) it says something of.
        treated: What was left out or mended and why -> how many; of rivals, `stale` and `absurd` count prices.
    """

    store: str
    feed: FeedName
    newest: datetime | None
    hours: float | None
    rows: int
    treated: Mapping[str, int] = {}


class MarginTarget(Struct, frozen=True, kw_only=True):
    """A margin target and how sure it is to be met.

    Attributes:
        currency: Of the prices it is about.
        store, category, price_list: Whose target it is; all empty = of all prices of the currency.
        margin: Least margin wanted, a share of revenue.
        chance: With which it is met in the coming week.
        shadow_price: What one more unit of money towards it costs of the objective.
    """

    currency: str
    store: str = ""
    category: str = ""
    price_list: str = ""
    margin: float
    chance: float
    shadow_price: float


class Beside(Struct, frozen=True, kw_only=True):
    """The prices of a store that a run does not look at, by what they count in its gates.

    Attributes:
        prices: How many there are.
        money: They bring in a week, as `runs.gates.weight` tells it.
        unknown: How many of them have no cost that is believed.
    """

    store: str
    prices: int
    money: float
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPrices:
    """All proposed prices of one moment, and what they rest on.

    Attributes:
        at: Nothing that happened at or after this moment was looked at.
        model: Version of pricing whose elasticities were used.
        policy: SHA-256 of `price-policy.yaml`.
        stores: Asked for.
        rows: In the order of store, price list, product.
        targets: Margin targets.
        lifts: Currency -> change of the objective the proposed prices promise over the current ones in the coming week,
            relative, cut by the winner's curse. Prices of one currency are chosen together.
        margin_changes: Currency -> change of their margin as a share of revenue, in the same week.
        explored: Currency -> what its tried prices cost; none where nothing is tried.
        feeds: Freshness of each feed of each store.
        notes: What was done to the data that people should know of.
        beside: The other prices of the stores, where not all are looked at.
    """

    at: datetime
    model: str
    policy: str
    objective: Objective
    stores: tuple[str, ...]
    rows: tuple[Proposal, ...]
    targets: tuple[MarginTarget, ...] = ()
    lifts: Mapping[str, Span] = field(default_factory=dict)
    margin_changes: Mapping[str, Span] = field(default_factory=dict)
    explored: Mapping[str, ExplorationSum] = field(default_factory=dict)
    feeds: tuple[Feed, ...] = ()
    notes: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()
