"""What the ranker reads of each product in question for one shopper, in groups that can be left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import TRAITS
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.behaviour.purchases import HALF_LIVES, fading
from shopkeeper.recommendations.hybrid.candidates import Found, looked_up
from shopkeeper.recommendations.hybrid.choice import OF_PEOPLE, Choices
from shopkeeper.recommendations.hybrid.trait_lifts import TraitLifts
from shopkeeper.recommendations.hybrid.way import BESIDE_PAGE, Ways
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.sentences import Sentences
from shopkeeper.recommendations.models.trends import AGAIN, CYCLE, LONG_AGO, TREND_NAMES, Trends

Group = Literal[
    "behaviour", "popularity", "repurchase", "rhythm", "way", "choice", "content", "sentences", "demographics", "store",
]  # fmt: skip
GROUPS: tuple[Group, ...] = get_args(Group)

_DAY = 86_400.0
_STEPS = 10.0
"""A tenth of a purchase counts about as much as the step from one to two."""
_CART = KINDS.index("cart")

Column = npt.NDArray[np.floating]
Columns = Iterator[tuple[str, Column | float]]


@dataclass(frozen=True)
class RankFeatures:
    """Makes the rows of the ranker; everything it knows was learnt before one moment.

    Attributes:
        ways: None = the group `way` is left out.
        choices: None = the group `choice` is left out.
        content: None = the group `content` is left out.
        sentences: None = the group `sentences` is left out.
        lifts: None = the group `demographics` is left out.
        margins: Share of the price that is not cost, -1 where it is not known; shape (items,).
        stores: Code of each store; None = the group `store` is left out.
        rhythm: Whether the group `rhythm` is read.
    """

    trends: Trends
    ways: Ways | None
    choices: Choices | None
    content: Content | None
    sentences: Sentences | None
    lifts: TraitLifts | None
    margins: npt.NDArray[np.float32]
    stores: Mapping[str, int] | None
    rhythm: bool

    @cached_property
    def _leaf_trend(self) -> npt.NDArray[np.float64]:
        """Logarithm of a category's events of 30 days against those of 90, both against the mean item; by category."""
        codes = self.content.leaves if self.content is not None else np.zeros(len(self.trends.table), dtype=np.int32)
        lately, before = (
            np.bincount(codes, weights=np.exp(self.trends.table[:, TREND_NAMES.index(name)].astype(np.float64)))
            for name in ("product_events_30d", "product_events_90d")
        )
        trend: npt.NDArray[np.float64] = np.log(np.maximum(lately, 1e-9) / np.maximum(before, 1e-9))
        return trend

    def rows(self, asked: Asked, found: Found) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
        """Return the names of the columns and one row for each product in question."""
        named = [
            *self._behaviour(asked, found),
            *self._popularity(found),
            *self._repurchase(asked, found),
            *(self._rhythm(asked, found) if self.rhythm else ()),
            *(self.ways.columns(self.content, asked, found.items) if self.ways is not None else ()),
            *(self.choices.columns(asked, found.items) if self.choices is not None else ()),
            *(self._content(self.content, asked, found) if self.content is not None else ()),
            *(self.sentences.columns(asked, found.items) if self.sentences is not None else ()),
            *(self._demographics(self.lifts, asked, found) if self.lifts is not None else ()),
            *(self._store(self.stores, asked, found) if self.stores is not None else ()),
        ]
        table = np.empty((len(found.items), len(named)), dtype=np.float32)
        for place, (_, column) in enumerate(named):
            table[:, place] = column
        return tuple(name for name, _ in named), table

    def _behaviour(self, asked: Asked, found: Found) -> Columns:
        yield "behaviour.knn", found.knn
        yield "behaviour.knn_of_best", _of_best(found.knn, found.knn_best)
        yield "behaviour.page", found.page
        yield "behaviour.page_of_best", _of_best(found.page, found.page_best)
        yield "behaviour.als", found.als
        yield "behaviour.als_of_best", _of_best(found.als, found.als_best)
        past = ~asked.page
        yield "behaviour.entries", float(len(asked))
        yield "behaviour.idle", float(asked.now - asked.times[past][-1]) / _DAY if past.any() else LONG_AGO
        met = asked.items[:, None] == found.items
        yield "behaviour.met", met.sum(axis=0)
        last = np.where(met, asked.times[:, None], -np.inf).max(axis=0, initial=-np.inf)
        yield "behaviour.met_age", np.minimum((asked.now - last) / _DAY, LONG_AGO)
        yield "behaviour.carted", (met & (asked.kinds >= _CART)[:, None]).sum(axis=0)

    def _popularity(self, found: Found) -> Columns:
        yield "popularity.store", np.log1p(found.popular)
        yield "popularity.store_of_best", _of_best(found.popular, found.popular_best)
        table = self.trends.table[found.items]
        yield from ((f"popularity.{name}", table[:, place]) for place, name in enumerate(TREND_NAMES) if place < AGAIN)

    def _repurchase(self, asked: Asked, found: Found) -> Columns:
        purchases = asked.purchases
        counts = looked_up(purchases.items, purchases.counts.astype(np.float64), found.items)
        had = counts > 0
        last = looked_up(purchases.items, purchases.last.astype(np.float64), found.items)
        since = np.where(had, (asked.now - last) / _DAY, LONG_AGO)
        lasted = looked_up(purchases.items, (purchases.last - purchases.first).astype(np.float64), found.items) / _DAY
        own = np.where(counts > 1, lasted / np.maximum(counts - 1, 1), LONG_AGO)
        table = self.trends.table[found.items]
        yield "repurchase.buyers_again", table[:, AGAIN]
        yield "repurchase.cycle", table[:, CYCLE]
        yield "repurchase.count", np.log1p(counts)
        yield "repurchase.share", counts / max(int(purchases.counts.sum()), 1)
        yield "repurchase.age", since
        yield "repurchase.own_cycle", own
        yield "repurchase.due_by_own", np.where(counts > 1, since / np.maximum(own, 1.0), -1.0)
        yield "repurchase.due_by_all", np.where(had, since / np.maximum(table[:, CYCLE], 1.0), -1.0)
        begun = float(asked.now - purchases.first.min()) / _DAY if len(purchases) else 0.0
        yield "repurchase.rate", counts / (begun + 7.0)
        yield "repurchase.lately", 14.0 / (14.0 + since) * had
        yield "repurchase.products", float(len(purchases))

    def _rhythm(self, asked: Asked, found: Found) -> Columns:
        """Yield how often each product was bought, older purchases counting less."""
        purchases = asked.purchases
        lately = purchases.faded * fading(asked.now - purchases.last)
        for place, days in enumerate(HALF_LIVES):
            counts = looked_up(purchases.items, lately[:, place], found.items)
            yield f"rhythm.faded_{days:.0f}d", np.log1p(_STEPS * counts)

    def _content(self, content: Content, asked: Asked, found: Found) -> Columns:
        items, weights = asked.items, asked.weights
        for name, codes in (("leaf", content.leaves), ("top", content.tops), ("brand", content.brands)):
            yield f"content.{name}_share", _shares(codes, items, weights, found.items)
        page = items[asked.page]
        yield "content.page_leaf", _shares(content.leaves, page, np.ones(len(page)), found.items)
        yield "content.likeness", found.content
        prices = content.prices
        paid = prices[items]
        known = ~np.isnan(paid)
        usual = float(np.average(paid[known], weights=weights[known] + 1e-9)) if known.any() else np.nan
        yield "content.price", np.nan_to_num(prices[found.items], nan=-9.0)
        yield "content.dearer", np.nan_to_num(prices[found.items] - usual, nan=0.0)
        yield "content.margin", self.margins[found.items]
        purchases = asked.purchases
        leaves, brands = content.leaves[found.items], content.brands[found.items]
        bought = _counted(content.leaves[purchases.items], purchases.counts, leaves)
        yield "content.leaf_bought", bought[leaves]
        first, last = np.full(len(bought), np.inf), np.full(len(bought), -np.inf)
        np.minimum.at(first, content.leaves[purchases.items], purchases.first)
        np.maximum.at(last, content.leaves[purchases.items], purchases.last)
        age = np.minimum((asked.now - last[leaves]) / _DAY, LONG_AGO)
        often = bought[leaves] > 1
        cycle = np.where(often, (last - first)[leaves] / _DAY / np.maximum(bought[leaves] - 1.0, 1.0), LONG_AGO)
        own = looked_up(purchases.items, purchases.counts.astype(np.float64), found.items)
        yield "content.leaf_age", age
        yield "content.leaf_due", np.where(often, age / np.maximum(cycle, 1.0), -1.0)
        yield "content.leaf_loyalty", own / np.maximum(bought[leaves], 1.0)
        yield "content.leaf_trend", self._leaf_trend[leaves]
        yield "content.brand_bought", _counted(content.brands[purchases.items], purchases.counts, brands)[brands]

    def _demographics(self, lifts: TraitLifts, asked: Asked, found: Found) -> Columns:
        codes = lifts.codes(asked.traits)
        by_item = [lifts.items[place][codes[place], found.items].astype(np.float32) for place in range(len(TRAITS))]
        leaves = self.content.leaves[found.items] if self.content is not None else None
        for place, trait in enumerate(TRAITS):
            yield f"demographics.{trait}", float(codes[place])
            yield f"demographics.{trait}_item", by_item[place]
            if leaves is not None:
                yield f"demographics.{trait}_leaf", lifts.leaves[place][codes[place], leaves]
        together = np.sum(by_item, axis=0)
        yield "demographics.together", together

    def _store(self, stores: Mapping[str, int], asked: Asked, found: Found) -> Columns:
        code = stores.get(asked.store, -1)
        yield "store.code", float(code)
        yield "store.share", self.trends.shares[code, found.items] if code >= 0 else 0.0


