"""A model shows on a few requests that it answers, and how quickly, before it serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from shopkeeper.serving.pace import PROVEN, Pace
from shopkeeper.serving.ports import DecisionSystem
from shopkeeper.serving.rehearsal import rehearsed
from shopkeeper.serving.workers import Workers


class Model:
    """A system of which only its model is asked."""

    name, version = "recommendations", "v2"

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer


def pace_of(answer: Callable[[Any], Any], many: int = PROVEN) -> Pace:
    async def scenario() -> Pace:
        workers = Workers(1)
        requests: list[Any] = list(range(many))
        try:
            return await rehearsed(cast("DecisionSystem[Any, Any]", Model(answer)), requests, workers)
        finally:
            workers.close()

    return asyncio.run(scenario())


def test_a_model_that_answers_every_rehearsal_quickly_is_known_to_be_quick_when_it_takes_over() -> None:
    asked: list[int] = []
    assert pace_of(asked.append).quick
    assert asked == list(range(PROVEN))


def test_a_model_of_which_less_was_seen_begins_in_threads() -> None:
    assert not pace_of(str, many=PROVEN - 1).quick


def test_nothing_is_known_of_a_model_that_fails_in_its_rehearsal_and_it_is_asked_no_further() -> None:
    asked: list[int] = []

    def answer(request: int) -> None:
        asked.append(request)
        if request == 2:
            raise ValueError(request)

    assert not pace_of(answer, many=2 * PROVEN).quick
    assert asked == [0, 1, 2]
