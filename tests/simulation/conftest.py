from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from shopkeeper.simulation.history import StoreHistory, write_history
from shopkeeper.simulation.ledger import Ledger, keep_books
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.promotions import price_ratios, shown_prices
from shopkeeper.simulation.retailer import Scale
from shopkeeper.simulation.sessions import SECOND, Browsing, browse

UNTIL = datetime(2026, 11, 23, 15, tzinfo=UTC)
UNTIL_MS = int(UNTIL.timestamp()) * SECOND
DAYS = 40


@pytest.fixture(scope="session")
def market() -> Market:
    return make_market(7, Scale(products=120, shoppers=300, days=DAYS))


@pytest.fixture(scope="session")
def history(market: Market, tmp_path_factory: pytest.TempPathFactory) -> tuple[StoreHistory, ...]:
    return write_history(market, tmp_path_factory.mktemp("history"), UNTIL)


@pytest.fixture(scope="session")
def folder(history: tuple[StoreHistory, ...]) -> Path:
    return history[0].folder


@pytest.fixture(scope="session")
def booked(market: Market) -> tuple[Browsing, Ledger]:
    """One store's browsing and its books."""
    store = market.stores[0]
    rng = np.random.default_rng(3)
    ratios = price_ratios(store.shelf, DAYS, rng)
    browsing = browse(store, DAYS, UNTIL, ratios, rng)
    return browsing, keep_books(store, browsing, shown_prices(store.shelf, ratios), UNTIL_MS, rng)
