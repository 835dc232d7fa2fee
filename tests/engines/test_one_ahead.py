"""One item is made while another is worked on, in order and never two ahead."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, get_ident

import pytest

from shopkeeper.engines.one_ahead import one_ahead

SOON = 30.0
"""Seconds until a wait that should be over at once counts as failed."""


def test_items_come_in_order_the_empty_ones_too() -> None:
    assert list(one_ahead(iter([3, 0, None, "", 2]))) == [3, 0, None, "", 2]


def test_the_next_item_is_made_by_another_thread_while_one_is_worked_on_and_no_more_than_that() -> None:
    begun = [Event() for _ in range(4)]
    makers: set[int] = set()

    def made() -> Iterator[int]:
        for number, event in enumerate(begun):
            makers.add(get_ident())
            event.set()
            yield number

    items = one_ahead(made())
    for number in range(3):
        assert next(items) == number
        assert begun[number + 1].wait(SOON)
        assert not any(event.is_set() for event in begun[number + 2 :])
    assert list(items) == [3]
    assert len(makers) == 1
    assert get_ident() not in makers


def test_an_error_comes_after_all_items_before_it() -> None:
    def made() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    items = one_ahead(made())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_who_stops_early_waits_for_what_is_being_made() -> None:
    done: list[int] = []

    def made() -> Iterator[int]:
        for number in range(9):
            done.append(number)
            yield number

    items = one_ahead(made())
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert done == [0, 1]
