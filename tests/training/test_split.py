"""One cut through time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.errors import ContractNotMet, NotEnoughData
from shopkeeper.training.split import check_no_leak, moment_of, rolling_origin, three_way_split, time_split


def test_the_newest_share_judges() -> None:
    split = time_split(np.arange(100, dtype=np.int64), 0.2)
    assert (split.cutoff, int(split.train.sum()), int(split.test.sum())) == (80, 80, 20)


def test_rows_of_one_moment_are_never_torn_apart() -> None:
    split = time_split(np.array([1, 5, 5, 5, 5], dtype=np.int64), 0.2)
    assert split.train.tolist() == [True, False, False, False, False]


def test_a_cutoff_can_be_given() -> None:
    split = time_split(np.array([3, 1, 2], dtype=np.int64), 0.2, cutoff=2)
    assert split.train.tolist() == [False, True, False]


def test_rows_in_the_gap_are_in_neither() -> None:
    times = np.arange(10, dtype=np.int64) * 1_000_000
    split = time_split(times, 0.2, gap_seconds=3)
    assert split.cutoff == 8_000_000
    assert split.train.tolist() == [True] * 5 + [False] * 5
    assert split.test.tolist() == [False] * 8 + [True] * 2


@pytest.mark.parametrize("times", [[], [7], [7, 7, 7]])
def test_without_two_moments_there_is_nothing_to_judge_with(times: list[int]) -> None:
    with pytest.raises(NotEnoughData, match="interactions"):
        time_split(np.array(times, dtype=np.int64), 0.2)


def test_an_empty_side_is_refused() -> None:
    for cutoff, side in ((0, "learn from"), (99, "judge with")):
        with pytest.raises(NotEnoughData, match=side):
            time_split(np.array([1, 2], dtype=np.int64), 0.2, cutoff=cutoff)


def test_a_leak_names_how_many_and_the_first() -> None:
    with pytest.raises(ContractNotMet, match=r"2 training interaction\(s\).*first: 1970-01-01 00:00:05"):
        check_no_leak(np.array([1, 7_000_000, 5_000_000]), 4_000_000)
    check_no_leak(np.array([1, 2]), 3)


def test_moments_are_utc() -> None:
    assert moment_of(1_500_000).isoformat() == "1970-01-01T00:00:01.500000+00:00"


@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.floats(0.01, 0.99))
def test_everything_that_teaches_is_older_than_everything_that_judges(times: list[int], share: float) -> None:
    array = np.array(times, dtype=np.int64)
    if len(set(times)) == 1:
        with pytest.raises(NotEnoughData):
            time_split(array, share)
        return
    split = time_split(array, share)
    assert array[split.train].max() < split.cutoff <= array[split.test].min()
    assert (split.train ^ split.test).all()


def test_train_validation_and_test_follow_each_other() -> None:
    split = three_way_split(np.arange(100, dtype=np.int64), 0.2, 0.3)
    assert (split.tuning.cutoff, split.final.cutoff) == (50, 70)
    assert np.flatnonzero(split.train).tolist() == list(range(50))
    assert np.flatnonzero(split.validation).tolist() == list(range(50, 70))
    assert np.flatnonzero(split.test).tolist() == list(range(70, 100))
    assert np.flatnonzero(split.final.train).tolist() == np.flatnonzero(split.seen).tolist() == list(range(70))


def test_what_had_not_matured_when_the_next_part_began_is_in_neither() -> None:
    split = three_way_split(np.arange(100, dtype=np.int64) * 1_000_000, 0.2, 0.3, gap_seconds=5)
    assert np.flatnonzero(split.final.train).tolist() == list(range(65))
    assert np.flatnonzero(split.test).tolist() == list(range(70, 100))
    assert split.validation[64]
    assert not split.validation[65:].any()
    first = int(np.flatnonzero(split.validation)[0])
    assert np.flatnonzero(split.train).tolist() == list(range(first - 5))
    assert np.flatnonzero(split.seen).tolist() == list(range(70))


@given(st.lists(st.integers(0, 200), min_size=3, max_size=80), st.floats(0.0, 30.0))
def test_no_part_overlaps_another_and_each_is_newer_by_the_gap(times: list[int], gap: float) -> None:
    array = np.array(times, dtype=np.int64) * 1_000_000
    try:
        split = three_way_split(array, 0.2, 0.3, gap_seconds=gap)
    except NotEnoughData:
        return
    assert (split.train.astype(int) + split.validation + split.test).max() == 1
    assert array[split.train].max() < array[split.validation].min() - gap * 1e6 + 1
    assert array[split.validation].max() < array[split.test].min() - gap * 1e6 + 1
    assert array[split.final.train].max() < split.final.cutoff - int(gap * 1e6)


def test_each_fold_learns_from_all_before_it_and_judges_the_next_step() -> None:
    folds = rolling_origin(np.arange(100, dtype=np.int64), 5)
    assert [fold.cutoff for fold in folds] == [50, 60, 70, 80, 90]
    for fold in folds:
        assert np.flatnonzero(fold.train).tolist() == list(range(fold.cutoff))
        assert np.flatnonzero(fold.test).tolist() == list(range(fold.cutoff, fold.cutoff + 10))


def test_folds_keep_the_gap_too() -> None:
    folds = rolling_origin(np.arange(100, dtype=np.int64) * 1_000_000, 2, first_share=0.5, gap_seconds=3)
    assert [int(fold.train.sum()) for fold in folds] == [47, 72]


def test_folds_without_rows_are_refused() -> None:
    with pytest.raises(NotEnoughData):
        rolling_origin(np.array([1, 2], dtype=np.int64), 5)
