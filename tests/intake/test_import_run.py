"""An import accounts for every row once, adds nothing twice, and loses nothing."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.memory import MemoryEventLog, MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.engines.readers_csv import CsvReader
from shopkeeper.engines.readers_jsonl import JsonLinesReader
from shopkeeper.engines.readers_parquet import ParquetReader
from shopkeeper.errors import InputError, MappingError
from shopkeeper.intake.import_report import ImportReport, TableReport
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import SourcedRow, SourceReader
from shopkeeper.intake.progress import Progress

NOW = datetime(2026, 6, 1, tzinfo=UTC)
READERS: dict[str, SourceReader] = {"csv": CsvReader(), "jsonl": JsonLinesReader(), "parquet": ParquetReader()}


class Shop:
    """A workspace in memory, with a folder of files to import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = MemoryEventLog()
        self.tables = MemoryTableStore()
        self.quarantine = MemoryQuarantine()
        self.reports = MemoryReports()
        self.seen: list[Progress] = []

    def file(self, name: str, *lines: object) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = (line if isinstance(line, str) else msgspec.json.encode(line).decode() for line in lines)
        path.write_text("\n".join(texts))
        os.utime(path, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
        return path

    def run(
        self,
        store: str | None = "uk",
        mapping: str | None = None,
        path: Path | None = None,
        tell: Callable[[Progress], None] | None = None,
    ) -> ImportReport:
        order = ImportOrder(path or self.folder, store, None)
        if mapping is not None:
            file = self.folder.parent / "map.yaml"
            file.write_text(mapping)
            order = ImportOrder(path or self.folder, store, file)
        engines = ImportEngines(
            self.log, self.tables, self.quarantine, self.reports, READERS, self._settle, lambda validator: validator
        )
        ticks = itertools.count()
        clocks = Clocks(lambda: NOW, lambda: float(next(ticks)))
        return run_import(order, engines, ImportLimits(3, 300.0, 0.05), clocks, tell or self.seen.append)

    def _settle(self, _logged: Mapping[str, int], _started: datetime) -> dict[str, int]:
        return self.log.compact()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "data")


def view(number: int, **changed: object) -> dict[str, Any]:
    return {"ts": 1_700_000_000 + number, "type": "view", "product": "lamp", "user": "ann", **changed}


def table(report: ImportReport, name: str) -> TableReport:
    return next(found for found in report.tables if found.table == name)


class TestByName:
    def test_files_named_after_tables_fill_them(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1), view(2))
        shop.file("products.csv", "product,title,price", "lamp,Lamp,9.5")
        report = shop.run()
        assert table(report, "events") == TableReport("events", 2, 2, 0, 0)
        lamp = shop.tables.get(PRODUCTS, ("uk", "lamp"))
        assert lamp is not None
        assert lamp.row == Product(product="lamp", store="uk", title="Lamp", price=9.5)

    def test_folders_of_parts_fill_their_table(self, shop: Shop) -> None:
        for part in range(3):
            shop.file(f"events/part-{part}.jsonl", view(part))
        assert table(shop.run(), "events").accepted == 3

    def test_other_files_are_skipped_by_name_and_splits_politely(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1))
        shop.file("splits.csv", "user,product,split", "a,b,test")
        shop.file("notes.csv", "a", "b")
        assert {file.name: file.reason for file in shop.run().skipped} == {
            "splits.csv": "is only for evaluations",
            "notes.csv": "is not named after a table of the contract",
        }

    def test_nothing_to_import_is_said_with_what_there_is(self, shop: Shop) -> None:
        shop.file("notes.csv", "a", "b")
        with pytest.raises(InputError, match=r"notes\.csv"):
            shop.run()
        with pytest.raises(InputError, match="does not exist"):
            shop.run(path=shop.folder / "absent")

    def test_one_file_can_be_imported_alone(self, shop: Shop) -> None:
        path = shop.file("events.jsonl", view(1))
        shop.file("users.csv", "user", "ann")
        assert [found.table for found in shop.run(path=path).tables] == ["events"]


