"""Public data sets, counted against what is published about them: shipped mappings, and the evaluation's bar."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from shopkeeper.intake.import_report import ImportReport, TableReport
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
MAPPINGS = ROOT / "examples" / "mappings"

pytestmark = pytest.mark.integration


def tables(report: ImportReport) -> dict[str, TableReport]:
    return {table.table: table for table in report.tables}


@pytest.mark.skipif(not (DATA / "online-retail-uci").is_dir(), reason="the data set is not beside the repository")
def test_online_retail_comes_in_whole_and_once(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    folder, mapping = DATA / "online-retail-uci", MAPPINGS / "online-retail-uci.yaml"
    report = import_into(settings, folder, "uk", mapping)
    assert tables(report)["events"] == TableReport("events", 541_909, 541_909 - 5_268 - 2, 5_268, 2)
    assert [(reason.table, reason.field, reason.rows) for reason in report.reasons] == [("events", "price", 2)]
    assert all("-11062.06 (from UnitPrice)" in example for example in report.reasons[0].examples)
    seen = report.recognised
    assert seen.by_type == {"purchase": 541_909 - 9_288 - 1_336 - 2, "refund": 9_288, "stock_adjustment": 1_336}
    # Published: the sum of quantity times price is 9,747,747.93; the two rejected lines hold -11,062.06 each.
    assert seen.bought - seen.returned == pytest.approx(9_747_747.93 + 2 * 11_062.06, abs=0.05)
    # Counted over the rows as they came, before duplicates are left out.
    assert report.source_rows == {
        "events": 541_909, "duplicates": 5_268, "without_user": 135_080, "refunds": 9_288, "negative_prices": 2,
    }  # fmt: skip
    told = check_workspace(settings).as_text()
    for line in (
        "5,268 of 541,909 rows: exact duplicates", "135,080 of 541,909 rows: without a customer",
        "9,288 of 541,909 rows: cancellations or returns", "2 of 541,909 rows: with a negative price",
    ):  # fmt: skip
        assert line in told
    again = import_into(settings, folder, "uk", mapping)
    assert {table.accepted for table in again.tables} == {0}


@pytest.mark.skipif(
    not (DATA / "dunnhumby-complete-journey").is_dir(), reason="the data set is not beside the repository"
)
def test_the_complete_journey_brings_products_users_and_prices_paid(tmp_path: Path) -> None:
    source, folder = DATA / "dunnhumby-complete-journey", tmp_path / "part"
    folder.mkdir()
    for name, rows in (("products", ""), ("demographics", ""), ("transactions", "LIMIT 50000"), ("coupons", "")):
        copied = f"COPY (SELECT * FROM '{source / name}.parquet' {rows}) TO '{folder / name}.parquet'"  # noqa: S608 - the test's own
        duckdb.connect().execute(copied)
    report = import_into(create_workspace(tmp_path / "shop"), folder, "us", MAPPINGS / "dunnhumby.yaml")
    assert {name: (t.read, t.accepted, t.rejected) for name, t in tables(report).items()} == {
        "products": (92_331, 92_331, 0),
        "users": (801, 801, 0),
        "events": (50_000, 50_000, 0),
    }
    assert [file.name for file in report.skipped] == ["coupons.parquet"]
    assert report.recognised.not_products > 0
    assert set(report.recognised.by_type) == {"purchase", "till_adjustment"}


@pytest.mark.skipif(not (DATA / "olist-sample").is_dir(), reason="the data set is not beside the repository")
def test_olist_comes_in_whole_with_its_money(tmp_path: Path) -> None:
    source, folder = DATA / "olist-sample", tmp_path / "olist"
    folder.mkdir()
    for name in ("products", "customers", "sellers"):
        (folder / f"{name}.parquet").write_bytes((source / f"{name}.parquet").read_bytes())
    joined = f"""
        COPY (SELECT i.*, o.order_status, o.order_purchase_timestamp, c.customer_unique_id, c.customer_state
              FROM '{source}/order_items.parquet' i JOIN '{source}/orders.parquet' o USING (order_id)
              JOIN '{source}/customers.parquet' c USING (customer_id)) TO '{folder}/lines.parquet'
    """  # noqa: S608 - the test's own
    duckdb.connect().execute(joined)
    report = import_into(create_workspace(tmp_path / "shop"), folder, "br", MAPPINGS / "olist.yaml")
    assert {name: (t.read, t.accepted, t.duplicates, t.rejected) for name, t in tables(report).items()} == {
        "products": (5_460, 5_460, 0, 0),
        "users": (8_135, 8_016, 8_135 - 8_016, 0),
        "events": (8_365, 8_365, 0, 0),
    }
    sold = f"""
        SELECT sum(price) FROM '{source}/order_items.parquet' JOIN '{source}/orders.parquet' USING (order_id)
        WHERE order_status NOT IN ('canceled', 'unavailable')
    """  # noqa: S608 - the test's own
    (expected,) = duckdb.connect().execute(sold).fetchone() or (None,)
    assert report.recognised.bought == pytest.approx(expected, abs=0.01)


@pytest.mark.skipif(not (DATA / "yoochoose-100k").is_dir(), reason="the data set is not beside the repository")
def test_yoochoose_clicks_come_in_by_session(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    report = import_into(settings, DATA / "yoochoose-100k", "shop", MAPPINGS / "yoochoose.yaml")
    events = tables(report)["events"]
    assert (events.read, events.rejected) == (70_278 + 13_568, 0)
    assert report.recognised.by_type == {"view": 70_278 + 13_568}


@pytest.mark.skipif(not (DATA / "amazon-beauty-5core").is_dir(), reason="the data set is not beside the repository")
def test_amazon_beauty_reaches_the_published_bar() -> None:
    command = [sys.executable, str(ROOT / "evaluations/next_item.py"), "--data", str(DATA / "amazon-beauty-5core")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    assert (found["cases"], found["items"]) == (22363, 12101)
    assert found["models"]["item-knn"]["ndcg@10"] >= 0.0505
    assert found["models"]["item-knn"]["hr@10"] >= 0.082
    assert found["models"]["popular"]["ndcg@10"] < 0.01
