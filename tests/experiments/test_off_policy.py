"""What another policy would have earned is said with its doubt, and refused where the log cannot say it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.errors import InputError
from shopkeeper.experiments.off_policy import LoggedAnswers, Options, effective_size, evaluate
from shopkeeper.experiments.reward_table import foretold

Array = npt.NDArray[np.float64]
RATES = np.array([0.02, 0.05, 0.1, 0.2])
LOGGING = np.array([0.4, 0.3, 0.2, 0.1])
QUICK = Options(draws=200)


def logged(n: int, target: Array, seed: int, *, model: bool = False) -> LoggedAnswers:
    rng = np.random.default_rng(seed)
    actions = rng.choice(4, n, p=LOGGING)
    rewards = (rng.random(n) < RATES[actions]).astype(np.float64)
    of_answer, of_target = foretold(rewards, actions, target) if model else (None, None)
    return LoggedAnswers(rewards, LOGGING[actions], target[actions], of_answer, of_target)


def test_each_estimator_is_its_formula() -> None:
    rewards, weights = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.5, 2.0, 12.0, 1.0])
    model, of_target = np.array([0.4, 0.2, 0.6, 0.1]), np.array([0.3, 0.3, 0.5, 0.2])
    log = LoggedAnswers(rewards, np.full(4, 0.05), weights * 0.05, model, of_target)
    found = evaluate(log, Options(switch=10.0, draws=10)).estimates
    assert found["ips"].value == pytest.approx((0.5 + 12.0) / 4)
    assert found["snips"].value == pytest.approx((0.5 + 12.0) / (0.5 + 2 + 12 + 1))
    corrected = [0.3 + 0.5 * 0.6, 0.3 - 2 * 0.2, 0.5 + 12 * 0.4, 0.2 - 1 * 0.1]
    assert found["dr"].value == pytest.approx(sum(corrected) / 4)
    assert found["switch_dr"].value == pytest.approx((corrected[0] + corrected[1] + 0.5 + corrected[3]) / 4)


def test_rows_are_worth_the_square_of_their_weights_sum_over_the_sum_of_squares() -> None:
    assert effective_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(4.0**2 / 6.0)
    assert effective_size(np.zeros(3)) == 0.0


def test_the_policy_that_answered_is_worth_what_it_earned() -> None:
    log = logged(5_000, LOGGING, 1)
    found = evaluate(log, QUICK)
    assert found.estimates["snips"].value == pytest.approx(log.rewards.mean())
    assert found.estimates["snips"].relative == pytest.approx(0.0)
    assert found.effective == pytest.approx(5_000)
    assert found.conclusion == "inconclusive"


def test_intervals_hold_the_true_value_about_as_often_as_they_say() -> None:
    target = np.array([0.1, 0.2, 0.3, 0.4])
    truth = float(target @ RATES)
    held: dict[str, int] = {}
    for seed in range(40):
        found = evaluate(logged(1_000, target, seed, model=True), Options(draws=100, seed=seed))
        for name, one in found.estimates.items():
            held[name] = held.get(name, 0) + (one.low <= truth <= one.high)
    assert all(count >= 40 * 0.93 - 3 * math.sqrt(40 * 0.95 * 0.05) for count in held.values()), held


def test_a_policy_that_earns_more_is_called_better_and_the_reverse_worse() -> None:
    assert evaluate(logged(10_000, np.array([0.1, 0.2, 0.3, 0.4]), 2), QUICK).conclusion == "better"
    assert evaluate(logged(10_000, np.array([0.9, 0.1, 0.0, 0.0]), 2), QUICK).conclusion == "worse"


def test_a_model_of_rewards_narrows_the_interval_where_answers_differ_much() -> None:
    target = np.array([0.0, 0.0, 0.2, 0.8])
    found = evaluate(logged(5_000, target, 3, model=True), QUICK).estimates
    assert found["dr"].high - found["dr"].low < found["ips"].high - found["ips"].low


def test_cutting_weights_lowers_the_estimate_and_says_how_many_were_cut() -> None:
    log = logged(5_000, np.array([0.0, 0.0, 0.2, 0.8]), 4)
    cut = evaluate(log, Options(clip=2.0, draws=200))
    assert cut.estimates["ips"].value < evaluate(log, QUICK).estimates["ips"].value
    assert cut.clipped == pytest.approx((log.target / log.propensities > 2.0).mean())


def test_poor_overlap_is_refused_with_what_the_rows_are_worth() -> None:
    weights = np.full(10_000, 1e-4)
    weights[:2] = 1.0
    found = evaluate(LoggedAnswers(np.ones(10_000), np.full(10_000, 0.5), weights * 0.5), QUICK)
    assert found.conclusion == "refused"
    assert "worth 3" in found.why or "worth 4" in found.why


def test_few_rewards_conclude_nothing_however_narrow_the_interval_looks() -> None:
    rng = np.random.default_rng(5)
    rewards = np.zeros(10_000)
    rewards[:20] = 1.0
    found = evaluate(LoggedAnswers(rewards, np.full(10_000, 0.5), rng.uniform(0.4, 0.6, 10_000)), QUICK)
    assert found.conclusion == "inconclusive"
    assert found.why.startswith("Few rewards: the 20 in the log")


def test_answers_given_with_certainty_identify_nothing() -> None:
    found = evaluate(LoggedAnswers(np.ones(1_000), np.ones(1_000), np.full(1_000, 0.5)))
    assert found.conclusion == "not identified"


def test_rows_of_one_shopper_are_resampled_together_so_the_interval_is_wider() -> None:
    rng = np.random.default_rng(6)
    units = np.repeat(np.arange(200), 50)
    rewards = np.repeat(rng.random(200), 50)
    log = LoggedAnswers(rewards, np.full(10_000, 0.5), np.full(10_000, 0.5))
    together = LoggedAnswers(rewards, np.full(10_000, 0.5), np.full(10_000, 0.5), units=units)
    alone, joined = (evaluate(one, QUICK).estimates["ips"] for one in (log, together))
    assert joined.high - joined.low == pytest.approx(math.sqrt(50) * (alone.high - alone.low), rel=0.15)


def test_a_propensity_that_is_none_is_named_by_its_row() -> None:
    with pytest.raises(InputError, match="Row 2"):
        LoggedAnswers(np.ones(2), np.array([0.5, 0.0]), np.ones(2))


def test_a_row_is_foretold_by_other_rows_alone() -> None:
    rewards, actions = np.array([1.0, 0.0]), np.array([0, 0], dtype=np.intp)
    answer, target = foretold(rewards, actions, np.array([1.0]), strength=0.5, folds=2)
    assert answer == pytest.approx([(0 + 0.5 * 0) / 1.5, (1 + 0.5 * 1) / 1.5])
    assert target == pytest.approx(answer)
