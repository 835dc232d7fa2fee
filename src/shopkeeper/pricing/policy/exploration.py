"""What a shop may spend on trying prices out: money at risk, how far a price may be moved for it, when it is enough."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Spread = Annotated[float, Meta(gt=0, le=10)]


class Exploration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How prices are tried out to learn how demand answers. A tried price follows every other rule.

    Attributes:
        budget: Money at risk a week at most, a share of the expected revenue of a store's prices it is about.
        share: Largest part of these prices that are tried at once.
        move: Farthest a tried price may be from the one that would have been set, a share of it.
        weeks: Weeks within which what is learnt must be expected to pay for a try.
        enough: Standard deviation of a slope below which it is known well enough and nothing is tried.
        wide: The same, from which a price is wobbled by design; between the two it follows a drawn slope.
    """

    budget: Annotated[float, Meta(gt=0, le=0.02)] = 0.003
    share: Annotated[float, Meta(gt=0, le=1)] = 0.25
    move: Annotated[float, Meta(gt=0, le=0.1)] = 0.05
    weeks: Annotated[float, Meta(ge=1, le=520)] = 13
    enough: Spread = 0.3
    wide: Spread = 1.0
