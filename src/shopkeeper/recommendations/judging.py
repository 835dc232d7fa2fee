"""Which of the scored products pass the rules and have a place, best first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.evidence import Evidence, code_of
from shopkeeper.recommendations.found import Found, card_of
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import Scored
from shopkeeper.recommendations.request import NO_FILTERS, RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.serving.catalogue import Card, Catalogue

_LOOK = 400
"""Candidates sorted at first; the rest only if the rules leave too few of them."""
_BESIDE = 12
"""Candidates looked at together beyond the places there are: some are barred, or have a sibling in the list."""


def candidates(request: RecommendationRequest, evidence: Evidence, loaded: LoadedModel, catalogue: Catalogue) -> Scored:
    """Return the scored products that may come into question: those asked for, else all that score."""
    return _among(request, loaded.model.score(evidence.asked), loaded, catalogue)


def _among(request: RecommendationRequest, scored: Scored, loaded: LoadedModel, catalogue: Catalogue) -> Scored:
    if request.body.candidates is None or not len(scored):
        return scored
    named = (code_of(product, request, loaded.index, catalogue) for product in request.body.candidates)
    codes = {code for code in named if code is not None}
    keep = np.isin(scored.items, np.fromiter(codes, dtype=np.int64, count=len(codes)))
    return Scored(scored.items[keep], scored.scores[keep])


def admitted(
    request: RecommendationRequest,
    evidence: Evidence,
    loaded: LoadedModel,
    rules: Rules,
    places: Places,
    ranked: Iterator[tuple[int, float]],
    scored: Scored,
) -> list[Found]:
    """Return what gets a place of what `judged` yields, by the weights of the shop's own rules; arguments as there.

    Where nothing narrows the list, the first candidates are looked at together, up to one that needs more than a look.
    """
    chosen: list[Found] = []
    seen: set[str] = set()
    if rules.plan is None and rules.filters is NO_FILTERS and rules.only is None:
        ranked = _plainly(loaded, rules, places, ranked, chosen, seen)
    found = weighed(judged(request, evidence, loaded, rules, ranked, scored, seen), rules.plan, places.left)
    chosen += places.admitted(found, card_of)
    return chosen


def _plainly(
    loaded: LoadedModel,
    rules: Rules,
    places: Places,
    ranked: Iterator[tuple[int, float]],
    chosen: list[Found],
    seen: set[str],
) -> Iterator[tuple[int, float]]:
    """Give places to the first candidates that stand for themselves; return those that were not looked at.

    A candidate that a sibling may stand in for, that has days, or that is sensitive ends it.
    """
    first = list(islice(ranked, places.left + _BESIDE))
    names = list(map(loaded.index.products.__getitem__, [item for item, _ in first]))
    barred, heads = rules.barred, rules.heads
    for place, (name, card) in enumerate(zip(names, rules.catalogue.cards_of(rules.store, names), strict=True)):
        if places.left <= 0 or (card is not None and (card.dated or card.product.sensitive)):
            return chain(first[place:], ranked)
        if name in barred:
            continue
        parent = None if card is None else card.product.parent
        if card is None or not card.on_sale or parent in barred:
            if parent is not None or name in heads:
                return chain(first[place:], ranked)
            continue
        seen.add(name)
        if places.admit(card):
            item, score = first[place]
            chosen.append((item, score, card))
    return ranked


def judged(
    request: RecommendationRequest,
    evidence: Evidence,
    loaded: LoadedModel,
    rules: Rules,
    ranked: Iterator[tuple[int, float]],
    scored: Scored,
    seen: set[str],
) -> Iterator[Found]:
    """Yield products that pass the rules, best first, none twice; a sibling has the item code of what it stands in for.

    A sensitive product keeps only the part of its score that comes from the page, and its place by that part.

    Args:
        ranked: What the model scored of the evidence, best first.
        scored: The same, as the model said it.
        seen: Products that were looked at before; those that are yielded join them.
    """
    if request.body.candidates is not None:
        ranked = best_first(_among(request, scored, loaded, rules.catalogue))
    waiting: list[tuple[float, int, Card]] = []
    shown, products = rules.shown, loaded.index.products
    for item, score in ranked:
        while waiting and -waiting[0][0] >= score:
            part, later, card_later = heapq.heappop(waiting)
            yield later, -part, card_later
        card = shown(products[item])
        if card is None:
            continue
        product = card.product
        if product.product in seen:
            continue
        seen.add(product.product)
        if product.sensitive:
            parts = loaded.model.explain(np.array([item]), evidence.asked)[0]
            if parts[~evidence.asked.page].any():
                page = float(parts[evidence.asked.page].sum())
                if page > 0:
                    heapq.heappush(waiting, (-page, item, card))
                continue
        yield item, score, card
    while waiting:
        part, later, card_later = heapq.heappop(waiting)
        yield later, -part, card_later


def best_first(scored: Scored) -> Iterator[tuple[int, float]]:
    """Yield (item, score), best first, equal scores by item code."""
    items, scores = scored.items, scored.scores
    if len(scores) > 2 * _LOOK:
        bar = np.partition(scores, len(scores) - _LOOK)[len(scores) - _LOOK]
        first = scores >= bar
        yield from _sorted(items[first], scores[first])
        items, scores = items[~first], scores[~first]
    yield from _sorted(items, scores)


def _sorted(items: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    order = np.lexsort((items, -scores))
    return zip(items[order].tolist(), scores[order].tolist(), strict=True)
