"""Cuts through time: what came before teaches, what comes after judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ContractNotMet, NotEnoughData

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROUNDING = 1e-6


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
                f"No row lies {name} {split.moment:%Y-%m-%d %H:%M}, so there is nothing to "
                f"{'learn from' if side is split.train else 'judge with'}.",
                "Import more history, or choose another `--until`.",
            )
    check_no_leak(times[split.train], cutoff)
    return split


@dataclass(frozen=True)
class Split:
    """Three parts of time: train teaches, validation chooses parameters, test judges what was chosen, once.

    Attributes:
        tuning: Cut between train and validation; its `test` is the validation part.
        final: Cut before the test; its `train` is everything that may teach the model that is judged.
        seen: True for rows before the test, the gaps included; shape (n,).
    """

    tuning: TimeSplit
    final: TimeSplit
    seen: npt.NDArray[np.bool_]

    @property
    def train(self) -> npt.NDArray[np.bool_]:
        """Rows that teach while parameters are searched."""
        return self.tuning.train

    @property
    def validation(self) -> npt.NDArray[np.bool_]:
        """Rows that choose parameters."""
        return self.tuning.test

    @property
    def test(self) -> npt.NDArray[np.bool_]:
        """Rows that judge."""
        return self.final.test


def three_way_split(
    times: npt.NDArray[np.int64], validation_share: float, test_share: float, *, gap_seconds: float = 0.0
) -> Split:
    """Split rows into train, validation and test, each newer than the one before.

    Args:
        times: Microseconds since 1970 UTC, in any order; shape (n,).
        validation_share: Share of all rows that choose parameters.
        test_share: Share of all rows, the newest, that judge.
        gap_seconds: Rows in so many seconds before the validation and before the test are in neither: what they led to
            (a return, a late order) was not known yet when the next part began.

    Raises:
        NotEnoughData: a part would be empty.
        ContractNotMet: a row would teach and judge.
    """
    final = time_split(times, test_share, gap_seconds=gap_seconds)
    inner = time_split(times[final.train], validation_share / (1.0 - test_share), gap_seconds=gap_seconds)
    train, validation = (np.zeros(len(times), dtype=np.bool_) for _ in range(2))
    train[final.train], validation[final.train] = inner.train, inner.test
    return Split(TimeSplit(inner.cutoff, train, validation), final, times < final.cutoff)


def rolling_origin(
    times: npt.NDArray[np.int64], folds: int, *, first_share: float = 0.5, gap_seconds: float = 0.0
) -> list[TimeSplit]:
    """Return `folds` cuts, each a step later: all that came before teaches, the step after it judges.

    Args:
        first_share: Share of the rows that teach in the first fold; the others are the steps, alike in rows.
        gap_seconds: As in `time_split`.

    Raises:
        NotEnoughData: a fold has nothing to learn from or to judge with.

    Source:
        Tashman (2000), Out-of-sample tests of forecasting accuracy, rolling origin with an expanding window.
    """
    step = (1.0 - first_share) / folds
    origins = [_quantile(times, first_share + number * step) for number in range(folds)]
    found = []
    for start, end in zip(origins, [*origins[1:], None], strict=True):
        inside = times < end if end is not None else np.ones(len(times), dtype=np.bool_)
        one = time_split(times[inside], 0.5, cutoff=start, gap_seconds=gap_seconds)
        train, test = (np.zeros(len(times), dtype=np.bool_) for _ in range(2))
        train[inside], test[inside] = one.train, one.test
        found.append(TimeSplit(start, train, test))
    return found


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
    place = min(int(len(times) * share + _ROUNDING), len(times) - 1)
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
