"""The garbage collector looks no more through what was loaded before the first request, until the server ends."""

from __future__ import annotations

import gc

from shopkeeper.wiring.settled_memory import settled_memory


def test_all_that_lives_at_the_start_is_left_alone_and_given_back_at_the_end() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    held = [{"a": number} for number in range(1_000)]
    with settled_memory():
        assert gc.get_freeze_count() >= frozen + len(held)
        assert gc.get_threshold() != thresholds
    assert gc.get_freeze_count() == 0
    assert gc.get_threshold() == thresholds
