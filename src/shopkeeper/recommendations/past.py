"""What is known of one shopper at the moment of a request: the bundle's past, then live events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import UNKNOWN_TRAITS, Traits
from shopkeeper.recommendations.behaviour.interactions import KINDS, PURCHASE, VIEW
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.purchases import HALF_LIVES
from shopkeeper.recommendations.behaviour.refusals import refusals
from shopkeeper.recommendations.behaviour.shoppers import HISTORY_ENTRIES, ShopperPast, shopper_key
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.request import RecommendationRequest

_DAY = 86_400.0
_KIND_OF = {kind: place for place, kind in enumerate(KINDS)}


class PastEvent(NamedTuple):
    """One product a shopper showed interest in."""

    product: str
    kind: int
    seconds: float


class Bought(NamedTuple):
    """How often one product was bought, and when, seconds since 1970; what is bought again in one go counts once.

    Attributes:
        faded: As in `Purchases`.
    """

    times: int
    first: float
    last: float
    faded: Sequence[float] = (0.0,) * len(HALF_LIVES)

    def again(self, seconds: float, *, same_run: bool) -> Bought:
        """Return it after one more purchase, or after the run of events that has the newest one went on."""
        if same_run:
            before = self._replace(faded=[count - 1.0 for count in self.faded]).faded_to(seconds)
            first = seconds if self.times == 1 else self.first
            return Bought(self.times, first, seconds, [count + 1.0 for count in before])
        return Bought(self.times + 1, self.first, seconds, [count + 1.0 for count in self.faded_to(seconds)])

    def beside(self, other: Bought) -> Bought:
        """Return how often either of two products was bought."""
        last = max(self.last, other.last)
        faded = [one + two for one, two in zip(self.faded_to(last), other.faded_to(last), strict=True)]
        return Bought(self.times + other.times, min(self.first, other.first), last, faded)

    def faded_to(self, seconds: float) -> Sequence[float]:
        """Return the faded counts at a moment at or after the last purchase."""
        days = (seconds - self.last) / _DAY
        if days <= 0.0:
            return self.faded
        return [count * 2.0 ** (-days / half) for count, half in zip(self.faded, HALF_LIVES, strict=True)]


@dataclass(frozen=True, slots=True)
class Past:
    """What a shopper did.

    Attributes:
        events: Oldest first, repeats of one product in a row once, at most 50.
        bought: What they bought; None = nothing is known.
        traits: What their record says.
        refused: Products the shopper does not want to see now.
    """

    events: tuple[PastEvent, ...] = ()
    bought: dict[str, Bought] | None = None
    traits: Traits = UNKNOWN_TRAITS
    refused: frozenset[str] = frozenset()

    def bought_since(self, moment: datetime) -> set[str]:
        """Return the products bought after `moment`."""
        since = moment.timestamp()
        return {product for product, bought in (self.bought or {}).items() if bought.last > since}


def past_of(request: RecommendationRequest, loaded: LoadedModel | None) -> Past:
    """Return the shopper's past; nothing that was kept of them where personalisation is not allowed.

    Of a stranger it is the product their visit began with, where the page tells it.
    """
    past = _kept(request, loaded) if request.personal else Past()
    landing = request.body.landing
    if landing is None or past.events or landing in past.refused:
        return past
    return replace(past, events=(PastEvent(landing, VIEW, request.now.timestamp()),))


def _kept(request: RecommendationRequest, loaded: LoadedModel | None) -> Past:
    stored = _stored(request, loaded) if loaded else None
    events: list[PastEvent] = []
    bought: dict[str, Bought] = {}
    if stored is not None and loaded is not None:
        own, index = stored.purchases, loaded.index
        names = _named(stored.items, stored.variants, index)
        events = list(map(PastEvent, names, stored.kinds.tolist(), stored.seconds.tolist()))
        if len(own):
            columns = (own.counts.tolist(), own.first.tolist(), own.last.tolist(), own.faded.tolist())
            names = _named(own.items, stored.bought_variants, index)
            bought = {product: Bought(*one) for product, *one in zip(names, *columns, strict=True)}
    for event in _live(request, after=events[-1].seconds if events else None):
        before = events.pop().kind if events and events[-1].product == event.product else -1
        event = event._replace(kind=max(event.kind, before))  # noqa: PLW2901 - one run, one entry
        events.append(event)
        if event.kind == PURCHASE:
            had = bought.get(event.product, Bought(0, event.seconds, event.seconds))
            bought[event.product] = had.again(event.seconds, same_run=before == PURCHASE)
    traits = request.traits if request.traits is not None else stored.traits if stored else UNKNOWN_TRAITS
    refused = refusals(request.profile.events)
    if refused:
        events = [event for event in events if event.product not in refused]
    return Past(tuple(events[-HISTORY_ENTRIES:]), bought, traits, refused)


def _named(items: npt.NDArray[np.integer], variants: npt.NDArray[np.int32], index: ItemIndex) -> list[str]:
    """Return the product of each entry: the variant itself where several share an item."""
    if len(variants):
        return [index.variants.names[place] for place in variants.tolist()]
    return list(map(index.products.__getitem__, items.tolist()))


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
