"""The parameters of a price market, as its file in `parameters/` says them."""

from __future__ import annotations

from importlib import resources
from typing import Final, Literal

import msgspec
from msgspec import Struct

MechanismName = Literal["elastic", "shoppers", "replay"]
MECHANISMS: Final[dict[str, MechanismName]] = {"a": "elastic", "b": "shoppers", "c": "replay"}
"""By letter: equations of demand, individual shoppers, and what orange juice in shops of a chain looks like."""
HISTORY_WEEKS: Final = 104
SCORED_WEEKS: Final = 26
Spread = tuple[float, float]
"""Lowest and highest of what is drawn evenly between them."""


class Size(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How large a market is.

    Attributes:
        categories: Among which the products of each store are shared out.
    """

    products: int
    stores: int
    categories: int


class ShopPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sold.

    Attributes:
        price_middle: Least and largest middle price of a category.
        price_spread: Deviation of the log price within a category.
        margin: Mean margin of a category under its mark-up, a share of the price.
        margin_spread: Deviation of that between categories.
        delivery: Most that a store's delivery adds to the cost of a unit, a share.
        slow_share: Of pairs that sell less than a unit a day.
        zipf: Exponent of the skew of products.
        store_spread: Deviation of the log size of stores.
        season: How far demand for a category swings over the year, log scale.
        event: Mean lift of a category in a week with an event, log scale.
        cost_jump: Chance a week that a product's cost jumps, and deviation of the jump, log scale.
        cost_walk: Deviation of the weekly step of a category's cost, log scale.
        promoted: Chance a week that a product is promoted in all stores.
        depth: Of a promotion, a share of the regular price.
    """

    price_middle: Spread
    price_spread: float
    margin: float
    margin_spread: float
    delivery: float
    slow_share: float
    zipf: float
    store_spread: float
    season: Spread
    event: float
    cost_jump: tuple[float, float]
    cost_walk: float
    promoted: float
    depth: Spread


class ShockPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What moves demand without anybody's price.

    Attributes:
        group: Deviation of a category's luck in a store, log scale.
        product: Deviation of a product's luck in all stores, log scale.
        pair: Deviation of a pair's luck in one week, a share of its mean (gamma, so that units are negative binomial).
        memory: How much of the luck of categories and products goes on to the next week.
    """

    group: float
    product: float
    pair: float
    memory: float


class SupplyPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the shops buy.

    Attributes:
        lead_weeks: Most weeks from an order to its arrival.
        safety: Weeks of sales kept beyond lead time and review.
        seasonal: Share of products bought once in half a year.
        overbuy: Season's buy over its expected sales at the anchor price, and deviation of the buyer's log error.
        perishable: Share of products thrown away two weeks after they came.
    """

    lead_weeks: int
    safety: float
    seasonal: float
    overbuy: tuple[float, float]
    perishable: float


class RivalsPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the three rivals do: one sets cost plus, one follows us, one promotes by chance.

    Attributes:
        cost_spread: Deviation of the log of their costs against ours.
        adjusts: Chance a week that the first sets his price anew.
        undercut: How far the follower goes below us, a share of our price; more than 0 is a price war.
        promotes: Chance a week that the third promotes.
        missing, wrong, late: Share of the feed's prices that are so.
    """

    cost_spread: float
    adjusts: float
    undercut: float
    promotes: float
    missing: float
    wrong: float
    late: float


class HistoryPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the prices of the past came about.

    Attributes:
        reaction: Log price per unit of log demand that whoever sets prices sees coming: the strength of confounding.
        whim: Deviation of the log price from what the rules say, for no reason.
        whim_weeks: How long a whim lasts on average.
    """

    reaction: float
    whim: float
    whim_weeks: float


class ElasticPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mechanism a. Own elasticity is the product of a category's mean, a product's deviation and a store's.

    Attributes:
        middle: Median own elasticity.
        category_spread, pair_spread, store_spread: Deviations of its log.
        relative: Share of it that is about the price against rivals.
        cross: Elasticity of a product to the index of its category.
        promotion: Lift of a promoted week beyond its price, log scale.
    """

    middle: float
    category_spread: float
    pair_spread: float
    store_spread: float
    relative: float
    cross: Spread
    promotion: float


class ShoppersPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mechanism b.

    Attributes:
        considered: Products of a category that a shopper knows.
        trips: Chance a week that a shopper whose home is empty needs something of a category.
        sensitivity: Utility lost per 100% of price by the segments insensitive, comparer and loyal.
        segment_share: Of each segment.
        product_spread, category_spread: Deviations of the log of sensitivity.
        taste: Deviation of a shopper's taste for a product.
        own_brand: What the loyal add for their own.
        compared: Utility a comparer loses per 100% above the lowest rival.
        reference: Utility lost per 100% above the price a shopper remembers; a cut gains half of it.
        forgets: Weight of a new price in the memory.
        outside: Utility of buying nothing.
        promotion: Utility of a promotion beyond its price.
        stockpile: Most units bought extra on a good price.
    """

    considered: int
    trips: float
    sensitivity: tuple[float, float, float]
    segment_share: tuple[float, float, float]
    product_spread: float
    category_spread: float
    taste: float
    own_brand: float
    compared: float
    reference: float
    forgets: float
    outside: float
    promotion: float
    stockpile: float


class ReplayPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mechanism c. Set by rounded figures of orange juice in shops of a chain; none of those rows is in it.

    Attributes:
        slope: Least, middle and largest own slope of a brand, at its usual price.
        store_spread: Deviation of its log between stores.
        cross: Slope of a product by the index of its category, times the own slope.
        tiers: How much more a dear brand's cut takes from the cheap ones than the other way round, log scale.
        raise_factor: Slope above the usual price over that below.
        relative: Slope by the price against rivals, times the own slope.
        promotion: Least and largest lift of a promoted week beyond its price, log scale.
    """

    slope: tuple[float, float, float]
    store_spread: float
    cross: float
    tiers: float
    raise_factor: float
    relative: float
    promotion: Spread


class MarketPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All parameters of one kind of market; exactly one of the three mechanisms is given."""

    size: Size
    shop: ShopPlan
    shocks: ShockPlan
    supply: SupplyPlan
    rivals: RivalsPlan
    history: HistoryPlan
    elastic: ElasticPlan | None = None
    shoppers: ShoppersPlan | None = None
    replay: ReplayPlan | None = None


def read_plan(name: MechanismName) -> MarketPlan:
    """Return the committed parameters of a kind of market."""
    file = resources.files("shopkeeper.simulation.prices").joinpath("parameters", f"{name}.toml")
    return msgspec.toml.decode(file.read_bytes(), type=MarketPlan)
