"""What a channel is given: a product, its variants, and its texts in one locale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from shopkeeper.commerce.product import Product
from shopkeeper.content.facts import in_locale
from shopkeeper.content.fields import Field, limit
from shopkeeper.content.markup import plain_text

Availability = Literal["in_stock", "out_of_stock", "preorder"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a product.

    Attributes:
        field: Which.
        text: HTML for `description_long` and `bullets`, else plain.
        state: Where it stands; only a `published` one leaves the house.
        by_model: Whether a language model wrote it, in whole or before a person changed it; some channels must be told.
    """

    field: Field
    text: str
    state: str
    by_model: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One product as a channel shows it.

    Attributes:
        product: The parent, or the product itself.
        locale: Language and country of the texts.
        texts: By field.
        now: When it is shown; decides what is not yet, or no longer, sold.
        variants: Products under the parent; they share its texts.
        currency: The store's, where the product names none.
        site: Address of the shop, such as `https://shop.example/`; the record's addresses are read from there.
    """

    product: Product
    locale: str
    texts: Mapping[Field, Text]
    now: datetime
    variants: tuple[Product, ...] = field(default=())
    currency: str = ""
    site: str = ""

    def said(self, *fields: Field) -> str:
        """The first of these texts there is, as it stands; empty where there is none."""
        return next((self.texts[name].text for name in fields if name in self.texts), "")

    def plain(self, *fields: Field) -> str:
        """The first of these texts there is, without markup."""
        name = next((name for name in fields if name in self.texts), None)
        if name is None:
            return ""
        return plain_text(self.texts[name].text) if limit(name).html else self.texts[name].text

    def by_model(self, *fields: Field) -> bool:
        """Whether a model wrote the first of these texts there is."""
        return next((self.texts[name].by_model for name in fields if name in self.texts), False)

    @property
    def name(self) -> str:
        """The written title, else the record's."""
        return self.said("title") or " ".join(in_locale(self.product.title, self.locale)[0].split())

    @property
    def link(self) -> str:
        """Address of its page; empty where the record has none that can be used."""
        return address(self.product.url, self.site)

    @property
    def image(self) -> str:
        """Address of its picture; empty where the record has none that can be used."""
        return address(self.product.image_url, self.site)

    @property
    def available(self) -> Availability:
        """Whether it can be bought at `now`."""
        if self.product.available_from is not None and self.product.available_from > self.now:
            return "preorder"
        return "out_of_stock" if self.product.stock is not None and self.product.stock <= 0 else "in_stock"

    @property
    def charged_in(self) -> str:
        """ISO code of its currency."""
        return self.product.currency or self.currency


_PLACES = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}


def amount(price: float, currency: str) -> str:
    """Return money as machines read it, with the places its currency has: `1299.00`, in yen `1299`."""
    return f"{price:.{_PLACES.get(currency, 2)}f}"


def address(url: str | None, site: str = "") -> str:
    """Return an absolute http address without fragment, its odd letters percent-encoded; empty where it is none.

    Args:
        url: As the record has it; may be a path on `site`.
        site: Address of the shop.
    """
    if not url or not url.strip():
        return ""
    try:
        parts = urlsplit(urljoin(site, url.strip()))
        host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or any(sign in host for sign in "@<>\"' \\"):
        return ""
    path, query = quote(parts.path, safe="/%:@!$&()*+,;=~-._"), quote(parts.query, safe="/%:@!$&()*+,;=~-._?")
    return urlunsplit((parts.scheme, host, path, query, ""))
