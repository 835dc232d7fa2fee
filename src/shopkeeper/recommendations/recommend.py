"""A recommendation from top to bottom: evidence -> candidates -> score -> rules -> diversity -> reasons -> fill."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import accumulate, chain, islice

import numpy as np
from msgspec import Struct

from shopkeeper.recommendations.answer import Reason, Recommendation, RecommendationAnswer
from shopkeeper.recommendations.entries import placed
from shopkeeper.recommendations.evidence import Evidence, gather_many
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import Found, card_of
from shopkeeper.recommendations.judging import admitted, best_first, judged
from shopkeeper.recommendations.like_page import like_page
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import ManyScored, Scored, score_many
from shopkeeper.recommendations.models.visit_lifts import Visit
from shopkeeper.recommendations.named import named_in
from shopkeeper.recommendations.new_products import new_products
from shopkeeper.recommendations.past import Past, past_of
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.shop_rules import page_of
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.recommendations.segments import bars
from shopkeeper.recommendations.strangers import lifted, visit_of
from shopkeeper.recommendations.taste import taste_of
from shopkeeper.recommendations.variety.rerank import POOL, reranked, reranks
from shopkeeper.recommendations.why import reasons_of
from shopkeeper.serving.catalogue import Catalogue

_FIRST_LOOK = 64
"""Candidates of each question that are sorted at first, those of all questions together."""
_LIKE_LOOKS = 500
"""Products that are compared with each of a page the model does not know: some 15 microseconds each."""
_SURE = 100
"""Places of a model's order that hold what looking at every product would put there, as `session.nearest` measures it:
a list that takes more of them, as it is long or rules let little through, asks for every product that scores."""


class _Question(Struct, frozen=True, gc=False):
    """One request with what its list is chosen by.

    Attributes:
        ahead: What stands in the list before all that the model says, and has its places.
        visit: See `strangers.visit_of`.
    """

    request: RecommendationRequest
    params: RecommendParams
    past: Past
    rules: Rules
    places: Places
    evidence: Evidence
    ahead: list[Recommendation]
    visit: Visit | None


class _Choice(Struct, frozen=True, gc=False):
    """What of the scored products has a place; behind them, from `shown` on, what may stand in for one of them.

    Attributes:
        short: All that was scored was looked at, and more was wanted.
    """

    found: list[Found]
    shown: int
    short: bool


def recommend(
    request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Answer one request with a model, filled up by rules where the model says too little.

    Where it knows none of the products of the page, what is like them stands first.
    """
    return recommend_many([(request, params)], loaded, stock)[0]


def recommend_many(
    requests: Sequence[tuple[RecommendationRequest, RecommendParams]],
    loaded: LoadedModel,
    stock: Stock,
    *,
    whole: bool = False,
) -> list[RecommendationAnswer]:
    """Answer several requests, at least one, the model asked for all of them at once.

    Where it left out what cannot come first, and rules let through less of the rest than is wanted, it is asked again.

    Args:
        whole: Ask for every product that scores.
    """
    shelf = stock.catalogue.version  # before anything of it is read
    pasts = [past_of(request, loaded) for request, _ in requests]
    rules = [rules_for(request, past, stock, params) for (request, params), past in zip(requests, pasts, strict=True)]
    wholly = [whole or _takes_all(one.body, own, loaded, stock) for (one, _), own in zip(requests, rules, strict=True)]
    named = [named_in(request, loaded, stock) for request, _ in requests]
    gathered = gather_many(requests, pasts, wholly, loaded, stock.catalogue, named)
    visits = [visit_of(request, past, stock) for (request, _), past in zip(requests, pasts, strict=True)]
    scored = lifted(score_many(loaded.model, gathered.asked), visits, gathered.asked, stock)
    questions = [
        _question(request, params, past, own, evidence, visit, stock)
        for (request, params), past, own, evidence, visit in zip(
            requests, pasts, rules, gathered.each, visits, strict=True
        )
    ]
    ranked = best_first_of(scored)
    choices = [_chosen(one, ranked[place], scored.one(place), loaded, stock) for place, one in enumerate(questions)]
    why = reasons_of([one.found for one in choices], gathered, loaded, stock.catalogue)
    short = [n for n, one in enumerate(choices) if one.short and scored.beyond[n] > 0 and not wholly[n]]
    anew = recommend_many([requests[n] for n in short], loaded, stock, whole=True) if short else []
    again = dict(zip(short, anew, strict=True))
    return [
        again[n] if n in again else _answered(*one, stock, shelf)
        for n, one in enumerate(zip(questions, choices, why, strict=True))
    ]


