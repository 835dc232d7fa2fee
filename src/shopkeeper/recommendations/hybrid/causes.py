"""What of a shopper's rows carries the score of the ranker: products met, own purchases, or what sells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.purchases import NO_PURCHASES
from shopkeeper.recommendations.hybrid.rank_features import group_of
from shopkeeper.recommendations.hybrid.rank_linear import STRANGER
from shopkeeper.recommendations.model import AGAIN, MET, SELLS

Rows = npt.NDArray[np.float32]

_OWN: Final = frozenset(("behaviour.met", "behaviour.met_age", "behaviour.carted"))
"""What is said of the shopper's own dealings with the very product."""
_CAUSE_OF: Final[Mapping[str, int]] = {
    "popularity": SELLS, "store": SELLS, "repurchase": AGAIN, "rhythm": AGAIN,
    "behaviour": MET, "way": MET, "choice": MET, "content": MET, "sentences": MET,
}  # fmt: skip
"""Group of features -> what it speaks of; the demographics of a shopper are no cause that is named."""
_NO_CAUSE: Final = -1
_OF_PRODUCTS: Final[Mapping[str, int]] = {
    "repurchase.buyers_again": SELLS, "repurchase.cycle": SELLS, "content.leaf_trend": SELLS,
    "content.price": _NO_CAUSE, "content.margin": _NO_CAUSE, STRANGER: _NO_CAUSE,
}  # fmt: skip
"""Features that say of a product what they say to everybody, and the one by which the weights are chosen."""


def nobody(asked: Asked) -> Asked:
    """Return the question of a stranger in the same store at the same time."""
    none = asked.keep(np.zeros(len(asked), dtype=np.bool_))
    return replace(none, purchases=NO_PURCHASES)


def purchased(many: ManyAsked, owners: npt.NDArray[np.int64], items: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which items the shopper of their question bought; shape (n,).

    Args:
        owners: Question of each item, rising.
    """
    bounds = owners.searchsorted(np.arange(len(many) + 1)).tolist()
    parts = zip(many.each, bounds, bounds[1:], strict=False)
    return np.concatenate([np.isin(items[start:end], one.purchases.items) for one, start, end in parts])


class Spoken(Struct, frozen=True):
    """Which features speak of what; shape (features,) each.

    Attributes:
        met: Products of the history and the page.
        own: The shopper's own dealings with the very product; of one they bought all of it is buying it again.
        sells: What the product says to everybody.
    """

    met: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    sells: npt.NDArray[np.bool_]

    @staticmethod
    def of(columns: Sequence[str]) -> Spoken:
        """Read the names of features."""
        causes = np.array([_OF_PRODUCTS.get(name, _CAUSE_OF.get(group_of(name), _NO_CAUSE)) for name in columns])
        own = np.array([name in _OWN for name in columns])
        return Spoken(causes == MET, (causes == AGAIN) | own, causes == SELLS)


def carriers(
    rows: Rows, typical: Rows, spoken: Spoken, bought: npt.NDArray[np.bool_],
    scores: Callable[[Rows], npt.NDArray[np.float64]],
) -> npt.NDArray[np.int8]:  # fmt: skip
    """Return for each row what its score would lose most without: `MET`, `AGAIN` or `SELLS`.

    Without something, its features are those of the mean product of the store for a stranger. What a shopper did with a
    product they bought belongs to buying it again. Where nothing makes a score higher than that, it is `MET`.

    Args:
        rows: Of the products in question; shape (n, features).
        typical: Of the mean product of their store for a stranger; shape (n, features).
        bought: Which of them the shopper bought; shape (n,).
        scores: The ranker's, before the logistic.

    Source:
        Covert, Lundberg and Lee (2021), Explaining by removing, for scores without a group of features.
    """
    again = bought[:, None] & spoken.own
    asked = [rows]
    asked += [np.where(gone, typical, rows) for gone in (spoken.met & ~again, spoken.sells)]
    asked.append(np.where(spoken.own, typical, rows)[bought])
    left = scores(np.concatenate(asked).astype(np.float32, copy=False))
    whole, *without = np.split(left, [len(rows), 2 * len(rows), 3 * len(rows)])
    lost = np.full((3, len(rows)), -np.inf)
    lost[MET], lost[SELLS], lost[AGAIN, bought] = whole - without[0], whole - without[1], (whole[bought] - without[2])
    found: npt.NDArray[np.int8] = np.where(lost.max(axis=0) > 0, lost.argmax(axis=0), MET).astype(np.int8)
    return found
