"""Prices that change together change at one moment: whoever asks meanwhile gets what held before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.pricing.runs.price_book import PriceBook
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRODUCTS = ("a", "b", "c")


def held(number: int, product: str, price: float) -> PublishedPrice:
    return PublishedPrice(
        store="uk", price_list="", product=product, number=number, run=f"r{number}", currency="GBP", price=price,
        good=price, at=NOON,
    )  # fmt: skip


def change(number: int, previous: int, product: str, before: float, price: float) -> PriceChange:
    return PriceChange(
        number=number, previous=previous, run=f"r{number}", kind="publish", store="uk", price_list="", product=product,
        currency="GBP", before=before, price=price, at=NOON,
    )  # fmt: skip


def told(book: PriceBook) -> tuple[int, list[float], list[float]]:
    """Return version, prices, and what a cart that saw the price before may keep."""
    prices = [one.price for product in PRODUCTS if (one := book.get("uk", "", product)) is not None]
    kept = [
        past.price
        for number, product in enumerate(PRODUCTS, 1)
        if (past := book.kept(("uk", "", product), number, 1.0, NOON)) is not None
    ]
    return book.version, prices, kept


@pytest.mark.parametrize("at_once", [2, 4, 100])
def test_prices_that_change_together_hold_from_one_moment_on(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("shopkeeper.pricing.runs.price_book.AT_ONCE", at_once)
    book, since = PriceBook(), NOON - timedelta(hours=1)
    for _ in book.renewing([held(n, product, 10.0) for n, product in enumerate(PRODUCTS, 1)], [], since, 3):
        assert told(book) == (0, [], [])
    before: tuple[int, list[float], list[float]] = (3, [10.0] * 3, [])
    assert told(book) == before
    changes = [change(n + 3, n, product, 10.0, 12.0) for n, product in enumerate(PRODUCTS, 1)]
    steps = 0
    for _ in book.renewing([held(n + 3, product, 12.0) for n, product in enumerate(PRODUCTS, 1)], changes, since, 6):
        steps += 1
        assert told(book) == before
    assert told(book) == (6, [12.0] * 3, [10.0] * 3)
    assert (steps > 0) == (at_once < 2 * len(PRODUCTS))
