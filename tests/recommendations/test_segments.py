"""What is done for many stretches at once is what would be done for each alone."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.recommendations.segments import bars, items_of, keys_of, owners_of, peaks, starts_in, starts_of, sums

VALUES = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 4.0])


@pytest.mark.parametrize("lengths", [[6], [2, 0, 3, 1], [0, 6, 0], [0, 1, 5]])
def test_stretches_are_summed_and_searched_by_themselves(lengths: list[int]) -> None:
    starts = starts_of(np.array(lengths))
    each = np.split(VALUES, starts[1:-1])
    assert sums(VALUES, starts).tolist() == [one.sum() for one in each]
    assert peaks(VALUES, starts).tolist() == [one.max(initial=-np.inf) for one in each]
    assert owners_of(starts).tolist() == [row for row, length in enumerate(lengths) for _ in range(length)]


def test_a_bar_is_the_value_of_the_last_that_is_wanted() -> None:
    starts = starts_of(np.array([2, 0, 4]))
    assert bars(VALUES, starts, 2).tolist() == [-np.inf, -np.inf, 4.0]


def test_nothing_at_all_adds_up_to_nothing() -> None:
    for lengths in ([0], [0, 0]):
        starts = starts_of(np.array(lengths))
        assert sums(VALUES[:0], starts).tolist() == [0.0] * len(lengths)
        assert peaks(VALUES[:0], starts).tolist() == [-np.inf] * len(lengths)


def test_keys_say_which_stretch_and_item_they_are_of() -> None:
    owners, items = np.array([0, 0, 2, 2]), np.array([4, 9, 1, 7])
    keys = keys_of(owners, items)
    assert (np.diff(keys) > 0).all()
    assert items_of(keys).tolist() == items.tolist()
    assert starts_in(keys, 3).tolist() == [0, 2, 2, 4]
    assert starts_in(items, 1).tolist() == [0, 4]
