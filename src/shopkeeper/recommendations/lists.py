"""Lists that are not the model's: recently viewed, buy again, bought together, alike, trending, search order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec import UNSET, UnsetType

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Pair, Reason, RecommendationAnswer
from shopkeeper.recommendations.entries import Entry, placed
from shopkeeper.recommendations.evidence import code_of, gather
from shopkeeper.recommendations.fill import Stock, fill, finish
from shopkeeper.recommendations.judging import candidates
from shopkeeper.recommendations.like_page import like_page
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.models.cycles import due
from shopkeeper.recommendations.models.together import Together, partners, strongest
from shopkeeper.recommendations.named import named_in
from shopkeeper.recommendations.past import Past, past_of
from shopkeeper.recommendations.reasons import because
from shopkeeper.recommendations.recipe import ListName, RecommendParams
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import RecommendationRequest

_ALIKE_LOOKS: Final = 2_000
"""Products that are compared with each of the page."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a list is made of; without a model `loaded` is None."""

    request: RecommendationRequest
    past: Past
    loaded: LoadedModel | None
    stock: Stock
    params: RecommendParams


Make = Callable[[Basis], Iterable[Entry]]


def listed(
    name: ListName, request: RecommendationRequest, loaded: LoadedModel | None, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Return a list of a kind, by every rule.

    Lists of the shopper's own past (recently viewed, buy again) stay as short as that past, and no sibling stands in
    there for a variant they saw or bought; the others are filled up.
    """
    past, own = past_of(request, loaded), own_past(name)
    barring = Past(refused=past.refused) if own else past
    rules = rules_for(request, barring, stock, params)
    places = rules.places(request.body.k)
    entries = _MAKERS[name](Basis(request, past, loaded, stock, params))
    chosen = placed(entries, rules, places, request.body.k, own=own)
    if own:
        return RecommendationAnswer(finish(chosen, request, stock, rules, places))
    return RecommendationAnswer(fill(chosen, request, barring, stock, rules, places))


def _recently_viewed(at: Basis) -> Iterator[Entry]:
    """Yield what the shopper saw, the newest first."""
    seen = dict.fromkeys(event.product for event in reversed(at.past.events))
    for place, product in enumerate(seen, start=1):
        yield product, 1.0 / place, reasons.SEEN


def _buy_again(at: Basis) -> list[Entry]:
    """Return what the shopper bought and is due, the most due first."""
    if at.loaded is None:
        return []
    found = []
    for product, bought in (at.past.bought or {}).items():
        code = code_of(product, at.request, at.loaded.index, at.stock.catalogue)
        days = (at.request.now.timestamp() - bought.last) / 86_400.0
        score = due(days, float(at.loaded.habits.cycles[code])) if code is not None else 0.0
        if score > 0:
            found.append((product, score, reasons.AGAIN))
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _bought_together(at: Basis) -> list[Entry]:
    """Return what is bought with the products of the page, the strongest first; of enough different buyers alone."""
    if at.loaded is None:
        return []
    index, table, shown = at.loaded.index, at.loaded.habits.together, at.request.body.products
    coded = ((code_of(product, at.request, index, at.stock.catalogue), product) for product in shown)
    page = {code: product for code, product in coded if code is not None}
    pairs = sorted(partners(table, np.array(list(page), dtype=np.int64)).items(), key=lambda one: (-one[1], one[0]))
    return [(index.products[item], score, _together(at, table, page, item)) for item, score in pairs]


def _together(at: Basis, table: Together, page: Mapping[int, str], item: int) -> Reason:
    """Return the reason that names the product of the page an item goes best with, and how both are bought."""
    best, place = strongest(table, page, item)
    pair: Pair | UnsetType = UNSET
    if len(table.lifts):  # the bundle is not older than they are
        lift, support = round(float(table.lifts[place]), 3), round(float(table.supports[place]), 6)
        pair = Pair(lift, support, int(table.buyers[place]))
    return because("together", at.stock.catalogue, at.request.store, page[best], pair=pair)


def _complementary(at: Basis) -> Iterator[Entry]:
    """Yield what is bought with the page's products and lies in none of their main categories."""
    cards = (at.stock.catalogue.card(at.request.store, product) for product in at.request.body.products)
    own = {card.category for card in cards if card is not None}
    for entry in _bought_together(at):
        card = at.stock.catalogue.card(at.request.store, entry[0])
        if card is not None and card.category not in own:
            yield entry


def _alike(at: Basis) -> list[Entry]:
    """Return what can stand in for the products of the page."""
    return like_page(at.request, at.stock, _ALIKE_LOOKS)


def _trending(at: Basis) -> Iterator[Entry]:
    """Yield what is wanted most right now."""
    for product, share in at.stock.trending.top(at.request.store):
        yield product, share, reasons.TRENDING


def _search_order(at: Basis) -> list[Entry]:
    """Return the results of a search by `(1 - share) * relevance + share * what the model says`, both 1 at most.

    Where nothing is known of what the shopper did, or of any of the results, the order of the search engine stays as it
    is. The past says nothing of sensitive results.
    """
    body = at.request.body
    results = body.candidates or ()
    relevance = _relevance(body.relevance or (), len(results))
    share = at.params.search_share
    said: Mapping[int, float] = _said(at, at.loaded) if at.loaded is not None and share > 0 else {}
    cards = at.stock.catalogue.cards_of(at.request.store, results)
    found = []
    for product, card, relevant in zip(results, cards, relevance, strict=True):
        code = code_of(product, at.request, at.loaded.index, at.stock.catalogue) if at.loaded is not None else None
        if card is not None and card.product.sensitive:
            code = None
        personal = said.get(code, 0.0) if code is not None else 0.0
        score = (1.0 - share) * relevant + share * personal if said else relevant
        found.append((product, score, reasons.FOR_YOU if personal > 0 else reasons.FOUND))
    return sorted(found, key=lambda entry: -entry[1])


def _said(at: Basis, loaded: LoadedModel) -> dict[int, float]:
    """Return what the model says of the results' items by what the shopper did, 1 the most; nothing of strangers."""
    named = named_in(at.request, loaded, at.stock)
    evidence = gather(at.request, at.past, loaded, at.stock.catalogue, at.params, named)
    if not len(evidence.asked) and not len(evidence.asked.purchases):
        return {}
    scored = candidates(at.request, evidence, loaded, at.stock.catalogue)
    top = float(scored.scores.max(initial=0.0))
    return {} if top <= 0 else dict(zip(scored.items.tolist(), (scored.scores / top).tolist(), strict=True))


def _relevance(given: tuple[float, ...], count: int) -> list[float]:
    """Return how relevant each result is, 1 the most; by its place where the engine gave no scores."""
    if not given:
        return [1.0 - place / count for place in range(count)]
    low, top = min(given), max(given)
    return [1.0 if top == low else (one - low) / (top - low) for one in given]


def cached(name: ListName) -> bool:
    """Say whether a list may be kept for hours: one that changes by the minute may not."""
    return name not in ("trending", "buy_again")


def own_past(name: ListName) -> bool:
    """Say whether a list is of what the shopper did, and nothing else."""
    return name in _OWN


_OWN: Final[frozenset[ListName]] = frozenset({"recently_viewed", "buy_again"})
_MAKERS: Final[Mapping[ListName, Make]] = {
    "recently_viewed": _recently_viewed,
    "buy_again": _buy_again,
    "bought_together": _bought_together,
    "complementary": _complementary,
    "alike": _alike,
    "trending": _trending,
    "search_order": _search_order,
}
