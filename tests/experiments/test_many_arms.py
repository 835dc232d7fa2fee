"""Several arms share one control, and their intervals hold together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from shopkeeper.errors import InputError
from shopkeeper.experiments.arms import Arm, mean_arm
from shopkeeper.experiments.many_arms import against_control
from shopkeeper.experiments.moments import Sums


def test_p_values_are_dunnetts() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (4, 800))
    rows = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, ddof=1, keepdims=True)  # theirs pools variances
    control, *arms = rows + np.array([10.0, 10.05, 10.12, 9.9])[:, None]
    found = against_control(
        mean_arm(Sums.of_rows(control)),
        {str(place): mean_arm(Sums.of_rows(arm)) for place, arm in enumerate(arms)},
        scale="absolute",
    )
    theirs = stats.dunnett(*arms, control=control, rng=np.random.default_rng(2)).pvalue
    for one in found:
        assert one.p == pytest.approx(theirs[int(one.arm)], abs=0.005)


def test_one_arm_is_the_plain_test() -> None:
    (found,) = against_control(Arm(1_000, 10.0, 4.0), {"b": Arm(1_000, 10.2, 4.0)}, scale="absolute")
    error = np.sqrt(8.0 / 1_000)
    assert found.p == pytest.approx(2 * stats.norm.sf(0.2 / error), rel=1e-3)
    assert found.low == pytest.approx(0.2 - 1.959964 * error, abs=1e-4)


def test_intervals_of_many_arms_are_wider_than_one_and_narrower_than_bonferronis() -> None:
    arms = {str(place): Arm(1_000, 10.0, 4.0) for place in range(4)}
    found = against_control(Arm(1_000, 10.0, 4.0), arms, scale="absolute")[0]
    reach = found.high / found.effect.error
    assert 1.96 < reach < stats.norm.isf(0.025 / 4)


def test_the_best_arm_comes_first_and_one_that_says_nothing_last() -> None:
    arms = {"a": Arm(1_000, 10.1, 4.0), "b": Arm(1_000, 10.3, 4.0), "c": Arm(1, 99.0, 0.0)}
    assert [one.arm for one in against_control(Arm(1_000, 10.0, 4.0), arms)] == ["b", "a", "c"]
    with pytest.raises(InputError):
        against_control(Arm(1_000, 10.0, 4.0), {})
