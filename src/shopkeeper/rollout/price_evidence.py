"""What a verdict on prices is made of: the run that would go on, and the test by switchback of the present step."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct


class Promise(Struct, frozen=True, kw_only=True):
    """What a run promises over the prices that stand, in the coming week, with its interval of 90%.

    Attributes:
        currency: Prices of one currency are chosen together.
        objective: What was chosen for, such as revenue.
        low, expected, high: Relative change of it.
        margin_low, margin_expected, margin_high: Change of the margin as a share of revenue.
        surest_miss: Chance with which the margin target is met that is met least surely; 1 = there is none.
    """

    currency: str
    objective: str
    low: float
    expected: float
    high: float
    margin_low: float = 0.0
    margin_expected: float = 0.0
    margin_high: float = 0.0
    surest_miss: float = 1.0


class PriceRunSeen(Struct, frozen=True, kw_only=True):
    """The newest run of the version in every store, computed since the step needs one.

    Attributes:
        why: What its last step says, such as which gate blocked it.
        good_until: Later no step can be taken with it: what it rests on is old then.
        prices, moved: Its prices, and those that would change.
    """

    run: str
    at: datetime
    status: Literal["blocked", "waiting", "approved", "scheduled", "in_test", "published", "rejected", "reverted"]
    why: str = ""
    good_until: datetime
    prices: int
    moved: int
    promises: tuple[Promise, ...] = ()


class PriceEffect(Struct, frozen=True, kw_only=True):
    """One metric of the clusters at the version's prices over those at the standing ones.

    Attributes:
        control, value: The arms' values, as measured.
        relative: Relative effect; larger is not always better.
        low, high: Interval by the coins; None = so few tiles give none.
        alpha: Chance that it lies outside, two-sided.
        reason: Why nothing can be said; empty otherwise.
    """

    metric: str
    control: float
    value: float
    relative: float
    low: float | None
    high: float | None
    alpha: float
    reason: str = ""


class PriceTestSeen(Struct, frozen=True, kw_only=True):
    """The test of the present step, from figures of whole days.

    Attributes:
        over: The prices from before it hold again everywhere.
        days, days_over: Of the test, and those that are over in every store.
        cells, cells_matured: Clusters in a period in one arm; those whose returns are in.
        price_days, wrong_days: Counted days of prices that differ between the arms; those on which another price than
            the design's was shown.
        reasons: Why no figure of it can be believed; none where they may be.
        proof: Effects over blocks of tiles that have matured, at the test's alpha.
        harm: Effects over blocks that are over, by rollback criterion, each at its alpha over all looks there are.
    """

    test: str
    over: bool
    days: int
    days_over: int
    cells: int
    cells_matured: int
    price_days: int
    wrong_days: int
    reasons: tuple[str, ...] = ()
    proof: tuple[PriceEffect, ...] = ()
    harm: tuple[PriceEffect, ...] = ()


class PriceEvidence(Struct, frozen=True, kw_only=True):
    """Everything about the prices of a rollout at one moment.

    Attributes:
        run: None = there is none to go on with.
        test: None in shadow, at full, and until the test of the step has begun.
        in_the_way: Why the step's test has not begun, or its prices are not published; empty = nothing is known.
        published: Newest run of the version whose prices hold for everybody; empty before.
        mismatched: Prices of the version that the shop does not show as decided.
    """

    run: PriceRunSeen | None = None
    test: PriceTestSeen | None = None
    in_the_way: str = ""
    published: str = ""
    mismatched: int = 0
