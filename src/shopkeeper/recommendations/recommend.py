"""A recommendation from top to bottom: evidence -> candidates -> score -> rules -> diversity -> reasons -> fill."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate, chain, islice

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.answer import Reason, Recommendation, RecommendationAnswer
from shopkeeper.recommendations.evidence import Evidence, code_of, gather_many
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import Found, card_of
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import ManyScored, Scored, score_many
from shopkeeper.recommendations.new_products import new_products
from shopkeeper.recommendations.past import Past, past_of
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.recommendations.segments import bars
from shopkeeper.recommendations.taste import taste_of
from shopkeeper.recommendations.variety.rerank import POOL, reranked, reranks
from shopkeeper.recommendations.why import reasons_of
from shopkeeper.serving.catalogue import Card, Catalogue

_FIRST_LOOK = 64
"""Candidates of each question that are sorted at first, those of all questions together."""
_LOOK = 400
"""Candidates sorted then; the rest only if the rules leave too few of them."""


class _Question(Struct, frozen=True, gc=False):
    """One request with what its list is chosen by."""

    request: RecommendationRequest
    params: RecommendParams
    past: Past
    rules: Rules
    places: Places
    evidence: Evidence


class _Choice(Struct, frozen=True, gc=False):
    """What of the scored products has a place; behind them, from `shown` on, what may stand in for one of them."""

    found: list[Found]
    shown: int


def recommend(
    request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Answer one request with a model, filled up by rules where the model says too little."""
    return recommend_many([(request, params)], loaded, stock)[0]


def recommend_many(
    requests: Sequence[tuple[RecommendationRequest, RecommendParams]], loaded: LoadedModel, stock: Stock
) -> list[RecommendationAnswer]:
    """Answer several requests, at least one, the model asked for all of them at once."""
    pasts = [past_of(request, loaded) for request, _ in requests]
    gathered = gather_many(requests, pasts, loaded, stock.catalogue)
    scored = score_many(loaded.model, gathered.asked)
    questions = [
        _question(request, params, past, evidence, stock)
        for (request, params), past, evidence in zip(requests, pasts, gathered.each, strict=True)
    ]
    ranked = best_first_of(scored)
    choices = [_chosen(one, ranked[place], scored.one(place), loaded, stock) for place, one in enumerate(questions)]
    why = reasons_of([one.found for one in choices], gathered, loaded, stock.catalogue)
    return [_answered(*one, stock) for one in zip(questions, choices, why, strict=True)]


def _question(
    request: RecommendationRequest, params: RecommendParams, past: Past, evidence: Evidence, stock: Stock
) -> _Question:
    rules = rules_for(request, past, stock, params)
    return _Question(request, params, past, rules, rules.places(request.body.k), evidence)


def _more(params: RecommendParams) -> int:
    """Return how many products may stand in for those of a list."""
    return params.exploration_pool if params.exploration > 0 else 0


def _chosen(
    question: _Question, ranked: Iterator[tuple[int, float]], scored: Scored, loaded: LoadedModel, stock: Stock
) -> _Choice:
    """Return what of the scored products gets a place.

    Args:
        ranked: What the model scored, best first.
        scored: The same, as the model said it.
    """
    params, rules, places = question.params, question.rules, question.places
    k, more = places.left, _more(params)
    found = weighed(judged(question.request, question.evidence, loaded, rules, ranked, scored), rules.plan, k)
    if not reranks(params) and not more:
        chosen = list(places.admitted(found, card_of))
        return _Choice(chosen, len(chosen))
    best = list(islice(found, max(k * POOL if reranks(params) else k, k + more)))
    if reranks(params):
        varied = reranked(best, k + more, params, taste_of(question.request, question.evidence.past, stock, params))
    else:
        varied = best[: k + more]
    kept = {item for item, _, _ in varied}
    stream = chain(varied, (one for one in best if one[0] not in kept), found)
    chosen = list(places.admitted(stream, card_of))
    shown = len(chosen)
    chosen += islice((one for one in stream if places.fits(one[2])), more)
    return _Choice(chosen, shown)


def _answered(question: _Question, choice: _Choice, why: Sequence[Reason], stock: Stock) -> RecommendationAnswer:
    request, params, rules = question.request, question.params, question.rules
    floors = accumulate((score for _, score, _ in choice.found), min)
    chosen = [
        Recommendation(card.product.product, floor, (reason,))
        for (_, _, card), floor, reason in zip(choice.found, floors, why, strict=True)
    ]
    chosen, spare = chosen[: choice.shown], chosen[choice.shown :]
    items = fill(chosen, request, question.past, stock, rules, question.places, spare, _more(params))
    fresh = new_products(request, stock, rules, params, (*items, *spare))
    return RecommendationAnswer(items, tuple(spare), fresh)


