"""Under what an answer is kept: what was asked and by whom, and what changes when the rules would change it."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import blake2b

import msgspec

from shopkeeper.recommendations.lists import cached
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import Surface
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.serving.catalogue import Catalogue

_CACHED_IDS = 50
"""Requests that name more products than this in one list are not cached: they hardly come twice."""
_CACHED_CONTEXT_BYTES = 1_000
_VISIT_FACTS = ("device", "referrer")
"""What a context says that an answer reads as classes alone."""


def what_is_asked(request: RecommendationRequest, surface: Surface) -> Hashable | None:
    """Return what is asked, and by whom where the answer is personal; None where no answer to it is kept."""
    body = request.body
    if max(len(body.products), len(body.candidates or ()), len(body.exclude)) > _CACHED_IDS:
        return None
    if not cached(surface.list):
        return None
    said = {name: value for name, value in body.context.items() if name not in _VISIT_FACTS}
    context = msgspec.json.encode(said) if said else b""
    if len(context) > _CACHED_CONTEXT_BYTES:
        return None
    shopper = request.shopper
    person = (shopper.user, shopper.visitor, shopper.session) if request.personal else None
    made = (surface.list, msgspec.json.encode(surface.settings, order="sorted") if surface.settings else b"")
    named = (body.products, body.candidates, body.relevance, body.exclude)
    what = (body.surface, body.page, body.k, *named, body.filters, context, made)
    return body.store, shopper.group, person, what


def ruled_by(request: RecommendationRequest, rules: ShopRules, catalogue: Catalogue) -> Hashable:
    """Return what changes when the shop's rules would change an answer: which hold, and which pins may be shown."""
    plan = rules.plan(request.body, catalogue, request.now)
    if plan is None:
        return None
    cards = ((pin.product, catalogue.card(request.store, pin.product)) for _, pin in plan.cut.pins)
    shown = tuple(product for product, card in cards if card is not None and card.available(request.now))
    return plan.cut.mark, shown


def packed(key: Hashable) -> bytes:
    """Return a key as a few bytes: kept as it is, it would take a quarter of the memory of an answer, and the garbage
    collector would walk its tuples."""
    return blake2b(msgspec.msgpack.encode(key), digest_size=16).digest()
