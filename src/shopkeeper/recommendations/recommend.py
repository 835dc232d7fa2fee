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

from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.evidence import Evidence, code_of, gather
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import Scored, score_many
from shopkeeper.recommendations.new_products import new_products
from shopkeeper.recommendations.past import Past, past_of
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.recommendations.taste import taste_of
from shopkeeper.recommendations.variety.rerank import POOL, reranked, reranks
from shopkeeper.recommendations.why import reasons_of
from shopkeeper.serving.catalogue import Card, Catalogue

_LOOKS = (64, 400)
"""Candidates sorted at first, and then; the rest only if the rules leave too few of them."""


class _Question(Struct, frozen=True, gc=False):
    """One request as far as it goes before the model is asked."""

    request: RecommendationRequest
    params: RecommendParams
    past: Past
    rules: Rules
    places: Places
    evidence: Evidence


def recommend(
    request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Answer one request with a model, filled up by rules where the model says too little."""
    question = _question(request, loaded, stock, params)
    return _answered(question, loaded.model.score(question.evidence.asked), loaded, stock)


def recommend_many(
    requests: Sequence[tuple[RecommendationRequest, RecommendParams]], loaded: LoadedModel, stock: Stock
) -> list[RecommendationAnswer]:
    """Return what `recommend` answers to each of several requests, the model asked for all of them at once."""
    questions = [_question(request, loaded, stock, params) for request, params in requests]
    scored = score_many(loaded.model, [one.evidence.asked for one in questions])
    return [_answered(one, found, loaded, stock) for one, found in zip(questions, scored, strict=True)]


def _question(request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams) -> _Question:
    past = past_of(request, loaded)
    rules = rules_for(request, past, stock, params)
    evidence = gather(request, past, loaded, stock.catalogue, params)
    return _Question(request, params, past, rules, rules.places(request.body.k), evidence)


def _answered(question: _Question, scored: Scored, loaded: LoadedModel, stock: Stock) -> RecommendationAnswer:
    request, params, rules, places = question.request, question.params, question.rules, question.places
    evidence = question.evidence
    k, more = places.left, params.exploration_pool if params.exploration > 0 else 0
    ranked = weighed(judged(request, evidence, loaded, rules, scored), rules.plan, k)
    best = list(islice(ranked, max(k * POOL if reranks(params) else k, k + more)))
    if reranks(params):
        varied = reranked(best, k + more, params, taste_of(request, evidence.past, stock, params))
    else:
        varied = best[: k + more]
    kept = {item for item, _, _ in varied}
    stream = chain(varied, (one for one in best if one[0] not in kept), ranked)
    found = list(places.admitted(stream, card_of))
    shown = len(found)
    found += islice((one for one in stream if places.fits(one[2])), more)
    why = reasons_of(found, evidence, loaded, stock.catalogue, request.store)
    floors = accumulate((score for _, score, _ in found), min)
    chosen = [
        Recommendation(card.product.product, floor, (reason,))
        for (_, _, card), floor, reason in zip(found, floors, why, strict=True)
    ]
    chosen, spare = chosen[:shown], chosen[shown:]
    items = fill(chosen, request, question.past, stock, rules, places, spare, more)
    fresh = new_products(request, stock, rules, params, {item.product for item in (*items, *spare)})
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
    request: RecommendationRequest, evidence: Evidence, loaded: LoadedModel, rules: Rules, scored: Scored
) -> Iterator[tuple[int, float, Card]]:
    """Yield products that pass the rules, best first, none twice; a sibling has the item code of what it stands in for.

    Where the model left out what cannot come first and the rules let through less than is wanted, all is scored.

    Args:
        scored: What the model says of the evidence.
    """
    seen: set[str] = set()
    scored = _among(request, scored, loaded, rules.catalogue)
    yield from _judged(scored, evidence, loaded, rules, seen)
    if scored.beyond > 0:
        everything = Evidence(replace(evidence.asked, whole=True), evidence.products, evidence.codes)
        rest = candidates(request, everything, loaded, rules.catalogue)
        yield from _judged(rest, everything, loaded, rules, seen)


def _judged(
    scored: Scored, evidence: Evidence, loaded: LoadedModel, rules: Rules, seen: set[str]
) -> Iterator[tuple[int, float, Card]]:
    """Yield the scored products that pass the rules and were not `seen`, best first.

    A sensitive product keeps only the part of its score that comes from the page, and its place by that part.
    """
    waiting: list[tuple[float, int, Card]] = []
    for item, score in best_first(scored):
        while waiting and -waiting[0][0] >= score:
            part, later, card_later = heapq.heappop(waiting)
            yield later, -part, card_later
        card = rules.shown(loaded.index.products[item])
        if card is None or card.product.product in seen:
            continue
        seen.add(card.product.product)
        if card.product.sensitive:
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
    for look in _LOOKS:
        if len(scores) > 2 * look:
            bar = np.partition(scores, len(scores) - look)[len(scores) - look]
            first = scores >= bar
            yield from _sorted(items[first], scores[first])
            items, scores = items[~first], scores[~first]
    yield from _sorted(items, scores)


def _sorted(items: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    order = np.lexsort((items, -scores))
    return zip(items[order].tolist(), scores[order].tolist(), strict=True)
