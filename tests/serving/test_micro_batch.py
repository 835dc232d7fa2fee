"""Who waits for a model on the event loop waits no longer than may be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.serving.test_decide import Parrot, Wish

from shopkeeper.serving.micro_batch import MicroBatch
from shopkeeper.serving.workers import DeadlineMissed

WAIT = 0.15


class Clock:
    """Seconds that pass by 0.005 with every answer of the model."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def watch(self) -> Callable[[], float]:
        begun = self.seconds
        return lambda: self.seconds - begun

    def say(self, word: str) -> str:
        self.seconds += 0.005
        return word


def asked(requests: int) -> tuple[list[str | BaseException], int]:
    """Ask at once; return the answers, and how often the model was asked."""
    clock = Clock()
    parrot = Parrot(say=clock.say)
    batch: MicroBatch[Wish, str] = MicroBatch(parrot, clock.watch, WAIT, clock.now)
    batch._each = 0.005

    async def scenario() -> list[str | BaseException]:
        calls = (batch.ask(Wish(f"w{n}")) for n in range(requests))
        found = await asyncio.gather(*calls, return_exceptions=True)
        return [one if isinstance(one, BaseException) else one[0] for one in found]

    return asyncio.run(scenario()), parrot.calls


def test_those_whose_turn_comes_in_time_are_answered_and_the_others_are_told_without_asking() -> None:
    answers, calls = asked(100)
    assert calls == pytest.approx(WAIT / 0.005, abs=3)
    assert answers[:calls] == [f"w{n}" for n in range(calls)]
    late = answers[calls:]
    assert all(isinstance(one, DeadlineMissed) and not one.ran for one in late)
    assert len(late) == 100 - calls


def test_few_requests_are_all_answered() -> None:
    assert asked(20) == ([f"w{n}" for n in range(20)], 20)
