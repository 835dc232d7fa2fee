"""Regression trees as plain arrays: learnt by LightGBM, answered by numpy alone, all trees and rows at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shopkeeper.registry.text_arrays import Arrays

MOST_LEAVES = 32
_CELLS = 50_000
"""Trees by rows that are looked at together, about 9 bytes each: what a core keeps near."""


class _Rounds(NamedTuple):
    """The nodes of all trees, the first of each, then the second and so on; where a tree has none, none goes right.

    Attributes:
        features: Shape (rounds, trees).
        thresholds: Shape (rounds, trees, 1).
        bits: The leaves of the left side, which those that go right clear; shape (rounds, trees, 1).
    """

    features: npt.NDArray[np.int64]
    thresholds: npt.NDArray[np.float32]
    bits: npt.NDArray[np.unsignedinteger]


@dataclass(frozen=True)
class Trees:
    """A sum of trees.

    A node lets a row go left where `row[feature] <= threshold`. Each node has a mask of 32 bits that clears the leaves
    of its left side; the masks of all nodes a row does not go left at, put together by AND, leave as lowest bit the
    leaf the row ends in. So no path is walked; one node of every tree is looked at for all rows at once, then the next.

    Attributes:
        features, thresholds, masks: Of each node, tree by tree; shape (nodes,).
        starts: Where the nodes of each tree begin; every tree has one at least; shape (trees,).
        leaves: Value of each leaf from the left, 0 where a tree has fewer; shape (trees, MOST_LEAVES).

    Source:
        Lucchese et al., QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees
        (2015), section 3.
    """

    features: npt.NDArray[np.int32]
    thresholds: npt.NDArray[np.float32]
    masks: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.int64]
    leaves: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts)

    def scores(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the sum of the trees for each row; shape (n, features) -> (n,)."""
        if not len(self):
            return np.zeros(len(rows))
        step = max(_CELLS // len(self), 1)
        parts = [self._scores(rows[start : start + step]) for start in range(0, len(rows), step)]
        return np.concatenate([np.empty(0), *parts])

    def _scores(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        columns, shape = np.ascontiguousarray(rows.T), (len(self), len(rows))
        cleared = np.zeros(shape, dtype=self._rounds.bits.dtype)
        values, bits = np.empty(shape, dtype=np.float32), np.empty_like(cleared)
        for features, thresholds, own in zip(*self._rounds, strict=True):
            np.take(columns, features, axis=0, out=values, mode="clip")  # unlike "raise", it writes to `out` at once
            np.multiply(values > thresholds, own, out=bits)
            cleared |= bits
        lowest = ~cleared & (cleared + cleared.dtype.type(1))
        places = np.frexp(lowest.astype(np.float64))[1] - 1
        total: npt.NDArray[np.float64] = np.take_along_axis(self.leaves, places, axis=1).sum(axis=0)
        return total

    @cached_property
    def _rounds(self) -> _Rounds:
        counts = np.diff(np.append(self.starts, len(self.features)))
        most = int(counts.max())
        trees = np.repeat(np.arange(len(self)), counts)
        places = np.arange(len(self.features)) - self.starts[trees]
        bits = np.uint16 if most < np.iinfo(np.uint16).bits else np.uint32  # a tree has a leaf more than it has nodes
        rounds = _Rounds(
            np.zeros((most, len(self)), dtype=np.int64),
            np.full((most, len(self), 1), np.inf, dtype=np.float32),
            np.zeros((most, len(self), 1), dtype=bits),
        )
        rounds.features[places, trees] = self.features
        rounds.thresholds[places, trees, 0] = self.thresholds
        rounds.bits[places, trees, 0] = ~self.masks
        return rounds

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the trees as plain arrays under `name`."""
        return {
            f"{name}.features": self.features,
            f"{name}.thresholds": self.thresholds,
            f"{name}.masks": self.masks,
            f"{name}.starts": self.starts,
            f"{name}.leaves": self.leaves,
        }

    @staticmethod
    def from_arrays(name: str, arrays: Arrays) -> Trees:
        """Return the trees that `arrays` was made of."""
        return Trees(
            np.asarray(arrays[f"{name}.features"], np.int32),
            np.asarray(arrays[f"{name}.thresholds"], np.float32),
            np.asarray(arrays[f"{name}.masks"], np.uint32),
            np.asarray(arrays[f"{name}.starts"], np.int64),
            np.asarray(arrays[f"{name}.leaves"], np.float64),
        )

    @staticmethod
    def of_dump(dump: Mapping[str, Any]) -> Trees:
        """Return the trees of `lightgbm.Booster.dump_model()`; trees of a single leaf only shift all scores.

        The features must have been float32, without missing values and without categories.
        """
        trees = [one["tree_structure"] for one in dump["tree_info"] if "split_feature" in one["tree_structure"]]
        nodes: list[tuple[int, float, int]] = []
        starts, leaves = [], np.zeros((len(trees), MOST_LEAVES))
        for number, tree in enumerate(trees):
            starts.append(len(nodes))
            found = list(_leaves(tree))
            leaves[number, : len(found)] = found
            nodes += _nodes(tree, 0)
        thresholds = np.array([threshold for _, threshold, _ in nodes], dtype=np.float64)
        return Trees(
            np.array([feature for feature, _, _ in nodes], dtype=np.int32),
            _not_above(thresholds),
            np.array([mask for _, _, mask in nodes], dtype=np.uint32),
            np.array(starts, dtype=np.int64),
            leaves,
        )


def _not_above(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the largest float32 not above each threshold, so that a float32 is on the same side of both."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _leaves(tree: Mapping[str, Any]) -> Iterator[float]:
    if "leaf_value" in tree:
        yield float(tree["leaf_value"])
        return
    yield from _leaves(tree["left_child"])
    yield from _leaves(tree["right_child"])


def _nodes(tree: Mapping[str, Any], first_leaf: int) -> Iterator[tuple[int, float, int]]:
    """Yield feature, threshold and mask of every node below; leaves are counted from the left."""
    if "leaf_value" in tree:
        return
    left = sum(1 for _ in _leaves(tree["left_child"]))
    cleared = ((1 << left) - 1) << first_leaf
    yield int(tree["split_feature"]), float(tree["threshold"]), ~cleared & 0xFFFFFFFF
    yield from _nodes(tree["left_child"], first_leaf)
    yield from _nodes(tree["right_child"], first_leaf + left)


NO_TREES = Trees(
    np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint32), np.empty(0, np.int64),
    np.empty((0, MOST_LEAVES)),
)  # fmt: skip
