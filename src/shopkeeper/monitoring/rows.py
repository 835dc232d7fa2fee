"""What drift is judged on: some rows of a week, each with its store and local day, and how well events were filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.generic]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """A sample of entities of one kind in one week, one row each, so that rows are independent of each other.

    Attributes:
        kind: user, session, store_product, `demand` (what a shopper last looked at) or `visit` (what was done in it).
        ids: Names of the entities, shape (n,).
        stores: Shape (n,).
        days: Store-local day of each row, shape (n,).
        columns: Feature -> values, float64 with NaN or objects with None for missing; shape (n,) each.
    """

    kind: str
    ids: npt.NDArray[np.object_]
    stores: npt.NDArray[np.object_]
    days: Sequence[date]
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Week:
    """Seven days.

    Attributes:
        first, last: First and last day, UTC.
        rows: One sample for each kind of entity.
    """

    first: date
    last: date
    rows: tuple[Rows, ...]


@dataclass(frozen=True, slots=True)
class FilledDay:
    """How many events of a type there were on a day in a store, and how many of them had each field filled."""

    store: str
    day: date
    type: str
    events: int
    filled: Mapping[str, int]
