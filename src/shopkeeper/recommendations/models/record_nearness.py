"""Which products are alike by what records say of them, as similarities beside those of what shoppers did."""

from __future__ import annotations

import numpy as np
import scipy

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.item_words import item_words, rows_of
from shopkeeper.recommendations.models.neighbours import Neighbours, keep_strongest

_NEAREST = 200
"""Products nearest to each that count."""
_MOST_PRODUCTS = 2_000
"""A word of more products than this tells little, and comparing by it would cost the most."""
_CELLS = 20_000_000
"""Pairs of products compared at a time, at most; about 12 bytes each where they share a word."""


def with_records(similar: Neighbours, data: Interactions, share: float, neighbours: int | None) -> Neighbours:
    """Return `S[a, b] + share * cos(a, b) ** 2`, the square keeping what two products share by chance small.

    cos is the cosine of the words of two products of one customer group, see `item_words`, a word counting `log(items /
    items with it)`. So a product nobody has met has neighbours too, and is one.

    Args:
        similar: S, learnt from `data`.
        neighbours: Strongest neighbours kept for each product; None = all.
    """
    words, size = _rare(item_words(data)), len(data.index)
    near = scipy.sparse.vstack([_near(rows_of(words, *span), size, span[0]) for span in data.index.spans()])
    both = scipy.sparse.csr_array(similar.table() + near.astype(np.float32) * np.float32(share))
    both.sort_indices()
    kept = both if neighbours is None else keep_strongest(both, neighbours)
    return Neighbours(kept.indptr.astype(np.int64), kept.indices.astype(np.int32), kept.data)


def _rare(words: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Return the words of each item weighed by rarity, rows of length 1 or 0."""
    having = np.bincount(words.indices, minlength=words.shape[1])
    rarity = np.where(having > _MOST_PRODUCTS, 0.0, np.log(words.shape[0] / np.maximum(having, 1)))
    found = scipy.sparse.csr_array((rarity[words.indices], words.indices, words.indptr), shape=words.shape)
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    found.data /= np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(found.indptr))
    found.eliminate_zeros()
    return found


def _near(words: scipy.sparse.csr_array, size: int, start: int) -> scipy.sparse.csr_array:
    """Return the squared cosines of the items of one group, beginning with code `start`; shape (group, size)."""
    items, turned = words.shape[0], scipy.sparse.csr_array(words.T)
    step = max(_CELLS // max(items, 1), 1)
    blocks = [scipy.sparse.csr_array((0, size))]
    for low in range(0, items, step):
        block = scipy.sparse.coo_array(words[low : low + step] @ turned)
        other = block.row + low != block.col
        cells = (block.data[other] ** 2, (block.row[other], block.col[other] + start))
        blocks.append(keep_strongest(scipy.sparse.csr_array(cells, shape=(block.shape[0], size)), _NEAREST))
    return scipy.sparse.csr_array(scipy.sparse.vstack(blocks))
