"""Which products come into question for one shopper: the best of several simple sources, each with what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.hybrid.scan import INDIFFERENT, Floats, Leaning, leanings
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

_CELLS = 2_000_000
"""Scores of all products that are held at a time, 4 bytes each."""

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
        repeats: False leaves out what the shopper met before; each source then names as many others.
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
        self.knn, self.als, self.content, self.ways = knn, als, content, ways
        self._quota = {name: max(int(share * pool), 1) for name, share in SHARES.items()}
        self._alike, self._repeats = alike, repeats
        self._codes = {store: code for code, store in enumerate(knn.stores)}
        self._sold = [_Sold.of(knn.popular, store) for store in knn.stores]
        self._hot = [row[row >= 0].astype(np.int64) for row in trends.hot]
        self._spans = knn.index.spans()
        self._ahead = [] if ways is None else [ways.ahead(*span, self._quota["way"]) for span in self._spans]
        self._together = max(_CELLS // max(len(knn.index), 1), 1)

    def find(self, asked: Asked, met: Items) -> Found:
        """Return what the sources favour, but for the products of the page, and what the request asks about.

        Args:
            met: All that the shopper met; `asked` may tell of the newest alone.
        """
        many = ManyAsked.of((asked,))
        return self.find_many(many, faded(many, self.knn), (met,))[0]

    def find_many(self, many: ManyAsked, by_knn: ManyAsked, met: Sequence[Items]) -> list[Found]:
        """Return what `find` does for each of several questions.

        Args:
            by_knn: The same with weights as item-knn fades them.
            met: What `find` is told besides, of each.
        """
        gone = [self._gone(asked, items) for asked, items in zip(many.each, met, strict=True)]
        spare = max(len(items) for items in gone)
        groups = self._groups(many)
        knn, pages = self.knn.score_many(by_knn), self._pages(many.each)
        tastes = None if self.als is None else _tastes(self.als, faded(many, self.als).each)
        profiles = None if self.content is None else _profiles(self.content, by_knn.each)
        found = []
        for low in range(0, len(many), self._together):
            part = slice(low, low + self._together)
            liked, near = self._leanings(groups[part], tastes, profiles, part, spare)
            for row, asked in enumerate(many.each[part]):
                place = low + row
                store = self._codes.get(asked.store, -1)
                sold = self._sold[store] if store >= 0 else _UNSOLD
                hot = self._hot[store] if store >= 0 else _NONE
                said = _Said(knn.one(place), pages[place], liked[row], near[row], sold)
                led = self._led(asked, int(groups[place]))
                found.append(self._found(asked, said, hot, led, gone[place]))
        return found

    def _gone(self, asked: Asked, met: Items) -> Items:
        """Return what was met and does not come into question again, rising."""
        if self._repeats:
            return _NONE
        return np.unique(np.concatenate([met, asked.items, asked.purchases.items]))

    def _found(self, asked: Asked, said: _Said, hot: Items, led: Items, gone: Items) -> Found:
        """Return what comes into question: what a source favours and what is asked about, but for what is left out."""
        lists = [
            _best(said.knn, self._quota["item-knn"], gone),
            _highest(said.als, self._quota["als"], gone),
            _foremost(said.sold.best, self._quota["popular"], gone),
            _foremost(hot, self._quota["trending"], gone),
            led,
            asked.named,
        ]
        left_out = gone
        if self._repeats:
            lists += [_usual(asked, self._quota["purchases"]), asked.items[-self._quota["purchases"] :]]
            shown = asked.items[asked.page]
            left_out = shown[(shown[:, None] != asked.named).all(axis=1)]
        named = np.concatenate(lists)
        near = _highest(said.near, self._quota["content"], gone) if self._alike else _NONE
        items, first = np.unique(np.concatenate([named, near]), return_index=True)
        kept = (items[:, None] != left_out).all(axis=1)
        return said.of(items[kept], first[kept] >= len(named))

    def _leanings(
        self, groups: npt.NDArray[np.int64], tastes: Floats | None, profiles: Floats | None, part: slice, spare: int
    ) -> tuple[Sequence[Leaning], Sequence[Leaning]]:
        """Return what als and content say of every product, `spare` more among the best, for some of the questions."""
        nothing = [INDIFFERENT] * len(groups)
        liked = near = nothing
        if self.als is not None and tastes is not None:
            liked = leanings(self.als.factors, self._spans, groups, tastes[part], self._quota["als"] + spare)
        if self.content is not None and profiles is not None:
            near = leanings(self.content.vectors, self._spans, groups, profiles[part], self._quota["content"] + spare)
        return liked, near

    def _pages(self, asked: Sequence[Asked]) -> list[Scored]:
        """Return what item-knn says of the page of each question alone."""
        shown = [place for place, one in enumerate(asked) if one.page.any()]
        pages = [NOTHING] * len(asked)
        if shown:
            scored = self.knn.score_many(ManyAsked.of([asked[place].keep(asked[place].page) for place in shown]))
            for row, place in enumerate(shown):
                pages[place] = scored.one(row)
        return pages

    def _led(self, asked: Asked, group: int) -> Items:
        """Return what the way leads to from the page, in the customer group of the page."""
        if self.ways is None or not asked.page.any():
            return _NONE
        return self.ways.likeliest(asked, self._ahead[group], self._quota["way"])

    def _groups(self, many: ManyAsked) -> npt.NDArray[np.int64]:
        """Return the customer group of each question, -1 where nothing is known."""
        groups = np.full(len(many), -1, dtype=np.int64)
        filled = many.lengths > 0
        groups[filled] = self.knn.index.starts.searchsorted(many.items[many.starts[:-1][filled]], side="right") - 1
        return groups


def _tastes(als: Als, asked: Sequence[Asked]) -> Floats:
    return np.stack([als.taste(one) for one in asked])


def _profiles(content: Content, asked: Sequence[Asked]) -> Floats:
    """Return the weighed mean of what each question met, by content, at length 1, or 0; shape (n, axes)."""
    sums = np.stack([one.weights.astype(np.float32) @ content.vectors[one.items] for one in asked])
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    profiles: Floats = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
    return profiles


_NONE: Items = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Sold:
    """Popularity in one store: the best, and all by item code."""

    best: Items
    highest: float
    items: Items
    scores: npt.NDArray[np.float64]

    @staticmethod
    def of(popular: Popular, store: str) -> _Sold:
        leaders = popular.leaders(store)
        if leaders is None:
            return _UNSOLD
        order = np.argsort(leaders.items)
        best, scores = np.asarray(leaders.items, dtype=np.int64), np.asarray(leaders.scores, dtype=np.float64)
        return _Sold(best, float(scores.max(initial=0.0)), best[order], scores[order])


_UNSOLD = _Sold(_NONE, 0.0, _NONE, np.empty(0))


@dataclass(frozen=True, slots=True)
class _Said:
    """What each source says of one question, as in `Found`."""

    knn: Scored
    page: Scored
    als: Leaning
    near: Leaning
    sold: _Sold

    def of(self, items: Items, alone: npt.NDArray[np.bool_]) -> Found:
        """Return it of some products."""
        return Found(
            items,
            looked_up(self.knn.items, self.knn.scores, items),
            np.maximum(self.als.of(items), 0.0),
            self.near.of(items),
            looked_up(self.sold.items, self.sold.scores, items),
            looked_up(self.page.items, self.page.scores, items),
            float(self.knn.scores.max(initial=0.0)),
            float(self.page.scores.max(initial=0.0)),
            self.als.highest,
            self.sold.highest,
            alone,
        )


def faded(many: ManyAsked, model: ItemKnn | Als) -> ManyAsked:
    """Return what is asked with weights as a model fades them; products of the page count in full."""
    return many.weighed(model.history_weights(many.ages, many.weights.astype(np.float32)).astype(np.float64))


def looked_up(known: Items, values: npt.NDArray[np.float64], wanted: Items) -> npt.NDArray[np.float64]:
    """Return the value of each wanted code, 0 where it is not among `known`, which rise."""
    if not len(known):
        return np.zeros(len(wanted))
    places = np.minimum(known.searchsorted(wanted), len(known) - 1)
    return np.where(known[places] == wanted, values[places], 0.0)


def _best(scored: Scored, most: int, gone: Items) -> Items:
    items, scores = scored.items, scored.scores
    if len(gone):
        kept = _new(items, gone)
        items, scores = items[kept], scores[kept]
    if len(items) <= most:
        return items[scores > 0]
    first = np.argpartition(-scores, most - 1)[:most]
    return items[first][scores[first] > 0]


def _highest(said: Leaning, most: int, gone: Items) -> Items:
    """Return the best of what vectors say that are not gone."""
    best = said.best[_new(said.best, gone)] if len(gone) else said.best
    return best if len(best) <= most else best[(-said.of(best)).argsort(kind="stable")[:most]]


def _foremost(ranked: Items, most: int, gone: Items) -> Items:
    """Return the first ones that are not gone."""
    if not len(gone):
        return ranked[:most]
    ahead = ranked[: most + len(gone)]
    return ahead[_new(ahead, gone)][:most]


def _new(items: Items, gone: Items) -> npt.NDArray[np.bool_]:
    """Return which items are not gone; those that are rise."""
    places = np.minimum(gone.searchsorted(items), len(gone) - 1)
    new: npt.NDArray[np.bool_] = gone[places] != items
    return new


def _usual(asked: Asked, most: int) -> Items:
    """Return what the shopper buys most often; of equals what was bought last."""
    purchases = asked.purchases
    return purchases.items[np.lexsort((purchases.items, -purchases.last, -purchases.counts))][:most]
