"""Two models on the same cases, with the doubt that is left."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.training.comparison import Against, compare, intervals
from shopkeeper.training.ports import CaseScores


def scores(values: list[float] | np.ndarray, **slices: list[bool]) -> CaseScores:
    found = {name: np.array(members, dtype=np.bool_) for name, members in slices.items()}
    worth = np.asarray(values, dtype=np.float64)
    return CaseScores({"ndcg@10": worth}, {"coverage": 0.5}, found, worth, worth > 0)


def against(model: CaseScores, other: CaseScores, resamples: int = 300) -> Against:
    return compare(model, other, "ndcg@10", name="popular", how="as a test", resamples=resamples, seed=1)


def for_sure(found: Against) -> bool:
    return found.metrics["ndcg@10"].difference.low > 0


def test_the_interval_of_a_mean_is_close_to_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, size=(2000, 1))
    low, high = intervals(values, 2000, seed=1)
    half = 1.96 * values.std() / np.sqrt(2000)
    assert low[0] == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert high[0] == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_the_same_seed_gives_the_same_bounds() -> None:
    values = np.random.default_rng(1).random((50, 3))
    for first, second in zip(intervals(values, 200, 7), intervals(values, 200, 7), strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(intervals(values, 200, 7)[0], intervals(values, 200, 8)[0])


def test_bounds_do_not_depend_on_how_many_draws_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random((50, 2))
    whole = intervals(values, 200, 7)
    monkeypatch.setattr("shopkeeper.training.comparison._DRAWS_AT_ONCE", 500)
    for first, second in zip(whole, intervals(values, 200, 7), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_model_that_is_a_little_better_everywhere_is_better_for_sure() -> None:
    noise = np.random.default_rng(1).random(200)
    found = against(scores(noise + 0.01), scores(noise))
    assert for_sure(found)
    difference = found.metrics["ndcg@10"].difference
    assert (difference.value, difference.low, difference.high) == pytest.approx((0.01, 0.01, 0.01))


def test_luck_is_not_taken_for_a_gain() -> None:
    draw = np.random.default_rng(1)
    found = against(scores(draw.random(60) + 0.01), scores(draw.random(60)))
    assert not for_sure(found)


def test_a_model_is_no_better_than_itself() -> None:
    own = scores(np.random.default_rng(1).random(60))
    assert not for_sure(against(own, own))


def test_slices_hold_their_own_cases() -> None:
    model = scores([1.0, 1.0, 0.0, 0.0], uk=[True, True, False, False], empty=[False] * 4)
    baseline = scores([0.0, 0.0, 1.0, 1.0])
    found = against(model, baseline)
    uk = found.slices["uk"]
    assert (uk.cases, uk.model.value, uk.other.value, uk.difference.value) == (2, 1.0, 0.0, 1.0)
    assert "empty" not in found.slices


def test_the_error_is_that_of_the_mean_difference() -> None:
    found = against(scores([0.5, 0.1, 0.9]), scores([0.2, 0.2, 0.2])).metrics["ndcg@10"]
    mean = (0.3 - 0.1 + 0.7) / 3
    variance = ((0.3 - mean) ** 2 + (-0.1 - mean) ** 2 + (0.7 - mean) ** 2) / 2
    assert found.error == pytest.approx((variance / 3) ** 0.5)
    assert against(scores([1.0]), scores([0.5])).metrics["ndcg@10"].error is None


def test_the_document_of_the_other_names_it_and_says_how_it_took_part() -> None:
    found = against(scores([1.0, 0.5]), scores([0.0, 0.5]))
    document = found.document()
    assert (document["name"], document["how"]) == ("popular", "as a test")
    assert document["ndcg@10"]["value"] == 0.25
    assert document["coverage"] == {"value": 0.5}
    assert found.differences()["ndcg@10"]["value"] == 0.5
