"""Adobe Commerce (Magento 2): the product CSV of its own exporter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.intake.formats.cells import Cells, filled, listed, path, plain_text
from shopkeeper.intake.formats.shape import Format, Memory, Produced

_PAIR = re.compile(r",(?=[A-Za-z_]\w*=)")
_KINDS = {"bundle": "bundle", "grouped": "bundle", "giftcard": "gift_card", "virtual": "service"}


class MagentoProducts:
    """One row a product; a configurable one lists its variants, and rows with a store view only translate.

    The file is read twice: variants mostly stand before the product that lists them.
    """

    def __init__(self, _memory: Memory, _changed: datetime) -> None:
        self._parents: dict[str, str] = {}
        self._chosen: dict[str, dict[str, str]] = {}
        self._views: dict[str, dict[str, str]] = {}

    def look(self, values: Mapping[str, Any]) -> None:
        """Learn what configurable products list, and what store views call their products."""
        cells = Cells(values)
        sku, view = cells.text("sku"), cells.text("store_view_code")
        if sku and view:
            if name := cells.text("name"):
                self._views.setdefault(sku, {})[f"name_{view}"] = name
            return
        for variation in listed(cells.text("configurable_variations"), "|") if sku else ():
            pairs = _pairs(variation)
            child = pairs.pop("sku", None)
            if child and sku:
                self._parents[child] = sku
                self._chosen[child] = pairs

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the product; a row with a store view is a part of the product's own row."""
        cells = Cells(values)
        sku = cells.text("sku")
        if cells.text("store_view_code") and sku:
            return
        more = _pairs(cells.text("additional_attributes") or "")
        kind = (cells.text("product_type") or "simple").lower()
        attributes: dict[str, Any] = {
            name: parts if len(parts := listed(value, "|")) > 1 else value for name, value in more.items()
        }
        attributes |= self._chosen.get(sku or "", {}) | self._views.get(sku or "", {})
        attributes |= filled({
            "images": listed(cells.text("additional_images")), "weight": cells.text("weight"),
            "visibility": cells.text("visibility"), "attribute_set": cells.text("attribute_set_code"),
            "type": kind if kind != "simple" else None, "related": listed(cells.text("related_skus")),
        })  # fmt: skip
        raw = {
            "product": sku, "parent": self._parents.get(sku or ""), "kind": _KINDS.get(kind, "product"),
            "title": cells.text("name"), "description": plain_text(cells.text("description", "short_description")),
            "brand": more.get("brand") or more.get("manufacturer"), "categories": _paths(cells.text("categories")),
            "cost": more.get("cost"), "stock": _stock(cells, kind),
            "status": "withdrawn" if cells.text("product_online") in ("0", "2") else "active",
            "tax_class": cells.text("tax_class_name"), "url": cells.text("url_key"), "gtin": more.get("gtin"),
            "image_url": _image(cells.text("base_image")), **_price(cells, attributes),
        }  # fmt: skip
        raw["attributes"] = filled(attributes)
        yield Produced(PRODUCTS, filled(raw), row)

    def finish(self) -> Iterable[Produced]:
        """Nothing waits."""
        return ()


def _pairs(text: str) -> dict[str, str]:
    """Return `a=1,b=2, 3` as `{"a": "1", "b": "2, 3"}`: a comma is a separator where a name follows it."""
    pairs = (part.partition("=") for part in _PAIR.split(text) if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip() and value.strip()}


def _paths(text: str | None) -> list[str]:
    """Return category paths without the root that all of them share; a comma in a name does not end a path."""
    if not text:
        return []
    root = text.split("/", 1)[0]
    parts = re.split(rf",(?={re.escape(root)}(?:/|$))", text)
    paths = [path(part.split("/")[1:]) for part in parts]
    return list(dict.fromkeys(found for found in paths if found))


def _image(text: str | None) -> str | None:
    return None if text in (None, "no_selection") else text


def _stock(cells: Cells, kind: str) -> float | None:
    """Return what can be sold; None where nobody counts, and for products whose variants are counted."""
    if cells.text("is_in_stock") == "0":
        return 0.0
    if kind != "simple" or (cells.text("manage_stock") == "0" and cells.text("use_config_manage_stock") == "0"):
        return None
    quantity = cells.number("qty")
    if quantity is not None and quantity <= 0 and cells.text("allow_backorders") in ("1", "2"):
        return None
    return None if quantity is None else max(quantity, 0.0)


def _price(cells: Cells, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the price now; a special price with dates is kept beside it: an export has no clock to judge it by."""
    price, special = cells.text("price"), cells.text("special_price")
    dates = filled({"from": cells.text("special_price_from_date"), "until": cells.text("special_price_to_date")})
    if special is None:
        return {"price": price}
    if not dates:
        attributes["list_price"] = price
        return {"price": special}
    attributes["sale"] = {"price": special, **dates}
    return {"price": price}


MAGENTO = (
    Format(
        "magento-products",
        "Adobe Commerce (Magento) product CSV",
        (
            frozenset({"sku", "attribute_set_code", "product_type"}),
            frozenset({"sku", "product_type", "categories", "name"}),
        ),
        (PRODUCTS,),
        MagentoProducts,
        looks_ahead=True,
    ),
)
