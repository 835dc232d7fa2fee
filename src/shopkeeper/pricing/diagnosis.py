"""What a model of demand believes, looked at as a whole; plain records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct


class Bin(Struct, frozen=True):
    """How many slopes lie between two ends, -inf and inf written as None.

    Attributes:
        own: Of products alone, before anything is shared, where their own sales tell one.
        believed: After sharing and the sign constraint, where somebody has an opinion.
    """

    low: float | None
    high: float | None
    own: int
    believed: int


class SlopesOf(Struct, frozen=True, kw_only=True):
    """The slopes of some pairs of product and store; percent of units for one percent of price.

    Attributes:
        name: Of the category; empty = all of them.
        pairs: How many there are.
        own, category, none: Shares by whose word the slope is; `none`: without an opinion, so that prices stay.
        mean, low, high: Mean slope after the constraint with its interval of 90%: of a category that of its mean, of
            all the range that holds 90% of them. None where nobody has an opinion.
        width: Median width of the intervals of single pairs; None as `mean`.
        wrong: Share of the products' own slopes above nought, before the constraint; `told` how many there are.
        moved: Mean change that sharing and the constraint made to those, in points of slope; None where there is none.
        reaction: Bias taken out as prices had followed demand, in points of slope; None for all together.
    """

    name: str
    pairs: int
    own: float
    category: float
    none: float
    mean: float | None
    low: float | None
    high: float | None
    width: float | None
    wrong: float
    told: int
    moved: float | None
    reaction: float | None = None


class Diagnosis(Struct, frozen=True, kw_only=True):
    """One version of the model, looked at as a whole.

    Attributes:
        figures: What its exam said, with intervals, of it and of the baseline; as it was registered.
        bins: Distribution of the slopes; empty for a model that knows none.
        whole: All pairs; None as `bins`.
        categories: Each, those with most pairs first.
    """

    version: str
    model: str
    trained_at: datetime
    figures: dict[str, Any]
    bins: tuple[Bin, ...] = ()
    whole: SlopesOf | None = None
    categories: tuple[SlopesOf, ...] = ()
