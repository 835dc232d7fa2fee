"""Which products come into question for one shopper: the best of several simple sources, each with what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked, ages_in
from shopkeeper.recommendations.hybrid.way import Ways
from shopkeeper.recommendations.model import NOTHING, Scored
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.trends import Trends

SHARES = {
    "item-knn": 0.3, "als": 0.15, "content": 0.1, "popular": 0.15, "trending": 0.05, "purchases": 0.25, "way": 0.3,
}  # fmt: skip
"""Which part of the pool each source may fill; what the way leads to comes on top of it, beside a page."""

Items = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Products in question, by item code.

    Attributes:
        items: Rising; shape (n,).
        knn, als, content, popular: What each source scores them, 0 = nothing; shape (n,).
        page: What item-knn scores them by the page alone; shape (n,).
        knn_best, page_best, als_best, popular_best: The highest score each source gives to anything.
        alone: Whether content alone names it; shape (n,).
    """

    items: Items
    knn: npt.NDArray[np.float64]
    als: npt.NDArray[np.float64]
    content: npt.NDArray[np.float64]
    popular: npt.NDArray[np.float64]
    page: npt.NDArray[np.float64]
    knn_best: float
    page_best: float
    als_best: float
    popular_best: float
    alone: npt.NDArray[np.bool_]


class Candidates:
    """The sources, all learnt from the same data.

    Args:
        als: None = not among the sources.
        content: None = not among the sources.
        ways: None = not among the sources.
        alike: False = what content alone names does not come into question; what it says of the others stays.
        pool: Products that may come into question at most.
        repeats: False leaves out what the shopper met before.
    """

    def __init__(
        self,
        knn: ItemKnn,
        als: Als | None,
        content: Content | None,
        trends: Trends,
        ways: Ways | None,
        *,
        alike: bool,
        pool: int,
        repeats: bool,
    ) -> None:
        self.knn, self.als, self.content, self.trends, self.ways = knn, als, content, trends, ways
        self._quota = {name: max(int(share * pool), 1) for name, share in SHARES.items()}
        self._alike, self._repeats = alike, repeats
        self._popular = [_Sold.of(knn.popular, store) for store in knn.stores]
        self._spans = knn.index.spans()

    def find(self, asked: Asked) -> Found:
        """Return what the sources favour, but for the products of the page, and what the request asks about."""
        said = self._said(asked)
        lists = [
            _best(said.knn, self._quota["item-knn"]),
            _best(said.als, self._quota["als"]),
            said.sold.best[: self._quota["popular"]],
            self._hot(said.store),
            self._led(asked),
        ]
        if self._repeats:
            lists += [_usual(asked, self._quota["purchases"]), asked.items[-self._quota["purchases"] :]]
        named = np.unique(np.concatenate(lists)).astype(np.int64)
        items = np.union1d(named, _best(said.near, self._quota["content"])) if self._alike else named
        left_out = [asked.items[asked.page]] if self._repeats else [asked.items, asked.purchases.items]
        items = np.setdiff1d(items, np.concatenate(left_out))
        if len(asked.named):
            wanted = asked.named if self._repeats else np.setdiff1d(asked.named, np.concatenate(left_out))
            items, named = np.union1d(items, wanted), np.union1d(named, wanted)
        return said.of(items, np.isin(items, named, invert=True))

    def among(self, asked: Asked, items: Items) -> Found:
        """Return what the sources say of some products, whether they favour them or not."""
        return self._said(asked).of(items, np.zeros(len(items), dtype=np.bool_))

    def _said(self, asked: Asked) -> _Said:
        store = self.knn.stores.index(asked.store) if asked.store in self.knn.stores else -1
        return _Said(
            store,
            self.knn.score(faded(asked, self.knn)),
            self.knn.score(asked.keep(asked.page)) if asked.page.any() else NOTHING,
            self.als.score(faded(asked, self.als)) if self.als is not None else NOTHING,
            self._near(asked),
            self._popular[store] if store >= 0 else _UNSOLD,
        )

    def _near(self, asked: Asked) -> Scored:
        """Return how alike every product of the group is to what the shopper met, by content."""
        if self.content is None or not len(asked):
            return NOTHING
        weights = faded(asked, self.knn).weights
        profile = weights.astype(np.float32) @ self.content.vectors[asked.items]
        norm = float(np.linalg.norm(profile))
        if norm == 0.0:
            return NOTHING
        start, end = self._span(int(asked.items[0]))
        return Scored(np.arange(start, end), (self.content.vectors[start:end] @ (profile / norm)).astype(np.float64))

    def _led(self, asked: Asked) -> Items:
        """Return what the way leads to from the page, in the customer group of the page."""
        if self.ways is None or not asked.page.any():
            return _NONE
        start, end = self._span(int(asked.items[-1]))
        return start + self.ways.likeliest(asked, start, end, self._quota["way"])

    def _span(self, item: int) -> tuple[int, int]:
        return self._spans[int(np.searchsorted(self.knn.index.starts, item, side="right")) - 1]

    def _hot(self, store: int) -> Items:
        if store < 0:
            return _NONE
        hot = self.trends.hot[store, : self._quota["trending"]].astype(np.int64)
        return hot[hot >= 0]


