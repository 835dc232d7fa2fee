"""What an answer is built on: the shopper's past and the page, as a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.answer import ReasonCode
from shopkeeper.recommendations.behaviour.history import KIND_STRENGTHS, NO_CODES, Asked
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, VIEW, still_on_page
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.purchases import NO_PURCHASES, Purchases, newest_purchases
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.past import Bought, Past
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.segments import starts_of
from shopkeeper.serving.catalogue import Catalogue


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


class Gathered(Struct, frozen=True, gc=False):
    """The evidence of several requests.

    Attributes:
        asked: What the model is asked, all together; its questions are those of `each`.
    """

    each: list[Evidence]
    asked: ManyAsked


def gather(
    request: RecommendationRequest,
    past: Past,
    loaded: LoadedModel,
    catalogue: Catalogue,
    params: RecommendParams,
    named: npt.NDArray[np.int64] = NO_CODES,
) -> Evidence:
    """Return the shopper's past and the page as weighted items; sensitive products of the past tell nothing.

    Every product that scores is asked for.

    Args:
        named: See `Asked.named`.
    """
    return gather_many([(request, params)], [past], [True], loaded, catalogue, [named]).each[0]


def gather_many(
    requests: Sequence[tuple[RecommendationRequest, RecommendParams]],
    pasts: Sequence[Past],
    whole: Sequence[bool],
    loaded: LoadedModel,
    catalogue: Catalogue,
    named: Sequence[npt.NDArray[np.int64]],
) -> Gathered:
    """Return what `gather` does for each of several requests, at least one.

    Args:
        whole: Of each, whether every product that scores is asked for, see `Asked.whole`.
        named: Of each, see `Asked.named`.
    """
    rows = [_entries(one, past, loaded, catalogue) for (one, _), past in zip(requests, pasts, strict=True)]
    starts = starts_of(np.array([len(row.codes) for row in rows]))
    items = np.array([code for row in rows for code in row.codes], dtype=np.int64)
    kinds = np.array([kind for row in rows for kind in row.kinds], dtype=np.int8)
    times = np.array([second for row in rows for second in row.seconds], dtype=np.int64)
    page = np.zeros(len(items), dtype=np.bool_)
    shares = np.ones(len(rows))
    bounds: list[int] = starts.tolist()
    for place, (row, (_, params)) in enumerate(zip(rows, requests, strict=True)):
        if row.shown:
            page[bounds[place + 1] - row.shown : bounds[place + 1]] = True
            shares[place] = params.history_share
    told = ManyAsked((), starts, items, np.ones(0), kinds, times, page)
    faded = loaded.model.history_weights(told.ages, KIND_STRENGTHS[kinds]).astype(np.float64)
    weights = np.where(page, 1.0, faded * shares[told.owners])
    each = []
    asks = zip(rows, pasts, requests, whole, named, pairwise(bounds), strict=True)
    for row, past, (request, _), every, about, (start, end) in asks:
        asked = Asked(
            request.store, int(request.now.timestamp()), items[start:end], weights[start:end], kinds[start:end],
            times[start:end], page[start:end],
            _purchases(request, past, loaded, catalogue) if loaded.reads_people else NO_PURCHASES, past.traits, every,
            about,
        )  # fmt: skip
        each.append(Evidence(asked, tuple(row.products), tuple(row.why)))
    return Gathered(each, told.weighed(weights, [one.asked for one in each]))


class _Entries(Struct, frozen=True, gc=False):
    """What one answer is built on, column by column: the past, oldest first, then the page, `shown` entries of it."""

    products: list[str]
    codes: list[int]
    kinds: list[int]
    seconds: list[float]
    why: list[ReasonCode]
    shown: int


def _entries(request: RecommendationRequest, past: Past, loaded: LoadedModel, catalogue: Catalogue) -> _Entries:
    on_page = dict.fromkeys(request.body.products)
    codes_of = loaded.index.codes(request.shopper.group)
    products: list[str] = []
    codes: list[int] = []
    kinds: list[int] = []
    seconds: list[float] = []
    cards = catalogue.cards_of(request.store, [event.product for event in past.events])
    for (product, kind, second), card in zip(past.events, cards, strict=True):
        code = codes_of.get(product)
        if card is not None:
            if card.product.sensitive:
                continue
            if code is None and card.product.parent is not None:
                code = codes_of.get(card.product.parent)
        if code is None or product in on_page:
            continue
        if codes and codes[-1] == code and products[-1] != product:  # a sibling: one run
            products[-1], kinds[-1], seconds[-1] = product, max(kind, kinds[-1]), second
        else:
            products.append(product)
            codes.append(code)
            kinds.append(kind)
            seconds.append(second)
    why: list[ReasonCode] = ["because_bought" if kind == PURCHASE else "because_viewed" for kind in kinds]
    known = len(codes)
    for product in on_page:
        code = code_of(product, request, loaded.index, catalogue)
        if code is not None:
            products.append(product)
            codes.append(code)
            kinds.append(_done_with(product, past, request))
            seconds.append(request.now.timestamp())
            why.append("goes_with")
    return _Entries(products, codes, kinds, seconds, why, len(codes) - known)


def _done_with(product: str, past: Past, request: RecommendationRequest) -> int:
    """Return the kind of a product of the page: what was done with it where that was the last thing, else viewed."""
    newest = past.events[-1] if past.events else None
    if newest is None or newest.product != product:
        return VIEW
    return newest.kind if still_on_page(newest.kind, request.now.timestamp() - newest.seconds) else VIEW


def _purchases(request: RecommendationRequest, past: Past, loaded: LoadedModel, catalogue: Catalogue) -> Purchases:
    """Return what was bought, without sensitive products and those the model does not know."""
    known: dict[int, Bought] = {}
    for product, bought in (past.bought or {}).items():
        code = code_of(product, request, loaded.index, catalogue)
        card = catalogue.card(request.store, product)
        if code is not None and not (card is not None and card.product.sensitive):
            known[code] = known[code].beside(bought) if code in known else bought
    if not known:
        return NO_PURCHASES
    each = sorted(known.items())
    numbers = np.array([(code, one.times, int(one.first), int(one.last)) for code, one in each], dtype=np.int64)
    faded = np.array([one.faded for _, one in each], dtype=np.float32)
    return newest_purchases(numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3], faded)


def code_of(product: str, request: RecommendationRequest, index: ItemIndex, catalogue: Catalogue) -> int | None:
    """Return the item a product is to a model: its own, or that of its parent where the variant is a new one."""
    code = index.code(request.shopper.group, product)
    if code is not None:
        return code
    card = catalogue.card(request.store, product)
    return index.code(request.shopper.group, card.product.parent) if card is not None and card.product.parent else None
