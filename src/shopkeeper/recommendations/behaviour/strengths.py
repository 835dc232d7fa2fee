"""Who did how much with which product: the shopper-by-product table that models without order learn from."""

from __future__ import annotations

import numpy as np
import scipy

from shopkeeper.recommendations.behaviour.history import KIND_STRENGTHS
from shopkeeper.recommendations.behaviour.interactions import Sequences


def strengths(seen: Sequences, start: int, end: int) -> scipy.sparse.csr_array:
    """Return the added strengths of what each shopper did with the items `start` to `end`; who did nothing is left out.

    Returns:
        float32, shape (shoppers, end - start).
    """
    here = (seen.items >= start) & (seen.items < end)
    _, rows = np.unique(seen.shoppers[here], return_inverse=True)
    size = (int(rows.max()) + 1 if len(rows) else 0, end - start)
    table = scipy.sparse.csr_array((KIND_STRENGTHS[seen.kinds[here]], (rows, seen.items[here] - start)), shape=size)
    table.sum_duplicates()
    return table
