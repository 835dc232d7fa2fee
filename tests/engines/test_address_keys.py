"""A hashed address is the same within its day, for all processes, and leads nowhere afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shopkeeper.engines.address_keys import FILE, AddressKeys
from shopkeeper.errors import Unavailable


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_an_address_has_one_hash_within_a_day_in_every_process(tmp_path: Path) -> None:
    clock = Clock()
    first, second = AddressKeys(tmp_path, clock), AddressKeys(tmp_path, clock)
    assert first("203.0.113.7") == second("203.0.113.7") != first("203.0.113.8")


def test_the_next_day_has_another_hash_and_the_old_key_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    keys = AddressKeys(tmp_path, clock)
    before, key = keys("203.0.113.7"), (tmp_path / FILE).read_bytes()
    clock.now += timedelta(days=1)
    assert keys("203.0.113.7") != before
    assert b"2026-11-02" in (tmp_path / FILE).read_bytes()
    assert b"2026-11-01" in key
    assert b"2026-11-01" not in (tmp_path / FILE).read_bytes()


def test_the_daily_round_destroys_old_keys_even_when_nobody_comes(tmp_path: Path) -> None:
    clock = Clock()
    keys = AddressKeys(tmp_path, clock)
    assert keys.rotate() == 0
    keys("203.0.113.7")
    assert keys.rotate() == 0
    clock.now += timedelta(days=1)
    assert keys.rotate() == 1
    assert b"2026" not in (tmp_path / FILE).read_bytes()


def test_two_workspaces_hash_one_address_differently(tmp_path: Path) -> None:
    clock = Clock()
    assert AddressKeys(tmp_path / "a", clock)("203.0.113.7") != AddressKeys(tmp_path / "b", clock)("203.0.113.7")


def test_damaged_keys_are_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(Unavailable, match="address-keys"):
        AddressKeys(tmp_path, Clock())("203.0.113.7")
