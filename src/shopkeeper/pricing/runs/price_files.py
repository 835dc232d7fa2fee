"""Prices as files that a shop's own importer reads: plain CSV, Shopify, WooCommerce."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from shopkeeper.commerce.csv_cells import harmless, line
from shopkeeper.pricing.runs.price_run import PublishedPrice

FileFormat = Literal["csv", "shopify", "woocommerce"]


def price_file(prices: Sequence[PublishedPrice], form: FileFormat, parents: Mapping[str, str] | None = None) -> str:
    """Return the text of a file, one price a row, by product.

    Shopify: its product CSV with Handle, Variant SKU and Variant Price, which changes prices of products it has.
    WooCommerce: its product CSV with SKU and Regular price, imported with "update existing products".
    Sources: Shopify Help, "Using CSV files to import and export products"; WooCommerce Docs, "Product CSV Import
    Schema".

    Args:
        parents: Product -> what it hangs under, for Shopify's handles.
    """
    header, row = _FORMS[form]
    named = parents or {}
    ordered = sorted(prices, key=lambda one: one.key)
    rows = (row(one, named) for one in ordered if form == "csv" or not one.price_list)
    return line(header) + "".join(line(map(harmless, cells)) for cells in rows)


def _plain(one: PublishedPrice, _parents: Mapping[str, str]) -> list[str]:
    return [
        one.store, one.price_list, one.product, _money(one), one.currency, str(one.number), one.run, one.at.isoformat(),
    ]  # fmt: skip


def _shopify(one: PublishedPrice, parents: Mapping[str, str]) -> list[str]:
    return [parents.get(one.product, one.product), one.product, _money(one)]


def _woocommerce(one: PublishedPrice, _parents: Mapping[str, str]) -> list[str]:
    return [one.product, _money(one)]


def _money(one: PublishedPrice) -> str:
    return f"{one.holds:.6f}".rstrip("0").rstrip(".") if round(one.holds, 2) != one.holds else f"{one.holds:.2f}"


Row = Callable[[PublishedPrice, Mapping[str, str]], list[str]]
_FORMS: Final[Mapping[FileFormat, tuple[tuple[str, ...], Row]]] = {
    "csv": (("store", "price_list", "product", "price", "currency", "number", "run", "at"), _plain),
    "shopify": (("Handle", "Variant SKU", "Variant Price"), _shopify),
    "woocommerce": (("SKU", "Regular price"), _woocommerce),
}