def rules_for(request: RecommendationRequest, past: Past, stock: Stock, params: RecommendParams) -> Rules:
    """Return the hard rules of one answer, and the shop's own."""
    body, catalogue = request.body, stock.catalogue
    plan = stock.rules.plan(body, catalogue, request.now)
    own = past.refused | bought_lately(request, past, catalogue, plan, params) if past.bought else past.refused
    barred = own
    if own or body.products or body.exclude:
        page = parents_of(body.products, catalogue, body.store)
        barred = frozenset((*body.exclude, *body.products, *own, *parents_of(own, catalogue, body.store), *page))
    only = None if body.candidates is None else frozenset(body.candidates)
    heads = stock.popular.index.heads(request.shopper.group) if stock.popular else {}
    return Rules(
        catalogue, stock.shelf.siblings, body.store, request.now, body.filters, barred, only, plan, body.surface, heads
    )


def parents_of(products: Iterable[str], catalogue: Catalogue, store: str) -> set[str]:
    """Return the parents whose variants some products are."""
    cards = (catalogue.card(store, product) for product in products)
    return {card.product.parent for card in cards if card is not None and card.product.parent is not None}


def bought_lately(
    request: RecommendationRequest, past: Past, catalogue: Catalogue, plan: Plan | None, params: RecommendParams
) -> set[str]:
    """Return the products whose purchase still bars them: for as long as a rule says, else as long as the recipe."""
    default = 0.0 if params.repurchase else params.bought_days
    if plan is None or not plan.cut.bought:
        return past.bought_since(request.now - timedelta(days=default)) if default else set()
    barred = set()
    for product, bought in (past.bought or {}).items():
        days = plan.days_barred(catalogue.card(request.store, product))
        if bought.last > (request.now - timedelta(days=default if days is None else days)).timestamp():
            barred.add(product)
    return barred


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


def judged(
    request: RecommendationRequest,
    evidence: Evidence,
    loaded: LoadedModel,
    rules: Rules,
    ranked: Iterator[tuple[int, float]],
    scored: Scored,
) -> Iterator[Found]:
    """Yield products that pass the rules, best first, none twice; a sibling has the item code of what it stands in for.

    Where the model left out what cannot come first and the rules let through less than is wanted, all is scored.

    Args:
        ranked: What the model scored of the evidence, best first.
        scored: The same, as the model said it.
    """
    seen: set[str] = set()
    asked_for = request.body.candidates is not None
    first = best_first(_among(request, scored, loaded, rules.catalogue)) if asked_for else ranked
    yield from _judged(first, evidence, loaded, rules, seen)
    if scored.beyond > 0:
        everything = Evidence(replace(evidence.asked, whole=True), evidence.products, evidence.codes)
        rest = candidates(request, everything, loaded, rules.catalogue)
        yield from _judged(best_first(rest), everything, loaded, rules, seen)


def _judged(
    ranked: Iterator[tuple[int, float]], evidence: Evidence, loaded: LoadedModel, rules: Rules, seen: set[str]
) -> Iterator[Found]:
    """Yield the scored products that pass the rules and were not `seen`, best first.

    A sensitive product keeps only the part of its score that comes from the page, and its place by that part.
    """
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


def best_first_of(scored: ManyScored) -> list[Iterator[tuple[int, float]]]:
    """Return what `best_first` yields for each of several questions, the first of them sorted together."""
    lowest = bars(scored.scores, scored.starts, _FIRST_LOOK)
    first = (scored.scores >= lowest[scored.owners]).nonzero()[0]
    owners, values = scored.owners[first], scored.scores[first]
    order = np.lexsort((-values, owners))  # stable, and items rise
    items, scores = scored.items[first[order]].tolist(), values[order].tolist()
    bounds = owners.searchsorted(np.arange(len(scored) + 1)).tolist()
    return [
        chain(zip(items[start:end], scores[start:end], strict=True), _below(scored, place, bar))
        for place, (start, end, bar) in enumerate(zip(bounds, bounds[1:], lowest.tolist(), strict=False))
    ]


def _below(scored: ManyScored, place: int, bar: float) -> Iterator[tuple[int, float]]:
    one = scored.one(place)
    rest = one.scores < bar
    yield from best_first(Scored(one.items[rest], one.scores[rest]))


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
