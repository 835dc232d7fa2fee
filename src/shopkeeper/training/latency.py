"""How long the bundle that would serve takes for an answer, measured before it may serve."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_WARM = 50


@dataclass(frozen=True, slots=True)
class Latency:
    """Answers one at a time in one process, without HTTP, on this machine.

    Attributes:
        answers: How many were timed, after some that only warmed up.
        p50_ms, p95_ms, p99_ms: Quantiles, milliseconds.
        cores: Processor cores of the machine; what else they did meanwhile is not known.
    """

    answers: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cores: int


def measure_latency(
    answer: Callable[[int], object], answers: int, clock: Callable[[], float] = time.perf_counter
) -> Latency:
    """Time `answer(n)` for n from 0 on, each twice: the shorter counts, as what else the machine did is no part of it.

    Args:
        answer: Answers the n-th shopper as serving does; see `ports.LearningSystem.answerer`.
        clock: Seconds.
    """
    for number in range(min(_WARM, answers)):
        answer(number)
    taken = np.empty(answers)
    for number in range(answers):
        for attempt in range(2):
            begun = clock()
            answer(number)
            took = clock() - begun
            taken[number] = took if attempt == 0 else min(taken[number], took)
    p50, p95, p99 = (np.percentile(taken, [50, 95, 99]) * 1_000.0).tolist()
    return Latency(answers, p50, p95, p99, os.cpu_count() or 1)
