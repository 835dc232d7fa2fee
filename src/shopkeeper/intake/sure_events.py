"""The fast lane of an import: events a reader can tell are fine without looking at them one by one.

The validator of rows stays the only judge. The lane takes a row only where the judge surely takes it exactly as it
stands; every other row, good or bad, goes the judge's way. A property test holds both to the same rows and bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from shopkeeper.intake.ports import SourceFile, SourceRow


@dataclass(frozen=True, slots=True)
class SureRules:
    """What makes a row sure, beside the types and bounds of the contract.

    Attributes:
        store: The only store rows may belong to, taken where a row names none; None = each names its own.
        stores: Stores whose shoppers are measured unless someone says otherwise -> whether their time zone is UTC.
        users_who_said: Users whose records say anything about consent, in any store.
        latest: No time may lie after it.
        received_at: When the import began.
        bounds: Numbers that lie outside are looked at, beside the bounds of the contract's types: what stores ask.
    """

    store: str | None
    stores: Mapping[str, bool]
    users_who_said: frozenset[str]
    latest: datetime
    received_at: datetime
    bounds: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class SureTally:
    """What a batch of sure events holds, as `import_tally` counts it."""

    first: datetime | None
    last: datetime | None
    types: Mapping[str, int]
    without_user: int
    guests: int
    free: int
    unpriced: int
    bought: float
    returned: float


@dataclass(frozen=True, slots=True)
class SureBatch:
    """Some rows of a file, in order.

    Attributes:
        count: Rows, sure and doubtful.
        rows: Numbers of the sure rows, ascending.
        encoded: The sure rows as the log keeps them.
        products: Store, product and number of sure events about it.
        doubtful: Rows for the validator, ascending.
    """

    count: int
    rows: npt.NDArray[np.int64]
    encoded: list[bytes]
    tally: SureTally
    products: list[tuple[str, str, int]]
    doubtful: list[SourceRow]


@runtime_checkable
class SureReader(Protocol):
    """A reader with a fast lane for events of a file whose columns are the contract's."""

    def read_sure(self, source: SourceFile, rules: SureRules, batch_rows: int) -> Iterator[SureBatch] | None:
        """Return the batches of a file; None where its columns do not suit the lane.

        Raises:
            InputError: the file cannot be read to its end.
        """
        ...
