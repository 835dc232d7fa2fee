"""Files of sales are read as they come; published regressions come out as published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from evaluations.elasticity import main
from evaluations.price_panels import Market, simulated

DATA = Path(__file__).parents[3] / "shared" / "data" / "pricing"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real price histories are not on this machine")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history as a file: dates, logarithms of units, prices, and days without sales left out of the logarithm."""
    history = simulated(Market(categories=1, products=24, stores=3, periods=60, units=30.0, confounding=0.0), 2)
    pair, week = np.nonzero(history.panel.units > 0)
    folder = tmp_path_factory.mktemp("sales")
    table = {
        "item": history.panel.product[pair].astype(str), "shop": history.panel.store[pair],
        "date": np.datetime64("2025-01-06") + 7 * week, "units": history.panel.units[pair, week].astype(np.int64),
        "logmove": np.log(history.panel.units[pair, week].astype(np.float64)),
        "price": history.panel.price[pair, week].astype(np.float64),
        "on_offer": np.where(history.panel.promo[pair, week] > 0, "yes", "no"),  # type: ignore[index]
        "word": np.full(len(pair), "dear"), "flat": np.full(len(pair), 9.99),
    }  # fmt: skip
    connection = duckdb.connect()
    columns = ", ".join(f"unnest(${name}) AS {name}" for name in table)
    connection.execute(f"CREATE TABLE t AS SELECT {columns}", {k: v.tolist() for k, v in table.items()})
    connection.table("t").write_csv(str(folder / "sales.csv"))
    connection.close()
    return folder / "sales.csv"


def words(file: Path, **named: str) -> list[str]:
    columns = {"product": "item", "store": "shop", "time": "date", "units": "units", "price": "price"} | named
    return ["--data", str(file), *(word for k, v in columns.items() if v for word in (f"--{k}", v))]


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    assert main(list(argv)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def test_a_file_gives_slopes_with_intervals(sales: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "slopes.csv"
    found = said(capsys, *words(sales, promo="on_offer"), "--out", str(out))
    assert found["pairs"] == 24 * 3
    assert found["pooled_low"] < found["pooled"] < found["pooled_high"] < 0
    assert all(pair["low"] < pair["slope"] < pair["high"] < 0 for pair in found["slopes"])
    assert len(out.read_text().splitlines()) == 1 + 24 * 3


def test_units_may_be_logarithms(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, logs = said(capsys, *words(sales)), said(capsys, *words(sales, units="logmove"))
    assert logs["pooled"] == pytest.approx(plain["pooled"], abs=1e-3)
    assert "is a natural logarithm" in " ".join(logs["reading"]["found"])


def test_rows_without_time_or_store_are_estimated_as_well(sales: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, *words(sales, time="", store=""))["pairs"] == 24


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        ({"price": "prise"}, "there is no column 'prise' for --price; the file has item, shop, date"),
        ({"price": "word"}, "'word' holds 'dear' in row 1; --price takes plain numbers"),
        ({"time": "word"}, "'word' holds 'dear', which is no date that is known"),
        ({"promo": "item"}, "goes up to"),
        ({"price": "flat"}, "No price moved"),
    ],
)
def test_what_cannot_be_used_is_named(
    sales: Path, capsys: pytest.CaptureFixture[str], named: dict[str, str], complaint: str
) -> None:
    status = main(words(sales, **named))
    answer = capsys.readouterr()
    assert (status == 2 and complaint in answer.err) or complaint in answer.out


@needs_data
def test_taddys_regressions_come_out_to_three_decimals() -> None:
    """The referee is statsmodels; figures of Taddy's course code on brands 1, 5 and 10 (28,947 rows)."""
    formula = pytest.importorskip("statsmodels.formula.api")
    table = (
        duckdb.read_parquet(str(DATA / "orange_juice.parquet"))
        .filter("brand IN (1, 5, 10)")
        .project("logmove AS y, ln(own_pack_price) AS x, brand_name AS brand, feat")
        .df()
    )
    assert len(table) == 28_947
    simple = formula.ols("y ~ x + brand", table).fit()
    assert simple.params["x"] == pytest.approx(-3.139, abs=5e-4)
    whole = formula.ols("y ~ x * brand * feat", table).fit()
    assert whole.params["x"] == pytest.approx(-2.77415, abs=5e-4)
    assert whole.bse["x"] == pytest.approx(0.03883, abs=5e-4)
    assert whole.params["feat"] == pytest.approx(1.09441, abs=5e-4)


@needs_data
def test_orange_juice_has_the_right_signs_and_an_order_that_makes_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The premium brand answers least to price of the three in 64 ounces; a tenth of the stores is enough to tell."""
    file = tmp_path / "juice.parquet"
    juice = duckdb.read_parquet(str(DATA / "orange_juice.parquet"))
    juice.filter("store % 10 = 2 AND brand IN (1, 4, 5, 11)").write_parquet(str(file))
    named = {"product": "brand_name", "store": "store", "time": "week", "units": "logmove", "price": "own_pack_price"}
    found = said(capsys, *words(file, **named, promo="feat"))
    slopes = {product["product"]: product["slope"] for product in found["products"]}
    assert all(slope < -1 for slope in slopes.values())
    assert slopes["tropicana_64"] < slopes["tropicana_premium_64"]
    assert found["wrong_sign_share"] < 0.05
