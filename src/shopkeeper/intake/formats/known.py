"""Every built-in format, found by its name or by a file's columns."""

from __future__ import annotations

from collections.abc import Iterable

from shopkeeper.errors import InputError
from shopkeeper.intake.formats.ga4 import GA4
from shopkeeper.intake.formats.magento import MAGENTO
from shopkeeper.intake.formats.segment import SEGMENT
from shopkeeper.intake.formats.shape import Format
from shopkeeper.intake.formats.shopify import SHOPIFY
from shopkeeper.intake.formats.woocommerce import WOOCOMMERCE

FORMATS: tuple[Format, ...] = (*SHOPIFY, *WOOCOMMERCE, *MAGENTO, *GA4, *SEGMENT)


def formats_named(name: str) -> tuple[Format, ...]:
    """Return the format with a name, or all of a family such as `shopify`.

    Raises:
        InputError: there is none.
    """
    found = tuple(known for known in FORMATS if known.name == name or known.name.split("-")[0] == name)
    if not found:
        raise InputError(
            f"There is no format {name!r}.", f"Known: {', '.join(known.name for known in FORMATS)}, or its first word."
        )
    return found


def recognised(columns: Iterable[str], among: tuple[Format, ...] = FORMATS) -> Format | None:
    """Return the format that a file with these columns is of; None where none fits."""
    names = tuple(columns)
    return next((known for known in among if known.fits(names)), None)
