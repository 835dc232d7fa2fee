"""A recommendation from top to bottom: evidence -> candidates -> score -> rules -> diversity -> reasons -> fill."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, chain, islice

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason, ReasonCode, Recommendation, RecommendationAnswer
from shopkeeper.recommendations.behaviour.history import KIND_STRENGTHS, Asked, ages_of
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, VIEW
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.purchases import NO_PURCHASES, Purchases, newest_purchases
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.model import Scored
from shopkeeper.recommendations.models.together import go_together
from shopkeeper.recommendations.new_products import new_products
from shopkeeper.recommendations.past import Past, PastEvent, past_of
from shopkeeper.recommendations.reasons import because
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.recommendations.taste import taste_of
from shopkeeper.recommendations.variety.rerank import POOL, reranked, reranks
from shopkeeper.serving.catalogue import Card, Catalogue

_FIRST_LOOK = 400
"""Candidates sorted at first; the rest only if the rules leave too few of them."""
_CARRIES = 0.1
"""Share of a score that a product carries at least to stand in its reason beside the one that carries most."""
_NAMED = 3
"""Products in one reason at most."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the answer is built on: products the model knows, each with its weight.

    Attributes:
        asked: What the model is asked.
        products: Product id of each entry of `asked`.
        codes: Reason each gives.
    """

    asked: Asked
    products: tuple[str, ...]
    codes: tuple[ReasonCode, ...]

    @property
    def past(self) -> list[tuple[str, float]]:
        """Products of the shopper's past with what each counts."""
        rows = zip(self.products, self.asked.weights.tolist(), self.asked.page.tolist(), strict=True)
        return [(product, weight) for product, weight, page in rows if not page]


