"""A PostgreSQL source is read as a stream, from its watermark on, with its own types."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from shopkeeper.commerce.tables import ORDERS
from shopkeeper.engines.sql_source import SqlQuery, extract
from shopkeeper.engines.state import open_state
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import CONFIG_FILE, load_settings
from shopkeeper.wiring.syncing import sync

pytestmark = pytest.mark.integration

TABLE = """
CREATE TABLE sales (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz, total numeric(10, 2), changed timestamptz, note jsonb
)
"""
INSERT = """
INSERT INTO sales (at, total, changed, note)
SELECT timestamptz '2026-01-01 12:00+02' + n * interval '1 second', n / 100.0,
       timestamptz '2026-01-02 00:00+00' + n * interval '1 second', jsonb_build_object('n', n)
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
"""
QUERY = "SELECT id AS order_id, at AS ts, total AS revenue, changed AS updated_at FROM sales"


@pytest.fixture
def url(postgres_databases: Callable[[], str]) -> str:
    return postgres_databases()


def fill(url: str, first: int, last: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(TABLE.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")))
        connection.execute(text(INSERT), {"first": first, "last": last})
    engine.dispose()


def test_a_sync_brings_in_what_is_new_and_the_cursor_survives(url: str, tmp_path: Path) -> None:
    fill(url, 1, 3_000)
    create_workspace(tmp_path / "shop")
    source = {"name": "erp", "url": url, "query": QUERY, "watermark": "updated_at", "store": "uk", "table": "orders"}
    lines = ["[[sources]]", *(f"{key} = {value!r}" for key, value in source.items())]
    (tmp_path / "shop" / CONFIG_FILE).write_text("\n".join(lines))
    settings = load_settings(tmp_path / "shop")
    first = sync(settings)[0]
    assert (first.read, first.cursor["after"]["kind"]) == (3_000, "time")
    fill(url, 3_001, 3_010)
    (again,) = sync(settings)
    assert again.report is not None
    (orders,) = [table for table in again.report.tables if table.table == "orders"]
    assert (again.read, orders.accepted, orders.duplicates, orders.rejected) == (11, 10, 1, 0)
    state = open_state(settings.state_url)
    rows = [row.row for row in state.tables.scan(ORDERS)]
    state.close()
    assert sum(row.revenue for row in rows) == pytest.approx(sum(range(1, 3_011)) / 100)  # type: ignore[attr-defined]  # orders
    assert min(row.ts for row in rows).isoformat() == "2026-01-01T10:00:01+00:00"  # type: ignore[attr-defined]  # orders


def test_a_large_result_is_never_held_in_memory(url: str, tmp_path: Path) -> None:
    fill(url, 1, 200_000)
    file = tmp_path / "rows.jsonl"
    tracemalloc.start()
    found = extract(SqlQuery(url, "SELECT * FROM sales", "changed"), {}, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.rows == 200_000
    assert file.stat().st_size > 25_000_000
    assert peak < 20_000_000
