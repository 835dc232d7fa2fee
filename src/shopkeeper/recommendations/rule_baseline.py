"""What a good merchandiser does without a model: bestsellers of the categories at hand, and what is bought together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions, Sequences
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.model import NOTHING, Arrays, Scored
from shopkeeper.recommendations.models.beside_popular import BesidePopular
from shopkeeper.recommendations.models.co_occurrence import similarity
from shopkeeper.recommendations.models.neighbours import Neighbours
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

_DAY = 86_400 * SECOND
_BASKET = 30
"""Products of a basket next to each other that count as bought together."""
_EVEN = 1e6
"""Half-life at which every event of the days counts the same, days."""


@dataclass(frozen=True, slots=True)
class RuleParams:
    """How the rules are weighed."""

    days: float = 30.0
    """Only what happened in the newest so many days counts for popularity."""
    together: float = 1.0
    """What the product bought together most often counts, of what the bestseller of the category counts."""
    shrink: float = 5.0
    """Added to what frequency divides by, so that baskets seen once or twice are not trusted."""
    recent: int = 5
    """Newest moments of the history whose products count."""
    age_decay: float = 0.6
    """Each newer moment multiplies what a history entry counts."""
    leaders: int = 100
    """Bestsellers kept for each category."""


class RuleBaseline(BesidePopular[RuleParams]):
    """Score = sum over the history of `weight * (popularity in its category + together * bought together)`.

    Popularity is that of the last `days` in the store, 1 for the bestseller of the category; the category is the main
    one of the product in the history, the narrowest there is. Bought together is the cosine of baskets, 1 for the
    strongest pair of the product. Where nothing is known of a shopper, the store's popularity fills the answer.

    Args:
        categories: Main category of each item, empty = none known.
        baskets: What was bought together, each row divided by its largest entry.
        popular: Popularity of the last days, by store and category.
    """

    name = "rules"

    def __init__(self, categories: tuple[str, ...], baskets: Neighbours, popular: Popular, params: RuleParams) -> None:
        super().__init__(popular, params)
        self._categories = categories
        self._baskets = baskets

    @classmethod
    def fit(
        cls, data: Interactions, params: RuleParams, seed: int, popular_params: PopularParams | None = None
    ) -> RuleBaseline:
        """Count the last days and all baskets; nothing is drawn by chance."""
        counted = replace(
            popular_params or PopularParams(), half_life_days=_EVEN, category_leaders=params.leaders, group_views=0.0
        )
        newest = int(data.times.max()) if len(data) else 0
        lately = data.take(data.times > newest - int(params.days * _DAY))
        categories = tuple(normal(paths[0]) if paths else "" for paths in data.categories)
        popular = Popular.fit(lately, counted, seed)
        return cls(categories, _bought_together(data, params), popular, params)

    def score(self, asked: Asked) -> Scored:
        """Score the bestsellers of the history's categories and what is bought together with its products."""
        return self._scored(asked.store, asked.items, asked.weights)

    def _scored(self, store: str, items: npt.NDArray[np.integer], weights: npt.NDArray[np.floating]) -> Scored:
        found, amounts = [], []
        for item, weight in zip(items.tolist(), weights.tolist(), strict=True):
            for codes, scores in self._rules(store, item) if weight > 0 else ():
                found.append(codes)
                amounts.append(weight * scores)
        if not found:
            return NOTHING
        codes, rows = np.unique(np.concatenate(found), return_inverse=True)
        return Scored(codes, np.bincount(rows, weights=np.concatenate(amounts)).astype(np.float64, copy=False))

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        weights = self.history_weights(batch.ages, batch.strengths).astype(np.float64)
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        for row, code in enumerate(batch.stores.tolist()):
            part = slice(int(batch.starts[row]), int(batch.starts[row + 1]))
            found = self._scored(self.stores[code] if code >= 0 else "", batch.items[part], weights[part])
            scores[row, found.items] = found.scores
        return scores

    def history_weights(
        self, ages: npt.NDArray[np.int64], strengths: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return `strength * age_decay ** age`, 0 for entries older than the newest `recent` moments."""
        weights: npt.NDArray[np.float32] = super().history_weights(ages, strengths) * (ages < self.params.recent)
        return weights

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return what the rules find for each entry of the history among the targets."""
        parts = np.zeros((len(targets), len(asked)))
        for entry, (item, weight) in enumerate(zip(asked.items.tolist(), asked.weights.tolist(), strict=True)):
            own = self._scored(asked.store, np.array([item]), np.array([weight]))
            places = np.minimum(np.searchsorted(own.items, targets), max(len(own) - 1, 0))
            if len(own):
                parts[:, entry] = np.where(own.items[places] == targets, own.scores[places], 0.0)
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return categories, baskets and popularity."""
        return {
            **pack_texts("rules.categories", self._categories),
            **self._baskets.arrays("rules.baskets"),
            **pack_params("rules", asdict(self.params)),
            **self.popular.arrays(),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> RuleBaseline:
        """Return the model that `arrays` was made of."""
        params = RuleParams(**unpack_params("rules", arrays, asdict(RuleParams())))
        categories = tuple(unpack_texts("rules.categories", arrays))
        baskets = Neighbours.from_arrays("rules.baskets", arrays)
        return cls(categories, baskets, Popular.from_arrays(index, arrays), params)

    def _rules(self, store: str, item: int) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
        """Return what each rule finds for one product, and how much of it, 1 for the best."""
        found = []
        leaders = self.popular.leaders(store, self._categories[item]) if self._categories[item] else None
        if leaders is not None:
            other = leaders.items != item
            found.append((leaders.items[other].astype(np.int64), leaders.scores[other] / float(leaders.scores[0])))
        start, end = int(self._baskets.starts[item]), int(self._baskets.starts[item + 1])
        if end > start:
            scores = self.params.together * self._baskets.scores[start:end].astype(np.float64)
            found.append((self._baskets.items[start:end].astype(np.int64), scores))
        return found


def _bought_together(data: Interactions, params: RuleParams) -> Neighbours:
    """Return the cosine of baskets: purchases of one shopper in one second, no order between them."""
    seen = data.sequences
    bought = np.flatnonzero(seen.kinds == PURCHASE)
    moments = seen.moments[bought]
    baskets = np.unique(moments, return_inverse=True)[1].astype(np.int32)
    starts = np.searchsorted(baskets, np.arange(int(baskets.max(initial=-1)) + 2)).astype(np.int64)
    lines = Sequences(
        baskets, seen.items[bought], seen.stores[bought], seen.kinds[bought], seen.times[bought],
        seen.first_times[bought], seen.devices[bought], moments, starts,
    )  # fmt: skip
    found = similarity(
        lines, len(data.index), window=_BASKET, gap_decay=1.0, gap_power=0.0, backward=1.0, had_power=0.5,
        with_power=0.5, shrink=params.shrink, neighbours=params.leaders,
    )  # fmt: skip
    largest = np.zeros(len(data.index), dtype=np.float32)
    rows = np.repeat(np.arange(len(data.index)), np.diff(found.starts))
    np.maximum.at(largest, rows, found.scores)
    return Neighbours(found.starts, found.items, (found.scores / largest[rows]).astype(np.float32))
