"""A finished test is analysed from its rows: sizes first, then effects, raw and with the largest values cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.experiments.finished import WINSOR, Array, analyse


def rows(n: int, seed: int = 3) -> tuple[npt.NDArray[np.str_], Array, Array]:
    rng = np.random.default_rng(seed)
    arms = np.repeat(["a", "b"], n)
    before = rng.normal(10, 2, 2 * n)
    return arms, before + rng.normal(0, 1, 2 * n) + 0.5 * (arms == "b"), before


def test_the_effect_is_that_of_the_means_and_the_first_arm_is_the_control() -> None:
    arms, values, _ = rows(500)
    (found,) = analyse(arms, {"spend": values}).estimates
    control, treatment = values[:500].mean(), values[500:].mean()
    assert found.arm == "b"
    assert found.control == pytest.approx(control)
    assert found.value == pytest.approx(treatment)
    assert found.relative == pytest.approx((treatment - control) / control)


def test_a_covariate_takes_off_the_variance_it_explains() -> None:
    arms, values, before = rows(4_000)
    raw = analyse(arms, {"spend": values}).estimates[0]
    adjusted = analyse(arms, {"spend": values}, before).estimates[0]
    correlation = np.corrcoef(values, before)[0, 1]
    assert adjusted.variance_left == pytest.approx(1 - correlation**2, rel=0.1)
    assert adjusted.high - adjusted.low < 0.6 * (raw.high - raw.low)


def test_an_interval_that_holds_at_any_look_is_wider_than_one_for_a_single_look() -> None:
    arms, values, _ = rows(500)
    (found,) = analyse(arms, {"spend": values}).estimates
    assert found.always_low < found.low < found.high < found.always_high


def test_arms_that_are_not_the_size_planned_make_the_test_invalid() -> None:
    arms = np.repeat(["a", "b"], [5_000, 5_400])
    assert not analyse(arms, {"spend": np.arange(10_400.0)}).valid
    assert analyse(arms, {"spend": np.arange(10_400.0)}, weights={"a": 5_000, "b": 5_400}).valid


def test_one_whale_moves_the_raw_figure_and_not_the_winsorised_one() -> None:
    arms, values, _ = rows(5_000)
    values[-1] = 1e6
    found = analyse(arms, {"spend": values})
    assert found.estimates[0].value > 200
    cut = np.minimum(values, np.quantile(values, WINSOR))
    assert found.winsorised[0].value == pytest.approx(cut[5_000:].mean())


def test_many_metrics_are_adjusted_together() -> None:
    arms, values, before = rows(300)
    found = analyse(arms, {"one": values, "two": before, "three": -before})
    smallest = min(found.estimates, key=lambda one: one.p)
    assert smallest.p_holm == pytest.approx(min(3 * smallest.p, 1.0))


def test_a_test_without_a_second_arm_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'nobody'"):
        analyse(np.array(["a", "b"]), {"x": np.array([1.0, 2.0])}, control="nobody")
