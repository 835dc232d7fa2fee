"""WooCommerce: the product CSV of its own exporter, and the order CSV of Advanced Order Export with its own labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS, ORDERS, PRODUCTS
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.formats.cells import Cells, filled, listed, path, plain_text
from shopkeeper.intake.formats.orders import Line, Sale
from shopkeeper.intake.formats.shape import Format, Memory, Produced

_ATTRIBUTE = re.compile(r"attribute (\d+) name")
_STATUS = {"1": "active", "0": "withdrawn", "-1": "draft"}
_NEVER_SOLD = frozenset({"failed", "cancelled", "pending", "pending payment", "draft", "checkout-draft", "trash"})


class WooProducts:
    """One row a product or variation; a variation names its parent by id or SKU, wherever that stands in the file."""

    def __init__(self, memory: Memory, _changed: datetime) -> None:
        self._memory = memory
        self._by_id: dict[str, str] = {}
        self._titles: dict[str, str] = {}

    def look(self, values: Mapping[str, Any]) -> None:
        """Learn which id has which SKU."""
        cells = Cells(values)
        identity, sku = cells.text("ID"), cells.text("SKU")
        product = sku or identity
        if product and identity:
            self._by_id[identity] = product
        if product and (title := cells.text("Name")):
            self._titles[product] = title

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the product."""
        cells = Cells(values)
        types = [word.lower() for word in listed(cells.text("Type"))]
        product = cells.text("SKU", "ID")
        variation = "variation" in types
        chosen = self._attributes(cells, one=variation)
        title = cells.text("Name")
        if title and product:
            self._memory.named.setdefault(title.lower(), product)
        raw = {
            "product": product, "parent": self._parent(cells.text("Parent")) if variation else None,
            "kind": "bundle" if "grouped" in types else "product", "title": title,
            "description": plain_text(cells.text("Description", "Short description")),
            "brand": cells.text("Brands", "Brand"), "categories": self._categories(cells.text("Categories")),
            "stock": self._stock(cells), "status": _STATUS.get(cells.text("Published") or "1", "active"),
            "gtin": cells.text("GTIN, UPC, EAN, or ISBN"), "tax_class": cells.text("Tax class"),
            "url": cells.text("External URL"), **self._price(cells),
        }  # fmt: skip
        images = listed(cells.text("Images"))
        raw["image_url"] = images[0] if images else None
        attributes = {
            **chosen, "tags": listed(cells.text("Tags")), "images": images[1:],
            "type": ", ".join(types) if types not in (["simple"], ["variation"]) else None,
            "visibility": cells.text("Visibility in catalog"), "weight": cells.text("Weight (kg)", "Weight (lbs)"),
        }  # fmt: skip
        if "sale_price" in raw:
            attributes["sale"] = raw.pop("sale_price")
        attributes["list_price"] = raw.pop("list_price", None)
        raw["attributes"] = filled(attributes)
        yield Produced(PRODUCTS, filled(raw), row)

    def finish(self) -> Iterable[Produced]:
        """Nothing waits."""
        return ()

    def _parent(self, named: str | None) -> str | None:
        """Return the product a variation names as `id:44` or by SKU."""
        if named is None:
            return None
        identity = named.removeprefix("id:").strip()
        return self._by_id.get(identity, identity) if named.startswith("id:") else named

    @staticmethod
    def _attributes(cells: Cells, *, one: bool) -> dict[str, Any]:
        """Return what the product is made of; of a variation its one value."""
        attributes: dict[str, Any] = {}
        for name, value in cells.items():
            match = _ATTRIBUTE.fullmatch(name)
            if match and value and str(value).strip():
                values = listed(cells.text(f"Attribute {match[1]} value(s)"))
                if values:
                    attributes[str(value).strip().lower()] = values[0] if one or len(values) == 1 else values
        return attributes

    @staticmethod
    def _categories(text: str | None) -> list[str]:
        return [path(part.split(">")) for part in listed(text)]

    @staticmethod
    def _price(cells: Cells) -> dict[str, Any]:
        """Return the price now; a sale with dates is kept beside it: an export has no clock to judge it by."""
        regular, sale = cells.text("Regular price"), cells.text("Sale price")
        first, last = cells.text("Date sale price starts"), cells.text("Date sale price ends")
        if sale is None:
            return {"price": regular}
        if first is None and last is None:
            return {"price": sale, "list_price": regular}
        return {"price": regular or sale, "sale_price": filled({"price": sale, "from": first, "until": last})}

    @staticmethod
    def _stock(cells: Cells) -> str | float | None:
        there = (cells.text("In stock?") or "").lower()
        if there in ("0", "no", "false"):
            return 0.0
        stock = cells.number("Stock")
        if stock is None or (stock <= 0 and (there == "backorder" or cells.yes("Backorders allowed?"))):
            return None
        return max(stock, 0.0)


