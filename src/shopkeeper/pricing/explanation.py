"""What is said of a price: its curve, what was chosen and why, what its slope rests on; and what other targets bring.

Plain records, so that they travel between processes and out over HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct

from shopkeeper.pricing.proposal import Feed, Proposal, Span


@dataclass(frozen=True, slots=True)
class Point:
    """One candidate.

    Attributes:
        price: As shown.
        units, revenue, profit: Expected, with intervals of 90%; money without tax.
        margin: Profit as a share of revenue.
        worth: Objective plus what it is worth to the targets at their shadow prices; the allowed one with most is best.
        broken: Rules that keep it out, with their scopes; empty = it may be chosen.
    """

    price: float
    units: tuple[float, float, float]
    revenue: tuple[float, float, float]
    profit: tuple[float, float, float]
    margin: float
    worth: float
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one price is what it is. A tuple of three is low, expected, high.

    Attributes:
        curve: Candidates from low to high.
        current, chosen: Prices as shown.
        binding: Rules that keep out the candidate that would have been better; empty where none would.
        better: That candidate's price, None where there is none.
        elasticity: With its interval.
        target_price: What one more unit of money towards the group's margin target costs of the objective.
        portfolio_price: The same for the target of all.
        stuck: Whether no candidate follows all rules.
    """

    curve: tuple[Point, ...]
    current: float
    chosen: float
    binding: tuple[str, ...]
    better: float | None
    elasticity: tuple[float, float, float]
    target_price: float
    portfolio_price: float
    stuck: bool


class Week(Struct, frozen=True, kw_only=True):
    """One week of the history.

    Attributes:
        monday: Its first day.
        units: Sold.
        price: Without tax.
        exposure: Share of the week in which it could be bought.
        promo: Share of the week in which it was under a promotion.
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


class Reached(Struct, frozen=True, kw_only=True):
    """What prices chosen for one margin target are expected to bring in the coming week.

    Attributes:
        target: Least margin of all prices together, a share of revenue; None = today's prices, for comparison.
        revenue, profit: Money without tax, of the prices that could be chosen.
        margin: Profit over revenue.
        moved: Prices that would change.
        chance: With which the target is met; None where there is none.
        reachable: Whether the rules let it be met as surely as the policy wants (`margin_probability`).
        shadow_price: What one more unit of money towards the target costs of the objective.
        lift: Change of the objective over today's prices, winner's curse taken off.
    """

    target: float | None
    revenue: float
    profit: float
    margin: float
    moved: int = 0
    chance: float | None = None
    reachable: bool = True
    shadow_price: float = 0.0
    lift: Span | None = None


class Frontier(Struct, frozen=True, kw_only=True):
    """What other margin targets would bring in a store.

    Attributes:
        model: Version of pricing.
        at: When it was asked.
        today: What today's prices bring.
        points: What prices chosen for each target bring, in the order asked for.
    """

    store: str
    currency: str
    model: str
    at: datetime
    today: Reached
    points: tuple[Reached, ...]