class TestAccounting:
    def test_bad_rows_go_to_quarantine_whole_with_place_and_reasons(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1), view(2, price="NaN"), "nonsense", view(3, ts="2030-01-01"))
        report = shop.run()
        assert table(report, "events") == TableReport("events", 4, 1, 0, 3)
        kept = {row.row: (row.source, [p.field for p in row.problems]) for row in shop.quarantine.rows()}
        assert kept == {n: ("events.jsonl", [field]) for n, field in ((2, "price"), (3, "$"), (4, "ts"))}
        assert shop.quarantine.rows()[0].raw["ts"] == "2030-01-01"
        assert not report.within_contract
        assert report.quarantine_share == 3 / 4

    def test_equal_reasons_are_counted_once_with_examples(self, shop: Shop) -> None:
        shop.file("events.jsonl", *[view(n, price=-n) for n in range(1, 6)])
        (reason,) = shop.run().reasons
        assert (reason.field, reason.rows, len(reason.examples)) == ("price", 5, 3)
        assert reason.examples[0] == "events.jsonl:1 got -1"

    def test_importing_again_adds_nothing(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1), view(1), view(2))
        shop.file("users.csv", "user,segment", "ann,gold")
        first, again = shop.run(), shop.run()
        assert [(t.accepted, t.duplicates) for t in first.tables] == [(1, 0), (2, 1)]
        assert [(t.accepted, t.duplicates) for t in again.tables] == [(0, 1), (0, 3)]

    def test_a_bad_row_is_kept_once_however_often_it_comes(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1, price="NaN"), view(1, price="NaN"))
        assert [shop.run().quarantined, shop.run().quarantined] == [2, 2]
        assert shop.quarantine.count() == 2

    def test_an_import_that_broke_off_can_be_run_again(self, shop: Shop) -> None:
        shop.file("events.jsonl", *[view(n) for n in range(8)], view(8, price=-1))
        shop.file("products.jsonl", {"product": "lamp"})

        def interrupt(look: Progress) -> None:
            if look.rows > 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            shop.run(tell=interrupt)
        assert len(shop.log.rows("events")) == 6
        report = shop.run()
        assert table(report, "events") == TableReport("events", 9, 2, 6, 1)
        assert len(shop.log.rows("events")) == 8

    def test_the_report_is_kept(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1))
        report = shop.run()
        (kept,) = shop.reports.latest("import", store="uk")
        assert kept.body == report.as_dict()
        assert msgspec.json.decode(msgspec.json.encode(kept.body)) == kept.body

    def test_progress_ends_with_all_rows(self, shop: Shop) -> None:
        shop.file("events.jsonl", *[view(n) for n in range(10)])
        shop.run()
        assert [look.rows for look in shop.seen] == [3, 6, 9, 10]
        assert shop.seen[-1].share == 1.0
        assert "10 rows" in str(shop.seen[-1])

    @settings(max_examples=12, deadline=None)
    @given(
        st.lists(
            st.sampled_from(["nonsense", "[]", "{}", '{"a":1}'])
            | st.builds(
                lambda **row: msgspec.json.encode(row).decode(),
                ts=st.sampled_from([1, 2, "x"]),
                type=st.sampled_from(["view", "buy"]),
                product=st.sampled_from(["a", None]),
                kind=st.sampled_from(["shop", "web", None]),
            ),
            max_size=12,
        )
    )
    def test_every_row_is_accounted_for_exactly_once(self, tmp_path_factory: Any, lines: list[str]) -> None:  # noqa: ANN401 - pytest's factory
        for where in ("", "where: kind = 'shop'"):
            shop = Shop(tmp_path_factory.mktemp("shop") / "data")
            shop.file("log.jsonl", '{"ts":1,"type":"view","product":"a","kind":"shop"}', *lines)
            fields = "{ts: ts, type: type, product: product}"
            text = f"version: 1\ntables:\n  - table: events\n    from: log.jsonl\n    fields: {fields}\n    {where}\n"
            report = shop.run(mapping=text)
            (events,) = report.tables
            assert report.rows == 1 + len(lines)
            assert events.read == events.accepted + events.duplicates + events.rejected
            assert events.read + report.unmatched == report.rows
            assert events.accepted == len(shop.log.rows("events"))
            assert report.quarantined == events.rejected + report.unmatched == shop.quarantine.count()


