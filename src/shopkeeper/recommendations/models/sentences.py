"""How near the texts of products lie to those of what a shopper met, by the vectors of an encoder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.model import Arrays

_LEAST = 1e-6
"""A vector as short is that of a product of which nothing is said."""

Columns = Iterator[tuple[str, npt.NDArray[np.floating] | float]]


@dataclass(frozen=True)
class Sentences:
    """Vectors of texts, less what all texts of the shop have in common.

    Attributes:
        vectors: Length 1, or 0 where nothing is said or nobody met the product; shape (items, dimensions).
    """

    vectors: npt.NDArray[np.float16]

    @staticmethod
    def fit(data: Interactions) -> Sentences | None:
        """Read the vectors of every item that somebody met; None where the data has none."""
        read = data.facts.sentences
        if not len(read):
            return None
        said = read.astype(np.float32)
        said[np.bincount(data.items, minlength=len(read)) == 0] = 0.0
        there = np.abs(said).max(axis=1) > _LEAST
        if there.any():
            said[there] -= said[there].mean(axis=0)
        return Sentences(_of_length_1(said).astype(np.float16))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {"sentences.vectors": self.vectors}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Sentences:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return Sentences(np.asarray(arrays["sentences.vectors"], np.float16))

    def columns(self, asked: Asked, items: npt.NDArray[np.int64]) -> Columns:
        """Yield how near each item lies to the weighed mean of what was met, and to the page, else to what came last.

        Cosines; 0 where nothing was met or nothing is said.
        """
        wanted = self.vectors.take(items, axis=0).astype(np.float32)
        met = self.vectors.take(asked.items, axis=0).astype(np.float32)
        newest = met[asked.page] if asked.page.any() else met[-1:]
        yield "sentences.likeness", wanted @ _of_length_1(asked.weights.astype(np.float32) @ met)
        yield "sentences.page", wanted @ _of_length_1(newest.sum(axis=0))


def _of_length_1(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.where(norms > _LEAST, norms, 1.0)).astype(np.float32)
