"""Who did how much with which product: the shopper-by-product table that models without order learn from."""

from __future__ import annotations

import numpy as np
import scipy

from shopkeeper.recommendations.behaviour.history import KIND_STRENGTHS
from shopkeeper.recommendations.behaviour.interactions import RATING, Sequences

_USUAL_STARS = 4.0
"""A rating that says nothing counts as one of so many stars."""


def strengths(seen: Sequences, start: int, end: int) -> scipy.sparse.csr_array:
    """Return the added strengths of what each shopper did with the items `start` to `end`; who did nothing is left out.

    A rating is as strong as it is high: one of five stars like a purchase, one that says nothing like four stars.

    Returns:
        float32, shape (shoppers, end - start).

    Source:
        Hu, Koren, Volinsky, Collaborative Filtering for Implicit Feedback Datasets (2008): confidence grows in
        proportion to what was observed; here it is the stars.
    """
    here = (seen.items >= start) & (seen.items < end)
    _, rows = np.unique(seen.shoppers[here], return_inverse=True)
    size = (int(rows.max()) + 1 if len(rows) else 0, end - start)
    amounts = KIND_STRENGTHS[seen.kinds[here]]
    if len(seen.stars):
        stars = seen.stars[here]
        rated = (seen.kinds[here] == RATING) & (stars > 0)
        amounts[rated] *= stars[rated] / _USUAL_STARS
    table = scipy.sparse.csr_array((amounts, (rows, seen.items[here] - start)), shape=size)
    table.sum_duplicates()
    return table