def _counted(
    codes: npt.NDArray[np.int32], amounts: npt.NDArray[np.int64], wanted: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Return the sum of amounts by code, for every code there is or that is wanted."""
    return np.bincount(codes, weights=amounts, minlength=int(wanted.max(initial=0)) + 1).astype(np.float64, copy=False)


def group_of(name: str) -> str:
    """Return the group of a column."""
    return name.split(".", 1)[0]


def readable(columns: Sequence[str], left_out: Collection[str]) -> list[int]:
    """Return the places of the columns there are without some groups, and without what else is told of them."""
    return [
        place
        for place, name in enumerate(columns)
        if group_of(name) not in left_out
        and not ("content" in left_out and (name in _BY_CONTENT or group_of(name) == "choice"))
        and not ("demographics" in left_out and name == OF_PEOPLE)
    ]


_BY_CONTENT = frozenset((*BESIDE_PAGE, *(f"demographics.{trait}_leaf" for trait in TRAITS)))


def _of_best(scores: npt.NDArray[np.float64], best: float) -> npt.NDArray[np.float64]:
    return scores / best if best > 0 else scores


def _shares(
    codes: npt.NDArray[np.int32], items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Return which share of the history lies in the category or brand of each wanted item; 0 where it has none."""
    mine = codes[wanted]
    totals = np.bincount(codes[items], weights=weights, minlength=int(mine.max(initial=0)) + 1)
    return np.where(mine > 0, totals[mine], 0.0) / max(float(weights.sum()), 1e-9)