class WooOrders:
    """Rows that share an order number are its lines, whether the columns of the order are repeated or blank."""

    def __init__(self, memory: Memory, changed: datetime) -> None:
        self._memory = memory
        self._changed = changed
        self._sale: Sale | None = None

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the order before, once a row begins another."""
        cells = Cells(values)
        number = cells.text("Order Number", "Order ID")
        if self._sale is None or (number is not None and number != self._sale.order_id):
            yield from self.finish()
            if number is None:
                problem = FieldProblem("Order Number", "is missing", "Export the orders again, with their number.")
                yield Produced(ORDERS, {str(name): value for name, value in values.items() if value}, row, (problem,))
                return
            self._sale = self._begin(number, row, cells)
        name, sku = cells.text("Item Name"), cells.text("SKU", "Product SKU", "Product Id")
        if name is not None or sku is not None:
            product = sku or self._memory.product_named(name or "")
            quantity = cells.text("Quantity (- Refund)", "Quantity")
            self._sale.lines.append(Line(row, product, name, quantity, cells.text("Item Cost", "Item Price")))

    def finish(self) -> Iterable[Produced]:
        """Return the last order."""
        sale, self._sale = self._sale, None
        return () if sale is None else sale.produced()

    def _begin(self, number: str, row: int, cells: Cells) -> Sale:
        status = (cells.text("Order Status") or "completed").lower().removeprefix("wc-")
        total = cells.number("Order Total Amount")
        refunded = cells.number("Order Refund Amount") or 0.0
        if status == "refunded" and not refunded:
            refunded = total or 0.0
        subtotal, discount = cells.number("Order Subtotal Amount"), cells.number("Cart Discount Amount")
        user = cells.text("Customer User ID", "Customer ID")
        if user in (None, "0"):
            user = self._memory.user_of(cells.text("Email (Billing)", "Billing Email Address"))
        properties = {"coupon": cells.text("Coupon Code"), "payment": cells.text("Payment Method Title")}
        return Sale(
            "woocommerce", number, row, cells.time("Order Date"), user, cells.text("Order Currency", "Currency"),
            status, self._changed,
            subtotal=None if subtotal is None else max(subtotal - (discount or 0.0), 0.0), total=total,
            tax=cells.number("Order Total Tax Amount"), shipping=cells.number("Order Shipping Amount"),
            discount=discount, refunded=abs(refunded), sold=status not in _NEVER_SOLD, properties=filled(properties),
        )  # fmt: skip


WOOCOMMERCE = (
    Format(
        "woocommerce-products",
        "WooCommerce product CSV",
        (frozenset({"type", "sku", "name", "regular price"}),),
        (PRODUCTS,),
        WooProducts,
        looks_ahead=True,
    ),
    Format(
        "woocommerce-orders",
        "WooCommerce order CSV (Advanced Order Export)",
        (frozenset({"order number", "order status", "order date", "item name", "item cost"}),),
        (ORDERS, EVENTS),
        WooOrders,
        knows_users=True,
    ),
)
