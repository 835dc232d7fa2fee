"""What comes back: products in order, each with its reasons."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

ReasonCode = Literal[
    "because_viewed", "because_bought", "goes_with", "trending", "popular_in_category", "popular", "also_in_category",
    "new", "range",
    "for_you", "featured", "seen", "again", "together", "like", "found",
]  # fmt: skip


_LOGGED: Final = "logged"
"""Where an answer keeps how it is logged; None once it was logged."""
_HOLDS_ON: Final = "holds_on"
"""Where an answer keeps on which shelf all of it could be shown."""


class Pair(Struct, frozen=True, gc=False):
    """How a product and the one its reason names are bought together.

    Attributes:
        lift: How much more often both are in one basket than if chance put them there.
        support: Share of the baskets of the stores that may share shoppers that hold both.
        buyers: Different buyers who had both in one basket; never fewer than `privacy.fewest_buyers`.
    """

    lift: float
    support: float
    buyers: int


class Reason(Struct, frozen=True, gc=False):
    """Why a product is in the answer.

    Attributes:
        code: For machines.
        text: For shoppers, plain English.
        products: Ids of up to three products behind it, first the weightiest, which `text` names; empty where no single
            product is.
        pair: Of a reason that names the first of them because both are bought together; else absent.
    """

    code: ReasonCode
    text: str
    products: tuple[str, ...] = ()
    pair: Pair | UnsetType = UNSET


class Recommendation(Struct, frozen=True, gc=False):
    """One product of an answer.

    Attributes:
        score: Comparable within one answer only; never rises down the list.
    """

    product: str
    score: float
    reasons: tuple[Reason, ...] = ()


class Chance(Struct, frozen=True, gc=False):
    """How likely a product was to stand where it stands; see `exploration.Odds`.

    Attributes:
        propensity: Given the places above.
        chance: Whatever stands above.
        score: What the policy gave the product, before anything was lowered so that scores never rise.
        open: Whether chance may have put any other product of the list there, or any of the same others.
    """

    propensity: float
    chance: float
    score: float
    open: bool = False


class _Logged(Struct, frozen=True, gc=False):
    product: str
    score: float
    reasons: list[str]


class RecommendationAnswer(Struct, frozen=True, omit_defaults=True, dict=True):
    """Products in order, best first, none twice.

    Attributes:
        spare: What may stand in for products of the list where the shop tries things out.
        fresh: New products for the places kept for them.
        chances: One for each product, where the list was drawn by chance; empty = nothing was left to chance.
        seed: What it was drawn with.
    """

    items: tuple[Recommendation, ...] = ()
    spare: tuple[Recommendation, ...] = ()
    fresh: tuple[Recommendation, ...] = ()
    chances: tuple[Chance, ...] = ()
    seed: int = 0

    @cached_property
    def items_json(self) -> msgspec.Raw:
        """The products as JSON, made once for an answer that is given again and again."""
        return msgspec.Raw(msgspec.json.encode(self.items))

    def held_on(self, shelf: Hashable) -> bool:
        """Say whether every product could be shown on this very shelf when that was last looked at."""
        return self.__dict__.get(_HOLDS_ON) == shelf

    def hold_on(self, shelf: Hashable) -> None:
        """Note that every product may be shown, whatever the time, as long as the shelf is this one."""
        self.__dict__[_HOLDS_ON] = shelf

    @property
    def logged_json(self) -> msgspec.Raw:
        """The products, their scores and reason codes as JSON, as the decision log keeps them.

        Kept from the second time on: most answers are given once, and it would be a fifth of what each takes.
        """
        kept: msgspec.Raw | None = self.__dict__.get(_LOGGED)
        if kept is not None:
            return kept
        logged = [_Logged(one.product, one.score, [reason.code for reason in one.reasons]) for one in self.items]
        made = msgspec.Raw(msgspec.json.encode(logged))
        self.__dict__[_LOGGED] = made if _LOGGED in self.__dict__ else None
        return made
