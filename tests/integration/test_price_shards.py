"""Stores of a price run that are read in real processes are those that are read one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.wiring.pricing.store_reading import MANY_PRICES

from .two_priced_stores import assert_same, read, two_stores

pytestmark = pytest.mark.integration


def test_stores_read_in_processes_are_those_read_here(tmp_path: Path) -> None:
    with two_stores(tmp_path) as settings:
        here, there = read(settings, 1), read(settings, MANY_PRICES)
    assert [one.state.store.store for one in here] == ["de", "at"]
    assert all(one.weeks is not None for one in here)
    assert_same(here, there)
