"""What sessions and baskets look like in a few figures, the same for a world and for public data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shopkeeper.recommendations.behaviour.interactions import Sequences
from shopkeeper.recommendations.evaluation.metrics import gini
from shopkeeper.recommendations.models.co_occurrence import similarity

Integers = npt.NDArray[np.int64]

COUNTERPARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "tastes": ("diginetica", "eshop"),
    "missions": ("retailrocket", "dunnhumby"),
    "attributes": ("retailrocket", "eshop"),
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


def category_figures(sessions: Integers, items: Integers, category: Integers) -> dict[str, float]:
    """Return how far the category of a page tells what comes next, in sessions in the order they happened.

    Args:
        category: Of each product; as many as there are products.

    Returns:
        `same_category`: next views in the category of the view before. `hr8_category`, `hr8_neighbours`: of the next
        views of products new to the session, in the newest fifth, how many are among the 8 products viewed most in the
        category of the view before, or the 8 that an order-aware item-kNN ranks first.
    """
    size = len(category)
    numbers = np.unique(sessions, return_inverse=True)[1].astype(np.int64)
    known = numbers < int((int(numbers[-1]) + 1) * 0.8)
    counts = np.bincount(items[known], minlength=size).astype(np.float64)
    asked = _asked(numbers, items, ~known)
    pages, targets = items[asked.places - 1], items[asked.places]
    beside = np.where(category[pages][:, None] == category[None, :], counts, -1.0)
    beside[np.arange(len(pages)), pages] = -2.0
    near = _scores(asked, _neighbours(numbers[known], items[known], size), counts)
    return {
        "same_category": float((category[pages] == category[targets]).mean()),
        "hr8_category": _hits(beside[asked.new], targets[asked.new], 8),
        "hr8_neighbours": _hits(near[asked.new], targets[asked.new], 8),
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
    views: Mapping[tuple[int, int], Sequence[int]], baskets: Sequence[tuple[int, Sequence[int]]], category: Integers
) -> dict[str, float]:
    """Return all figures of a world's history.

    Args:
        views: Products looked at by day and visit.
        baskets: Shopper and products of each order.
        category: Of each product.
    """
    size = len(category)
    numbers, items = flat([views[visit] for visit in sorted(views)])
    lines, bought = flat([products for _, products in baskets])
    shoppers = np.array([shopper for shopper, _ in baskets], dtype=np.int64)[lines]
    long = np.isin(numbers, np.flatnonzero(np.bincount(numbers) >= 2))
    return (
        session_figures(*most_met(numbers, items, size), size)
        | category_figures(numbers[long], items[long], category)
        | basket_figures(shoppers, lines, bought, size)
    )


def public_figures() -> dict[str, dict[str, float]]:
    """Return the committed figures of the public data, by set."""
    text = resources.files("shopkeeper.simulation.worlds").joinpath("public_figures.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, float]])


def flat(groups: Sequence[Sequence[int]]) -> tuple[Integers, Integers]:
    """Return groups end to end: the number of each entry's group, and the entries."""
    lengths = [len(group) for group in groups]
    numbers = np.repeat(np.arange(len(groups)), lengths)
    return numbers, np.array([one for group in groups for one in group], dtype=np.int64)


@dataclass(frozen=True)
class _Asked:
    """Views that are to be found from those before them.

    Attributes:
        places: Place of each such view.
        history: Views before it in its session, newer ones counting more, shape (asked, products).
        new: The session had not seen the product.
    """

    places: Integers
    history: tuple[npt.NDArray[np.float64], Integers, Integers]
    new: npt.NDArray[np.bool_]


def _asked(numbers: Integers, items: Integers, late: npt.NDArray[np.bool_]) -> _Asked:
    """Return the views of late sessions that have a view before them, at most `MOST_ASKED`."""
    places = np.flatnonzero((numbers[1:] == numbers[:-1]) & late[1:])[:MOST_ASKED] + 1
    starts = np.searchsorted(numbers, numbers[places], side="left")
    weights: list[npt.NDArray[np.float64]] = [np.empty(0)]
    columns: list[Integers] = [np.empty(0, dtype=np.int64)]
    new = np.zeros(len(places), dtype=np.bool_)
    for row, (start, place) in enumerate(zip(starts.tolist(), places.tolist(), strict=True)):
        columns.append(items[start:place])
        weights.append(_AGE_DECAY ** np.arange(place - start, dtype=np.float64)[::-1])
        new[row] = not (items[start:place] == items[place]).any()
    edges = np.concatenate([[0], np.cumsum(places - starts)]).astype(np.int64)
    return _Asked(places, (np.concatenate(weights), np.concatenate(columns), edges), new)


def _scores(asked: _Asked, table: csr_array, counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the item-kNN's scores, equal ones ordered by popularity."""
    history = csr_array(asked.history, shape=(len(asked.places), len(counts)))
    return np.asarray((history @ table).toarray() + 1e-9 * counts / max(float(counts.max()), 1.0))


def _next_found(numbers: Integers, items: Integers, size: int, cut: int) -> tuple[float, float]:
    """Return how often popularity and the item-kNN have the next view among their first 20."""
    known = numbers < cut
    counts = np.bincount(items[known], minlength=size).astype(np.float64)
    asked = _asked(numbers, items, ~known)
    if not len(asked.places):
        return 0.0, 0.0
    targets = items[asked.places]
    scores = _scores(asked, _neighbours(numbers[known], items[known], size), counts)
    return _hits(np.tile(counts, (len(targets), 1)), targets, _LIST), _hits(scores, targets, _LIST)


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


def _hits(scores: npt.NDArray[np.float64], targets: Integers, most: int) -> float:
    own = scores[np.arange(len(targets)), targets][:, None]
    rank = 1 + (scores > own).sum(axis=1) + 0.5 * ((scores == own).sum(axis=1) - 1)
    return float((rank <= most).mean())
