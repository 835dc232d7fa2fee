"""Work on one item while the next is made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(made: Iterator[Item]) -> Iterator[Item]:
    """Yield the items of an iterator, each made in a thread of its own while the one before is worked on.

    Never more than one is made ahead, so what an item holds may be used again for the next but one. Items come in
    order, and an error in making one is raised in its place, when all before it have been yielded. Whoever stops early
    waits for the item that is being made.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="one-ahead") as thread:
        coming = thread.submit(_next, made)
        while item := coming.result():
            coming = thread.submit(_next, made)
            yield item[0]


def _next(made: Iterator[Item]) -> tuple[Item] | None:
    for item in made:
        return (item,)
    return None
