"""A call is charged with what it did and what it waited for, not with what others did."""

from __future__ import annotations

import threading
from time import perf_counter, sleep, thread_time

from shopkeeper.serving.stopwatch import own_time


def test_a_call_that_waits_took_the_time_it_waited() -> None:
    took = own_time()
    sleep(0.05)
    assert took() >= 0.025


def test_a_call_is_not_charged_with_what_other_threads_did_while_it_waited_for_them() -> None:
    worked: list[float] = []

    def work() -> None:
        begun = thread_time()
        sum(range(2_000_000))
        worked.append(thread_time() - begun)

    other = threading.Thread(target=work)
    begun, took = perf_counter(), own_time()
    other.start()
    other.join()
    own = took()
    assert own <= perf_counter() - begun - worked[0] + 0.001


def test_a_call_that_works_took_some_time() -> None:
    took = own_time()
    assert sum(range(10_000)) == 10_000 * 9_999 // 2
    assert took() > 0
