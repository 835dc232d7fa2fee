"""A product as the demo shop shows it: words, price and stock note in the store's locale, and a drawn picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from markupsafe import Markup

from shopkeeper.commerce.store import Store
from shopkeeper.serving.catalogue import Card
from shopkeeper.web.locale_text import money, number
from shopkeeper.web.pictures.picture import picture
from shopkeeper.web.storefront_shelf import SEPARATOR, ancestors

FEW_LEFT = 5


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One product, ready to be shown.

    Attributes:
        amount: Price of one unit as a number, in `currency`; None where the store has not said.
        price: The same as people read it, or what stands in its place.
        stock: Stock note, such as `Only 3 left`.
        buyable: A shopper may put it in the cart.
    """

    product: str
    title: str
    brand: str
    category: str
    href: str
    amount: float | None
    currency: str
    price: str
    stock: str
    buyable: bool
    picture: Markup


def shown(card: Card, store: Store, now: datetime) -> ShownCard:
    """Return how a store shows one product at `now`."""
    product, locale = card.product, store.locales[0] if store.locales else "en"
    title, brand = card.title(locale), product.brand or ""
    currency = product.currency or store.currency
    buyable = card.available(now)
    return ShownCard(
        product=product.product,
        title=title,
        brand=brand,
        category=(ancestors(card.category or "") or [""])[-1].rpartition(SEPARATOR)[2],
        href=product_path(store.store, product.product),
        amount=card.price,
        currency=currency,
        price="Price on request" if card.price is None else money(card.price, currency, locale),
        stock=stock_note(card, buyable, locale),
        buyable=buyable,
        picture=picture(title, product.categories, brand, colour_of(card)),
    )


def stock_note(card: Card, buyable: bool, locale: str) -> str:
    """Return what a shopper is told about the stock."""
    if not buyable:
        return "Sold out" if card.stock is not None and card.stock <= 0 else "Not for sale now"
    if card.stock is not None and card.stock <= FEW_LEFT:
        return f"Only {number(card.stock, locale)} left"
    return "In stock"


def colour_of(card: Card) -> str:
    """Return the product's own colour word, where its attributes name one."""
    attributes = card.product.attributes
    return next((str(attributes[name]) for name in ("colour", "color") if isinstance(attributes.get(name), str)), "")


def store_path(store: str) -> str:
    """Return the address of a store's front page."""
    return f"/storefront/{quote(store, safe='')}"


def product_path(store: str, product: str) -> str:
    """Return the address of a product page."""
    return f"{store_path(store)}/p/{quote(product, safe='')}"


def category_path(store: str, category: str) -> str:
    """Return the address of a category page."""
    return f"{store_path(store)}/c/{quote(category, safe='')}"


def store_name(store: str) -> str:
    """Return a store's id as a name over the door: `home-uk` -> `Home UK`."""
    words = store.replace("_", "-").split("-")
    return " ".join(word.upper() if len(word) <= 2 else word.capitalize() for word in words if word)
