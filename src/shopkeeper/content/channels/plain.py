"""Every text as a row of its own, for any other system: CSV, or JSON lines."""

from __future__ import annotations

import json

from shopkeeper.commerce.csv_cells import harmless, line
from shopkeeper.content.channels.channel import Channel
from shopkeeper.content.channels.offer import Offer
from shopkeeper.content.fields import PRODUCT_FIELDS, limit

COLUMNS = ("product", "locale", "field", "text", "html", "by_model")


def _rows(offer: Offer) -> list[dict[str, str | bool]]:
    return [
        {
            "product": offer.product.product, "locale": offer.locale, "field": name, "text": offer.texts[name].text,
            "html": limit(name).html, "by_model": offer.texts[name].by_model,
        }
        for name in PRODUCT_FIELDS if name in offer.texts
    ]  # fmt: skip


def csv_entry(offer: Offer) -> str:
    """Return its lines; an apostrophe goes before a cell that a spreadsheet might run."""
    return "".join(
        line(harmless(str(value).lower() if isinstance(value, bool) else value) for value in row.values())
        for row in _rows(offer)
    )


def jsonl_entry(offer: Offer) -> str:
    """Return its lines, each text exactly as it is."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(offer))


CSV = Channel(suffix=".csv", fields=PRODUCT_FIELDS, entry=csv_entry, head=line(COLUMNS))
JSONL = Channel(suffix=".jsonl", fields=PRODUCT_FIELDS, entry=jsonl_entry)