_NONE: Items = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Sold:
    """Popularity in one store: the best first, and all by item code."""

    best: Items
    items: Items
    scores: npt.NDArray[np.float64]

    @staticmethod
    def of(popular: Popular, store: str) -> _Sold:
        leaders = popular.leaders(store)
        if leaders is None:
            return _UNSOLD
        order = np.argsort(leaders.items)
        best = np.asarray(leaders.items, dtype=np.int64)
        return _Sold(best, best[order], np.asarray(leaders.scores, dtype=np.float64)[order])


_UNSOLD = _Sold(_NONE, _NONE, np.empty(0))


@dataclass(frozen=True, slots=True)
class _Said:
    """What each source says of one question, as in `Found`; `store` is its code, -1 = none of the model's."""

    store: int
    knn: Scored
    page: Scored
    als: Scored
    near: Scored
    sold: _Sold

    def of(self, items: Items, alone: npt.NDArray[np.bool_]) -> Found:
        """Return it of some products."""
        return Found(
            items,
            looked_up(self.knn.items, self.knn.scores, items),
            looked_up(self.als.items, self.als.scores, items),
            looked_up(self.near.items, self.near.scores, items),
            looked_up(self.sold.items, self.sold.scores, items),
            looked_up(self.page.items, self.page.scores, items),
            float(self.knn.scores.max(initial=0.0)),
            float(self.page.scores.max(initial=0.0)),
            float(self.als.scores.max(initial=0.0)),
            float(self.sold.scores.max(initial=0.0)),
            alone,
        )


def faded(asked: Asked, model: ItemKnn | Als) -> Asked:
    """Return what is asked with weights as a model fades them; products of the page count in full."""
    past = ~asked.page
    ages = np.zeros(len(asked), dtype=np.int64)
    ages[past] = ages_in(asked.times[past])
    weights = model.history_weights(ages, asked.weights.astype(np.float32)).astype(np.float64)
    return replace(asked, weights=weights)


def looked_up(known: Items, values: npt.NDArray[np.float64], wanted: Items) -> npt.NDArray[np.float64]:
    """Return the value of each wanted code, 0 where it is not among `known`, which rise."""
    if not len(known):
        return np.zeros(len(wanted))
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[places] == wanted, values[places], 0.0)


def _best(scored: Scored, most: int) -> Items:
    if len(scored) <= most:
        return scored.items[scored.scores > 0]
    first = np.argpartition(-scored.scores, most - 1)[:most]
    return scored.items[first][scored.scores[first] > 0]


def _usual(asked: Asked, most: int) -> Items:
    """Return what the shopper buys most often; of equals what was bought last."""
    purchases = asked.purchases
    return purchases.items[np.lexsort((purchases.items, -purchases.last, -purchases.counts))][:most]
