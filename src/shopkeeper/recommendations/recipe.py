"""How a recommendation is made: the settings a shop or an arm of an experiment may choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shopkeeper.errors import FieldProblem, InputError

ListName = Literal[
    "for_you", "recently_viewed", "buy_again", "bought_together", "complementary", "alike", "trending", "search_order"
]
"""Kinds of lists; all but the first are made by `lists.py`, whatever the model."""


class RecommendParams(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How history and page are weighed, how long a purchase bars its product, how much a list varies.

    Attributes:
        history_share: What the history counts beside the products of the page; without any, it counts in full.
        bought_days: A bought product is not recommended again for so many days.
        repurchase: True lets bought products come back, for shops that sell what runs out.
        diversity: How much being unlike the products above counts against score, 0 = nothing, to 1 = all.
        diversity_by: `mmr` counts the nearest product above, `dpp` all of them together (determinantal point process).
        own_mix: How much the list's mix of categories being unlike the shopper's own counts against score, to 1 = all.
        novelty: Share of its score that the best-seller loses, others by the log of their demand; 0 = none.
        price_band: By how many halves a product loses score for each doubling outside the shopper's usual prices.
        exploration: Chance that one thing of a list is changed: another product at one place, or two places swapped.
        exploration_pool: Of how many products the other one is drawn: those that come next after the list.
        new_share: Share of the places that new products have at least, drawn by chance among them; 0 = none.
        new_days: A product is new for so many days.
        new_views: A product with so much interest lately, in views, is new no longer; 0 = however much it had.
        search_share: What the model counts beside the relevance of a search result, 0 = nothing, to 1 = all.
        lists: `live` answers with all that is known now; `nightly` gives the list that was made for the shopper
            overnight, whatever page they are on and whatever they did since; `hybrid` answers live who is lively, and
            gives everybody else the list of the night.
        lively_events: A shopper is lively from so many events on, of those that show interest.
        lively_hours: Only events of so many hours count for that.
    """

    history_share: Annotated[float, Meta(ge=0)] = 0.3
    bought_days: Annotated[float, Meta(ge=0)] = 365.0
    repurchase: bool = False
    diversity: Annotated[float, Meta(ge=0, le=1)] = 0.0
    diversity_by: Literal["mmr", "dpp"] = "mmr"
    own_mix: Annotated[float, Meta(ge=0, le=1)] = 0.0
    novelty: Annotated[float, Meta(ge=0, le=1)] = 0.0
    price_band: Annotated[float, Meta(ge=0, le=10)] = 0.0
    exploration: Annotated[float, Meta(ge=0, le=1)] = 0.0
    exploration_pool: Annotated[int, Meta(ge=1, le=200)] = 20
    new_share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    new_days: Annotated[float, Meta(gt=0)] = 30.0
    new_views: Annotated[float, Meta(ge=0)] = 0.0
    search_share: Annotated[float, Meta(ge=0, le=1)] = 0.3
    lists: Literal["live", "nightly", "hybrid"] = "live"
    lively_events: Annotated[int, Meta(ge=1, le=50)] = 1
    lively_hours: Annotated[float, Meta(gt=0)] = 24.0


DEFAULT_PARAMS: Final = RecommendParams()


def changed(params: RecommendParams, settings: Mapping[str, Any]) -> RecommendParams:
    """Return a recipe with some settings changed.

    Raises:
        InputError: there is no such setting, or the value is not one it can have.
    """
    try:
        return msgspec.convert({**msgspec.to_builtins(params), **settings}, RecommendParams)
    except msgspec.ValidationError as error:
        known = ", ".join(RecommendParams.__struct_fields__)
        raise InputError(
            f"Recommendations cannot be made with settings {dict(settings)!r}: {error}.",
            f"The settings are: {known}.",
            (FieldProblem("settings", str(error), f"Use: {known}."),),
        ) from error
