"""A store, and the calendar and money it lives by."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shopkeeper.commerce.consent import FULL_CONSENT, Consent
from shopkeeper.commerce.fields import Currency, Id, Label

ALL_STORES = ""
"""What stands in `store` of a row that holds in every store."""


class Store(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One online store. Every day boundary, sum, price ending and legal rule reads it.

    Attributes:
        customer_group: Stores that may share shoppers; empty = this store alone. Nothing is shared outside the group.
        time_zone: IANA name; times without an offset are read in it.
        tax_rates: Tax class -> rate, such as `{"standard": 0.2}`.
        consent_default: What holds where neither event, request nor user record says.
        calendar: Sales, peaks, season ends, freezes.
        simulated: True for a store made by the simulation; everything about it is labelled so.
    """

    store: Id
    legal_entity: Label | None = None
    customer_group: str = ""
    country: Label | None = None
    time_zone: Label = "UTC"
    locales: tuple[Label, ...] = ("en",)
    currency: Currency = "EUR"
    price_includes_tax: bool = True
    tax_rates: dict[str, float] = {}
    consent_default: Consent = FULL_CONSENT
    calendar: dict[str, Any] = {}
    simulated: bool = False

    @property
    def group(self) -> str:
        """The customer group the store belongs to; a store without one is a group of its own."""
        return self.customer_group or self.store
