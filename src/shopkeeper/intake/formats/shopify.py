"""Shopify's exports of products, orders and customers, with the column names before and since 2024."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shopkeeper.commerce.tables import EVENTS, ORDERS, PRODUCTS, USERS
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.formats.cells import Cells, filled, listed, path, plain_text, slug
from shopkeeper.intake.formats.orders import Line, Sale
from shopkeeper.intake.formats.shape import Format, Memory, Produced, email_hash

_STATUS = {"active": "active", "draft": "draft", "archived": "withdrawn", "unlisted": "withdrawn"}
_METAFIELD = re.compile(r"(.+) \(product\.metafields\..+\)")
_NEVER_SOLD = frozenset({"voided", "expired"})
_Row = tuple[int, Cells]


class ShopifyProducts:
    """Rows that share a handle are one product: its variants, and further images."""

    def __init__(self, memory: Memory, _changed: datetime) -> None:
        self._memory = memory
        self._handle: str | None = None
        self._rows: list[_Row] = []
        self._done: set[str] = set()
        self._skus: set[str] = set()

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the product before, once a row begins another."""
        cells = Cells(values)
        title = cells.text("Title")
        handle = cells.text("Handle", "URL handle") or (slug(title) if title else None)
        if handle is None or (handle in self._done and handle != self._handle):
            reason = "is missing" if handle is None else f"must stand together with its other rows, got {handle!r}"
            remedy = "Export the products again, or sort the file by its handle."
            raw = {"product": handle, **{str(name): value for name, value in values.items() if value}}
            yield Produced(PRODUCTS, raw, row, (FieldProblem("Handle", reason, remedy),))
            return
        if handle != self._handle:
            yield from self.finish()
            self._handle = handle
        self._rows.append((row, cells))

    def finish(self) -> Iterator[Produced]:
        """Return the last product."""
        handle, rows = self._handle, self._rows
        self._handle, self._rows = None, []
        if handle is None:
            return
        self._done.add(handle)
        yield from self._product(handle, rows)

    def _product(self, handle: str, rows: list[_Row]) -> Iterator[Produced]:
        first, head = rows[0]
        options = [head.text(f"Option{n} Name") for n in (1, 2, 3)]
        variants = [row for row in rows if row[1].text("Option1 Value", "Variant Price", "Price", "Variant SKU", "SKU")]
        shared = self._shared(handle, rows)
        if len(variants) <= 1:
            number, cells = variants[0] if variants else (first, head)
            product = self._identity(cells, handle, [])
            chosen = self._chosen(cells, options)
            raw = {**shared, **self._variant(cells), "product": product}
            raw["attributes"] = {**shared["attributes"], **chosen, **raw.get("attributes", {})}
            self._name(shared, [], product)
            yield Produced(PRODUCTS, filled(raw), number)
            return
        made = [(number, self._one_of_many(cells, handle, options, shared)) for number, cells in variants]
        yield Produced(PRODUCTS, self._parent(handle, shared, [raw for _, raw in made], options), first)
        for number, raw in made:
            yield Produced(PRODUCTS, raw, number)

    def _one_of_many(
        self, cells: Cells, handle: str, options: list[str | None], shared: dict[str, Any]
    ) -> dict[str, Any]:
        chosen = self._chosen(cells, options)
        words = [str(value) for value in chosen.values()]
        product = self._identity(cells, handle, words)
        raw = {**shared, **self._variant(cells), "product": product, "parent": handle}
        raw["attributes"] = {**shared["attributes"], **chosen, **raw.get("attributes", {})}
        if shared.get("title") and words:
            raw["title"] = f"{shared['title']} - {' / '.join(words)}"
        self._name(shared, words, product)
        return filled(raw)

    def _name(self, shared: dict[str, Any], words: list[str], product: str) -> None:
        title = shared.get("title")
        if title:
            name = f"{title} - {' / '.join(words)}" if words else str(title)
            self._memory.named[name.lower()] = product

    def _identity(self, cells: Cells, handle: str, words: list[str]) -> str:
        """Return the SKU, which order lines name; where it is missing or used twice, handle and options."""
        sku = (cells.text("Variant SKU", "SKU") or "").removeprefix("'")
        if sku and sku not in self._skus:
            self._skus.add(sku)
            return sku
        return "/".join([handle, *(slug(word) for word in words)])[:200]

    @staticmethod
    def _chosen(cells: Cells, options: list[str | None]) -> dict[str, str]:
        chosen = {}
        for place, name in enumerate(options, start=1):
            value = cells.text(f"Option{place} Value")
            if value and value != "Default Title":
                chosen[(name or f"Option{place}").strip().lower()] = value
        return chosen

    @staticmethod
    def _variant(cells: Cells) -> dict[str, Any]:
        quantity = cells.number("Variant Inventory Qty", "Inventory quantity")
        sells_on = (cells.text("Variant Inventory Policy") or "").lower() == "continue" or cells.yes(
            "Continue selling when out of stock"
        )
        # Not tracked, or sold whether there or not: no stock.
        stock = max(quantity, 0.0) if quantity is not None and (quantity > 0 or not sells_on) else None
        attributes = {
            "list_price": cells.number("Variant Compare At Price", "Compare-at price"),
            "weight_g": cells.number("Variant Grams", "Weight value (grams)"),
        }
        image = cells.text("Variant Image", "Variant image URL")
        variant = {
            "price": cells.text("Variant Price", "Price"),
            "cost": cells.text("Cost per item"),
            "stock": stock,
            "gtin": (cells.text("Variant Barcode", "Barcode") or "").removeprefix("'"),
            "attributes": filled(attributes),
        }
        return {**filled(variant), **({"image_url": image} if image else {})}

    @staticmethod
    def _shared(handle: str, rows: list[_Row]) -> dict[str, Any]:
        head = rows[0][1]
        images = [image for _, cells in rows if (image := cells.text("Image Src", "Product image URL"))]
        published = head.yes("Published", "Published on online store")
        status = _STATUS.get((head.text("Status") or "active").lower(), "active")
        kind, tree = head.text("Type"), head.text("Product Category")
        paths = [path(text.split(">")) for text in (tree, kind) if text]
        attributes: dict[str, Any] = {
            "tags": listed(head.text("Tags")),
            "images": images[1:],
            "gender": head.text("Google Shopping / Gender"),
            "age_group": head.text("Google Shopping / Age Group"),
        }
        for name, value in head.items():
            if value and (match := _METAFIELD.fullmatch(name)):
                attributes[match[1]] = value
        return {
            "title": head.text("Title"),
            "description": plain_text(head.text("Body (HTML)", "Description")),
            "brand": head.text("Vendor"),
            "categories": list(dict.fromkeys(paths)),
            "kind": "gift_card" if head.yes("Gift Card") else "product",
            "status": "withdrawn" if published is False and status == "active" else status,
            "url": f"/products/{handle}",
            "image_url": images[0] if images else None,
            "attributes": filled(attributes),
        }

    @staticmethod
    def _parent(
        handle: str, shared: dict[str, Any], variants: list[dict[str, Any]], options: list[str | None]
    ) -> dict[str, Any]:
        """Return the product its variants hang under: from the lowest price, with the stock of all."""
        prices = [price for raw in variants if (price := Cells(raw).number("price")) is not None]
        stocks = [raw.get("stock") for raw in variants]
        values = {
            name: list(dict.fromkeys(made[name] for raw in variants if name in (made := raw.get("attributes", {}))))
            for option in options
            if option and (name := option.strip().lower())
        }
        stock = None if None in stocks else sum(value for value in stocks if value is not None)
        raw = {**shared, "product": handle, "price": min(prices, default=None), "stock": stock}
        raw["attributes"] = {**shared["attributes"], **filled(values), "variants": len(variants)}
        return filled(raw)


