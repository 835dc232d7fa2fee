"""What sessions and baskets look like in a few figures, the same for a world and for public data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shopkeeper.recommendations.co_occurrence import similarity
from shopkeeper.recommendations.interactions import Sequences
from shopkeeper.recommendations.metrics import gini

Integers = npt.NDArray[np.int64]

COUNTERPARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "tastes": ("diginetica",),
    "missions": ("retailrocket", "dunnhumby"),
    "attributes": ("retailrocket",),
}
"""The public data each world is calibrated to."""
MOST_ASKED: Final = 5_000
_LIST: Final = 20
_AGE_DECAY: Final = 0.8


def session_figures(sessions: Integers, items: Integers, size: int) -> dict[str, float]:
    """Return the figures of sessions in the order they happened.

    Args:
        sessions: Session of each view, never falling; shape (n,).
        items: Product of each view, 0 to size - 1; shape (n,).

    Returns:
        `length`: views of the mean session. `popularity_gini`: 0 = all products are viewed alike, 1 = one alone.
        `repeat_share`: views of a product seen before in the session. `density`: share of (session, product) pairs that
        occur. `hr20_popular`, `hr20_knn`: how often the next view of the newest fifth of the sessions is among the 20
        products the first four fifths viewed most, or the 20 an order-aware item-kNN learned from them ranks first.
    """
    numbers = np.unique(sessions, return_inverse=True)[1].astype(np.int64)
    pairs = len(np.unique(numbers * size + items))
    count = int(numbers[-1]) + 1
    popular, knn = _next_found(numbers, items, size, int(count * 0.8))
    return {
        "length": len(items) / count,
        "popularity_gini": float(gini(items, size)),
        "repeat_share": 1.0 - pairs / len(items),
        "density": pairs / (count * size),
        "hr20_popular": popular,
        "hr20_knn": knn,
    }


def basket_figures(shoppers: Integers, baskets: Integers, items: Integers, size: int) -> dict[str, float]:
    """Return the figures of purchases, line by line in the order they happened.

    Returns:
        `basket`: different products of the mean basket. `purchase_gini`: as `popularity_gini`. `bought_again`: lines of
        the second half whose product the shopper had bought before.
    """
    before: set[tuple[int, int]] = set()
    again = np.zeros(len(items), dtype=np.bool_)
    held: list[tuple[int, int]] = []
    for line, (shopper, basket, item) in enumerate(
        zip(shoppers.tolist(), baskets.tolist(), items.tolist(), strict=True)
    ):
        if line and basket != baskets[line - 1]:
            before.update(held)
            held = []
        again[line] = (shopper, item) in before
        held.append((shopper, item))
    lines = len(np.unique(baskets * size + items))
    return {
        "basket": lines / len(np.unique(baskets)),
        "purchase_gini": float(gini(items, size)),
        "bought_again": float(again[len(again) // 2 :].mean()),
    }


def most_met(sessions: Integers, items: Integers, size: int) -> tuple[Integers, Integers]:
    """Return the views of the `size` products viewed most, as codes 0 to size - 1, so that catalogues compare.

    Sessions of which fewer than two views are left are dropped.
    """
    names, codes, counts = np.unique(items, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    place = rank[codes]
    kept = place < size
    numbers, views = np.unique(sessions[kept], return_counts=True)
    long = numbers[views >= 2]
    kept &= np.isin(sessions, long)
    return sessions[kept], place[kept]


def world_figures(
    views: Mapping[tuple[int, int], Sequence[int]], baskets: Sequence[tuple[int, Sequence[int]]], size: int
) -> dict[str, float]:
    """Return all figures of a world's history: views by day and visit, and (shopper, products) of each basket."""
    numbers, items = flat([views[visit] for visit in sorted(views)])
    lines, bought = flat([products for _, products in baskets])
    shoppers = np.array([shopper for shopper, _ in baskets], dtype=np.int64)[lines]
    return session_figures(*most_met(numbers, items, size), size) | basket_figures(shoppers, lines, bought, size)


def public_figures() -> dict[str, dict[str, float]]:
    """Return the committed figures of the public data, by set."""
    text = resources.files("shopkeeper.simulation.worlds").joinpath("public_figures.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, float]])


def flat(groups: Sequence[Sequence[int]]) -> tuple[Integers, Integers]:
    """Return groups end to end: the number of each entry's group, and the entries."""
    lengths = [len(group) for group in groups]
    numbers = np.repeat(np.arange(len(groups)), lengths)
    return numbers, np.array([one for group in groups for one in group], dtype=np.int64)


def _next_found(numbers: Integers, items: Integers, size: int, cut: int) -> tuple[float, float]:
    """Return how often popularity and the item-kNN have the next view among their first 20."""
    known = numbers < cut
    counts = np.bincount(items[known], minlength=size).astype(np.float64)
    table = _neighbours(numbers[known], items[known], size)
    places = np.flatnonzero((numbers[1:] == numbers[:-1]) & (numbers[1:] >= cut))[:MOST_ASKED] + 1
    starts = np.searchsorted(numbers, numbers[places], side="left")
    weights: list[npt.NDArray[np.float64]] = []
    columns: list[Integers] = []
    for start, place in zip(starts.tolist(), places.tolist(), strict=True):
        columns.append(items[start:place])
        weights.append(_AGE_DECAY ** np.arange(place - start, dtype=np.float64)[::-1])
    edges = np.concatenate([[0], np.cumsum([len(one) for one in columns])])
    if not len(places):
        return 0.0, 0.0
    history = csr_array((np.concatenate(weights), np.concatenate(columns), edges), shape=(len(places), size))
    scores = (history @ table).toarray() + 1e-9 * counts / max(counts.max(), 1.0)
    targets = items[places]
    return _hits(np.tile(counts, (len(targets), 1)), targets), _hits(scores, targets)


def _neighbours(numbers: Integers, items: Integers, size: int) -> csr_array:
    """Return an order-aware similarity with the usual constants; views of one session are a sequence."""
    count = len(items)
    starts = np.searchsorted(numbers, np.arange(int(numbers.max(initial=0)) + 2))
    nothing = np.zeros(count, dtype=np.int64)
    seen = Sequences(
        numbers.astype(np.int32), items.astype(np.int32), nothing.astype(np.int32), nothing.astype(np.int8), nothing,
        nothing, nothing.astype(np.int8), np.arange(count), starts.astype(np.int64),
    )  # fmt: skip
    found = similarity(
        seen, size, window=8, gap_decay=0.8, gap_power=0.0, backward=0.7, had_power=0.5, with_power=0.5, shrink=20.0,
        neighbours=200,
    )  # fmt: skip
    return found.table()


def _hits(scores: npt.NDArray[np.float64], targets: Integers) -> float:
    own = scores[np.arange(len(targets)), targets][:, None]
    rank = 1 + (scores > own).sum(axis=1) + 0.5 * ((scores == own).sum(axis=1) - 1)
    return float((rank <= _LIST).mean())
