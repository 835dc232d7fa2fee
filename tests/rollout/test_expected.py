"""The gate is told what the challenger in shadow would have earned, or why nobody can know."""

from __future__ import annotations

import numpy as np

from shopkeeper.rollout.evidence import Service, Shadow
from shopkeeper.rollout.expected import SeenAnswer, expected_kpi, with_expected

SHADOW = Shadow(answered=Service(requests=5_000))


def explored(n: int, better: float) -> list[SeenAnswer]:
    """Return answers of which a half explores evenly between two products; the challenger always shows the second."""
    rng = np.random.default_rng(1)
    found = []
    for place in range(n):
        second = bool(rng.random() < 0.5)
        reward = float(rng.random() < (better if second else 0.2))
        found.append(SeenAnswer(f"u{place}", reward, 0.5, float(second)))
    return found


def test_a_challenger_that_shows_what_sells_is_expected_to_earn_more() -> None:
    found = with_expected(SHADOW, expected_kpi(explored(4_000, 0.4)))
    assert found.expected_low is not None
    assert found.expected_high is not None
    truth = 0.4 / ((0.2 + 0.4) / 2) - 1
    assert found.expected_low < truth < found.expected_high
    assert found.expected_low > 0
    assert not found.not_identified


def test_answers_without_a_logged_chance_are_said_to_identify_nothing() -> None:
    answers = [SeenAnswer(None, 1.0, None, 0.5) for _ in range(500)]
    found = with_expected(SHADOW, expected_kpi(answers))
    assert found.expected_low is None
    assert "certainty" in found.not_identified


def test_a_handful_of_rewards_is_no_interval_for_the_gate() -> None:
    found = with_expected(SHADOW, expected_kpi(explored(100, 0.3)))
    assert found.expected_high is None
    assert "Few rewards" in found.not_identified or "Poor overlap" in found.not_identified


def test_without_an_answer_nothing_is_expected() -> None:
    assert with_expected(SHADOW, expected_kpi([])).not_identified
