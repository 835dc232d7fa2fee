"""An answer in which products are tried out: what may stand where, the draw, how likely it was by another policy."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shopkeeper.recommendations.answer import Chance, Recommendation, RecommendationAnswer
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.new_products import is_new
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import MANY, Places
from shopkeeper.recommendations.variety.exploration import Odds, odds, places_for_new, seed_of
from shopkeeper.serving.catalogue import Card


def explores(params: RecommendParams) -> bool:
    """Say whether a recipe leaves anything to chance."""
    return params.exploration > 0 or params.new_share > 0


def odds_of(
    request: RecommendationRequest, answer: RecommendationAnswer, rules: Rules, stock: Stock, params: RecommendParams
) -> Odds:
    """Return what may stand at each place of an answer made without chance, by what may be shown now."""
    base = [item.product for item in answer.items]
    cards = [stock.catalogue.card(request.store, product) for product in base]
    new = set()
    if params.new_share > 0:
        seen = enumerate(cards)
        new = {n for n, card in seen if card is not None and is_new(card, request.store, request.now, stock, params)}
    together = _beside(cards, rules)
    return odds(
        base,
        _allowed(answer.spare, rules, together),
        _allowed(answer.fresh, rules, together),
        share=params.exploration,
        reserved=max(places_for_new(params.new_share, len(base)) - len(new), 0),
        kept={n for n, card in enumerate(cards) if card is not None and rules.kept(card)},
        new=new,
    )


def _beside(cards: Sequence[Card | None], rules: Rules) -> Places:
    """Return places in which a list stands already: what fits beside all of it breaks no rule in any draw."""
    together = Places(MANY, rules.plan)
    for card in cards:
        if card is not None:
            together.admit(card)
    return together


def drawn(answer: RecommendationAnswer, what: Odds, seed: int) -> RecommendationAnswer:
    """Return the answer as it is shown: one list by chance, with the chances it was shown by."""
    known = {item.product: item for item in (*answer.items, *answer.spare, *answer.fresh)}
    items, chances = [], []
    floor = float("inf")
    for shown in what.draw(seed):
        item = known[shown.product]
        floor = min(floor, item.score)
        items.append(msgspec.structs.replace(item, score=floor))
        chances.append(Chance(shown.propensity, shown.chance, item.score, shown.open))
    return RecommendationAnswer(tuple(items), chances=tuple(chances), seed=seed)


def draw_seed(request: RecommendationRequest, version: str | None, decision_id: str) -> int:
    """Return what a decision is drawn with: a shopper keeps their list until they do something or ask for another.

    Where nobody is known, each decision is drawn by its own id.
    """
    unit = request.unit
    if unit is None:
        return seed_of(decision_id)
    body = request.body
    asked = msgspec.json.encode((body.surface, body.k, body.products, body.candidates, body.exclude, body.filters))
    return seed_of("\x1f".join((version or "", request.store, unit, str(request.profile.version), asked.decode())))


def likelihoods(shown: RecommendationAnswer, other: Odds) -> Sequence[tuple[str, float, float]]:
    """Return for each product shown its id, the chance it stood there with, and the chance by other odds."""
    rows = enumerate(zip(shown.items, shown.chances, strict=True))
    return [(item.product, one.chance, other.chance(place, item.product)) for place, (item, one) in rows]


def _allowed(found: Sequence[Recommendation], rules: Rules, together: Places) -> list[str]:
    cards = ((item.product, rules.allowed(item.product)) for item in found)
    return [product for product, card in cards if card is not None and together.admit(card)]
