"""Answers live for their time less up to a tenth, the longest unread go first, the dead still stand in."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import pytest

from shopkeeper.serving.cache import AnswerCache


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def make(clock: Clock, entries: int = 2, chance: float = 0.0) -> AnswerCache[str]:
    return AnswerCache(entries, ttl_seconds=100, clock=clock, chance=lambda: chance)


@pytest.mark.parametrize(("chance", "life"), [(0.0, 100.0), (0.5, 100 * (1 - 0.1 * 0.5)), (1.0, 100 * (1 - 0.1))])
def test_an_answer_lives_for_its_time_less_up_to_a_tenth(chance: float, life: float) -> None:
    clock = Clock()
    cache = make(clock, chance=chance)
    cache.put("key", "answer", "v1")
    clock.seconds = life - 0.001
    kept = cache.fresh("key")
    assert kept is not None
    assert (kept.answer, kept.model) == ("answer", "v1")
    clock.seconds = life
    assert cache.fresh("key") is None


def test_a_dead_answer_still_stands_in_for_a_model_that_does_not_answer() -> None:
    clock = Clock()
    cache = make(clock)
    cache.put("key", "answer", "v1", "asked")
    clock.seconds = 1_000
    last = cache.last("asked")
    assert last is not None
    assert last.answer == "answer"


def test_the_longest_unread_answer_goes_first() -> None:
    cache = make(Clock())
    cache.put("a", "1", None)
    cache.put("b", "2", None)
    assert cache.fresh("a") is not None
    cache.put("c", "3", None)
    assert [cache.fresh(key) is not None for key in "abc"] == [True, False, True]


def test_only_the_last_answer_to_what_is_asked_is_kept_and_the_longest_unrenewed_goes_first() -> None:
    cache = make(Clock())
    for number, asked in enumerate("aabac"):
        cache.put(number, str(number), None, asked)
    last = {asked: kept.answer for asked in "abc" if (kept := cache.last(asked)) is not None}
    assert last == {"a": "3", "c": "4"}


def test_a_cache_without_room_keeps_nothing() -> None:
    cache = make(Clock(), entries=0)
    cache.put("a", "1", None, "asked")
    assert len(cache) == 0
    assert cache.last("asked") is None


def test_forgetting_many_answers_at_once_gives_their_memory_back_as_others_come() -> None:
    @dataclass(eq=False)
    class Answer:
        pass

    cache: AnswerCache[Answer] = AnswerCache(1_000, 100, Clock(), lambda: 0.0)
    for number in range(100):
        cache.put(number, Answer(), "v1", -number)
    held = [weakref.ref(cache.fresh(number).answer) for number in range(100)]  # type: ignore[union-attr]  # it is there
    cache.clear()
    assert len(cache) == 0
    assert cache.last(-7) is None
    counts = []
    while any(one() is not None for one in held):
        cache.put("new", Answer(), "v2")
        counts.append(sum(one() is not None for one in held))
    assert len(counts) > 3
    assert counts == sorted(counts, reverse=True)
