"""Attempts made into trials by a judge of parameters."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Final

from shopkeeper.training.ports import Attempt, Judge, Trial, TryAll

_CANNOT_BE_COMPUTED: Final = (ArithmeticError, ValueError, MemoryError)


def attempted(judge: Judge, attempt: Attempt, clock: Callable[[], float] = time.perf_counter) -> Trial:
    """Try one set of parameters.

    Args:
        clock: Seconds.

    Raises:
        Exception: what `judge` raises; parameters other than those of trial 0 may be impossible to compute.
    """
    begun = clock()
    steps: list[float] = []
    given_up = False

    def give_up(value: float) -> bool:
        nonlocal given_up
        given_up = len(steps) < len(attempt.bars) and value < attempt.bars[len(steps)]
        steps.append(value)
        return given_up

    value, error = math.nan, ""
    try:
        value = judge(attempt.parameters, give_up)
    except _CANNOT_BE_COMPUTED as raised:
        if attempt.number == 0:
            raise
        error = repr(raised)
    ended = Trial(attempt.number, attempt.parameters, None, clock() - begun, "done", tuple(steps))
    if not math.isfinite(value):
        return replace(ended, state="failed", error=error or f"its value is {value}")
    return replace(ended, state="pruned") if given_up else replace(ended, value=value)


def one_by_one(judge: Judge, clock: Callable[[], float] = time.perf_counter) -> TryAll:
    """Return what tries attempts in this process, one after the other."""

    def try_all(attempts: Sequence[Attempt]) -> Generator[Trial, None, None]:
        for attempt in attempts:
            yield attempted(judge, attempt, clock)

    return try_all
