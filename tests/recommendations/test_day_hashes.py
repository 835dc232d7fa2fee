"""Hashes of days: equal for equal rows whatever their codes, and different where a row differs."""

from __future__ import annotations

import numpy as np

from shopkeeper.recommendations.day_hashes import day_hashes
from shopkeeper.testing.planted import planted_interactions

DAY = 86_400_000_000


def test_every_store_and_day_has_its_rows_and_hash() -> None:
    data = planted_interactions()
    found = day_hashes(data)
    assert sum(int(value.split(":")[0]) for value in found.values()) == len(data)
    assert {name.split(", ")[0] for name in found} == set(data.store_names)


def test_days_that_are_left_out_change_no_other_day() -> None:
    data = planted_interactions()
    first = int(data.times.min()) // DAY
    half = data.take(data.times // DAY < first + 3)
    whole = day_hashes(data)
    assert day_hashes(half).items() <= whole.items()
    assert len(day_hashes(half)) < len(whole)


def test_the_order_of_rows_within_a_day_does_not_matter() -> None:
    data = planted_interactions()
    places = np.arange(len(data))
    same = np.lexsort((np.random.default_rng(1).random(len(data)), data.times // DAY))
    assert sorted(same) == list(places)
    mixed = data.take(same)  # type: ignore[arg-type]
    assert day_hashes(mixed) == day_hashes(data)


def test_one_row_less_changes_one_day_alone() -> None:
    data = planted_interactions()
    keep = np.arange(len(data)) != 7
    before, after = day_hashes(data), day_hashes(data.take(keep))
    assert len([name for name in before if before[name] != after.get(name)]) == 1


def test_no_rows_have_no_days() -> None:
    data = planted_interactions()
    assert day_hashes(data.take(np.zeros(len(data), dtype=np.bool_))) == {}
