"""What a model of demand believes, looked at as a whole: its slopes, whose word they are, and what the sign cut off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.diagnosis import Bin, SlopesOf
from shopkeeper.pricing.intervals import WIDE
from shopkeeper.pricing.price_model import PriceModel

EDGES: Final = (-8.0, -6.0, -5.0, -4.0, -3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
"""Between which slopes are counted; below the first and above the last they are counted too."""
NO_CATEGORY: Final = ""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def slopes_of(model: PriceModel) -> tuple[tuple[Bin, ...], SlopesOf | None, tuple[SlopesOf, ...]]:
    """Return the distribution of a model's slopes, all of them together, and each category."""
    if model.slopes is None:
        return (), None, ()
    slopes = model.slopes
    support = np.array(slopes.support)
    every = np.ones(len(support), np.bool_)
    whole = _summed(NO_CATEGORY, slopes, support, every)
    parts = [
        _of_category(model, slopes, support, number, model.category == number)
        for number in np.unique(model.category).tolist()
    ]
    return tuple(_bins(slopes, support)), whole, tuple(sorted(parts, key=lambda one: (-one.pairs, one.name)))


def _bins(slopes: Elasticities, support: npt.NDArray[np.str_]) -> Iterator[Bin]:
    inner = np.asarray(EDGES)
    own = slopes.raw[np.isfinite(slopes.raw_error)]
    believed = slopes.slope[support != "none"]
    counts = [np.bincount(np.searchsorted(inner, part, "right"), minlength=len(inner) + 1) for part in (own, believed)]
    ends: list[float | None] = [None, *EDGES, None]
    for place in range(len(inner) + 1):
        yield Bin(ends[place], ends[place + 1], int(counts[0][place]), int(counts[1][place]))


def _summed(name: str, slopes: Elasticities, support: npt.NDArray[np.str_], those: Flags) -> SlopesOf:
    told = those & np.isfinite(slopes.raw_error)
    sure = those & (support != "none")
    believed = slopes.slope[sure]
    own, category, none = (float((support[those] == word).mean()) for word in ("own", "category", "none"))
    found = SlopesOf(
        name=name, pairs=int(those.sum()), own=own, category=category, none=none, mean=None, low=None, high=None,
        width=None, told=int(told.sum()), wrong=float((slopes.raw[told] > 0).mean()) if told.any() else 0.0,
        moved=float((slopes.slope[told] - slopes.raw[told]).mean()) if told.any() else None,
    )  # fmt: skip
    if not believed.size:
        return found
    low, high = np.quantile(believed, (0.05, 0.95)).tolist()
    width = float(np.median(slopes.high[sure] - slopes.low[sure]))
    return replace(found, mean=float(believed.mean()), low=low, high=high, width=width)


def _of_category(
    model: PriceModel, slopes: Elasticities, support: npt.NDArray[np.str_], number: int, those: Flags
) -> SlopesOf:
    found = _summed(model.categories[number], slopes, support, those)
    known = slopes.categories.get(number)
    if known is None:
        return found
    found = replace(found, reaction=known.reaction)
    if not known.opinion:
        return found
    wide = WIDE * known.sd
    return replace(found, mean=known.slope, low=known.slope - wide, high=known.slope + wide)
