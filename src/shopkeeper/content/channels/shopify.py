"""Shopify's product CSV: columns of texts alone, so an import changes nothing else of a product.

Source: help.shopify.com/manual/products/import-export/using-csv. A product that is there is updated by its handle, and
columns the file does not have stay as they are; a handle nobody knows makes a new product, so none is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shopkeeper.commerce.csv_cells import line, runs
from shopkeeper.content.channels.channel import Channel, Refused, refused_formula
from shopkeeper.content.channels.offer import Offer

COLUMNS = ("Handle", "Title", "Body (HTML)", "SEO Title", "SEO Description", "Image Src", "Image Alt Text")
_HANDLE = re.compile(r"[^\W_][\w-]*")
_IN_ADDRESS = re.compile(r"(?:^|/)products/([^/?#]+)")


def handle_of(offer: Offer) -> str:
    """Return the last part of its address under `/products/`; else its id, where that can be a handle; else nothing."""
    found = _IN_ADDRESS.search(offer.product.url or "")
    handle = found[1] if found else offer.product.product
    return handle if _HANDLE.fullmatch(handle) and handle == handle.lower() else ""


def problems(offer: Offer) -> Iterator[Refused]:
    """Yield why a product cannot be in the file."""
    product = offer.product.product
    if not handle_of(offer):
        reason = f"{offer.product.url or product!r} gives no handle."
        yield Refused(product, "url", reason, "Give the record its address, `/products/HANDLE`.")
    if not offer.name:
        yield Refused(
            product, "title", "It has no title, which Shopify asks for.", "Write one, or add it to the record."
        )
    for name, cell in zip(("title", "meta_title", "meta_description", "alt_text"), _plain(offer), strict=True):
        if runs(cell):
            yield refused_formula(product, name, cell)


def _plain(offer: Offer) -> tuple[str, str, str, str]:
    alt = offer.said("alt_text") if offer.image else ""
    return offer.name, offer.said("meta_title"), offer.said("meta_description"), alt


def entry(offer: Offer) -> str:
    """Return its line."""
    title, meta_title, meta_description, alt = _plain(offer)
    body = offer.said("description_long") + offer.said("bullets")
    return line((handle_of(offer), title, body, meta_title, meta_description, offer.image if alt else "", alt))


SHOPIFY = Channel(
    suffix=".csv",
    fields=("title", "description_long", "bullets", "meta_title", "meta_description", "alt_text"),
    entry=entry,
    problems=problems,
    head=line(COLUMNS),
)
