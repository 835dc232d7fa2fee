"""How good a ranking is when one product is the right answer.

All take the rank of the right product among all products, counted from 1; ties share their middle rank.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.float64]


def hit_rate(ranks: Ranks, k: int) -> npt.NDArray[np.float64]:
    """Return 1 where the right product is among the first k (HR@k; with one right product also recall@k), else 0."""
    return (ranks <= k).astype(np.float64)


def ndcg(ranks: Ranks, k: int) -> npt.NDArray[np.float64]:
    """Return 1 / log2(rank + 1) where the right product is among the first k, else 0.

    Example:
        >>> ndcg(np.array([1.0, 3.0, 11.0]), 10)
        array([1. , 0.5, 0. ])
    """
    return np.where(ranks <= k, 1.0 / np.log2(ranks + 1.0), 0.0)


def reciprocal_rank(ranks: Ranks, k: int) -> npt.NDArray[np.float64]:
    """Return 1 / rank where the right product is among the first k (MRR@k is its mean), else 0."""
    return np.where(ranks <= k, 1.0 / ranks, 0.0)


def coverage(shown: npt.NDArray[np.integer], items: int) -> float:
    """Return the share of `items` products that are in at least one list of `shown`."""
    return len(np.unique(shown)) / items if items else 0.0


def gini(shown: npt.NDArray[np.integer], items: int) -> float:
    """Return how unevenly places in lists go to `items` products: 0 = all alike, near 1 = a few have them all.

    Source:
        Gini coefficient over sorted counts, as in Castells, Hurley and Vargas (2015), Novelty and diversity.
    """
    counts = np.sort(np.bincount(shown, minlength=items)).astype(np.float64)
    if not counts.sum():
        return 0.0
    places = np.arange(1, items + 1)
    return float((2 * places - items - 1) @ counts / (items * counts.sum()))


def mean_popularity(shown: npt.NDArray[np.integer], interactions: npt.NDArray[np.int64]) -> float:
    """Return how many past interactions the shown products had on average; much above the catalogue's mean = a bias.

    Args:
        shown: Item codes of all lists end to end.
        interactions: Past interactions of each item code.
    """
    return float(interactions[shown].mean()) if len(shown) else 0.0


def novelty(shown: npt.NDArray[np.integer], shoppers: npt.NDArray[np.int64], of: int) -> float:
    """Return how little known the shown products are, in bits: the mean of `-log2(shoppers who met it / all shoppers)`.

    A product nobody met counts as met by one.

    Args:
        shown: Item codes of all lists end to end.
        shoppers: Shoppers who met each item code.
        of: All shoppers.

    Source:
        Mean inverse user frequency of Castells, Hurley, Vargas (2015), Novelty and diversity in recommender systems.
    """
    if not len(shown) or not of:
        return 0.0
    return float(np.log2(of / np.maximum(shoppers[shown], 1)).mean())


def list_diversity(features: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    """Return how unlike each other the products of each list are: in how many features two of them differ, on average.

    Args:
        features: Of each product of each list, the first below 0 where there is no product; shape (lists, k, features).

    Returns:
        Mean over the pairs of each list, 0 of fewer than two products; shape (lists,).

    Source:
        Intra-list diversity of Ziegler et al. (2005), Improving recommendation lists through topic diversification.
    """
    there = features[:, :, 0] >= 0
    one, two = np.triu_indices(features.shape[1], 1)
    pairs = there[:, one] & there[:, two]
    differ = (features[:, one] != features[:, two]).sum(axis=2) * pairs
    mean: npt.NDArray[np.float64] = differ.sum(axis=1) / np.maximum(pairs.sum(axis=1), 1)
    return mean


def of_ranks(ranks: Ranks, cuts: Sequence[int] = (5, 10, 20)) -> dict[str, npt.NDArray[np.float64]]:
    """Return `hr@k` and `ndcg@k` for each cut and `mrr@20`, one value for each rank."""
    found = {f"hr@{k}": hit_rate(ranks, k) for k in cuts} | {f"ndcg@{k}": ndcg(ranks, k) for k in cuts}
    return found | {"mrr@20": reciprocal_rank(ranks, 20)}
