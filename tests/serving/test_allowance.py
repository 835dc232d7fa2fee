"""Nobody uses more than the allowance, and it fills up as time passes."""

from __future__ import annotations

from shopkeeper.serving import allowance
from shopkeeper.serving.allowance import Allowance


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_fills_again() -> None:
    clock = Clock()
    given = Allowance(60, clock)
    assert (given.use("a", 50), given.use("a", 10)) == (0.0, 0.0)
    assert given.use("a", 5) == 5 * 60 / 60
    clock.now = 5.0
    assert given.use("a", 5) == 0.0
    assert given.use("b", 60) == 0.0, "each name has its own"
    clock.now = 1_000.0
    assert given.use("a", 61) == 1.0, "it never holds more than a minute's"


def test_only_the_names_seen_last_are_remembered() -> None:
    given = Allowance(60, Clock())
    for number in range(allowance.NAMES_KEPT + 1):
        given.use(str(number), 60)
    assert (given.use("0", 60), given.use(str(allowance.NAMES_KEPT), 60)) == (0.0, 60.0)
