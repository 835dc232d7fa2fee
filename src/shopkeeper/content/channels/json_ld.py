"""schema.org Product as JSON-LD in a script tag: one JSON document a line, with the product it belongs to.

Source: developers.google.com/search/docs/appearance/structured-data/merchant-listing (required: name, image, offers
with price and currency; recommended: description, brand, gtin, sku, availability, url) and schema.org/Product.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from shopkeeper.content.channels.channel import Channel, Refused
from shopkeeper.content.channels.offer import Offer, amount

_AVAILABLE = {"in_stock": "InStock", "out_of_stock": "OutOfStock", "preorder": "PreOrder"}
_IN_SCRIPT = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Within JSON these stand only in strings; escaped, no text can end the script tag or begin a comment in it."""


def problems(offer: Offer) -> Iterator[Refused]:
    """Yield what a search engine asks for and the record does not have."""
    product = offer.product
    if not offer.name:
        yield Refused(product.product, "title", "It has no name.", "Publish a title, or add one to the record.")
    if not offer.image:
        remedy = "Give the record the absolute address of a picture, or name the shop's with --site."
        yield Refused(product.product, "image_url", "It has no picture that can be used.", remedy)
    if not _prices(offer) or not offer.charged_in:
        remedy = "Give the record a price above 0 and a currency."
        yield Refused(product.product, "price", "It has no price, or no currency.", remedy)


def document(offer: Offer) -> dict[str, Any]:
    """Return the product as JSON-LD; properties the record has nothing for are left out."""
    product = offer.product
    found = {
        "@context": "https://schema.org/",
        "@type": "Product",
        "name": offer.name,
        "description": offer.plain("description_short", "description_long"),
        "image": _image(offer),
        "sku": product.product,
        "brand": {"@type": "Brand", "name": product.brand} if product.brand else None,
        "gtin": product.gtin,
        "category": product.categories[0] if product.categories else None,
        "url": offer.link,
        "offers": _offers(offer),
    }
    return {name: value for name, value in found.items() if value}


def entry(offer: Offer) -> str:
    """Return its line: product, locale, and the tag to put into the page."""
    data = json.dumps(document(offer), ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)
    tag = f'<script type="application/ld+json">{data}</script>'
    return (
        json.dumps({"product": offer.product.product, "locale": offer.locale, "html": tag}, ensure_ascii=False) + "\n"
    )


def _image(offer: Offer) -> dict[str, str]:
    found = {"@type": "ImageObject", "url": offer.image, "caption": offer.said("alt_text")}
    return {name: value for name, value in found.items() if value}


def _prices(offer: Offer) -> list[float]:
    sold = [variant for variant in offer.variants if variant.status == "active"] or [offer.product]
    return [one.price for one in sold if one.price]


def _offers(offer: Offer) -> dict[str, Any]:
    prices, currency = _prices(offer), offer.charged_in
    shared = {
        "priceCurrency": currency,
        "availability": f"https://schema.org/{_AVAILABLE[offer.available]}",
        **({"url": offer.link} if offer.link else {}),
    }
    if len(prices) == 1 or min(prices) == max(prices):
        return {"@type": "Offer", "price": amount(prices[0], currency), **shared}
    low, high = amount(min(prices), currency), amount(max(prices), currency)
    return {"@type": "AggregateOffer", "lowPrice": low, "highPrice": high, "offerCount": len(prices), **shared}


JSON_LD = Channel(
    suffix=".jsonl",
    fields=("title", "description_short", "description_long", "alt_text"),
    entry=entry,
    problems=problems,
)
