"""The items whose vectors go best with a state, without looking at all of them: lists of items that lie together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.model import Arrays
from shopkeeper.recommendations.segments import starts_of

Floats = npt.NDArray[np.float32]
FEWEST_ITEMS = 20_000
"""Smaller catalogues are looked through whole: that takes less than a millisecond."""
RECALL = 0.95
"""Share of the best `_ASKED` items that must be found, by measurement on states of real shoppers."""
_ASKED = 100
_PROBES = (4, 8, 16, 32)
_ROUNDS = 10
_LEARNT_FROM = 64
"""Items for each list that the centres are learnt from."""
_NOTHING = -1e300
_LEAST = 1e-300
"""A sum has a logarithm even where nothing is added up."""


class Near(Struct, frozen=True, gc=False):
    """What was found near each of several states.

    Attributes:
        starts: Where what was found near each begins, and one more at the end; shape (n + 1,).
        items: Item codes, end to end, in no order; shape (m,).
        products: Inner product of each with its state; shape (m,).
        beyond: Estimate of `log(sum(exp(product)))` over the items that were not looked at; shape (n,).
        beyond_roots: The same of `log(sum(exp(product / 2)))`; shape (n,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    products: Floats
    beyond: npt.NDArray[np.float64]
    beyond_roots: npt.NDArray[np.float64]


@dataclass(frozen=True)
class NearestItems:
    """Items in lists around centres, the vectors of a list next to each other, so a list is read at memory speed.

    Attributes:
        centres: Shape (lists, width).
        spreads: Mean squared distance of a list's vectors from its centre, over the width; shape (lists,).
        starts: Where each list begins, and one more at the end; shape (lists + 1,).
        items: Item codes, list by list; shape (items,).
        vectors: Their vectors; shape (items, width).
        probes: Lists that are looked through for one state.

    Source:
        Jegou, Douze, Schmid, Product Quantization for Nearest Neighbor Search (2011), section IV: inverted lists.
    """

    centres: Floats
    spreads: Floats
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    vectors: Floats
    probes: int

    def near(self, states: Floats) -> Near:
        """Return for each state the items of the lists whose centres go best with it.

        What lies in the other lists is estimated as if the products in a list were normal: their mean is that of the
        centre, their variance `|state|^2 * spread`; the mean of `exp` over them is then `exp(mean + variance / 2)`.

        Args:
            states: Shape (n, width), n at least 1.
        """
        towards = states @ self.centres.T
        chosen = towards.argpartition(towards.shape[1] - self.probes, axis=1)[:, towards.shape[1] - self.probes :]
        starts = starts_of((self.starts[chosen + 1] - self.starts[chosen]).sum(axis=1))
        products = np.empty(int(starts[-1]), dtype=np.float32)
        found, place = [], 0
        for state, lists in zip(states, chosen.tolist(), strict=True):
            for one in lists:
                begin, end = self._bounds[one], self._bounds[one + 1]
                np.dot(self.vectors[begin:end], state, out=products[place : place + end - begin])
                found.append(self.items[begin:end])
                place += end - begin
        half = (states * states).sum(axis=1)[:, None] / 2.0 * self.spreads
        towards[np.arange(len(states))[:, None], chosen] = -np.inf
        left = self._log_sizes + (towards + half)
        roots = self._log_sizes + (towards + half / 2.0) / 2.0
        beyond = _log_sum_exp(np.concatenate([left, roots]))
        return Near(starts, np.concatenate(found), products, beyond[: len(states)], beyond[len(states) :])

    @cached_property
    def _bounds(self) -> list[int]:
        bounds: list[int] = self.starts.tolist()
        return bounds

    @cached_property
    def _log_sizes(self) -> npt.NDArray[np.float64]:
        """Logarithm of the items of each list."""
        sizes: npt.NDArray[np.float64] = np.log(np.maximum(np.diff(self.starts), 1e-9))
        return sizes

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays under `name`."""
        return {
            f"{name}.centres": self.centres, f"{name}.spreads": self.spreads, f"{name}.starts": self.starts,
            f"{name}.items": self.items, f"{name}.vectors": self.vectors, f"{name}.probes": np.array(self.probes),
        }  # fmt: skip

    @staticmethod
    def from_arrays(name: str, arrays: Arrays) -> NearestItems | None:
        """Return what `arrays` was made of, its vectors in the file they were opened from; None where there is none."""
        if f"{name}.centres" not in arrays:
            return None
        return NearestItems(
            np.asarray(arrays[f"{name}.centres"], dtype=np.float32),
            np.asarray(arrays[f"{name}.spreads"], dtype=np.float32),
            np.asarray(arrays[f"{name}.starts"], dtype=np.int64),
            np.asarray(arrays[f"{name}.items"], dtype=np.int64),
            np.asarray(arrays[f"{name}.vectors"], dtype=np.float32),
            int(np.asarray(arrays[f"{name}.probes"])),
        )


def nearest_items(
    items: npt.NDArray[np.int64], vectors: Floats, states: Floats, seed: int, fewest: int = FEWEST_ITEMS
) -> NearestItems | None:
    """Return items in lists, as many of which are looked through as find 95% of the best; None = look at all instead.

    None where there are few items, no states to measure with, or the recall is not reached.

    Args:
        items: Codes of the items; shape (n,).
        vectors: Of each; shape (n, width).
        states: Of real shoppers; shape (m, width).
    """
    if len(items) < fewest or not len(states):
        return None
    centres = _centres(vectors, max(int(np.sqrt(len(items))), *_PROBES), seed)
    owner = _owners(vectors, centres)
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(centres))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    sums = np.zeros_like(centres)
    np.add.at(sums, owner, vectors)
    means = np.divide(sums, counts[:, None], out=centres.copy(), where=counts[:, None] > 0)
    squares = ((vectors - means[owner]) ** 2).mean(axis=1)
    spreads = np.bincount(owner, weights=squares, minlength=len(centres)) / np.maximum(counts, 1)
    columns = means, spreads.astype(np.float32), starts, items[order], np.ascontiguousarray(vectors[order])
    for probes in _PROBES:
        lists = NearestItems(*columns, probes)
        if recall_of(lists, items, vectors, states) >= RECALL:
            return lists
    return None


def recall_of(lists: NearestItems, items: npt.NDArray[np.int64], vectors: Floats, states: Floats) -> float:
    """Return which share of the best 100 items of each state is found, on average."""
    most = min(_ASKED, len(items))
    found = 0
    for state in states:
        best = items[np.argpartition(-(vectors @ state), most - 1)[:most]]
        found += int(np.isin(best, lists.near(state[None]).items).sum())
    return found / (most * len(states))


def _log_sum_exp(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the logarithm of the sum of `exp` over each row, about -1e300 where all are -inf; shape (n,)."""
    tops = values.max(axis=1, initial=_NOTHING)
    found: npt.NDArray[np.float64] = tops + np.log(np.exp(values - tops[:, None]).sum(axis=1) + _LEAST)
    return found


def _centres(vectors: Floats, count: int, seed: int) -> Floats:
    """Return centres by k-means on a sample; one that loses all its vectors stays where it is."""
    draw = np.random.default_rng(seed)
    sample = vectors[draw.permutation(len(vectors))[: count * _LEARNT_FROM]]
    centres = sample[:count].copy()
    for _ in range(_ROUNDS):
        owner = _owners(sample, centres)
        sums, counts = np.zeros_like(centres), np.bincount(owner, minlength=count)
        np.add.at(sums, owner, sample)
        there = counts > 0
        centres[there] = sums[there] / counts[there, None]
    return centres


def _owners(vectors: Floats, centres: Floats) -> npt.NDArray[np.int64]:
    """Return the nearest centre of each vector; shape (n,)."""
    half = (centres**2).sum(axis=1) / 2.0
    parts = [np.argmax(vectors[low : low + 4_096] @ centres.T - half, axis=1) for low in range(0, len(vectors), 4_096)]
    return np.concatenate(parts).astype(np.int64)
