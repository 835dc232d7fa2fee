"""The state database moves from SQLite to a real PostgreSQL, and the workspace works on there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_schema import KEYED
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.moving import move_to
from shopkeeper.wiring.settings import Settings

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 3_000


def test_counts_and_checksums_are_equal_and_numbering_goes_on(
    tmp_path: Path, postgres_databases: Callable[[], str]
) -> None:
    settings = Settings(workspace=tmp_path)
    state = open_state(settings.state_url)
    titles = [f'Café «{n}» \\ "{"x" * (n % 40)}" 漢字' for n in range(ROWS)]
    shelf = [SourcedRow(Product(product=f"p{n}", store="uk", title=titles[n]), NOW) for n in range(ROWS)]
    state.tables.upsert(PRODUCTS, shelf)
    _, secret = state.keys.create("uk", ("events",), "test")
    numbers = [state.reports.save("check", {"n": n}) for n in range(3)]
    state.close()
    url = postgres_databases()
    first = {table.name: table for table in move_to(settings, [url])[0].tables}
    assert (first["products"].written, first["reports"].written) == (ROWS, len(numbers))
    target = open_state(url)
    assert target.keys.find(secret) is not None
    with target.engine.begin() as connection:
        connection.execute(delete(KEYED["products"]).where(KEYED["products"].c.product < "p2"))
    again = {table.name: table for table in move_to(settings, [url])[0].tables}
    assert (again["products"].rows, again["products"].written > 0) == (ROWS, True)
    assert target.reports.save("check", {}) == max(numbers) + 1
    target.close()
