"""Files of prices for shops' own importers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopkeeper.pricing.runs.price_files import FileFormat, price_file
from shopkeeper.pricing.runs.price_run import PublishedPrice

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def price(product: str, amount: float, price_list: str = "", *, shown: float | None = None) -> PublishedPrice:
    return PublishedPrice(
        store="uk", price_list=price_list, product=product, number=7, run="r1", currency="GBP", price=amount, good=9.0,
        at=AT, outcome="" if shown is None else "changed", observed=shown,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        ("csv", [
            "store,price_list,product,price,currency,number,run,at",
            "uk,,lamp,10.50,GBP,7,r1,2026-12-01T12:00:00+00:00",
            "uk,trade,lamp,9.00,GBP,7,r1,2026-12-01T12:00:00+00:00",
        ]),
        ("shopify", ["Handle,Variant SKU,Variant Price", "lamps,lamp,10.50"]),
        ("woocommerce", ["SKU,Regular price", "lamp,10.50"]),
    ],
)  # fmt: skip
def test_each_format_has_its_columns_and_shops_importers_only_their_one_price(
    form: FileFormat, lines: list[str]
) -> None:
    text = price_file([price("lamp", 9.0, "trade"), price("lamp", 10.5)], form, {"lamp": "lamps"})
    assert text == "".join(line + "\r\n" for line in lines)


def test_no_name_is_taken_for_a_formula() -> None:
    assert price_file([price("=cmd()", 1.0)], "woocommerce").splitlines()[1] == "'=cmd(),1.00"


def test_a_price_the_shop_set_itself_since_is_written_as_it_is() -> None:
    assert price_file([price("lamp", 10.5, shown=11.0)], "woocommerce").splitlines()[1] == "lamp,11.00"


def test_prices_in_small_parts_keep_them() -> None:
    assert price_file([price("screw", 0.0125)], "woocommerce").splitlines()[1] == "screw,0.0125"
