"""One cut through time: what came before teaches, what comes after judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ContractNotMet, NotEnoughData

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimeSplit:
    """A global time split: the same moment for every shopper, so no model learns from anybody's future.

    Attributes:
        cutoff: First moment of the test, microseconds since 1970 UTC.
        train: True for rows that teach; shape (n,).
        test: True for rows that judge; shape (n,). Rows inside the gap are in neither.
    """

    cutoff: int
    train: npt.NDArray[np.bool_]
    test: npt.NDArray[np.bool_]

    @property
    def moment(self) -> datetime:
        """The cutoff as a time, UTC."""
        return moment_of(self.cutoff)


def time_split(
    times: npt.NDArray[np.int64], test_share: float, *, cutoff: int | None = None, gap_seconds: float = 0.0
) -> TimeSplit:
    """Split rows at `cutoff`, or where `test_share` of them are newer.

    Args:
        times: Microseconds since 1970 UTC, in any order; shape (n,).
        test_share: Share of the newest rows that judge; rows of one moment are never torn apart.
        cutoff: First moment of the test instead, microseconds.
        gap_seconds: Rows in so many seconds before the cutoff are left out, so that what lasts does not leak.

    Raises:
        NotEnoughData: all rows have one time, or one side is empty.
        ContractNotMet: a training row lies at or after the cutoff.
    """
    if cutoff is None:
        cutoff = _quantile(times, 1.0 - test_share)
    split = TimeSplit(cutoff, times < cutoff - int(gap_seconds * 1e6), times >= cutoff)
    for name, side in (("before", split.train), ("at or after", split.test)):
        if not side.any():
            raise NotEnoughData(
                f"No interaction lies {name} {split.moment:%Y-%m-%d %H:%M}, so there is nothing to "
                f"{'learn from' if side is split.train else 'judge with'}.",
                "Import more history, or choose another `--until`.",
            )
    check_no_leak(times[split.train], cutoff)
    return split


def check_no_leak(train_times: npt.NDArray[np.int64], cutoff: int) -> None:
    """Make sure that nothing a model learns from happened at or after the cutoff.

    Raises:
        ContractNotMet: something did; says how many rows and which is the first.
    """
    late = train_times >= cutoff
    if late.any():
        first = moment_of(int(train_times[late].min()))
        raise ContractNotMet(
            f"{int(late.sum())} training interaction(s) lie at or after {moment_of(cutoff):%Y-%m-%d %H:%M:%S}"
            f" (first: {first:%Y-%m-%d %H:%M:%S}): the figures would be too good.",
            "Split the rows by time before they are fitted.",
        )


def _quantile(times: npt.NDArray[np.int64], share: float) -> int:
    """Return the moment before which about `share` of the rows lie, never the first moment of all."""
    if len(times) == 0:
        raise NotEnoughData("There are no interactions at all.", "Import events with `shopkeeper import`.")
    place = min(int(len(times) * share), len(times) - 1)
    moment = int(np.partition(times, place)[place])
    if moment > times.min():
        return moment
    later = times[times > moment]
    if len(later) == 0:
        raise NotEnoughData(
            f"All {len(times)} interactions have one time, {moment_of(moment):%Y-%m-%d %H:%M:%S}: no past, no future.",
            "Import events with their own times (column `ts`).",
        )
    return int(later.min())


def moment_of(microseconds: int) -> datetime:
    """Return a time in microseconds since 1970 as a UTC time."""
    return _EPOCH + timedelta(microseconds=microseconds)
