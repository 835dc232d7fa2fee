"""The exports of shops and trackers come in by their columns alone, whole, once, and without what is not needed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.tables import PRODUCTS, TableSchema
from shopkeeper.engines.memory import MemoryEventLog, MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.engines.readers_csv import CsvReader
from shopkeeper.engines.readers_jsonl import JsonLinesReader
from shopkeeper.errors import InputError
from shopkeeper.intake.formats.known import FORMATS, formats_named, recognised
from shopkeeper.intake.formats.shape import Memory, email_hash
from shopkeeper.intake.import_report import ImportReport, TableReport
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import

SAMPLES = Path(__file__).parent / "samples"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Shop:
    """A workspace in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.log = MemoryEventLog()
        self.tables = MemoryTableStore()
        self.quarantine = MemoryQuarantine()

    def take(self, *samples: str, known_as: str | None = None) -> ImportReport:
        for sample in samples:
            shutil.copy(SAMPLES / sample, self.folder / sample)
        engines = ImportEngines(
            log=self.log,
            tables=self.tables,
            quarantine=self.quarantine,
            reports=MemoryReports(),
            readers={"csv": CsvReader(), "jsonl": JsonLinesReader()},
            settle=self._settle,
            arriving=lambda validator: validator,
        )
        order = ImportOrder(self.folder, "de", format=known_as)
        return run_import(order, engines, ImportLimits(3, 300.0, 0.05), Clocks(lambda: NOW, lambda: 0.0))

    def _settle(self, _logged: Mapping[str, int], _started: datetime) -> dict[str, int]:
        doubled = self.log.compact()
        return {**doubled, "events": doubled.get("events", 0) + doubled.get("event_counts", 0)}

    def rows(self, table: str) -> list[dict[str, Any]]:
        return self.log.rows(table)

    def product(self, name: str) -> dict[str, Any]:
        found = self.tables.get(PRODUCTS, ("de", name))
        assert found is not None
        row: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found.row))
        return row


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "exports")


