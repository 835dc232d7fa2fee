"""A product with all its texts, as channels get it."""

from __future__ import annotations

from datetime import UTC, datetime

from shopkeeper.commerce.product import Product
from shopkeeper.content.channels.channel import Channel, Refused, rendered
from shopkeeper.content.channels.offer import Offer, Text
from shopkeeper.content.facts import facts_of
from shopkeeper.content.fields import PRODUCT_FIELDS, Field
from shopkeeper.content.realise import write_all

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SITE = "https://shop.example/"
KETTLE = Product(
    product="K-1",
    title="Aria Kettle",
    brand="Aria & Sons",
    categories=("kitchen > kettles",),
    price=49.9,
    stock=3,
    gtin="4006381333931",
    url="/products/aria-kettle",
    image_url="https://cdn.example/k 1.jpg",
    attributes={"Colour": "Red", "Capacity": "1.7 L", "Power": "2200 W", "Material": "Stainless steel"},
)


def written(product: Product = KETTLE, locale: str = "en") -> dict[Field, Text]:
    """What the realiser writes of a product, published."""
    pieces = write_all(facts_of(product, locale), locale, fields=PRODUCT_FIELDS)
    return {piece.field: Text(piece.field, piece.text, "published") for piece in pieces}


def offer(product: Product = KETTLE, *changed: Text, variants: tuple[Product, ...] = (), site: str = SITE) -> Offer:
    """A product with its texts, some of them others."""
    texts = written() | {text.field: text for text in changed}
    return Offer(product, "en-GB", texts, NOW, variants, "GBP", site)


def file_of(channel: Channel, *offers: Offer) -> tuple[str, list[Refused]]:
    """A whole file, and what is not in it."""
    refused: list[Refused] = []
    return "".join(rendered(channel, offers, refused.append)), refused