def _takes_all(body: RecommendationBody, rules: Rules, loaded: LoadedModel, stock: Stock) -> bool:
    """Say whether a list takes so much of a model's order that every product that scores is to be in it."""
    if body.candidates is not None or not body.filters.empty or body.k > _SURE:
        return True
    start, end = loaded.index.span(stock.catalogue.group(body.store))
    if body.k * (end - start) <= _SURE * stock.reach.products(rules, stock.shelf):
        return False
    stock.shelf.order(body.store)  # there may be more of it by now
    return True


def _question(
    request: RecommendationRequest,
    params: RecommendParams,
    past: Past,
    rules: Rules,
    evidence: Evidence,
    visit: Visit | None,
    stock: Stock,
) -> _Question:
    places = rules.places(request.body.k)
    ahead = []
    if request.body.products and not evidence.asked.page.any():  # the model knows nothing of the page
        ahead = placed(like_page(request, stock, _LIKE_LOOKS), rules, places, request.body.k)
    return _Question(request, params, past, rules, places, evidence, ahead, visit)


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
    request, evidence = question.request, question.evidence
    if not reranks(params) and not more:
        chosen = admitted(request, evidence, loaded, rules, places, ranked, scored)
        return _Choice(chosen, len(chosen), places.left > 0)
    found = weighed(judged(request, evidence, loaded, rules, ranked, scored, set()), rules.plan, k)
    wanted = max(k * POOL if reranks(params) else k, k + more)
    best = list(islice(found, wanted))
    if reranks(params):
        varied = reranked(best, k + more, params, taste_of(request, evidence.past, stock, params))
    else:
        varied = best[: k + more]
    kept = {item for item, _, _ in varied}
    stream = chain(varied, (one for one in best if one[0] not in kept), found)
    chosen = list(places.admitted(stream, card_of))
    shown = len(chosen)
    chosen += islice((one for one in stream if places.fits(one[2])), more)
    return _Choice(chosen, shown, places.left > 0 or len(best) < wanted or len(chosen) - shown < more)


def _answered(
    question: _Question, choice: _Choice, why: Sequence[Reason], stock: Stock, shelf: int
) -> RecommendationAnswer:
    """Return an answer that is known to hold on the shelf it was made from, where all of it was chosen from that."""
    request, params, rules = question.request, question.params, question.rules
    highest = min((one.score for one in question.ahead), default=math.inf)
    floors = accumulate((min(score, highest) for _, score, _ in choice.found), min)
    chosen = [
        Recommendation(card.product.product, floor, (reason,))
        for (_, _, card), floor, reason in zip(choice.found, floors, why, strict=True)
    ]
    chosen, spare = [*question.ahead, *chosen[: choice.shown]], chosen[choice.shown :]
    items = fill(
        chosen, request, question.past, stock, rules, question.places, spare, _more(params), visit=question.visit
    )
    fresh = new_products(request, stock, rules, params, (*items, *spare))
    answer = RecommendationAnswer(items, tuple(spare), fresh)
    if rules.plan is None and len(items) == choice.shown and not any(card.dated for _, _, card in choice.found):
        answer.hold_on((shelf, *asked_of_the_shelf(request)))
    return answer


def asked_of_the_shelf(request: RecommendationRequest) -> tuple[Hashable, ...]:
    """Return what, of a request that no rule of the shop concerns, says whether products of the shelf may be shown."""
    body = request.body
    page = (body.surface, body.page, body.category)
    return body.store, page, body.products, body.exclude, body.candidates, body.filters


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
    hides = any(map(catalogue.sensitivity.hides, (body.surface, body.page)))
    about = page_of(body, catalogue).categories if only is None else None
    return Rules(
        catalogue, stock.shelf.siblings, body.store, request.now, body.filters, barred, only, plan, hides, about, heads
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
