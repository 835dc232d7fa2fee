"""A call is charged with what it did and what it waited for, not with what others did."""

from __future__ import annotations

import threading
from time import thread_time

from shopkeeper.serving.stopwatch import own_time


def test_a_call_that_waits_took_the_time_it_waited() -> None:
    worked: list[float] = []

    def work() -> None:
        begun = thread_time()
        sum(range(300_000))
        worked.append(thread_time() - begun)

    other = threading.Thread(target=work)
    took = own_time()
    other.start()
    other.join()
    assert took() >= worked[0]


def test_a_call_that_works_took_some_time() -> None:
    took = own_time()
    assert sum(range(10_000)) == 10_000 * 9_999 // 2
    assert took() > 0
