"""What the engine remembers of the shopper who asks, for the demo shop's panel: their own live profile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.fields import Id
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.errors import RequestRejected
from shopkeeper.intake.consent import NOT_SAID, effective
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.ports import EMPTY_PROFILE
from shopkeeper.serving.session_state import EVENTS_KEPT
from shopkeeper.web.auth import authorise, check_store
from shopkeeper.web.limits import read_body
from shopkeeper.web.locale_text import ago

BODY_BYTES = 10_000
router = APIRouter(include_in_schema=False)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """The shopper who asks, as their browser names itself."""

    visitor: Id
    session: Id | None = None
    consent: Consent | None = None


@router.post("/storefront/{store}/known")
async def known(request: Request, store: Annotated[str, Path(max_length=200)]) -> Response:
    """Return the newest events of the asking visitor's profile, newest first; none where they do not allow it."""
    serving = request.app.state.serving
    check_store(await authorise(request.scope, serving.keys, "decide"), store)
    asking = _asking(await read_body(request.scope, request.receive, BODY_BYTES))
    catalogue: Catalogue = serving.catalogue
    declared = catalogue.store(store)
    consent = effective(asking.consent, NOT_SAID, declared)
    if not consent.personalise:
        return JSONResponse({"read": False, "events": [], "limit": EVENTS_KEPT})
    shopper = Shopper(catalogue.group(store), None, asking.visitor, asking.session)
    profile = (await serving.profiles.read(shopper)).profile if declared else EMPTY_PROFILE
    now, locale = datetime.now(UTC), declared.locales[0] if declared and declared.locales else None
    events: list[dict[str, Any]] = []
    for event in reversed(profile.events):
        title = _title(catalogue, store, event.product, locale)
        events.append({"type": event.type, "product": event.product, "title": title, "ago": ago(event.ts, now)})
    return JSONResponse({"read": True, "events": events, "limit": EVENTS_KEPT})


def _asking(raw: bytes) -> Asking:
    try:
        return msgspec.json.decode(raw, type=Asking)
    except msgspec.DecodeError as error:
        raise RequestRejected(f"The body is not what this page sends: {error}.", "Load the page again.") from error


def _title(catalogue: Catalogue, store: str, product: str, locale: str | None) -> str:
    """Return a product's title in this store, else in another of its customer group, else its id."""
    group = catalogue.group(store)
    for name in (store, *(other.store for other in catalogue.stores if other.group == group)):
        if card := catalogue.card(name, product):
            return card.title(locale)
    return product