def counts(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    return {t.table: (t.read, t.accepted, t.rejected) for t in report.tables}


class TestShopifyProducts:
    def test_rows_of_one_handle_are_a_parent_and_its_variants(self, shop: Shop) -> None:
        report = shop.take("shopify_products.csv")
        # 9 rows: shirt 3 variants + 1 parent (its image row is part of it), mug, voucher 2 + 1, cap; one bad price.
        assert counts(report) == {"products": (10, 9, 1)}
        assert report.files[0].known_as == "shopify-products"
        white = shop.product("LS-WH-M")
        assert (white["parent"], white["title"], white["price"], white["cost"], white["stock"]) == (
            "linen-shirt", "Linen Shirt - White / M", 49.9, 18.2, 12,
        )  # fmt: skip
        assert white["categories"] == ["Apparel & Accessories > Clothing > Shirts", "Shirts"]
        assert white["gtin"] == "4006381333931"
        assert white["attributes"]["color"] == "White"
        assert white["attributes"]["size"] == "M"
        assert white["attributes"]["list_price"] == 59.9
        assert white["attributes"]["tags"] == ["linen", "summer"]
        assert white["attributes"]["fabric"] == "Linen"
        assert len(white["attributes"]["images"]) == 3

    def test_the_parent_stands_for_its_variants(self, shop: Shop) -> None:
        shop.take("shopify_products.csv")
        parent = shop.product("linen-shirt")
        assert parent["description"] == 'Light & cool, "pre-washed". 100% linen'
        assert parent["price"] == min(49.9, 44.9)
        assert "stock" not in parent  # one variant sells on without stock
        assert parent["attributes"]["color"] == ["White", "Sand"]
        assert parent["attributes"]["variants"] == 3

    def test_a_product_without_options_stands_alone(self, shop: Shop) -> None:
        shop.take("shopify_products.csv")
        mug = shop.product("MUG-1")
        assert "parent" not in mug
        assert "title" not in mug["attributes"]
        assert shop.product("gift-card/50")["kind"] == "gift_card"
        assert shop.product("CAP-0")["status"] == "withdrawn"

    def test_the_columns_of_2024_and_later_say_the_same(self, shop: Shop) -> None:
        assert counts(shop.take("shopify_products_2026.csv")) == {"products": (3, 3, 0)}
        assert shop.product("SOCK-L")["stock"] == 5
        assert shop.product("wool-sock")["stock"] == 7 + 5

    def test_a_bad_row_is_kept_with_the_number_of_its_source_row(self, shop: Shop) -> None:
        shop.take("shopify_products.csv")
        (kept,) = shop.quarantine.rows()
        assert (kept.source, kept.row, kept.problems[0].field) == ("shopify_products.csv", 9, "price")
        assert kept.raw["product"] == "BAD-1"

    def test_a_handle_that_comes_back_later_is_refused(self, shop: Shop) -> None:
        (shop.folder / "p.csv").write_text("Handle,Title,Variant Price\na,A,1\nb,B,2\na,A,3\n")
        assert counts(shop.take()) == {"products": (3, 2, 1)}
        assert shop.quarantine.rows()[0].problems[0].field == "Handle"


class TestShopifyOrders:
    def test_lines_become_purchases_that_add_up_to_what_was_paid(self, shop: Shop) -> None:
        report = shop.take("shopify_orders.csv")
        assert counts(report) == {"orders": (5, 5, 0), "events": (9, 8, 1)}
        first = [event for event in shop.rows("events") if event["order_id"] == "#1001"]
        assert [(e["product"], e["quantity"], e["price"]) for e in first] == [
            ("LS-WH-M", 2, pytest.approx(49.9 * 102.42 / 113.8)),
            ("Enamel Mug", 1, pytest.approx(14 * 102.42 / 113.8)),
        ]
        assert sum(e["quantity"] * e["price"] for e in first) == pytest.approx(102.42)
        assert first[0]["ts"] == "2026-01-10T08:15:00Z"
        assert first[0]["properties"]["list_price"] == 49.9

    def test_the_ledger_is_without_tax_and_less_returns(self, shop: Shop) -> None:
        shop.take("shopify_orders.csv")
        ledger = {order["order_id"]: (order.get("revenue", 0.0), order["status"]) for order in shop.rows("orders")}
        assert ledger == {
            "#1001": (pytest.approx(102.42 - 17.14), "paid"),
            "#1002": (0.0, "cancelled"),
            "#1003": (0.0, "cancelled"),
            "#1004": (pytest.approx((63.9 - 10.2) / 2), "partially_refunded"),
            "#1005": (pytest.approx(14 - 2.24), "paid"),
        }

    def test_refunds_give_back_lines_or_a_share_of_every_line(self, shop: Shop) -> None:
        shop.take("shopify_orders.csv")
        refunds = [e for e in shop.rows("events") if e["type"] == "refund"]
        assert [(e["order_id"], e["product"], e.get("quantity"), e["price"]) for e in refunds] == [
            ("#1002", "LS-SA-M", 1, 44.9),
            ("#1004", "LS-WH-L", None, 24.95),
            ("#1004", "MUG-1", None, 7.0),
        ]
        assert not [e for e in shop.rows("events") if e["order_id"] == "#1003"]

    def test_a_line_without_sku_finds_its_product_in_the_catalogue(self, shop: Shop) -> None:
        shop.take("shopify_products.csv", "shopify_orders.csv")
        assert {e["product"] for e in shop.rows("events") if e["order_id"] == "#1001"} == {"LS-WH-M", "MUG-1"}

    def test_customers_are_known_by_number_and_no_address_is_kept(self, shop: Shop) -> None:
        shop.take("shopify_customers.csv", "shopify_orders.csv")
        users = {row["user"]: row for row in shop.rows("users")}
        assert set(users) == {"7001", "7002"}
        assert users["7001"]["consent"] == {"email": True}
        assert users["7001"]["region"] == "DE-BE"
        assert {e["user"] for e in shop.rows("events") if e["order_id"] == "#1001"} == {"7001"}
        assert {e["user"] for e in shop.rows("events") if e["order_id"] == "#1002"} == {
            f"email-{email_hash('guest@example.com')}"
        }
        logged = repr([shop.rows(table) for table in ("users", "orders", "events")])
        for word in ("@example.com", "Main St", "+4930", "Ann", "Berlin"):
            assert word not in logged

    def test_customers_of_an_earlier_import_are_known(self, shop: Shop) -> None:
        shop.take("shopify_customers.csv")
        (shop.folder / "shopify_customers.csv").unlink()
        shop.take("shopify_orders.csv")
        assert "7001" in {e.get("user") for e in shop.rows("events")}

    def test_taking_the_same_export_again_adds_nothing(self, shop: Shop) -> None:
        samples = ("shopify_products.csv", "shopify_customers.csv", "shopify_orders.csv")
        first, again = shop.take(*samples), shop.take()
        assert all(t.accepted for t in first.tables)
        for found in again.tables:
            assert found == TableReport(found.table, found.read, 0, found.read - found.rejected, found.rejected)


class TestWooCommerce:
    def test_variations_hang_under_their_parent_wherever_it_stands(self, shop: Shop) -> None:
        assert counts(shop.take("woocommerce_products.csv")) == {"products": (5, 5, 0)}
        red, blue, parent = shop.product("hoodie-red"), shop.product("62"), shop.product("hoodie")
        assert (red["parent"], blue["parent"]) == ("hoodie", "hoodie")
        assert (red["price"], red["attributes"]["list_price"], red["attributes"]["color"]) == (42, "45", "Red")
        assert blue["stock"] == 0
        assert parent["categories"] == ["Clothing > Hoodies", "Sale"]
        assert parent["attributes"]["color"] == ["Red", "Blue"]

    def test_a_sale_with_dates_and_escaped_commas_are_understood(self, shop: Shop) -> None:
        shop.take("woocommerce_products.csv")
        advice = shop.product("advice")
        assert advice["categories"] == ["Services, Advice"]
        assert advice["price"] == 20
        assert advice["attributes"]["sale"] == {"price": "15", "from": "2026-03-01", "until": "2026-03-31"}
        assert shop.product("set-1")["kind"] == "bundle"

    def test_orders_with_repeated_columns_are_one_order(self, shop: Shop) -> None:
        report = shop.take("woocommerce_products.csv", "woocommerce_orders.csv")
        assert counts(report)["orders"] == (2, 2, 0)
        events = shop.rows("events")
        assert [(e["product"], e["price"]) for e in events] == [("hoodie-red", 37.8), ("62", 40.5)]
        assert sum(e["price"] for e in events) == pytest.approx(87.0 - 8.7)


class TestMagento:
    def test_configurable_products_own_the_variants_before_them(self, shop: Shop) -> None:
        assert counts(shop.take("magento_products.csv")) == {"products": (4, 4, 0)}
        variant, parent = shop.product("WS03-XS-Red"), shop.product("WS03")
        assert (variant["parent"], variant["cost"], variant["stock"]) == ("WS03", 11.5, 100)
        assert variant["attributes"]["size"] == "XS"
        assert variant["categories"] == ["Women > Tops > Tees", "Promotions > Women, Sale"]
        assert (parent["price"], parent["attributes"]["list_price"]) == (24, "29.0000")
        assert parent["attributes"]["material"] == ["Nylon", "Polyester, recycled"]
        assert parent["attributes"]["name_de"] == "Iris Sportoberteil"
        assert shop.product("WS03-S-Red")["stock"] == 0
        assert (shop.product("GIFT")["kind"], shop.product("GIFT")["status"]) == ("service", "withdrawn")


class TestClickstreams:
    def test_ga4_gives_one_event_an_item_and_accounts_for_each(self, shop: Shop) -> None:
        report = shop.take("ga4.jsonl")
        # view 1, list 3 (one bad price), cart 1, purchase 2, scroll 1, view without item 1 (bad), search 1
        assert counts(report)["events"] == (10, 8, 2)
        assert report.rows == 7
        assert sorted((row.row, row.problems[0].field) for row in shop.quarantine.rows()) == [
            (2, "price"),
            (6, "product"),
        ]
        assert list(report.recognised.by_type) == ["impression", "purchase", "view", "cart", "search", "scroll"]
        assert report.recognised.unmeasured == 1
        view, first = shop.rows("events")[:2]
        assert view["ts"] == "2026-01-10T08:00:00.123456Z"
        assert view["session"] == "111.222.1768031990"
        assert "coupon" not in view["properties"]
        assert (first["decision_id"], first["position"], first["surface"]) == ("d-77", 1, "home")

    def test_ga4_twice_adds_nothing(self, shop: Shop) -> None:
        shop.take("ga4.jsonl")
        again = shop.take()
        assert counts(again)["events"] == (10, 0, 2)

    def test_segment_names_become_our_types(self, shop: Shop) -> None:
        report = shop.take("segment.jsonl")
        assert counts(report)["events"] == (11, 10, 1)
        assert dict(report.recognised.by_type) == {
            "impression": 2, "view": 1, "cart": 1, "purchase": 1, "search": 1, "identify": 1, "rating": 1, "Home": 1,
            "Wishlist Shared": 1,
        }  # fmt: skip
        events = {event["event_id"]: event for event in shop.rows("events")}
        assert (events["m-2-2"]["product"], events["m-2-2"]["position"]) == ("B", 2)
        assert (events["m-4-1"]["user"], events["m-4-1"]["order_id"]) == ("7001", "O1")
        assert events["m-8"]["value"] == 5
        assert shop.quarantine.rows()[0].row == 4


class TestChoosing:
    @pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.iterdir()))
    def test_each_sample_is_recognised_by_its_columns_alone(self, shop: Shop, sample: str) -> None:
        renamed = shop.folder / ("orders" + "".join(Path(sample).suffixes))  # the name of a table does not win
        shutil.copy(SAMPLES / sample, renamed)
        (file,) = shop.take().files
        stem = sample.split(".", maxsplit=1)[0].removesuffix("_2026").replace("_", "-")
        assert file.known_as == stem

    def test_files_of_the_contract_are_no_export(self) -> None:
        assert recognised(["event_id", "ts", "type", "product", "user", "properties"]) is None
        assert recognised(["product", "title", "price", "categories", "status"]) is None
        assert recognised(["order_id", "ts", "user", "revenue", "status"]) is None

    def test_a_family_leaves_other_files_alone(self, shop: Shop) -> None:
        report = shop.take("shopify_products.csv", "ga4.jsonl", known_as="shopify")
        assert [file.name for file in report.files] == ["shopify_products.csv"]
        assert [file.name for file in report.skipped] == ["ga4.jsonl"]

    def test_an_unknown_format_is_refused_with_the_known_ones(self, shop: Shop) -> None:
        with pytest.raises(InputError, match="shopify-orders"):
            shop.take("ga4.jsonl", known_as="etsy")
        assert len(formats_named("shopify")) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted({name for known in FORMATS for mark in known.marks for name in mark} | {
    "items", "products", "userId", "traits", "context", "ecommerce", "device", "Lineitem price", "Lineitem sku",
    "Subtotal", "Total", "Refunded Amount", "Option1 Value", "Variant SKU", "configurable_variations", "Parent", "ID",
    "additional_attributes", "qty", "Attribute 1 name", "Attribute 1 value(s)", "Images", "Order Total Amount",
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(KEYS), JSON | st.sampled_from(["1", "a=b|c=d", "-3", "2026-01-01"]), max_size=8
        ),
        max_size=5,
    )
)
def test_no_row_whatever_it_holds_breaks_a_format(rows: list[dict[str, Any]]) -> None:
    for known in FORMATS:
        shape = known.shape(Memory(), NOW)
        for row in rows:
            shape.look(row)
        made = [produced for number, row in enumerate(rows, 1) for produced in shape.take(number, row)]
        made += shape.finish()
        tables: set[TableSchema] = {produced.table for produced in made}
        assert tables <= set(known.tables)
        assert all(1 <= produced.row <= len(rows) for produced in made)
