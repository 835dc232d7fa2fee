"""No answer waits until the order of a large shelf is made anew, where somebody makes it beside the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.catalogue import shelf as shelf_module
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.serving.catalogue import Catalogue

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Each order takes a second, as one of some 500,000 products does."""

    seconds = 1_000.0

    def __call__(self) -> float:
        self.seconds += 0.5
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(shelf_module, "perf_counter", clock)
    return clock


def put(catalogue: Catalogue, *names: str) -> None:
    catalogue.apply([SourcedRow(Store(store="uk"), NOON)])
    catalogue.apply([SourcedRow(Product(product=name, store="uk"), NOON) for name in names])


def test_a_large_shelf_that_nobody_renews_is_made_anew_by_an_answer_once_in_a_while(
    clock: Clock,
) -> None:
    catalogue = Catalogue()
    put(catalogue, "a")
    shelf = Shelf(catalogue)
    assert shelf.order("uk").everything == ["a"]
    put(catalogue, "b")
    assert shelf.order("uk").everything == ["a"]
    clock.seconds += 100
    assert shelf.order("uk").everything == ["a", "b"]


def test_a_large_shelf_that_is_renewed_is_never_made_anew_by_an_answer(clock: Clock) -> None:
    catalogue = Catalogue()
    put(catalogue, "a")
    shelf = Shelf(catalogue)
    shelf.order("uk")
    shelf.renew()
    put(catalogue, "b")
    clock.seconds += 100
    assert shelf.order("uk", short=True).everything == ["a"]
    shelf.renew()
    assert shelf.order("uk").everything == ["a", "b"]


def test_renewing_rests_for_ten_times_as_long_as_it_took(clock: Clock) -> None:
    catalogue = Catalogue()
    put(catalogue, "a")
    shelf = Shelf(catalogue)
    shelf.order("uk")
    shelf.renew()
    for name in ("b", "c"):
        put(catalogue, name)
        clock.seconds += 10
        shelf.order("uk")
        shelf.renew()
    assert shelf.order("uk").everything == ["a", "b"]
    clock.seconds += 25
    shelf.renew()
    assert shelf.order("uk").everything == ["a", "b", "c"]
