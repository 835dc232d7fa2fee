"""Lists for many shoppers at once, the same as serving gives each of them who comes with no page and no live event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.jobs.shards import Shared
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.batch.block_scores import Best, BlockScorer, Evidences
from shopkeeper.recommendations.batch.dense_scores import DenseScorer, Offer
from shopkeeper.recommendations.batch.stock import unpack_stock
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.shoppers import ManyPasts, shopper_key
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import LoadedModel, assemble_model
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.ease import Ease
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams
from shopkeeper.recommendations.recommend import recommend, rules_for
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.session.model import Session
from shopkeeper.recommendations.variety.rerank import reranks
from shopkeeper.serving.ports import Profile, SessionEvent

_DENSE = (Session, Blend, SessionKnn, Als, Ease)
"""Models that tell from a history alone what goes with it, for many histories at once."""


@dataclass(frozen=True, slots=True)
class BatchAsk:
    """What is asked for every shopper.

    Attributes:
        version, model: Of the bundle whose arrays are shared.
        k: Products wanted in each list.
        now: Moment the lists are for, UTC.
        surface: Where they are shown; rules may depend on it.
        params: The recipe serving answers by.
    """

    version: str
    model: str
    store: str
    k: int
    now: datetime
    surface: str = "home"
    params: RecommendParams = DEFAULT_PARAMS


@dataclass(frozen=True, slots=True)
class BatchShard:
    """Some of the shoppers.

    Attributes:
        refused: User -> products that must not be in the list and tell nothing, of those who refused any.
    """

    ask: BatchAsk
    users: tuple[str, ...]
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchLists:
    """Lists end to end, in the order of the users.

    Attributes:
        lengths: Products in each list; fewer than k only where the store has no more to show; shape (n,).
        products: Codes in `shelf_products`, best first; shape (m,).
        scores: Comparable within one list only; shape (m,).
        one_by_one: Lists that were answered as serving does: the model alone said too little, or more had to be
            looked at.
    """

    lengths: npt.NDArray[np.int32]
    products: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]
    one_by_one: int


def recommend_shard(shard: BatchShard, shared: Shared) -> BatchLists:
    """Return the lists of a shard; `shared` are the arrays of a bundle and those of `batch_stock.pack_stock`."""
    return _recommender(shard.ask, shared).lists(shard.users, shard.refused)


@lru_cache(maxsize=1)
def _recommender(ask: BatchAsk, shared: Shared) -> BatchRecommender:
    loaded = assemble_model(ask.version, ask.model, shared.arrays)
    return BatchRecommender(loaded, unpack_stock(shared.arrays, loaded.popular), ask)


def shelf_products(stock: Stock, store: str) -> tuple[str, ...]:
    """Return the ids that product codes of lists stand for: every product of a store, sorted."""
    return tuple(sorted({card.product.product for card in stock.catalogue.cards(store)}))


class BatchRecommender:
    """Answers many shoppers of one store.

    Item-kNN scores whole blocks sparsely (`block_scores`), models that score whole catalogues do so densely
    (`dense_scores`). A shopper for whom that finds fewer than k products, two variants of one parent, or a variant of
    what they bought lately (it might be, or be shown as, just that), or who refused a product, is answered as serving
    does, by `recommend`; so is every shopper of the other models, or where the recipe or rules look at more of a list
    than scores (diversity, pins, quotas, includes).
    """

    def __init__(self, loaded: LoadedModel, stock: Stock, ask: BatchAsk) -> None:
        self._loaded = loaded
        self._stock = stock
        self._ask = ask
        self._params = params = ask.params
        self._group = stock.catalogue.group(ask.store)
        self._codes = {product: code for code, product in enumerate(shelf_products(stock, ask.store))}
        self._strangers: RecommendationAnswer | None = None
        stores = loaded.model.stores
        self._store_code = stores.index(ask.store) if ask.store in stores else -1
        plan = stock.rules.plan(self._body(), stock.catalogue, ask.now)
        size = len(loaded.index)
        self._code_of_item = np.full(size, -1, dtype=np.int32)
        self._silent = np.zeros(size, dtype=np.bool_)
        self._family = np.arange(size)
        days = 0.0 if params.repurchase else params.bought_days
        self._bars_since = np.full(size, (ask.now - timedelta(days=days)).timestamp())
        shown = np.zeros(size, dtype=np.bool_)
        factors = np.ones(size)
        families: dict[str, int] = {}
        rules = rules_for(self._request(self._body()), Past(), stock, params)
        for item in range(*loaded.index.span(self._group)):
            own = stock.catalogue.card(ask.store, loaded.index.products[item])
            of = rules.shown(loaded.index.products[item]) or own
            if of is None:
                continue
            met = own or of
            product = met.product
            self._code_of_item[item] = self._codes[of.product.product]
            self._silent[item] = product.sensitive
            self._family[item] = families.setdefault(product.parent or product.product, item)
            if plan is not None:
                factors[item] = plan.factor(of)
                barred = plan.days_barred(met)
                if barred is not None:
                    self._bars_since[item] = (ask.now - timedelta(days=barred)).timestamp()
            barring = plan is not None and plan.bars(of)
            shown[item] = of.available(ask.now) and not product.sensitive and not barring
        weighed = factors if plan is not None and plan.weighs else None
        by_scores = not reranks(params) and (plan is None or not plan.counts)
        offer = Offer(*loaded.index.span(self._group), shown, self._family, weighed)
        self._scorer = _scorer(loaded.model, offer) if by_scores else None

    def lists(self, users: Sequence[str], refused: Mapping[str, Sequence[str]]) -> BatchLists:
        """Return the list of each user.

        Args:
            users: Whose.
            refused: As in `BatchShard`.
        """
        k, pasts = self._ask.k, self._loaded.shoppers
        places = pasts.places([shopper_key(self._group, "user", user) for user in users])
        refusing = np.array([user in refused for user in users], dtype=np.bool_)
        full, items, scores = self._by_blocks(places, np.flatnonzero((places >= 0) & ~refusing))
        slow = np.setdiff1d(np.arange(len(users)), full)
        answers = [
            self._answer(users[user], refused.get(users[user], ()), known=bool(places[user] >= 0)).items
            for user in slow.tolist()
        ]
        lengths = np.full(len(users), k, dtype=np.int32)
        lengths[slow] = [len(answer) for answer in answers]
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        found = BatchLists(
            lengths, np.empty(int(lengths.sum()), dtype=np.int32), np.empty(int(lengths.sum())), len(slow)
        )
        cells = starts[full][:, None] + np.arange(k)
        found.products[cells], found.scores[cells] = self._code_of_item[items], scores
        for start, answer in zip(starts[slow].tolist(), answers, strict=True):
            found.products[start : start + len(answer)] = [self._codes[one.product] for one in answer]
            found.scores[start : start + len(answer)] = [one.score for one in answer]
        return found

    def _by_blocks(
        self, places: npt.NDArray[np.int64], known: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return which of the `known` users have k products by the model alone, with items and scores, best first."""
        if self._scorer is None or not len(known):
            return known[:0], np.empty((0, self._ask.k), dtype=np.int32), np.empty((0, self._ask.k))
        pasts = self._loaded.shoppers.many(places[known])
        bars = pasts.bought_seconds > self._bars_since[pasts.bought]
        barred_starts = np.concatenate([[0], np.cumsum(bars)])[pasts.bought_starts]
        best = self._best(self._scorer, pasts, barred_starts, pasts.bought[bars])
        full = (best.counts == self._ask.k) & ~self._has_twins(best.items)
        full &= ~self._has_barred_families(best.items, barred_starts, pasts.bought[bars])
        return known[full], best.items[full], best.scores[full]

    def _has_twins(self, items: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Say of each list whether two variants of one parent are in it."""
        families = np.sort(self._family[items], axis=1)
        twins: npt.NDArray[np.bool_] = (families[:, 1:] == families[:, :-1]).any(axis=1)
        return twins

    def _has_barred_families(
        self, items: npt.NDArray[np.int32], barred_starts: npt.NDArray[np.int64], barred: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.bool_]:
        """Say of each list whether a product in it has a parent in common with one that its shopper may not see."""
        size = len(self._family)
        own = np.repeat(np.arange(len(items)), np.diff(barred_starts)) * size + self._family[barred]
        listed = np.arange(len(items))[:, None] * size + self._family[items]
        near: npt.NDArray[np.bool_] = np.isin(listed, own)
        return np.asarray(near.any(axis=1), dtype=np.bool_)

    def _best(
        self,
        scorer: BlockScorer | DenseScorer,
        pasts: ManyPasts,
        barred_starts: npt.NDArray[np.int64],
        barred: npt.NDArray[np.int32],
    ) -> Best:
        """Return the best of what `recommend.gather` makes of each past: sensitive products tell nothing."""
        known, k, model = self._histories(pasts), self._ask.k, self._loaded.model
        if isinstance(scorer, DenseScorer):
            return scorer.best(known, barred_starts, barred, k)
        weights = model.history_weights(known.ages, known.strengths).astype(np.float64)
        return scorer.best(Evidences(known.starts, known.items, weights, barred_starts, barred), k)

    def _histories(self, pasts: ManyPasts) -> HistoryBatch:
        """Return the pasts without sensitive products, asked at the moment the lists are for."""
        count = len(pasts.starts) - 1
        store = np.int32(self._store_code)
        moment = int(self._ask.now.timestamp())
        everything = HistoryBatch(
            pasts.starts, pasts.items, pasts.kinds, pasts.seconds.astype(np.int64),
            np.full(count, store), np.full(count, moment, dtype=np.int64),
        )  # fmt: skip
        spoken = everything.keep(~self._silent[pasts.items])
        model = self._loaded.model
        return spoken.newest(model.params.history) if isinstance(model, ItemKnn) else spoken

    def _body(self, user: str | None = None) -> RecommendationBody:
        return RecommendationBody(store=self._ask.store, user=user, k=self._ask.k, surface=self._ask.surface)

    def _request(self, body: RecommendationBody, refused: Sequence[str] = ()) -> RecommendationRequest:
        now = self._ask.now
        told = Profile(tuple(SessionEvent(product, "dismiss", now) for product in refused))
        return RecommendationRequest(body, Shopper(self._group, user=body.user), FULL_CONSENT, now, told)

    def _answer(self, user: str, refused: Sequence[str], *, known: bool) -> RecommendationAnswer:
        """Return what serving answers one shopper; those without a past, who refused nothing, all get the same."""
        alike = not known and not refused
        if alike and self._strangers is not None:
            return self._strangers
        answer = recommend(self._request(self._body(user), refused), self._loaded, self._stock, self._params)
        if alike:
            self._strangers = answer
        return answer


def _scorer(model: RecommendationModel, offer: Offer) -> BlockScorer | DenseScorer | None:
    """Return what scores blocks of shoppers by a model; None where it answers one by one."""
    if isinstance(model, ItemKnn):
        weighed = offer.factors
        if weighed is None:
            return BlockScorer(model.similar, offer.shown)
        return BlockScorer(model.similar, offer.shown & (weighed > 0), np.where(weighed > 0, weighed, 1.0))
    if isinstance(model, Blend) and model.reads_people:
        return None
    return DenseScorer(model, offer) if isinstance(model, _DENSE) else None
