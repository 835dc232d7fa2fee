"""What products are made of, as numbers: category, brand, price, and words brought down to a few axes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.categories import prefixes
from shopkeeper.recommendations.model import Arrays

_BUCKETS = 1 << 15
_GRAM = 4
_WORD = re.compile(r"[^\W_]+")
_ROUNDS = 4
"""Power iterations of the randomized decomposition; the axes no longer move visibly after three."""


@dataclass(frozen=True)
class Content:
    """What is known of each item; an item without interactions at the time of fitting is nothing at all.

    Attributes:
        vectors: Words and category on a few axes, length 1, or 0 where nothing is known; shape (items, axes).
        leaves, tops, brands: Code of the whole main category path, of its first step, of the brand, 0 = not known;
            shape (items,).
        prices: Logarithm of the price, nan = not known; shape (items,).
    """

    vectors: npt.NDArray[np.float32]
    leaves: npt.NDArray[np.int32]
    tops: npt.NDArray[np.int32]
    brands: npt.NDArray[np.int32]
    prices: npt.NDArray[np.float32]

    @staticmethod
    def fit(data: Interactions, axes: int, seed: int) -> Content:
        """Read the facts of every item that somebody met; nothing is learnt of later ones."""
        facts = data.facts.filled(len(data.index))
        met = np.bincount(data.items, minlength=len(data.index)) > 0
        paths = [data.categories[code] if met[code] else () for code in range(len(met))]
        steps = [prefixes(one[:1]) for one in paths]
        words = [
            _features(paths[code], facts.brands[code], facts.texts[code]) if met[code] else ()
            for code in range(len(met))
        ]
        with np.errstate(invalid="ignore"):
            prices = np.where(met & (facts.prices > 0), np.log(facts.prices), np.nan)
        return Content(
            _axes(_weighted(words), axes, seed),
            _coded([one[-1] if one else "" for one in steps]),
            _coded([one[0] if one else "" for one in steps]),
            _coded([brand if known else "" for brand, known in zip(facts.brands, met, strict=True)]),
            prices.astype(np.float32),
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {
            "content.vectors": self.vectors,
            "content.leaves": self.leaves,
            "content.tops": self.tops,
            "content.brands": self.brands,
            "content.prices": self.prices,
        }

    @staticmethod
    def from_arrays(arrays: Arrays) -> Content:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        codes = (np.asarray(arrays[f"content.{name}"], np.int32) for name in ("leaves", "tops", "brands"))
        leaves, tops, brands = codes
        vectors, prices = (np.asarray(arrays[f"content.{name}"], np.float32) for name in ("vectors", "prices"))
        return Content(vectors, leaves, tops, brands, prices)


def _features(paths: Sequence[str], brand: str, text: str) -> Iterator[str]:
    """Yield what is counted of one product: categories, brand, attributes, words and their pieces."""
    for category in prefixes(paths):
        yield f"c {category}"
    if brand:
        yield f"b {brand}"
    for word in _WORD.findall(text.lower()):
        yield f"w {word}"
        if len(word) > _GRAM:
            yield from (f"g {word[start : start + _GRAM]}" for start in range(len(word) - _GRAM + 1))


def _weighted(words: Sequence[Sequence[str] | Iterator[str]]) -> scipy.sparse.csr_array:
    """Return hashed counts weighted by rarity, `(1 + log count) * log(items / items with it)`, rows of length 1."""
    places: dict[str, int] = {}
    columns: list[int] = []
    lengths = []
    for one in words:
        before = len(columns)
        for word in one:
            place = places.get(word)
            if place is None:
                place = places[word] = int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big") % _BUCKETS
            columns.append(place)
        lengths.append(len(columns) - before)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    used, numbers = np.unique(np.array(columns, dtype=np.int64), return_inverse=True)
    table = scipy.sparse.csr_array((np.ones(len(columns)), numbers, starts), shape=(len(lengths), len(used)))
    table.sum_duplicates()
    having = np.bincount(table.indices, minlength=len(used))
    rarity = np.log(max(int((np.diff(starts) > 0).sum()), 1) / np.maximum(having, 1.0))
    table.data = (1.0 + np.log(table.data)) * rarity[table.indices]
    norms = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
    table.data /= np.repeat(np.where(norms > 0, norms, 1.0), np.diff(table.indptr))
    return table


def _axes(table: scipy.sparse.csr_array, axes: int, seed: int) -> npt.NDArray[np.float32]:
    """Return the rows on the axes along which they differ most, each of length 1.

    Source:
        Halko, Martinsson, Tropp, Finding structure with randomness (2011), algorithms 4.4 and 5.1.
    """
    if not table.nnz or axes == 0:
        return np.zeros((table.shape[0], axes), dtype=np.float32)
    draw = np.random.default_rng(seed)
    basis = np.linalg.qr(table @ draw.standard_normal((table.shape[1], axes + 8)))[0]
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(table @ np.linalg.qr(table.T @ basis)[0])[0]
    turned, sizes, _ = np.linalg.svd((table.T @ basis).T, full_matrices=False)
    placed = (basis @ turned * sizes)[:, :axes]
    norms = np.linalg.norm(placed, axis=1, keepdims=True)
    found = np.zeros((table.shape[0], axes), dtype=np.float32)
    found[:, : placed.shape[1]] = placed / np.where(norms > 1e-12, norms, 1.0)
    return found


def _coded(texts: Sequence[str]) -> npt.NDArray[np.int32]:
    """Return the place of each text among the sorted ones, the empty one being 0."""
    places = {text: code for code, text in enumerate(sorted({"", *texts}))}
    return np.array([places[text] for text in texts], dtype=np.int32)
