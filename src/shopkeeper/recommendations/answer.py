"""What comes back: products in order, each with its reasons."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ReasonCode = Literal[
    "because_viewed", "because_bought", "goes_with", "trending", "popular_in_category", "popular", "also_in_category",
    "new", "range",
    "for_you",
]  # fmt: skip


class Reason(Struct, frozen=True):
    """Why a product is in the answer.

    Attributes:
        code: For machines.
        text: For shoppers, plain English.
        products: Ids of the products behind it; empty where no single product is.
    """

    code: ReasonCode
    text: str
    products: tuple[str, ...] = ()


class Recommendation(Struct, frozen=True):
    """One product of an answer.

    Attributes:
        score: Comparable within one answer only; never rises down the list.
    """

    product: str
    score: float
    reasons: tuple[Reason, ...] = ()


class RecommendationAnswer(Struct, frozen=True):
    """Products in order, best first, none twice."""

    items: tuple[Recommendation, ...] = ()
