"""Google Merchant Center's product feed, RSS 2.0; texts of a model are told as such.

Source: support.google.com/merchants/answer/7052112 (product data specification: required attributes and lengths),
answer/14784710 (structured_title, structured_description, digital_source_type), answer/14987622 (RSS 2.0).
Variants are items of their own under one item_group_id and share their parent's texts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from xml.sax.saxutils import escape

from msgspec.structs import replace as changed

from shopkeeper.commerce.product import Product
from shopkeeper.content.channels.channel import Channel, Refused
from shopkeeper.content.channels.offer import Offer, amount
from shopkeeper.content.concepts import concept_of
from shopkeeper.content.facts import in_locale
from shopkeeper.content.lengths import BULLET
from shopkeeper.content.markup import TAG

BY_MODEL = "trained_algorithmic_media"
LONGEST = {
    "id": 50, "title": 150, "description": 5000, "link": 2000, "image_link": 2000, "brand": 70, "item_group_id": 50,
    "product_type": 750,
}  # fmt: skip
LONGEST_HIGHLIGHT = 150
HIGHLIGHTS = (2, 10)
"""Fewest and most; more than ten are reported as an error, whatever the specification says."""
_TOLD = {"colour": "color", **{name: name for name in ("size", "material", "pattern", "gender", "age_group")}}
_LONGEST_TOLD = {"material": 200}
_WORDS = {
    "gender": {"men": "male", "male": "male", "women": "female", "female": "female", "unisex": "unisex"},
    "age_group": {name: name for name in ("newborn", "infant", "toddler", "kids", "adult")},
}
"""Attributes of which Google reads these words alone."""
_REMEDIES = {
    "title": "Publish a title.",
    "description": "Publish description_long or description_short.",
    "link": "Give the record an absolute address, or name the shop's with --site.",
    "image_link": "Give the record the absolute address of a picture, or name the shop's with --site.",
    "price": "Give the record a price above 0 and a currency.",
}


def spread(offer: Offer) -> Iterable[Offer]:
    """Return the variants that are sold, or the product itself where it has none; a variant has what its parent has."""
    if not offer.variants:
        return (offer,)
    parent = offer.product
    return [
        replace(offer, product=_completed(variant, parent), variants=())
        for variant in offer.variants
        if variant.status == "active" and (variant.available_until is None or variant.available_until > offer.now)
    ]


def _completed(variant: Product, parent: Product) -> Product:
    return changed(
        variant,
        parent=parent.product,
        brand=variant.brand or parent.brand,
        url=variant.url or parent.url,
        image_url=variant.image_url or parent.image_url,
        currency=variant.currency or parent.currency,
        categories=variant.categories or parent.categories,
        attributes={**parent.attributes, **variant.attributes},
    )


def attributes(offer: Offer) -> dict[str, str]:
    """Return the simple attributes by name; empty ones are those the record cannot give."""
    product = offer.product
    priced = product.price and offer.charged_in
    return {
        "id": product.product,
        "title": offer.name,
        "description": offer.plain("description_long", "description_short"),
        "link": offer.link,
        "image_link": offer.image,
        "availability": offer.available,
        "price": f"{amount(product.price or 0, offer.charged_in)} {offer.charged_in}" if priced else "",
        "brand": product.brand or "",
        "gtin": _gtin(product.gtin),
        "item_group_id": product.parent or "",
        "product_type": product.categories[0] if product.categories else "",
        "availability_date": _date(offer),
        **_told(product, offer.locale),
    }


def problems(offer: Offer) -> Iterator[Refused]:
    """Yield required attributes that are missing, and those that are too long."""
    product, found = offer.product.product, attributes(offer)
    for name, remedy in _REMEDIES.items():
        if not found[name]:
            yield Refused(product, name, f"Google asks for {name}, and there is none that can be used.", remedy)
    for name, longest in LONGEST.items():
        if len(found[name]) > longest:
            reason = f"{name} has {len(found[name])} characters, Google allows {longest}."
            yield Refused(product, name, reason, "Make it shorter in the record, or write it anew.")


def entry(offer: Offer) -> str:
    """Return its item."""
    found = attributes(offer)
    made = {
        "title": offer.by_model("title"),
        "description": offer.by_model("description_long", "description_short"),
    }
    rows = [
        _structured(name, value) if made.get(name) else _element(name, value) for name, value in found.items() if value
    ]
    rows += [_element("product_highlight", highlight) for highlight in _highlights(offer)]
    return "<item>\n" + "".join(rows) + "</item>\n"


def _element(name: str, value: str) -> str:
    return f"<g:{name}>{_escaped(value)}</g:{name}>\n"


def _structured(name: str, value: str) -> str:
    return (
        f"<g:structured_{name}><g:digital_source_type>{BY_MODEL}</g:digital_source_type>"
        f"<g:content>{_escaped(value)}</g:content></g:structured_{name}>\n"
    )


_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(value: str) -> str:
    """Return text for XML 1.0, without the letters it cannot hold: a record may have them, and one breaks a feed."""
    return escape(_NOT_XML.sub("", value))


def _highlights(offer: Offer) -> list[str]:
    """Return bullets as highlights; not those of a model, since there is no attribute that would say so."""
    if offer.by_model("bullets"):
        return []
    bullets = [html.unescape(TAG.sub("", found[1])).strip() for found in BULLET.finditer(offer.said("bullets"))]
    fit = [bullet for bullet in bullets if len(bullet) <= LONGEST_HIGHLIGHT]
    fewest, most = HIGHLIGHTS
    return fit[:most] if len(fit) >= fewest else []


def _gtin(written: str | None) -> str:
    """Return a GTIN whose check digit is right; Google disapproves of wrong ones and asks for none.

    Source: GS1 General Specifications, 7.9 (digits weigh 3 and 1 in turn, from the right).
    """
    digits = re.sub(r"[\s-]", "", written or "")
    if not re.fullmatch(r"\d{8}|\d{12,14}", digits, re.ASCII):
        return ""
    weighed = sum(int(digit) * (1 if place % 2 == 0 else 3) for place, digit in enumerate(reversed(digits)))
    return digits if weighed % 10 == 0 else ""


def _date(offer: Offer) -> str:
    since = offer.product.available_from
    return since.isoformat(timespec="minutes") if since is not None and offer.available == "preorder" else ""


def _told(product: Product, locale: str) -> dict[str, str]:
    """Return what apparel must and others may say of themselves, where the record says it in plain words."""
    told: dict[str, str] = {}
    for label, value in product.attributes.items():
        name = _TOLD.get(concept_of(label) or label.casefold())
        text = _one(value, locale)
        if name in _WORDS:
            text = _WORDS[name].get(text.casefold(), "")
        if name and name not in told and text and len(text) <= _LONGEST_TOLD.get(name, 100):
            told[name] = text
    return told


def _one(value: object, locale: str) -> str:
    if isinstance(value, list | tuple):
        return "/".join(str(item) for item in value) if 1 <= len(value) <= 3 else ""
    return str(value) if isinstance(value, int | float) else in_locale(value, locale)[0].strip()


GOOGLE_MERCHANT = Channel(
    suffix=".xml",
    fields=("title", "description_long", "description_short", "bullets"),
    entry=entry,
    problems=problems,
    spread=spread,
    head='<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
    "<title>Products</title>\n",
    foot="</channel>\n</rss>\n",
)
