"""The model that every peer serves: `implicit` ALS of 50,000 shoppers, 100,000 products and 64 factors.

Factors and pasts are drawn, not fitted, as only the speed of serving is measured. It runs with the peers' Python, so
it needs nothing of Shopkeeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix, load_npz, save_npz

USERS, ITEMS, FACTORS, PAST = 50_000, 100_000, 64, 12
K = 20


class Als:
    """A recommender out of a folder."""

    def __init__(self, folder: Path) -> None:
        drawn = np.load(folder / "factors.npz")
        self._model: Any = AlternatingLeastSquares(factors=FACTORS)
        self._model.user_factors, self._model.item_factors = drawn["users"], drawn["items"]
        self._pasts: Any = load_npz(folder / "pasts.npz")

    def recommend(self, users: Sequence[int]) -> list[list[int]]:
        """Return for each shopper the products with the highest scores, but those of their past."""
        asked = np.asarray(users)
        found, _ = self._model.recommend(asked, self._pasts[asked], N=K, filter_already_liked_items=True)
        return [[int(item) for item in row] for row in found]


def write_als(folder: Path, seed: int = 7) -> None:
    """Draw a model into a folder."""
    chance = np.random.default_rng(seed)
    users = chance.standard_normal((USERS, FACTORS)).astype(np.float32)
    items = chance.standard_normal((ITEMS, FACTORS)).astype(np.float32)
    np.savez(folder / "factors.npz", users=users, items=items)
    owners, seen = np.repeat(np.arange(USERS), PAST), chance.integers(0, ITEMS, USERS * PAST)
    pasts = csr_matrix((np.ones(len(owners), dtype=np.float32), (owners, seen)), shape=(USERS, ITEMS))
    save_npz(folder / "pasts.npz", pasts)
