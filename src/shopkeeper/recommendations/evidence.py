"""What an answer is built on: the shopper's past and the page, as a model is asked."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from shopkeeper.recommendations.answer import ReasonCode
from shopkeeper.recommendations.behaviour.history import KIND_STRENGTHS, Asked, ages_in
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, VIEW
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.purchases import NO_PURCHASES, Purchases, newest_purchases
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.serving.catalogue import Catalogue

FIRST_LOOK: Final = 400
"""Longest list that is made of what can come first; a longer one asks the model for every product that scores."""


class Evidence(Struct, frozen=True, gc=False):
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


def gather(
    request: RecommendationRequest, past: Past, loaded: LoadedModel, catalogue: Catalogue, params: RecommendParams
) -> Evidence:
    """Return the shopper's past and the page as weighted items; sensitive products of the past tell nothing."""
    body, store = request.body, request.store
    codes_of, card_in = loaded.index.codes(request.shopper.group), catalogue.card
    on_page = dict.fromkeys(body.products)
    page = [(one, code) for one in on_page if (code := code_of(one, request, loaded.index, catalogue)) is not None]
    products: list[str] = []
    codes: list[int] = []
    acts: list[int] = []
    moments: list[float] = []
    for product, kind, seconds in past.events:
        card = card_in(store, product)
        code = codes_of.get(product)
        if code is None and card is not None and card.product.parent is not None:
            code = codes_of.get(card.product.parent)
        if code is None or product in on_page or (card is not None and card.product.sensitive):
            continue
        if codes and codes[-1] == code and products[-1] != product:  # a sibling: one run
            products[-1], acts[-1], moments[-1] = product, max(kind, acts[-1]), seconds
        else:
            products.append(product)
            codes.append(code)
            acts.append(kind)
            moments.append(seconds)
    now, known, shown = int(request.now.timestamp()), len(codes), len(page)
    times = np.floor(moments).astype(np.int64)
    kinds = np.array(acts, dtype=np.int8)
    faded = loaded.model.history_weights(ages_in(times), KIND_STRENGTHS[kinds]).astype(np.float64)
    share = params.history_share if page else 1.0
    whole = body.candidates is not None or not body.filters.empty or body.k > FIRST_LOOK
    purchases = _purchases(request, past, loaded, catalogue) if isinstance(loaded.model, Hybrid) else NO_PURCHASES
    asked = Asked(
        store=store,
        now=now,
        items=np.array([*codes, *(code for _, code in page)], dtype=np.int64),
        weights=np.concatenate([faded * share, np.ones(shown)]) if page else faded * share,
        kinds=np.concatenate([kinds, np.full(shown, VIEW, dtype=np.int8)]) if page else kinds,
        times=np.concatenate([times, np.full(shown, now)]) if page else times,
        page=np.arange(known + shown) >= known,
        purchases=purchases,
        traits=past.traits,
        whole=whole,
    )
    why: list[ReasonCode] = ["because_bought" if kind == PURCHASE else "because_viewed" for kind in acts]
    goes_with: ReasonCode = "goes_with"
    return Evidence(asked, (*products, *(product for product, _ in page)), (*why, *[goes_with] * shown))


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
