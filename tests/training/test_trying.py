"""An attempt becomes one trial: done, given up, or impossible to compute."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shopkeeper.training.ports import Attempt, Parameters, Trial
from shopkeeper.training.trying import attempted, one_by_one


def falling(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
    """Say 4, 3, 2, 1 and end with the last one said."""
    value = float(parameters["from"])
    while value > 0 and not give_up(value):
        value -= 1
    return value


def test_it_is_given_up_at_the_first_step_below_its_bar() -> None:
    found = attempted(falling, Attempt(7, {"from": 4}, (4.0, 2.5, 2.5, 9.0)), lambda: 5.0)
    assert found == Trial(7, {"from": 4}, None, 0.0, "pruned", (4.0, 3.0, 2.0))


def test_steps_without_a_bar_are_not_stopped() -> None:
    found = attempted(falling, Attempt(7, {"from": 4}, (4.0, 3.0)), iter([5.0, 7.5]).__next__)
    assert found == Trial(7, {"from": 4}, 0.0, 2.5, "done", (4.0, 3.0, 2.0, 1.0))


def test_what_cannot_be_computed_says_why_and_the_defaults_raise() -> None:
    def broken(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
        raise ZeroDivisionError("no neighbours")

    found = attempted(broken, Attempt(1, {}), lambda: 0.0)
    assert (found.state, found.value, found.error) == ("failed", None, "ZeroDivisionError('no neighbours')")
    with pytest.raises(ZeroDivisionError):
        attempted(broken, Attempt(0, {}))


def test_a_value_that_is_no_number_is_a_failure() -> None:
    found = list(one_by_one(lambda _parameters, _give_up: float("inf"))([Attempt(0, {}), Attempt(1, {})]))
    assert [(trial.state, trial.value, trial.error) for trial in found] == [("failed", None, "its value is inf")] * 2