class TestStoresAndProducts:
    def test_a_store_nobody_declared_is_declared_and_that_is_said(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1))
        report = shop.run()
        assert report.created_store
        assert not shop.run().created_store
        found = shop.tables.get(STORES, ("uk",))
        assert found is not None
        assert found.row == Store(store="uk")

    def test_a_store_in_the_folder_is_declared_by_it(self, shop: Shop) -> None:
        shop.file("stores.jsonl", {"store": "uk", "currency": "GBP", "time_zone": "Europe/London"})
        shop.file("events.jsonl", view(1, ts="2026-05-01 12:00:00"))
        assert not shop.run().created_store
        (event,) = shop.log.rows("events")
        assert event["ts"] == "2026-05-01T11:00:00Z"

    def test_rows_of_several_stores_come_without_a_store_given(self, shop: Shop) -> None:
        shop.file("stores.jsonl", {"store": "uk"}, {"store": "de"})
        shop.file("events.jsonl", view(1, store="uk"), view(2, store="de"), view(3))
        assert table(shop.run(store=None), "events") == TableReport("events", 3, 2, 0, 1)

    def test_rows_of_another_store_are_refused(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1, store="uk"), view(2, store="de"))
        assert table(shop.run(), "events").rejected == 1

    def test_products_that_only_events_name_get_a_row_that_any_real_row_replaces(self, shop: Shop) -> None:
        shop.file("events.jsonl", view(1), view(2, product="desk"))
        assert shop.run().placeholder_products == 2
        assert shop.tables.count(PRODUCTS, "uk") == 2
        old = SourcedRow(Product(product="lamp", store="uk", title="Lamp"), datetime(1999, 1, 1, tzinfo=UTC))
        assert shop.tables.upsert(PRODUCTS, [old]).written == 1
        assert shop.run().placeholder_products == 0

    def test_an_older_row_never_replaces_a_newer_one(self, shop: Shop) -> None:
        newer = SourcedRow(Product(product="lamp", store="uk", price=2.0), NOW)
        shop.tables.upsert(PRODUCTS, [newer])
        shop.file("products.jsonl", {"product": "lamp", "price": 1})
        shop.run()
        assert shop.tables.get(PRODUCTS, ("uk", "lamp")) == newer

    def test_rows_give_their_source_time_or_have_that_of_their_file(self, shop: Shop) -> None:
        rows = [{"product": "a", "updated_at": "2026-01-01"}, {"product": "b", "source_ts": 5}, {"product": "c"}]
        shop.file("products.jsonl", *rows)
        shop.run()
        times = [getattr(shop.tables.get(PRODUCTS, ("uk", name)), "source_ts", None) for name in "abc"]
        file = datetime.fromtimestamp(NOW.timestamp() - 3600, UTC)
        assert times == [datetime(2026, 1, 1, tzinfo=UTC), datetime.fromtimestamp(5, UTC), file]

    def test_a_deleted_row_withdraws_its_product(self, shop: Shop) -> None:
        shop.file("products.jsonl", {"product": "a"}, {"product": "b", "deleted": True})
        shop.run()
        assert [shop.tables.get(PRODUCTS, ("uk", name)) is None for name in "ab"] == [False, True]

    def test_shoppers_who_do_not_allow_measurement_are_kept_as_counts_only(self, shop: Shop) -> None:
        shop.file("users.jsonl", {"user": "ben", "consent": {"measure": False}})
        refusing = view(3, user="eve", consent_measure="no")
        shop.file("events.jsonl", view(1), view(2, user="ben", quantity=2), refusing)
        assert shop.run().recognised.unmeasured == 2
        assert [event["user"] for event in shop.log.rows("events")] == ["ann"]
        assert sum(count.get("n", 1) for count in shop.log.rows("event_counts")) == 2
        assert not any("user" in count for count in shop.log.rows("event_counts"))


LINES = ("no,sku,name,qty,at,price,who", "1,lamp,Lamp,2,2026-01-01 10:00:00,5,7", "C2,lamp,Lamp,-1,2026-01-02,5,7")
MORE = ("3,lamp,broken,-4,2026-01-03,0,", "4,POST,Postage,1,2026-01-04,3,", "5,lamp,Lamp new,1,2026-01-05,6,")
MAPPING = """
version: 1
store: {currency: GBP, time_zone: Europe/London}
tables:
  - table: products
    from: "*.csv"
    where: CAST(price AS DOUBLE) > 0
    fields:
      product: sku
      title: name
      price: price
      kind: CASE WHEN sku = 'POST' THEN 'service' ELSE 'product' END
    source_ts: at
    keep: none
  - table: events
    from: "*.csv"
    fields:
      ts: at
      type: CASE WHEN no LIKE 'C%' THEN 'refund' WHEN CAST(qty AS INTEGER) < 0 THEN 'custom' ELSE 'purchase' END
      product: sku
      user: who
      quantity: abs(CAST(qty AS INTEGER))
      price: price
      properties.name: CASE WHEN CAST(qty AS INTEGER) < 0 AND no NOT LIKE 'C%' THEN 'stock_adjustment' END
"""


