"""A sync brings in what is new, moves its cursor only after that, and never loses or doubles a row."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.commerce.tables import ORDERS, PRODUCTS
from shopkeeper.engines.state import open_state
from shopkeeper.errors import ConfigError, InputError
from shopkeeper.wiring import syncing
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import CONFIG_FILE, Settings, load_settings
from shopkeeper.wiring.syncing import Synced, preview_source, sync


class Shop:
    """A workspace beside a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        self.database = folder / "erp.db"
        create_workspace(self.folder)
        self.run("CREATE TABLE sales (id TEXT, ts TEXT, total REAL, changed TEXT)")

    def run(self, sql: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
        with sqlite3.connect(self.database) as connection:
            connection.executemany(sql, rows) if rows else connection.execute(sql)
        connection.close()

    def sell(self, *rows: tuple[str, str]) -> None:
        """Add orders by id and time of the last change."""
        self.run(
            "INSERT INTO sales VALUES (?, ?, ?, ?)", [(name, "2026-01-01 10:00:00", 10.0, at) for name, at in rows]
        )

    def source(self, **settings: object) -> Settings:
        given = {
            "name": "erp",
            "url": f"sqlite:///{self.database}",
            "query": "SELECT id AS order_id, ts, total AS revenue, changed AS updated_at FROM sales -- all",
            "watermark": "updated_at",
            "store": "uk",
            "table": "orders",
        } | settings
        lines = [f"{key} = {value!r}" for key, value in given.items() if value is not None]
        (self.folder / CONFIG_FILE).write_text("\n".join(["[[sources]]", *lines]))
        return load_settings(self.folder)

    def orders(self, settings: Settings) -> dict[str, float]:
        state = open_state(settings.state_url)
        try:
            return {row.row.order_id: row.row.revenue for row in state.tables.scan(ORDERS)}  # type: ignore[attr-defined]  # orders
        finally:
            state.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def figures(synced: tuple[Synced, ...]) -> list[tuple[int, int, int]]:
    """Return per source: rows read, new orders, duplicates."""
    found = []
    for one in synced:
        tables = one.report.tables if one.report is not None else ()
        orders = next((table for table in tables if table.table == "orders"), None)
        found.append((one.read, *((0, 0) if orders is None else (orders.accepted, orders.duplicates))))
    return found


class TestDatabase:
    def test_the_first_sync_takes_all_and_the_next_what_is_new(self, shop: Shop) -> None:
        settings = shop.source()
        shop.sell(("a", "2026-01-02 08:00:00"), ("b", "2026-01-02 09:00:00"))
        assert figures(sync(settings)) == [(2, 2, 0)]
        shop.sell(("c", "2026-01-02 10:00:00"))
        # The row of the watermark comes again, so that none that shares it is missed, and is known again.
        assert figures(sync(settings)) == [(2, 1, 1)]
        assert shop.orders(settings) == {"a": 10, "b": 10, "c": 10}

    def test_rows_that_share_the_watermark_and_come_later_are_not_missed(self, shop: Shop) -> None:
        settings = shop.source()
        shop.sell(("a", "2026-01-02 09:00:00"))
        sync(settings)
        shop.sell(("b", "2026-01-02 09:00:00"))
        assert figures(sync(settings)) == [(2, 1, 1)]

    def test_a_changed_row_replaces_what_was_there(self, shop: Shop) -> None:
        settings = shop.source()
        shop.sell(("a", "2026-01-02 09:00:00"))
        sync(settings)
        shop.run("UPDATE sales SET total = 7.5, changed = '2026-01-03 00:00:00'")
        sync(settings)
        assert shop.orders(settings) == {"a": 7.5}

    def test_an_overlap_finds_rows_that_were_committed_late(self, shop: Shop) -> None:
        settings = shop.source(overlap_seconds=3600)
        shop.sell(("a", "2026-01-02 09:00:00"))
        sync(settings)
        shop.sell(("late", "2026-01-02 08:30:00"), ("too late", "2026-01-02 07:30:00"))
        sync(settings)
        assert set(shop.orders(settings)) == {"a", "late"}

    def test_a_growing_number_is_a_watermark_too(self, shop: Shop) -> None:
        settings = shop.source(
            query="SELECT rowid AS n, id AS order_id, ts, total AS revenue FROM sales;", watermark="n"
        )
        shop.sell(("a", "x"), ("b", "x"))
        assert figures(sync(settings)) == [(2, 2, 0)]
        shop.sell(("c", "x"))
        assert sync(settings)[0].read == 2
        assert sync(settings)[0].cursor == {"after": {"kind": "number", "value": 3}}

    def test_without_a_watermark_everything_is_read_each_time(self, shop: Shop) -> None:
        settings = shop.source(watermark=None)
        shop.sell(("a", "2026-01-02 09:00:00"))
        assert figures(sync(settings)) == [(1, 1, 0)]
        assert figures(sync(settings)) == [(1, 0, 1)]

    def test_nothing_new_is_said(self, shop: Shop) -> None:
        (synced,) = sync(shop.source())
        assert synced.report is None
        assert synced.as_text() == "erp: nothing new."

    def test_the_cursor_stays_where_an_import_breaks_off(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = shop.source()
        shop.sell(("a", "2026-01-02 09:00:00"))

        def broken(*_: object) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as patched:
            patched.setattr(syncing, "import_order", broken)
            with pytest.raises(OSError, match="disk full"):
                sync(settings)
        assert figures(sync(settings)) == [(1, 1, 0)]
        assert list((shop.folder / "spool").iterdir()) == []

    def test_a_mapping_reads_a_query_by_the_name_of_its_source(self, shop: Shop) -> None:
        (shop.folder / "map.yaml").write_text(
            "version: 1\ntables:\n"
            "  - {table: orders, from: erp.jsonl, fields: {order_id: id, ts: ts, revenue: total * 2}}\n"
        )
        settings = shop.source(query="SELECT * FROM sales", watermark="changed", table=None, mapping="map.yaml")
        shop.sell(("a", "2026-01-02 09:00:00"))
        sync(settings)
        assert shop.orders(settings) == {"a": 20}

    def test_bad_rows_are_in_quarantine_and_the_cursor_moves_on(self, shop: Shop) -> None:
        settings = shop.source()
        shop.run("INSERT INTO sales VALUES ('a', 'never', 1, '2026-01-02 09:00:00')")
        (synced,) = sync(settings)
        assert synced.report is not None
        assert not synced.within_contract
        assert synced.cursor["after"]["value"] == "2026-01-02 09:00:00"
        assert synced.report.reasons[0].examples[0].startswith("orders.erp.jsonl:1")

    def test_a_dry_run_moves_nothing(self, shop: Shop) -> None:
        settings = shop.source()
        shop.sell(*((f"o{n}", f"2026-01-02 09:{n:02d}:00") for n in range(30)))
        preview = preview_source(settings, "erp")
        assert len([row for table, row in preview.rows if table == "orders"]) == 20
        assert figures(sync(settings)) == [(30, 30, 0)]

    def test_the_url_takes_passwords_from_the_environment(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = shop.source(url="sqlite:///${ERP_FILE}")
        with pytest.raises(ConfigError, match="ERP_FILE"):
            sync(settings)
        monkeypatch.setenv("ERP_FILE", str(shop.database))
        assert sync(settings)[0].report is None

    def test_what_cannot_be_read_is_said_without_the_password(self, shop: Shop) -> None:
        with pytest.raises(InputError, match="no such table"):
            sync(shop.source(query="SELECT * FROM missing_table"))
        with pytest.raises(ConfigError, match="is no column name") as caught:
            sync(shop.source(watermark="order_id; DROP TABLE sales"))
        assert "alias" in caught.value.remedy
        with pytest.raises(ConfigError) as hidden:
            sync(shop.source(url="klingon://me:secret@host/db"))
        assert "secret" not in str(hidden.value)


class TestFiles:
    def test_only_new_content_is_imported_again(self, shop: Shop) -> None:
        folder = shop.folder / "drop"
        folder.mkdir()
        (folder / "products.1.csv").write_text("product,title\na,A\n")
        settings = shop.source(url=None, query=None, watermark=None, table=None, path="drop")
        assert [one.read for one in sync(settings)] == [1]
        assert [one.read for one in sync(settings)] == [0]
        (folder / "products.2.csv").write_text("product,title\nb,B\n")
        (folder / "products.3.csv").write_text("product,title\na,A\n")  # a copy of the first
        (synced,) = sync(settings)
        assert synced.report is not None
        assert [file.name for file in synced.report.files] == ["products.2.csv"]
        state = open_state(settings.state_url)
        assert {row.row.product for row in state.tables.scan(PRODUCTS)} == {"a", "b"}  # type: ignore[attr-defined]  # products
        state.close()

    def test_a_touched_file_is_not_new_and_a_changed_one_is(self, shop: Shop) -> None:
        folder = shop.folder / "drop"
        folder.mkdir()
        file = folder / "products.csv"
        file.write_text("product,title\na,A\n")
        settings = shop.source(url=None, query=None, watermark=None, table=None, path="drop")
        sync(settings)
        os.utime(file, (1_700_000_000, 1_700_000_000))
        assert sync(settings)[0].read == 0
        file.write_text("product,title\na,A\nb,B\n")
        assert sync(settings)[0].read == 1


class TestSettings:
    @pytest.mark.parametrize(
        "wrong", [{"path": "drop"}, {"query": None}, {"mapping": "m.yaml"}, {"table": None}, {"name": "a b"}]
    )
    def test_a_source_is_one_thing(self, shop: Shop, wrong: dict[str, object]) -> None:
        with pytest.raises(ConfigError):
            shop.source(**wrong)

    def test_an_unknown_name_is_said_with_the_known_ones(self, shop: Shop) -> None:
        with pytest.raises(ConfigError, match="known: erp"):
            sync(shop.source(), "crm")
        (shop.folder / CONFIG_FILE).write_text("")
        with pytest.raises(ConfigError, match="No source"):
            sync(load_settings(shop.folder))
