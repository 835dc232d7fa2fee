"""Who buys."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.fields import Id, Label


class User(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A signed-in customer as the retailer knows them. `segment` and `price_list` are the retailer's own words."""

    user: Id
    store: str = ""
    age_band: Label | None = None
    gender: Label | None = None
    region: Label | None = None
    segment: Label | None = None
    price_list: Label | None = None
    consent: Consent | None = None
    created_at: datetime | None = None
    attributes: dict[str, Any] = {}


class Shopper(Struct, frozen=True):
    """The keys one request or event gives for a person; any may be missing.

    Attributes:
        group: Customer group of the store; profiles never cross it.
    """

    group: str
    user: str | None = None
    visitor: str | None = None
    session: str | None = None

    @property
    def unit(self) -> str | None:
        """The unit that experiments assign: the user, else the device, else the session."""
        return self.user or self.visitor or self.session

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What the unit goes by inside its customer group, each with its kind, the strongest first."""
        user, visitor, session = _kinds(self.group)
        found = [(user, self.user)] if self.user else []
        if self.visitor:
            found.append((visitor, self.visitor))
        if self.session:
            found.append((session, self.session))
        return tuple(found)


@lru_cache(maxsize=1024)
def _kinds(group: str) -> tuple[str, str, str]:
    return f"user of {group}", f"visitor of {group}", f"session of {group}"
