"""What records say of products, as words with weights: what gives a product a vector before anybody has met it."""

from __future__ import annotations

import numpy as np
import scipy

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.categories import prefixes

_LEAST_ITEMS = 2
"""A word of fewer products says nothing of others."""


def item_words(data: Interactions) -> scipy.sparse.csr_array:
    """Return the words of each item, each row adding up to 1 where it has any.

    Words are the category paths a product lies under, its brand, and the words of its title and attributes; those no
    two products of the data share are left out, so what is only sold later changes nothing.

    Returns:
        float32, shape (items, words).
    """
    facts = data.facts.filled(len(data.index))
    said = [
        sorted(
            {f"in {path}" for path in prefixes(paths)}
            | {f"by {brand}" for brand in [brand.lower()] if brand}
            | {f"word {word}" for word in text.lower().split()}
        )
        for paths, brand, text in zip(data.categories, facts.brands, facts.texts, strict=True)
    ]
    counts: dict[str, int] = {}
    for item in np.unique(data.items).tolist():
        for word in said[item]:
            counts[word] = counts.get(word, 0) + 1
    codes = {word: code for code, word in enumerate(sorted(w for w, count in counts.items() if count >= _LEAST_ITEMS))}
    kept = [[codes[word] for word in words if word in codes] for words in said]
    lengths = np.array([len(words) for words in kept], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    columns = np.array([code for words in kept for code in words], dtype=np.int32)
    amounts = np.repeat(1.0 / np.maximum(lengths, 1), lengths).astype(np.float32)
    return scipy.sparse.csr_array((amounts, columns, starts), shape=(len(kept), len(codes)))


def no_words(items: int) -> scipy.sparse.csr_array:
    """Return that nothing is said of so many items."""
    return scipy.sparse.csr_array((np.zeros(0, dtype=np.float32), (np.zeros(0, dtype=np.int64),) * 2), shape=(items, 0))


def rows_of(words: scipy.sparse.csr_array, start: int, end: int) -> scipy.sparse.csr_array:
    """Return the words of the items `start` to `end`."""
    low, high = int(words.indptr[start]), int(words.indptr[end])
    columns = (words.data[low:high], words.indices[low:high], words.indptr[start : end + 1] - low)
    return scipy.sparse.csr_array(columns, shape=(end - start, words.shape[1]))
