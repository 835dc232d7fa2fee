"""How each arm of a test was answered, and a version in its shadow: requests, errors, fallbacks, time taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

Columns = Mapping[str, npt.NDArray[np.generic]]
_BUCKETS_A_DOUBLING: Final = 32


@dataclass(frozen=True, slots=True)
class ArmService:
    """Answers of one arm, allocation and store.

    Attributes:
        errors: Requests nobody answered, not even the rules.
        fallbacks: Answers by the rules because the model could not.
        slow: Answers that took longer than the limit asked about.
        buckets: Answers by time taken; bucket b holds those of up to `2 ** ((b + 1) / 32)` milliseconds.
        newest: Time of the newest one.
    """

    epoch: int
    variant: str
    store: str
    requests: int
    errors: int
    fallbacks: int
    slow: int
    buckets: Mapping[int, int]
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class ShadowService:
    """Answers of a version in the shadow.

    Attributes:
        agreement: Mean share of shown products it would have shown too; None where nothing could be compared.
    """

    requests: int
    errors: int
    slow: int
    buckets: Mapping[int, int]
    agreement: float | None
    newest: datetime | None


def read_services(columns: Columns) -> tuple[ArmService, ...]:
    """Return what the rows of `arm_service` say, one entry an arm, allocation and store."""
    keys = list(zip(*(columns[name].tolist() for name in ("epoch", "variant", "store")), strict=True))
    found = []
    for key in dict.fromkeys(keys):
        places = np.array([other == key for other in keys])
        epoch, variant, store = key
        requests, errors, fallbacks, slow = (
            int(columns[name][places].astype(np.int64).sum()) for name in ("requests", "errors", "fallbacks", "slow")
        )
        buckets = _buckets(columns["bucket"][places], columns["requests"][places])
        newest = newest_of(columns["newest"][places])
        found.append(
            ArmService(int(epoch), str(variant), str(store), requests, errors, fallbacks, slow, buckets, newest)
        )
    return tuple(found)


def read_shadow(columns: Columns) -> ShadowService | None:
    """Return what the rows of `shadow_service` say; None where there is none."""
    names = ("requests", "errors", "slow", "compared", "agreed")
    requests, errors, slow, compared, agreed = (float(columns[name].astype(np.float64).sum()) for name in names)
    if not requests:
        return None
    return ShadowService(
        int(requests),
        int(errors),
        int(slow),
        _buckets(columns["bucket"], columns["requests"]),
        agreed / compared if compared else None,
        newest_of(columns["newest"]),
    )


def quantile_ms(buckets: Iterable[Mapping[int, int]], share: float) -> float:
    """Return the time that a share of all answers does not exceed, to 2.2% above; milliseconds, 0 without answers."""
    joined: dict[int, int] = {}
    for one in buckets:
        for bucket, count in one.items():
            joined[bucket] = joined.get(bucket, 0) + count
    wanted, seen = share * sum(joined.values()), 0
    for bucket in sorted(joined):
        seen += joined[bucket]
        if seen >= wanted:
            return float(2.0 ** ((bucket + 1) / _BUCKETS_A_DOUBLING))
    return 0.0


def slower_than(buckets: Mapping[int, int], bound_ms: float) -> int:
    """Return how many answers surely took longer than a bound; those within 2.2% above it are not among them."""
    return sum(count for bucket, count in buckets.items() if 2.0 ** (bucket / _BUCKETS_A_DOUBLING) >= bound_ms)


def newest_of(times: npt.NDArray[np.generic]) -> datetime | None:
    """Return the newest of some times in UTC; None where there is none."""
    known = times.astype("datetime64[us]")
    known = known[~np.isnat(known)]
    if not len(known):
        return None
    newest: datetime = known.max().item()
    return newest.replace(tzinfo=UTC)


def _buckets(buckets: npt.NDArray[np.generic], counts: npt.NDArray[np.generic]) -> dict[int, int]:
    found: dict[int, int] = {}
    for bucket, count in zip(buckets.tolist(), counts.tolist(), strict=True):
        found[int(bucket)] = found.get(int(bucket), 0) + int(count)
    return found
