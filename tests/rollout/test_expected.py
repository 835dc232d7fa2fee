"""The gate is told what the challenger in shadow would have earned, or why nobody can know."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.off_policy import LoggedAnswers, Options, evaluate
from shopkeeper.rollout.evidence import Service, Shadow
from shopkeeper.rollout.expected import reward_of, seen_places, with_expected

SHADOW = Shadow(answered=Service(requests=5_000))
Columns = dict[str, np.ndarray]


def explored(n: int, better: float) -> LoggedAnswers:
    """Return answers of which a half explores evenly between two products; the challenger always shows the second."""
    rng = np.random.default_rng(1)
    second = rng.random(n) < 0.5
    rewards = (rng.random(n) < np.where(second, better, 0.2)).astype(np.float64)
    return LoggedAnswers(rewards, np.full(n, 0.5), second.astype(np.float64))


def test_a_challenger_that_shows_what_sells_is_expected_to_earn_more() -> None:
    found = with_expected(SHADOW, explored(4_000, 0.4))
    assert found.expected_low is not None
    assert found.expected_high is not None
    truth = 0.4 / ((0.2 + 0.4) / 2) - 1
    assert found.expected_low < truth < found.expected_high
    assert found.expected_low > 0
    assert not found.not_identified
    one_look = evaluate(explored(4_000, 0.4), Options(draws=500)).estimates["snips"]
    assert found.expected_low < one_look.relative_low, "the gate looks every minute, so its interval is wider"
    assert found.expected_high > one_look.relative_high


def test_a_challenger_that_is_no_better_or_worse_is_seldom_called_worse_by_four_looks() -> None:
    worse = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = 1_200
        second = rng.random(n) < 0.5
        log = LoggedAnswers((rng.random(n) < 0.2).astype(np.float64), np.full(n, 0.5), second.astype(np.float64))
        looks = (with_expected(SHADOW, first(log, part)).expected_high for part in range(300, n + 1, 300))
        worse += any(high is not None and high < 0 for high in looks)
    assert worse <= 2, "5% of 20, and one more"


def first(log: LoggedAnswers, n: int) -> LoggedAnswers:
    return LoggedAnswers(log.rewards[:n], log.propensities[:n], log.target[:n])


def test_answers_given_with_certainty_are_said_to_identify_nothing() -> None:
    found = with_expected(SHADOW, LoggedAnswers(np.ones(500), np.ones(500), np.full(500, 0.5)))
    assert found.expected_low is None
    assert "certainty" in found.not_identified


def test_a_handful_of_rewards_is_no_interval_for_the_gate() -> None:
    found = with_expected(SHADOW, explored(100, 0.3))
    assert found.expected_high is None
    assert "Few rewards" in found.not_identified or "Poor overlap" in found.not_identified


def test_a_challenger_whose_products_had_no_chance_is_refused() -> None:
    log = explored(4_000, 0.4)
    found = with_expected(SHADOW, LoggedAnswers(log.rewards, log.propensities, 0.8 * log.target))
    assert found.expected_low is None
    assert "80% of what this policy" in found.not_identified or "Poor support" in found.not_identified


def test_without_an_answer_nothing_is_expected() -> None:
    assert "exploration" in with_expected(SHADOW, None).not_identified


def answers(*chances: list[tuple[str, float, float]]) -> Columns:
    return {
        "store": np.array(["uk"] * len(chances), dtype=object),
        "decision_id": np.array([f"d{n}" for n in range(len(chances))], dtype=object),
        "unit": np.array(["ann", "ann", None, None][: len(chances)], dtype=object),
        "chances": np.array([msgspec.json.encode(one).decode() for one in chances], dtype=object),
    }


def rewards(*rows: tuple[str, str, int, int, float]) -> Columns:
    columns = list(zip(*rows, strict=True)) or [()] * 5
    named = {
        "decision_id": columns[0],
        "product": columns[1],
        "clicks": columns[2],
        "orders": columns[3],
        "spent": columns[4],
    }
    return {
        "store": np.array(["uk"] * len(rows), dtype=object),
        **{n: np.array(c, dtype=object) for n, c in named.items()},
    }


def test_each_place_has_its_chances_and_what_it_brought() -> None:
    told = answers([("lamp", 0.5, 1.0), ("desk", 0.1, 0.0)], [("lamp", 0.5, 0.2)], [("desk", 0.1, 0.3)])
    brought = rewards(("d0", "lamp", 3, 0, 0.0), ("d1", "desk", 1, 1, 9.0), ("d2", "desk", 0, 2, 30.0))
    found = {reward: seen_places(told, brought, reward) for reward in ("clicks", "orders", "spent")}
    seen = found["clicks"]
    assert seen is not None
    assert seen.propensities.tolist() == [0.5, 0.1, 0.5, 0.1]
    assert seen.target.tolist() == [1.0, 0.0, 0.2, 0.3]
    assert seen.units is not None
    assert seen.units.tolist() == [0, 0, 0, 1], "lists of one shopper go together"
    values = {reward: one.rewards.tolist() for reward, one in found.items() if one is not None}
    assert values == {"clicks": [1, 0, 0, 0], "orders": [0, 0, 0, 1], "spent": [0, 0, 0, 30.0]}
    assert seen_places(answers(), rewards(), "clicks") is None


@pytest.mark.parametrize(
    ("metric", "reward"),
    [("ctr", "clicks"), ("conversion", "orders"), ("revenue_per_user", "spent"), ("aov", None), ("return_visits", None),
     ("margin_per_user", None), ("refund_share", None)],
)  # fmt: skip
def test_a_metric_is_weighed_by_what_a_place_in_a_list_brings_of_it(
    tmp_path: Path, metric: str, reward: str | None
) -> None:
    known = load_metrics(tmp_path)
    assert reward_of(known.metrics[metric], known) == reward
