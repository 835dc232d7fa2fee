"""Tries to sign in are counted by person and place, and whoever waits is told how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.people.limits import PAIR_TRIES, PERSON_TRIES, PLACE_TRIES, WINDOW, pair, place, subjects, waits

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_try_counts_for_the_pair_the_place_and_the_person() -> None:
    anna = subjects("anna@shop.example", "10.0.0.9")
    assert list(anna.values()) == [PAIR_TRIES, PLACE_TRIES, PERSON_TRIES]
    elsewhere, other = subjects(" ANNA@shop.example", "10.0.0.8"), subjects("bob@shop.example", "10.0.0.9")
    assert len(anna.keys() & elsewhere.keys()) == 1
    assert len(anna.keys() & other.keys()) == 1
    assert pair("Anna@shop.example", "10.0.0.9") in anna


def test_what_is_kept_of_a_try_is_a_hash() -> None:
    assert all(len(subject) == 64 and "anna" not in subject for subject in subjects("anna@shop.example", "10.0.0.9"))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("shell:anna", "shell:anna"),
    ],
)
def test_a_place_is_what_one_household_has(address: str, found: str) -> None:
    assert place(address) == found


def test_the_last_try_within_the_limit_passes_and_the_next_waits_until_the_oldest_that_counts_is_over() -> None:
    five = [NOW - 10 * MINUTE, NOW - 8 * MINUTE, NOW - 6 * MINUTE, NOW - 4 * MINUTE, NOW]
    assert waits({"pair": 5}, {"pair": five}, NOW) == timedelta()
    six = [NOW - 12 * MINUTE, *five]
    assert waits({"pair": 5}, {"pair": six}, NOW) == WINDOW - 10 * MINUTE


def test_the_longest_wait_counts() -> None:
    tries = {"a": [NOW - 10 * MINUTE, NOW], "b": [NOW - 2 * MINUTE, NOW]}
    assert waits({"a": 1, "b": 1}, tries, NOW) == WINDOW
