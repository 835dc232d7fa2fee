from __future__ import annotations

import math

import pytest

from shopkeeper.simulation.tally import Tally, Visit, click_through


def visit(clicks: int, impressions: int) -> Visit:
    return Visit(impressions // 4, impressions, clicks, 0.0, 0.0, 0, 0.0)


def test_click_through_is_clicks_per_impression_over_all_sessions() -> None:
    assert click_through([visit(1, 8), visit(0, 4), visit(2, 8)]).value == pytest.approx(3 / 20)


def test_the_interval_takes_sessions_as_the_independent_units() -> None:
    """Delta method by hand: residuals c - r n are 1 - .15 * 8, -.15 * 4, 2 - .15 * 8."""
    found = click_through([visit(1, 8), visit(0, 4), visit(2, 8)]).document()
    squares = (1 - 0.15 * 8) ** 2 + (0.15 * 4) ** 2 + (2 - 0.15 * 8) ** 2
    error = math.sqrt(squares * 3 / 2) / 20
    assert found["high"] == pytest.approx(0.15 + 1.959964 * error)
    assert found["low"] == pytest.approx(max(0.0, 0.15 - 1.959964 * error))


def test_one_session_gives_no_interval_and_none_gives_no_rate() -> None:
    assert click_through([visit(1, 8)]).document() == {"value": 1 / 8, "low": None, "high": None, "n": 8}
    assert click_through([]).document() == {"value": None, "low": None, "high": None, "n": 0}


def test_a_summary_says_that_it_is_simulated() -> None:
    assert Tally().document()["simulated"] is True
