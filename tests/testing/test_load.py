"""Loads are counted by status and time."""

from __future__ import annotations

from shopkeeper.testing.load import LoadResult


def test_loads_that_follow_each_other_are_added_up() -> None:
    both = LoadResult(1.0, {200: 2}, [1.0, 2.0])
    both.add(LoadResult(3.0, {200: 1, 503: 1}, [3.0, 4.0]))
    assert (both.rps, both.errors, both.percentile_ms(1.0)) == (4 / 4.0, 1, 4.0)
