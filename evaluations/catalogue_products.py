"""The developers' catalogue (three shops, 312 products) as products of ours; provenance in its README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shopkeeper.commerce.product import Product


def catalogue(folder: Path) -> list[Product]:
    """All products of `icecat_sample.jsonl`, `magento_apparel.jsonl` and `dummyjson_products.jsonl`."""
    readers = {"icecat_sample": _icecat, "magento_apparel": _magento, "dummyjson_products": _dummyjson}
    return [reader(row) for name, reader in readers.items() for row in _rows(folder / f"{name}.jsonl")]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _icecat(row: dict[str, Any]) -> Product:
    return Product(
        product=f"icecat-{row['id']}",
        title=row["title"],
        brand=row["brand"],
        categories=tuple(row["categories"]),
        attributes=row["attrs"],
    )


def _magento(row: dict[str, Any]) -> Product:
    pairs = (pair.partition("=") for pair in row["additional_attributes"].split(","))
    paths = (path.removeprefix("Default Category/").replace("/", " > ") for path in row["categories"].split(","))
    return Product(
        product=f"magento-{row['sku']}",
        title=row["name"],
        categories=tuple(path for path in paths if path != "Default Category"),
        attributes={name: value for name, _, value in pairs},
    )


def _dummyjson(row: dict[str, Any]) -> Product:
    terms = ("tags", "weight", "dimensions", "warrantyInformation", "shippingInformation", "returnPolicy")
    return Product(
        product=f"dummyjson-{row['id']}",
        title=row["title"],
        brand=row["brand"],
        categories=(row["category"],),
        attributes={name: row[name] for name in (*terms, "minimumOrderQuantity", "sku")},
    )
