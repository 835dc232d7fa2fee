"""Which list a surface shows, and by what recipe: what the store says, else what its name says, else the model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shopkeeper.recommendations.recipe import ListName, RecommendParams, changed
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.recommendations.rules.merchandising import Surface
from shopkeeper.recommendations.rules.shop_rules import ShopRules

BUILT_IN: Final[Mapping[str, ListName]] = {
    "recently_viewed": "recently_viewed",
    "buy_again": "buy_again",
    "bought_together": "bought_together",
    "complementary": "complementary",
    "similar": "alike",
    "substitutes": "alike",
    "trending": "trending",
}
"""Surfaces that say by their name what they show; every other shows what the model says."""
MODEL_LIST: Final = Surface()


def surface_of(body: RecommendationBody, rules: ShopRules) -> Surface:
    """Return how the list of a request is made."""
    told = rules.surface(body.store, body.surface)
    if body.relevance is not None:
        return Surface(list="search_order", settings={} if told is None else told.settings)
    if told is not None:
        return told if told.list != "search_order" else MODEL_LIST  # there are no results to put in order
    named = BUILT_IN.get(body.surface)
    return MODEL_LIST if named is None else Surface(list=named)


def recipe_of(surface: Surface, params: RecommendParams, arm: Mapping[str, Any]) -> RecommendParams:
    """Return the recipe of a surface; what an arm of a test sets stays as the arm says."""
    return changed(params, {**surface.settings, **arm}) if surface.settings else params