class TestByMapping:
    def test_one_file_fills_several_tables_and_the_newest_line_describes_the_product(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES, *MORE)
        report = shop.run(mapping=MAPPING)
        assert table(report, "products") == TableReport("products", 4, 2, 2, 0)
        assert table(report, "events") == TableReport("events", 5, 5, 0, 0)
        lamp, post = (shop.tables.get(PRODUCTS, ("uk", name)) for name in ("lamp", "POST"))
        assert lamp is not None
        assert post is not None
        assert lamp.row == Product(product="lamp", store="uk", title="Lamp new", price=6.0)
        assert getattr(post.row, "kind", None) == "service"
        assert report.placeholder_products == 0

    def test_refunds_adjustments_guests_and_what_is_no_product_are_recognised(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES, *MORE)
        seen = shop.run(mapping=MAPPING).recognised
        assert seen.by_type == {"purchase": 3, "refund": 1, "stock_adjustment": 1}
        assert (seen.guests, seen.not_products) == (2, 1)
        assert (seen.bought, seen.returned) == (2 * 5 + 1 * 3 + 1 * 6, 1 * 5)

    def test_the_store_is_declared_as_the_mapping_says(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES)
        shop.run(mapping=MAPPING)
        found = shop.tables.get(STORES, ("uk",))
        assert found is not None
        assert found.row == Store(store="uk", currency="GBP", time_zone="Europe/London")

    def test_columns_no_field_names_are_kept_under_their_own_name(self, shop: Shop) -> None:
        shop.file("lines.csv", LINES[0] + ",store,status", LINES[1] + ",London,new")
        shop.run(mapping=MAPPING)
        (event,) = shop.log.rows("events")
        assert event["properties"] == {"name": "Lamp", "store": "London", "status": "new"}
        assert event["store"] == "uk"

    def test_a_rejected_row_names_field_and_expression_and_is_kept_as_it_came(self, shop: Shop) -> None:
        shop.file("lines.csv", LINES[0], "A1,B,Bad debt,1,2026-01-01,-11062.06,")
        shop.run(mapping=MAPPING)
        (row,) = shop.quarantine.rows()
        assert row.raw["price"] == "-11062.06"
        assert row.problems[0].field == "price"
        assert "got '-11062.06' (from price)" in row.problems[0].reason

    def test_a_row_on_which_an_expression_fails_is_rejected_by_the_table_it_was_for(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES, "6,lamp,Lamp,few,2026-01-06,5,7")
        report = shop.run(mapping=MAPPING)
        assert (table(report, "products").rejected, table(report, "events").rejected) == (0, 1)

    def test_rows_that_no_table_wants_are_kept_as_unmatched(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES, *MORE)
        only_products = MAPPING[: MAPPING.index("  - table: events")]
        report = shop.run(mapping=only_products)
        assert (report.unmatched, table(report, "products").read) == (1, 4)
        assert [row.row for row in shop.quarantine.rows()] == [3]

    @pytest.mark.parametrize(("old", "new"), [("title: name", "title: nom"), ('from: "*.csv"', "from: other.csv")])
    def test_a_mapping_that_does_not_fit_stops_before_anything_is_written(self, shop: Shop, old: str, new: str) -> None:
        shop.file("lines.csv", *LINES)
        with pytest.raises(MappingError):
            shop.run(mapping=MAPPING.replace(old, new))
        assert shop.tables.count(STORES) == 0
        assert shop.log.rows("events") == []

    def test_the_identity_of_a_line_is_all_of_its_columns(self, shop: Shop) -> None:
        shop.file("lines.csv", *LINES, LINES[1], LINES[1].replace("Lamp", "Lamp 2"))
        assert table(shop.run(mapping=MAPPING), "events") == TableReport("events", 4, 3, 1, 0)
