"""Answers from lists that were made overnight: the cheap way, for everybody or for those who did nothing lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

import msgspec

from shopkeeper.commerce.event import INTEREST
from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.behaviour.refusals import refusals
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.models.visit_lifts import NO_LIFTS
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.recommend import parents_of, recommend, rules_for
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.ports import EMPTY_PROFILE


class NightLists(Protocol):
    """Lists made ahead, as `export recommendations` writes them."""

    @property
    def mark(self) -> int:
        """A number that changes when other lists take their place."""
        ...

    def of(self, store: str, user: str) -> Sequence[tuple[str, float]] | None:
        """Return a user's products with their scores, best first; None for a user or store without a list."""
        ...


def answered_live(request: RecommendationRequest, params: RecommendParams) -> bool:
    """Say whether a recipe answers a shopper with all that is known now, and not from the lists of the night."""
    if params.lists != "hybrid":
        return params.lists == "live"
    since = request.now - timedelta(hours=params.lively_hours)
    lately = (event for event in request.profile.events if event.type in INTEREST and _utc(event.ts) > since)
    return len(list(islice(lately, params.lively_events))) == params.lively_events


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_the_night(
    request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams, lists: NightLists | None
) -> RecommendationAnswer:
    """Return the list that was made for a shopper, whatever they did since; only what may not be shown is left out.

    Who has no list gets what an export would have written for them: the model's answer to a shopper who comes with no
    page and no live event.
    """
    past, stock = unlived(request, stock.catalogue), replace(stock, lifts=NO_LIFTS)
    user = request.shopper.user if request.personal else None
    listed = lists.of(request.store, user) if lists is not None and user is not None else None
    if listed is None:
        return recommend(past, loaded, stock, params)
    rules = rules_for(past, Past(), stock, params)
    places = rules.places(request.body.k)
    shown = ((-1, score, card) for product, score in listed if (card := rules.shown(product)) is not None)
    chosen = [
        Recommendation(card.product.product, score, (reasons.FOR_YOU,))
        for _, score, card in places.admitted(weighed(shown, rules.plan, request.body.k), card_of)
    ]
    return RecommendationAnswer(fill(chosen, past, Past(), stock, rules, places))


def unlived(request: RecommendationRequest, catalogue: Catalogue) -> RecommendationRequest:
    """Return a request without its page, without the product the visit began with and what the shopper did lately.

    The page's products and their variants stay barred, and so does what the shopper refused.
    """
    body = request.body
    page = (*body.products, *parents_of(body.products, catalogue, request.store))
    barred = (*body.exclude, *page, *sorted(refusals(request.profile.events)))
    context = {name: said for name, said in body.context.items() if name != "landing"}
    blank = msgspec.structs.replace(body, products=(), exclude=barred, context=context)
    return replace(request, body=blank, profile=EMPTY_PROFILE)
