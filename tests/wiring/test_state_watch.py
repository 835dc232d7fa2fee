"""Rounds run where the state database may have changed, one that fails again and again, none for another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shopkeeper.wiring.state_watch import StateWatch


class Database:
    """Says what it is told, one mark a look."""

    def __init__(self, *marks: str | Exception | None) -> None:
        self.marks = list(marks)
        self.reads = True
        self.followed = 0

    def mark(self) -> str | None:
        mark = self.marks.pop(0)
        if isinstance(mark, Exception):
            raise mark
        return mark

    async def follow(self) -> None:
        self.followed += 1


async def rounds_at_each_look(database: Database) -> Sequence[int]:
    """Return how often the round had run after each look."""
    watch, counts = StateWatch(database.mark), []
    round_ = watch.following(database.follow, lambda: database.reads)

    async def again_and_again() -> None:
        while True:
            await round_()

    task = asyncio.create_task(again_and_again())
    while database.marks:
        await asyncio.sleep(0)
        await watch.look()
        for _ in range(5):
            await asyncio.sleep(0)
        counts.append(database.followed)
    task.cancel()
    return counts


def test_a_round_runs_at_the_first_look_and_then_where_the_mark_changed() -> None:
    assert asyncio.run(rounds_at_each_look(Database("1", "1", "2", "2", "1"))) == [1, 1, 2, 2, 3]


def test_where_nothing_is_known_of_changes_a_round_runs_at_every_look() -> None:
    assert asyncio.run(rounds_at_each_look(Database(None, None, None))) == [1, 2, 3]


def test_a_database_that_does_not_answer_is_for_the_rounds_to_find_out_and_its_answer_is_news() -> None:
    assert asyncio.run(rounds_at_each_look(Database("1", OSError(), OSError(), "1", "1"))) == [1, 2, 3, 4, 4]


def test_a_round_that_could_not_read_runs_again_at_the_next_look() -> None:
    database = Database("1", "1", "1")
    database.reads = False
    assert asyncio.run(rounds_at_each_look(database)) == [1, 2, 3]


def test_news_that_come_while_a_round_runs_are_followed_after_it() -> None:
    database = Database("1", "2", "2")
    watch = StateWatch(database.mark)
    going_on, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await database.follow()
        going_on.set()
        await may_end.wait()

    async def scenario() -> None:
        round_, quick = watch.following(slow), watch.following(database.follow)
        running = asyncio.ensure_future(round_())
        await asyncio.sleep(0)
        await watch.look()
        await going_on.wait()
        others = asyncio.ensure_future(quick())
        await watch.look()  # news while the slow one runs: the quick one does not wait for it
        await others
        assert database.followed == 2
        may_end.set()
        await running
        again = asyncio.ensure_future(round_())
        await asyncio.sleep(0)
        await watch.look()
        await again
        assert database.followed == 3

    asyncio.run(scenario())