def recommend(
    request: RecommendationRequest, loaded: LoadedModel, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Answer one request with a model, filled up by rules where the model says too little."""
    past = past_of(request, loaded)
    rules = rules_for(request, past, stock, params)
    places = rules.places(request.body.k)
    evidence = gather(request, past, loaded, stock.catalogue, params)
    k, more = places.left, params.exploration_pool if params.exploration > 0 else 0
    ranked = weighed(judged(request, evidence, loaded, rules), rules.plan, k)
    best = list(islice(ranked, max(k * POOL if reranks(params) else k, k + more)))
    varied = reranked(best, k + more, params, taste_of(request, evidence.past, stock, params))
    kept = {item for item, _, _ in varied}
    stream = chain(varied, (one for one in best if one[0] not in kept), ranked)
    found = list(places.admitted(stream, card_of))
    shown = len(found)
    found += islice((one for one in stream if places.fits(one[2])), more)
    why = _reasons(found, evidence, loaded, stock.catalogue, request.store)
    floors = accumulate((score for _, score, _ in found), min)
    chosen = [
        Recommendation(card.product.product, floor, (reason,))
        for (_, _, card), floor, reason in zip(found, floors, why, strict=True)
    ]
    chosen, spare = chosen[:shown], chosen[shown:]
    items = fill(chosen, request, past, stock, rules, places, spare, more)
    fresh = new_products(request, stock, rules, params, {item.product for item in (*items, *spare)})
    return RecommendationAnswer(items, tuple(spare), fresh)


def rules_for(request: RecommendationRequest, past: Past, stock: Stock, params: RecommendParams) -> Rules:
    """Return the hard rules of one answer, and the shop's own."""
    body, catalogue = request.body, stock.catalogue
    plan = stock.rules.plan(body, catalogue, request.now)
    page = parents_of(body.products, catalogue, body.store)
    own = past.refused | bought_lately(request, past, catalogue, plan, params)
    barred = {*body.exclude, *body.products, *own, *parents_of(own, catalogue, body.store), *page}
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


def gather(
    request: RecommendationRequest, past: Past, loaded: LoadedModel, catalogue: Catalogue, params: RecommendParams
) -> Evidence:
    """Return the shopper's past and the page as weighted items; sensitive products of the past tell nothing."""
    body, index = request.body, loaded.index
    on_page = dict.fromkeys(body.products)
    page = [(product, code) for product in on_page if (code := code_of(product, request, index, catalogue)) is not None]
    known: list[tuple[PastEvent, int]] = []
    for event in past.events:
        code = code_of(event.product, request, index, catalogue)
        card = catalogue.card(request.store, event.product)
        if code is not None and event.product not in on_page and not (card is not None and card.product.sensitive):
            if known and known[-1][1] == code and known[-1][0].product != event.product:  # a sibling: one run
                event = event._replace(kind=max(event.kind, known.pop()[0].kind))  # noqa: PLW2901
            known.append((event, code))
    now = int(request.now.timestamp())
    times = np.floor([event.seconds for event, _ in known]).astype(np.int64)
    kinds = np.array([event.kind for event, _ in known], dtype=np.int8)
    ages = ages_of(np.array([0, len(known)]), times)
    faded = loaded.model.history_weights(ages, KIND_STRENGTHS[kinds]).astype(np.float64)
    share = params.history_share if page else 1.0
    asked = Asked(
        store=request.store,
        now=now,
        items=np.array([code for _, code in known] + [code for _, code in page], dtype=np.int64),
        weights=np.concatenate([faded * share, np.full(len(page), 1.0)]),
        kinds=np.concatenate([kinds, np.full(len(page), VIEW, dtype=np.int8)]),
        times=np.concatenate([times, np.full(len(page), now)]),
        page=np.arange(len(known) + len(page)) >= len(known),
        purchases=_purchases(request, past, loaded, catalogue) if isinstance(loaded.model, Hybrid) else NO_PURCHASES,
        traits=past.traits,
        whole=body.candidates is not None or not body.filters.empty or body.k > _FIRST_LOOK,
    )
    codes: list[ReasonCode] = ["because_bought" if event.kind == PURCHASE else "because_viewed" for event, _ in known]
    goes_with: ReasonCode = "goes_with"
    return Evidence(
        asked,
        (*(event.product for event, _ in known), *(product for product, _ in page)),
        (*codes, *[goes_with] * len(page)),
    )


def _purchases(request: RecommendationRequest, past: Past, loaded: LoadedModel, catalogue: Catalogue) -> Purchases:
    """Return what was bought, without sensitive products and those the model does not know."""
    known: dict[int, tuple[int, int, int]] = {}
    for product, bought in (past.bought or {}).items():
        code = code_of(product, request, loaded.index, catalogue)
        card = catalogue.card(request.store, product)
        if code is not None and not (card is not None and card.product.sensitive):
            times, first, last = known.get(code, (0, int(bought.first), int(bought.last)))
            known[code] = times + bought.times, min(first, int(bought.first)), max(last, int(bought.last))
    rows = [(code, *one) for code, one in sorted(known.items())]
    return newest_purchases(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def code_of(product: str, request: RecommendationRequest, index: ItemIndex, catalogue: Catalogue) -> int | None:
    """Return the item a product is to a model: its own, or that of its parent where the variant is a new one."""
    code = index.code(request.shopper.group, product)
    if code is not None:
        return code
    card = catalogue.card(request.store, product)
    return index.code(request.shopper.group, card.product.parent) if card is not None and card.product.parent else None


def candidates(request: RecommendationRequest, evidence: Evidence, loaded: LoadedModel, catalogue: Catalogue) -> Scored:
    """Return the scored products that may come into question: those asked for, else all that score."""
    scored = loaded.model.score(evidence.asked)
    if request.body.candidates is None or not len(scored):
        return scored
    named = (code_of(product, request, loaded.index, catalogue) for product in request.body.candidates)
    codes = {code for code in named if code is not None}
    keep = np.isin(scored.items, np.fromiter(codes, dtype=np.int64, count=len(codes)))
    return Scored(scored.items[keep], scored.scores[keep])


def judged(
    request: RecommendationRequest, evidence: Evidence, loaded: LoadedModel, rules: Rules
) -> Iterator[tuple[int, float, Card]]:
    """Yield products that pass the rules, best first, none twice; a sibling has the item code of what it stands in for.

    Where the model left out what cannot come first and the rules let through less than is wanted, all is scored.
    """
    seen: set[str] = set()
    scored = candidates(request, evidence, loaded, rules.catalogue)
    yield from _judged(scored, evidence, loaded, rules, seen)
    if scored.beyond > 0:
        everything = replace(evidence, asked=replace(evidence.asked, whole=True))
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
    if len(scores) > 2 * _FIRST_LOOK:
        bar = np.partition(scores, len(scores) - _FIRST_LOOK)[len(scores) - _FIRST_LOOK]
        first = scores >= bar
        yield from _sorted(items[first], scores[first])
        items, scores = items[~first], scores[~first]
    yield from _sorted(items, scores)


def _sorted(items: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    order = np.lexsort((items, -scores))
    return zip(items[order].tolist(), scores[order].tolist(), strict=True)


def _reasons(
    found: list[tuple[int, float, Card]], evidence: Evidence, loaded: LoadedModel, catalogue: Catalogue, store: str
) -> list[Reason]:
    """Return for each product the reason that weighs most; of equal ones the newest.

    Beside the product it names stand up to two others of the same code that carry a tenth of the score each.

    A purchase is named only where enough different shoppers bought both products together (`privacy.fewest_buyers`).
    """
    if not found or not len(evidence.asked):
        return [reasons.POPULAR] * len(found)
    targets = np.array([item for item, _, _ in found], dtype=np.int64)
    parts = loaded.model.explain(targets, evidence.asked)
    sensitive = np.array([card.product.sensitive for _, _, card in found], dtype=np.bool_)
    if sensitive.any():
        parts[np.ix_(sensitive, ~evidence.asked.page)] = 0.0
    carrying = (parts > 0) & (parts >= _CARRIES * np.maximum(parts, 0.0).sum(axis=1, keepdims=True))
    last = parts.shape[1] - 1
    weightiest = (last - np.argsort(-parts[:, ::-1], axis=1, kind="stable")).tolist()
    there: list[bool] = (parts != 0).any(axis=1).tolist()
    counts: list[int] = carrying.sum(axis=1).tolist()
    known: dict[tuple[ReasonCode, str, tuple[str, ...], bool], Reason] = {}
    why = []
    for target, order, explained, carriers in zip(targets.tolist(), weightiest, there, counts, strict=True):
        if not explained:
            why.append(reasons.POPULAR)
            continue
        code, product = evidence.codes[order[0]], evidence.products[order[0]]
        nameable = _nameable(order[0], target, evidence, loaded)
        also = _also(order[:carriers], target, evidence, loaded) if carriers > 1 and nameable else ()
        key = (code, product, also, nameable)
        if key not in known:
            known[key] = because(code, catalogue, store, product, also=also, nameable=nameable)
        why.append(known[key])
    return why


def _nameable(place: int, target: int, evidence: Evidence, loaded: LoadedModel) -> bool:
    """Say whether an entry of the evidence may be named as the reason for `target`."""
    if evidence.codes[place] != "because_bought":
        return True
    return go_together(loaded.habits.together, int(evidence.asked.items[place]), target)


def _also(carrying: list[int], target: int, evidence: Evidence, loaded: LoadedModel) -> tuple[str, ...]:
    """Return the products that stand in a reason beside the first of those that carry enough, the weightiest first."""
    code, named = evidence.codes[carrying[0]], evidence.products[carrying[0]]
    found: list[str] = []
    for place in carrying[1:]:
        product = evidence.products[place]
        if evidence.codes[place] != code or product == named or product in found:
            continue
        if _nameable(place, target, evidence, loaded):
            found.append(product)
            if len(found) == _NAMED - 1:
                break
    return tuple(found)
