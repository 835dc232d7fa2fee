"""What is known of one shopper at the moment of a request: the bundle's past, then live events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from shopkeeper.recommendations.interactions import KINDS, PURCHASE
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.refusals import refusals
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.shoppers import HISTORY_ENTRIES, ShopperPast, shopper_key

_KIND_OF = {kind: place for place, kind in enumerate(KINDS)}


class PastEvent(NamedTuple):
    """One product a shopper showed interest in."""

    product: str
    kind: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Past:
    """What a shopper did.

    Attributes:
        events: Oldest first, repeats of one product in a row once, at most 50.
        bought: Product -> when it was last bought, seconds since 1970.
        refused: Products the shopper does not want to see now.
    """

    events: tuple[PastEvent, ...] = ()
    bought: dict[str, float] | None = None
    refused: frozenset[str] = frozenset()

    def bought_since(self, moment: datetime) -> set[str]:
        """Return the products bought after `moment`."""
        since = moment.timestamp()
        return {product for product, seconds in (self.bought or {}).items() if seconds > since}


def past_of(request: RecommendationRequest, loaded: LoadedModel | None) -> Past:
    """Return the shopper's past; empty where personalisation is not allowed."""
    if not request.personal:
        return Past()
    stored = _stored(request, loaded) if loaded else None
    events: list[PastEvent] = []
    bought: dict[str, float] = {}
    if stored is not None and loaded is not None:
        products = loaded.index.products
        rows = zip(stored.items.tolist(), stored.kinds.tolist(), stored.seconds.tolist(), strict=True)
        events = [PastEvent(products[item], kind, seconds) for item, kind, seconds in rows]
        purchases = zip(stored.bought.tolist(), stored.bought_seconds.tolist(), strict=True)
        bought = {products[item]: float(seconds) for item, seconds in purchases}
    for event in _live(request, after=events[-1].seconds if events else None):
        if events and events[-1].product == event.product:
            event = event._replace(kind=max(event.kind, events.pop().kind))  # noqa: PLW2901 - one run, one entry
        events.append(event)
        if event.kind == PURCHASE:
            bought[event.product] = event.seconds
    refused = refusals(request.profile.events)
    wanted = [event for event in events if event.product not in refused]
    return Past(tuple(wanted[-HISTORY_ENTRIES:]), bought, refused)


def _stored(request: RecommendationRequest, loaded: LoadedModel) -> ShopperPast | None:
    shopper = request.shopper
    if shopper.user and (found := loaded.shoppers.find(shopper_key(shopper.group, "user", shopper.user))):
        return found
    return loaded.shoppers.find(shopper_key(shopper.group, "visitor", shopper.visitor)) if shopper.visitor else None


def _live(request: RecommendationRequest, after: float | None) -> Iterator[PastEvent]:
    """Yield live events the bundle does not have yet; times in the bundle are whole seconds."""
    for event in request.profile.events:
        kind = _KIND_OF.get(event.type)
        moment = event.ts if event.ts.tzinfo else event.ts.replace(tzinfo=UTC)
        seconds = moment.timestamp()
        if kind is not None and (after is None or int(seconds) > after):
            yield PastEvent(event.product, kind, seconds)