class ShopifyOrders:
    """Rows that share an order's name are its lines; only the first of them tells about the order."""

    def __init__(self, memory: Memory, changed: datetime) -> None:
        self._memory = memory
        self._changed = changed
        self._sale: Sale | None = None

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the order before, once a row begins another."""
        cells = Cells(values)
        name = cells.text("Name")
        if self._sale is None or (name is not None and name != self._sale.order_id):
            yield from self.finish()
            if name is None or cells.text("Created at", "Financial Status", "Subtotal") is None:
                problem = FieldProblem(
                    "Name" if name is None else "Created at",
                    "is missing, and no order before it is of this name",
                    "Export the orders again; the lines of an order must stand together, its first line in front.",
                )
                raw = {str(column): value for column, value in values.items() if value}
                yield Produced(
                    ORDERS, {"order_id": name, "line": cells.text("Lineitem name"), "$": raw}, row, (problem,)
                )
                return
            self._sale = self._begin(name, row, cells)
        line = self._line(row, cells)
        if line is not None:
            self._sale.lines.append(line)

    def finish(self) -> Iterable[Produced]:
        """Return the last order."""
        sale, self._sale = self._sale, None
        return () if sale is None else sale.produced()

    def _begin(self, name: str, row: int, cells: Cells) -> Sale:
        financial = (cells.text("Financial Status") or "paid").lower()
        cancelled = cells.time("Cancelled at")
        refunded = cells.number("Refunded Amount") or 0.0
        total = cells.number("Total")
        if financial == "refunded" and not refunded:
            refunded = total or cells.number("Subtotal") or 0.0
        sold = financial not in _NEVER_SOLD and not (cancelled and not refunded and financial != "paid")
        properties = {
            "channel": cells.text("Source"),
            "source_id": cells.text("Id"),
            "coupon": cells.text("Discount Code"),
        }
        return Sale(
            "shopify", name, row, cells.time("Created at", "Paid at"), self._memory.user_of(cells.text("Email")),
            cells.text("Currency"), "cancelled" if cancelled or not sold else financial, self._changed,
            subtotal=cells.number("Subtotal"), total=total, tax=cells.number("Taxes"),
            shipping=cells.number("Shipping"), discount=cells.number("Discount Amount"), refunded=refunded,
            refunded_at=cancelled, sold=sold, properties=filled(properties),
        )  # fmt: skip

    def _line(self, row: int, cells: Cells) -> Line | None:
        name, sku = cells.text("Lineitem name"), (cells.text("Lineitem sku") or "").removeprefix("'")
        if name is None and not sku:
            return None
        product = sku or self._memory.product_named(name or "")
        discount = cells.number("Lineitem discount") or 0.0
        return Line(row, product, name, cells.text("Lineitem quantity"), cells.text("Lineitem price"), discount)


class ShopifyCustomers:
    """One row a customer; names, addresses and telephone numbers are not taken."""

    def __init__(self, memory: Memory, _changed: datetime) -> None:
        self._memory = memory

    def look(self, values: Mapping[str, Any]) -> None:
        """Nothing depends on later rows."""

    def take(self, row: int, values: Mapping[str, Any]) -> Iterator[Produced]:
        """Return the user."""
        cells = Cells(values)
        email = email_hash(cells.text("Email"))
        number = (cells.text("Customer ID") or "").removeprefix("'")
        user = number or (f"email-{email}" if email else None)
        if email and number:
            self._memory.users[email] = number
        country = cells.text("Default Address Country Code", "Country Code")
        province = cells.text("Default Address Province Code", "Province Code")
        allowed = cells.yes("Accepts Email Marketing", "Accepts Marketing")
        attributes = {
            "email_hash": email, "tags": listed(cells.text("Tags")), "country": country,
            "sms": cells.yes("Accepts SMS Marketing"),
        }  # fmt: skip
        raw = {
            "user": user, "region": "-".join(part for part in (country, province) if part),
            "consent": None if allowed is None else {"email": allowed}, "attributes": filled(attributes),
        }  # fmt: skip
        yield Produced(USERS, filled(raw), row)

    def finish(self) -> Iterable[Produced]:
        """Nothing waits."""
        return ()


SHOPIFY = (
    Format(
        "shopify-products",
        "Shopify products CSV",
        (
            frozenset({"handle", "title", "variant price"}),
            frozenset({"handle", "title", "option1 name", "option1 value"}),
            frozenset({"title", "url handle", "option1 name"}),
        ),
        (PRODUCTS,),
        ShopifyProducts,
    ),
    Format(
        "shopify-orders",
        "Shopify orders CSV",
        (frozenset({"name", "financial status", "lineitem name", "lineitem quantity"}),),
        (ORDERS, EVENTS),
        ShopifyOrders,
        knows_users=True,
    ),
    Format(
        "shopify-customers",
        "Shopify customers CSV",
        (
            frozenset({"email", "accepts email marketing", "total spent"}),
            frozenset({"email", "accepts marketing", "total spent"}),
        ),
        (USERS,),
        ShopifyCustomers,
    ),
)
