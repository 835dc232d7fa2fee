"""WooCommerce's product CSV: texts by SKU, with the two fields of Yoast SEO.

Source: woocommerce.com/document/product-csv-importer-exporter; includes/import/abstract-wc-product-importer.php takes
the apostrophe off that its own exporter puts before a cell a spreadsheet might run.
"""

from __future__ import annotations

from collections.abc import Iterator

from shopkeeper.commerce.csv_cells import harmless, line, runs
from shopkeeper.content.channels.channel import Channel, Refused, refused_formula
from shopkeeper.content.channels.offer import Offer

COLUMNS = (
    "SKU", "Name", "Short description", "Description", "Meta: _yoast_wpseo_title", "Meta: _yoast_wpseo_metadesc",
)  # fmt: skip


_TAKEN_OFF = ("=", "+", "-", "@")


def _cells(offer: Offer) -> tuple[str, ...]:
    return (
        offer.product.product,
        offer.name,
        offer.said("description_short"),
        offer.said("description_long") + offer.said("bullets"),
        offer.said("meta_title"),
        offer.said("meta_description"),
    )


def problems(offer: Offer) -> Iterator[Refused]:
    """Yield the cells a spreadsheet might run and of which the shop would keep the apostrophe."""
    for column, cell in zip(COLUMNS, _cells(offer), strict=True):
        if runs(cell) and not cell.startswith(_TAKEN_OFF):
            yield refused_formula(offer.product.product, column, cell)


def entry(offer: Offer) -> str:
    """Return its line."""
    return line(map(harmless, _cells(offer)))


WOOCOMMERCE = Channel(
    suffix=".csv",
    fields=("title", "description_short", "description_long", "bullets", "meta_title", "meta_description"),
    entry=entry,
    problems=problems,
    head=line(COLUMNS),
)
