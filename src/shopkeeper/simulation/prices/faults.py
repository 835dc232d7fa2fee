"""Faults of the rule baseline: which there are, how large, and which pairs each hits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

import msgspec
import numpy as np
from msgspec import Struct

from shopkeeper.simulation.prices.ports import Flags

FaultName = Literal["stale_rivals", "ignored_season", "stock_outs_low", "ageing_kept"]
FAULTS: Final[tuple[FaultName, ...]] = ("stale_rivals", "ignored_season", "stock_outs_low", "ageing_kept")


class FaultSize(Struct, frozen=True, forbid_unknown_fields=True):
    """How large one fault is.

    Attributes:
        share: Of the pairs it hits, 0 to 1.
        weeks: How old what it reads is.
        discount: Taken off where it misreads demand, a share of the price.
    """

    share: float
    weeks: int = 0
    discount: float = 0.0

    def times(self, factor: float) -> FaultSize:
        """Return the fault so many times as large; the share stays a share."""
        return FaultSize(min(1.0, self.share * factor), round(self.weeks * factor), self.discount * factor)


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults that are switched on.

    Attributes:
        sizes: Of each that is on.
        hit: Which pairs it hits, shape (pairs,).
    """

    sizes: dict[FaultName, FaultSize]
    hit: dict[FaultName, Flags]

    def of(self, name: FaultName, pairs: int) -> Flags:
        """Return which pairs a fault hits; none where it is off."""
        return self.hit[name] if name in self.hit else np.zeros(pairs, dtype=np.bool_)


NO_FAULTS: Final = Faults({}, {})


def read_sizes() -> dict[FaultName, FaultSize]:
    """Return the committed sizes."""
    file = resources.files("shopkeeper.simulation.prices").joinpath("faults.toml")
    return msgspec.toml.decode(file.read_bytes(), type=dict[FaultName, FaultSize])


def switched_on(names: Collection[FaultName], pairs: int, seed: int, factor: float = 1.0) -> Faults:
    """Return faults that hit pairs of a world.

    Which pairs a fault hits hangs on the world's seed and its name only: a larger fault hits those of a smaller one.
    """
    sizes = {name: size.times(factor) for name, size in read_sizes().items() if name in names}
    hit = {name: _luck(name, pairs, seed) < size.share for name, size in sizes.items()}
    return Faults(sizes, hit)


def _luck(name: FaultName, pairs: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    return np.random.default_rng([seed, stream]).random(pairs)
