"""The plain part of the ranker: a few features weighed and added, learnt list by list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.hybrid.rank_lists import RankLists

WEIGHED = frozenset({
    "popularity.product_events_7d", "popularity.product_events_30d", "popularity.product_events_90d",
    "popularity.store_of_best",
    "behaviour.knn_of_best", "behaviour.page_of_best", "behaviour.als_of_best", "behaviour.met",
    "repurchase.count", "repurchase.rate", "repurchase.lately", "repurchase.buyers_again",
    "way.next", "way.next_as_met", "way.brand", "way.likeness",
    "choice.liked", "choice.page", "choice.past", "choice.people",
    "content.page_leaf", "content.likeness", "content.leaf_share", "content.brand_share",
    "sentences.likeness", "sentences.page",
    "demographics.age_band_item", "demographics.gender_item", "demographics.region_item", "demographics.segment_item",
    "demographics.age_band_leaf", "demographics.gender_leaf", "demographics.region_leaf", "demographics.segment_leaf",
    "store.share",
})  # fmt: skip
"""Features of which more is better or worse throughout; the others speak through the trees alone."""

STRANGER = "behaviour.entries"
"""Feature that is 0 for shoppers without a past and without a page."""

_FEWEST = 50
"""Lists of one sort there must be to learn from them alone."""

_PRICE_OF_WEIGHT = 0.02
"""What a squared weight costs, for features of spread 1, against the mean loss of a list."""

Weights = npt.NDArray[np.float64]


def weighed(rows: npt.NDArray[np.float32], weights: Weights, stranger: int) -> npt.NDArray[np.float64]:
    """Return the weighed sum of each row; those with 0 in column `stranger` by the second weights."""
    sums = rows @ weights.T
    return np.where(rows[:, stranger] > 0, sums[:, 0], sums[:, 1])


def learn_weights(lists: RankLists, columns: Sequence[str], worth: Sequence[float]) -> Weights:
    """Return the weight of each feature, 0 where it is not weighed, for known shoppers and for strangers.

    What is right for those of whom nothing is known but their record is another thing than what is right for those
    with a past. Where there are few lists of one sort, both teach both.

    Returns:
        Shape (2, features).
    """
    starts = np.concatenate([[0], np.cumsum(lists.lengths)[:-1]])
    known = lists.rows[starts, columns.index(STRANGER)] > 0
    if min(int(known.sum()), int((~known).sum())) < _FEWEST:
        return np.tile(_learn(lists, columns, worth), (2, 1))
    return np.array([_learn(lists.of(known), columns, worth), _learn(lists.of(~known), columns, worth)])


def _learn(lists: RankLists, columns: Sequence[str], worth: Sequence[float]) -> Weights:
    """Return the weight of each feature; shape (features,).

    The loss of a list is the cross-entropy between what was taken, each product by its worth, and the softmax of the
    weighed sums; a squared weight costs a little, so that few lists teach little.

    Source:
        Cao et al., Learning to rank: from pairwise approach to listwise approach (2007), with the targets normalised.
    """
    used = np.array([place for place, name in enumerate(columns) if name in WEIGHED], dtype=np.int64)
    rows = lists.rows[:, used].astype(np.float64)
    spread = rows.std(axis=0)
    rows /= np.where(spread > 0, spread, 1.0)
    starts = np.concatenate([[0], np.cumsum(lists.lengths)[:-1]])
    owners = np.repeat(np.arange(len(lists.lengths)), lists.lengths)
    gains = lists.gains(worth)
    target = gains / np.add.reduceat(gains, starts)[owners]
    wanted = target @ rows

    def loss(weights: Weights) -> tuple[float, Weights]:
        sums = rows @ weights
        sums -= np.maximum.reduceat(sums, starts)[owners]
        shares = np.exp(sums)
        totals = np.add.reduceat(shares, starts)
        shares /= totals[owners]
        missed = float(np.log(totals).sum() - target @ sums)
        price = 0.5 * _PRICE_OF_WEIGHT * float(weights @ weights)
        return missed / len(starts) + price, (shares @ rows - wanted) / len(starts) + _PRICE_OF_WEIGHT * weights

    found = scipy.optimize.minimize(loss, np.zeros(len(used)), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    weights = np.zeros(len(columns))
    weights[used] = np.where(spread > 0, found.x / np.where(spread > 0, spread, 1.0), 0.0)
    return weights
