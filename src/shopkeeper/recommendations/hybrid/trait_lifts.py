"""What people of one age, gender, region or segment take more often than others do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import TRAITS, Traits
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.model import Arrays
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

MOST_VALUES = 40
"""Values of a trait that are told apart, the most frequent ones; all others count as unknown."""
_DOUBT = 5.0
"""Takers of average traits that every product starts with."""


@dataclass(frozen=True)
class TraitLifts:
    """Logarithm of how much more often shoppers of one value take something than its share of all would make likely.

    Attributes:
        values: The values of each trait that are told apart, the empty one first.
        items: For each trait; shape (values, items); the row of the empty value is 0.
        leaves: For each trait; shape (values, categories).
    """

    values: tuple[tuple[str, ...], ...]
    items: tuple[npt.NDArray[np.float16], ...]
    leaves: tuple[npt.NDArray[np.float16], ...]

    @staticmethod
    def fit(data: Interactions, leaves: npt.NDArray[np.int32]) -> TraitLifts:
        """Count each shopper once for each product they met and once for each category."""
        seen, size = data.sequences, len(data.index)
        pairs = np.unique(seen.shoppers.astype(np.int64) * size + seen.items)
        shoppers, items = pairs // size, pairs % size
        categories = np.unique(shoppers * (int(leaves.max(initial=0)) + 1) + leaves[items])
        width = int(leaves.max(initial=0)) + 1
        values, by_item, by_leaf = [], [], []
        for trait in range(len(TRAITS)):
            known, codes = told_apart(data, trait)
            values.append(known)
            by_item.append(_lifts(codes[shoppers], items, len(known), size))
            by_leaf.append(_lifts(codes[categories // width], categories % width, len(known), width))
        return TraitLifts(tuple(values), tuple(by_item), tuple(by_leaf))

    def codes(self, traits: Traits) -> list[int]:
        """Return the place of each text among the values, 0 where it is not told apart."""
        return [known.index(text) if text in known else 0 for known, text in zip(self.values, traits, strict=True)]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        packed: dict[str, npt.NDArray[np.generic]] = {}
        for place, trait in enumerate(TRAITS):
            packed |= pack_texts(f"lifts.{trait}", self.values[place])
            packed[f"lifts.{trait}.items"] = self.items[place]
            packed[f"lifts.{trait}.leaves"] = self.leaves[place]
        return packed

    @staticmethod
    def from_arrays(arrays: Arrays) -> TraitLifts:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return TraitLifts(
            tuple(tuple(unpack_texts(f"lifts.{trait}", arrays)) for trait in TRAITS),
            tuple(np.asarray(arrays[f"lifts.{trait}.items"], np.float16) for trait in TRAITS),
            tuple(np.asarray(arrays[f"lifts.{trait}.leaves"], np.float16) for trait in TRAITS),
        )


def told_apart(data: Interactions, trait: int) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the values told apart, and the place among them of every shopper with a past."""
    alive = np.flatnonzero(np.diff(data.sequences.starts) > 0)
    codes = np.zeros(len(data.shopper_keys), dtype=np.int64)
    texts = data.traits.values[trait]
    if not len(data.traits.codes):
        return ("",), codes
    counts = np.bincount(data.traits.codes[alive, trait], minlength=len(texts))
    counts[0] = 0
    often = np.argsort(-counts, kind="stable")[:MOST_VALUES]
    known = ("", *sorted(texts[code] for code in often.tolist() if counts[code] > 0))
    places = np.array([known.index(text) if text in known else 0 for text in texts])
    codes[:] = places[data.traits.codes[:, trait]]
    return known, codes


def _lifts(
    codes: npt.NDArray[np.int64], things: npt.NDArray[np.int64], values: int, size: int
) -> npt.NDArray[np.float16]:
    counts = np.bincount(codes * size + things, minlength=values * size).reshape(values, size).astype(np.float64)
    counts[0] = 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1.0)
    lifts: npt.NDArray[np.float16] = np.log((counts + _DOUBT) / (expected + _DOUBT)).astype(np.float16)
    lifts[0] = 0.0
    return lifts
