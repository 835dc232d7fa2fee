"""Facts by which products of one category are told apart: words of their records, and the price."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.content import Content

MOST_WORDS = 96
"""Words that are read, those that split categories best."""
_FEWEST = 5
"""Products a word must be said of."""
_SPLITS = 0.3
"""Part of a word's products that must lie in categories it splits: the name of a category splits none."""


def choice_facts(data: Interactions, content: Content, said: scipy.sparse.csr_array) -> npt.NDArray[np.float16]:
    """Return the facts of each item less the mean of its category, 0 for what nobody met; shape (items, facts).

    First words, 1 where the record has it; then the logarithm of the price and its square, against the category's
    middle price, so that dear and cheap are told alike in all categories.

    Args:
        said: The words of each item, as `item_words` has them; their weights are not read.
    """
    met = np.bincount(data.items, minlength=len(data.index)) > 0
    leaves = content.leaves
    sizes = np.bincount(leaves[met], minlength=int(leaves.max(initial=0)) + 1)
    with np.errstate(invalid="ignore"):
        levels = np.nan_to_num(content.prices - _middles(content.prices, leaves, len(sizes))[leaves])
    table = np.column_stack([_words(said.tocoo(), met, leaves, sizes), levels, levels**2])
    return np.where(met[:, None], less_middles(table, leaves, met), 0.0).astype(np.float16)


def less_middles(
    table: npt.NDArray[np.floating], leaves: npt.NDArray[np.int32], met: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return each row less the mean of its category, of what was met; shape as `table`."""
    sizes = np.bincount(leaves[met], minlength=int(leaves.max(initial=0)) + 1)
    means = np.zeros((len(sizes), table.shape[1]))
    np.add.at(means, leaves[met], table[met])
    means /= np.maximum(sizes, 1)[:, None]
    return np.asarray(table - means[leaves], dtype=np.float64)


def _words(
    said: scipy.sparse.coo_array,
    met: npt.NDArray[np.bool_],
    leaves: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return 1 where the record of an item has one of the words that split categories best."""
    counted = met[said.row]
    rows, columns = said.row[counted], said.col[counted]
    width = said.shape[1]
    pairs, counts = np.unique(leaves[rows].astype(np.int64) * width + columns, return_counts=True)
    split = counts * (1.0 - counts / sizes[pairs // width])
    having = np.bincount(columns, minlength=width)
    splits = np.bincount(pairs % width, weights=split, minlength=width)
    telling = np.where((having >= _FEWEST) & (splits >= _SPLITS * having), splits, 0.0)
    marks = np.bincount(columns, weights=np.random.default_rng(0).random(len(met))[rows], minlength=width)
    once = np.zeros(width, dtype=np.bool_)
    once[np.unique(marks, return_index=True)[1]] = True  # a brand is in the title too: the same products, one fact
    telling[~once] = 0.0
    chosen = np.sort(np.argsort(-telling, kind="stable")[:MOST_WORDS])
    chosen = chosen[telling[chosen] > 0]
    places = np.full(width, -1)
    places[chosen] = np.arange(len(chosen))
    table = np.zeros((len(met), len(chosen)))
    kept = places[columns] >= 0
    table[rows[kept], places[columns[kept]]] = 1.0
    return table


def _middles(prices: npt.NDArray[np.float32], leaves: npt.NDArray[np.int32], count: int) -> npt.NDArray[np.float64]:
    """Return the middle price of each category, nan where none is known."""
    known = ~np.isnan(prices)
    middles = np.full(count, np.nan)
    for leaf in np.unique(leaves[known]).tolist():
        middles[leaf] = np.median(prices[known & (leaves == leaf)])
    return middles
