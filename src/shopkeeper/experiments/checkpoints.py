"""A test that was summed up at checkpoints, such as once a day: when it would have stopped, by each rule of looking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scipy import stats

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.effect import Effect, effect_of
from shopkeeper.experiments.group_sequential import Spending, boundaries
from shopkeeper.experiments.sequential import sequence

LEAST_STEP: Final = 0.01
"""Share of all units that a checkpoint must add to be a planned look."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Both arms so far.

    Attributes:
        time: Since the start, days.
        control, treatment: Units so far with their mean and the variance of one unit.
    """

    time: float
    control: Arm
    treatment: Arm

    @property
    def n(self) -> int:
        """Units of both arms."""
        return self.control.n + self.treatment.n


@dataclass(frozen=True, slots=True)
class Look:
    """The relative effect at one checkpoint, with the interval that holds at all of them together."""

    time: float
    n: int
    effect: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a rule would have ended the test.

    Attributes:
        share: Of the test's whole length that had passed.
        effect: Relative effect then, which is larger than the truth on average, as the test stopped because of it.
    """

    time: float
    share: float
    n: int
    effect: float


@dataclass(frozen=True, slots=True)
class Followed:
    """One comparison through its checkpoints.

    Attributes:
        looks: Checkpoints that say something; none where no checkpoint does.
        skipped: Checkpoints without units, variance or a control to be relative to.
        any_time: Where the always-valid interval first left 0 out.
        planned: Where the group-sequential boundary was first crossed; a checkpoint with 1% new units is a look.
        p_end: Of one look at the end.
    """

    looks: tuple[Look, ...]
    skipped: int
    any_time: Stop | None
    planned: Stop | None
    p_end: float


def follow(checkpoints: Sequence[Checkpoint], alpha: float = 0.05, tuned_at: float | None = None) -> Followed:
    """Return what each rule would have done at the checkpoints, two-sided.

    Args:
        checkpoints: In order of time.
        tuned_at: Units of both arms at which the always-valid interval is narrowest; None = those at the end, as if
            they had been planned.
    """
    effects = [(one, effect_of(one.control, one.treatment, "relative")) for one in checkpoints]
    said = [(one, found) for one, found in effects if found.error > 0]
    skipped = len(checkpoints) - len(said)
    if not said:
        return Followed((), skipped, None, None, 1.0)
    size = float(said[-1][0].n if tuned_at is None else tuned_at)
    judged = [sequence(found, "two-sided", alpha, size) for _, found in said]
    looks = tuple(
        Look(one.time, one.n, found.value, bound.low, bound.high)
        for (one, found), bound in zip(said, judged, strict=True)
    )
    outside = (place for place, look in enumerate(looks) if look.low > 0 or look.high < 0)
    last = said[-1][1]
    return Followed(
        looks,
        skipped,
        _stop(looks, next(outside, None)),
        _stop(looks, _crossed([found for _, found in said], [one.n for one, _ in said], alpha)),
        2 * float(stats.norm.sf(abs(last.value / last.error))),
    )


def _crossed(effects: Sequence[Effect], sizes: Sequence[int], alpha: float) -> int | None:
    """Return the first look beyond its group-sequential boundary."""
    grown, seen = list[int](), 0.0
    for place, n in enumerate(sizes):
        if n - seen >= LEAST_STEP * max(sizes):
            grown.append(place)
            seen = n
    fractions = tuple(sizes[place] / sizes[grown[-1]] for place in grown)
    critical = boundaries(fractions, alpha, Spending("obrien-fleming"), "two-sided")
    beyond = (
        place
        for place, z in zip(grown, critical, strict=True)
        if abs(effects[place].value) > float(z) * effects[place].error
    )
    return next(beyond, None)


def _stop(looks: Sequence[Look], place: int | None) -> Stop | None:
    if place is None:
        return None
    look, whole = looks[place], looks[-1].time
    return Stop(look.time, look.time / whole if whole > 0 else math.nan, look.n, look.effect)
