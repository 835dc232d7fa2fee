"""Pages that ask about prices: one product's, other margin targets, and what the model believes.

Each shows at once what is known here; what has to be worked out comes as a part of the page when it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from shopkeeper.errors import InputError, NotAllowed, ShopkeeperError
from shopkeeper.web import control_room_price_words as words
from shopkeeper.web.control_room import room_page
from shopkeeper.web.control_room_price_model import model_view, slope
from shopkeeper.web.control_room_price_why import frontier_view, why_view
from shopkeeper.web.locale_text import money
from shopkeeper.web.problem import status_of
from shopkeeper.web.room_door import RoomRoute, readable, reader
from shopkeeper.wiring.pricing.aside import DiagnosisAsked, ExplainAsked, FrontierAsked
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGE: Final = "/control-room/prices"
CHANGES_SHOWN: Final = 1_000
MOST_TARGETS: Final = 12
Name = Annotated[str, Query(max_length=200)]


@router.get(PAGE + "/product")
async def product(request: Request, store: Name = "", product: Name = "", price_list: Name = "") -> Response:
    """Why does this product cost what it does?"""
    serving: Serving = request.app.state.serving
    theirs = readable(request, "view", [known.store for known in serving.catalogue.stores])
    asked = {"store": store, "product": product.strip(), "price_list": price_list}
    values: dict[str, Any] = {"asked": asked, "stores": theirs or [one.store for one in serving.catalogue.stores]}
    known = serving.catalogue.store(store) if product.strip() and store else None
    if known is not None:
        reader(request).must("view", store)
        kept = serving.state.prices
        changes = await asyncio.to_thread(
            lambda: kept.changes(store=store, product=asked["product"], limit=CHANGES_SHOWN)
        )
        decided = serving.price_book.get(store, price_list, asked["product"])
        card = serving.catalogue.card(store, asked["product"])
        values |= {
            "decided": decided, "card": card, "currency": known.currency,
            "changes": [one for one in reversed(changes) if one.price_list == price_list],
            "part": f"{PAGE}/product/why?{urlencode(asked)}",
        }  # fmt: skip
    return room_page(request, "price_product", {**values, "known": known, **_words()})


@router.get(PAGE + "/product/why")
async def why(request: Request, store: Name, product: Name, price_list: Name = "") -> Response:
    """The part of a product's page that has to be worked out."""
    reader(request).must("view", store)
    asked = ExplainAsked(product=product, store=store, price_list=price_list or None)
    aside = request.app.state.serving.aside
    return await _part(request, "price_why", lambda: aside.explain(asked), lambda found: {"view": why_view(found)})


@router.get(PAGE + "/what-if")
def what_if(
    request: Request, store: Name = "", margin: Annotated[str, Query(max_length=200)] = ""
) -> Response:  # fmt: skip
    """What would other margin targets bring?"""
    serving: Serving = request.app.state.serving
    theirs = readable(request, "view", [known.store for known in serving.catalogue.stores])
    values: dict[str, Any] = {
        "asked": {"store": store, "margin": margin}, "part": None, "error": None,
        "stores": theirs or [one.store for one in serving.catalogue.stores],
    }  # fmt: skip
    if store:
        reader(request).must("view", store)
        try:
            margins_of(margin)
            values["part"] = f"{PAGE}/what-if/frontier?{urlencode({'store': store, 'margin': margin})}"
        except InputError as error:
            values["error"] = error
    return room_page(request, "price_what_if", {**values, **_words()}, status=422 if values["error"] else 200)


@router.get(PAGE + "/what-if/frontier")
async def frontier(request: Request, store: Name, margin: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The part of that page that has to be worked out."""
    reader(request).must("view", store)
    asked = FrontierAsked(store=store, margins=margins_of(margin))
    aside = request.app.state.serving.aside
    return await _part(
        request, "price_frontier", lambda: aside.frontier(asked), lambda found: {"view": frontier_view(found)}
    )


@router.get(PAGE + "/model")
def model(request: Request, version: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What does the model of prices believe, and how sure is it?"""
    serving: Serving = request.app.state.serving
    reader(request).must("view")
    versions = [one.version for one in serving.state.registry.versions("pricing")]
    champion = serving.state.registry.pointer("pricing", "champion")
    chosen = version or champion or ""
    part = f"{PAGE}/model/slopes?{urlencode({'version': chosen})}" if chosen else None
    values = {"versions": versions, "champion": champion, "chosen": chosen, "part": part}
    return room_page(request, "price_model", {**values, **_words()})


@router.get(PAGE + "/model/slopes")
async def slopes(request: Request, version: Annotated[str, Query(max_length=100)]) -> Response:
    """The part of that page that has to be worked out."""
    reader(request).must("view")
    aside = request.app.state.serving.aside
    return await _part(
        request, "price_slopes", lambda: aside.diagnosis(DiagnosisAsked(version=version)),
        lambda found: {"view": model_view(found)},
    )  # fmt: skip


def margins_of(text: str) -> tuple[float, ...]:
    """Return margin targets as a person wrote them, in percent: `30, 32.5` -> 0.3 and 0.325.

    Raises:
        InputError: one is no number, or there are too many.
    """
    found = []
    for part in text.replace("%", " ").replace(";", " ").replace(", ", " ").split():
        try:
            found.append(float(part.strip(",").replace(",", ".")) / 100)
        except ValueError as error:
            raise InputError(
                f"{part!r} is no margin.", "Write percent with spaces between, such as 30 32.5."
            ) from error
    if len(found) > MOST_TARGETS or not all(-1 <= one < 1 for one in found):
        raise InputError(
            f"{text!r} are no margins that can be looked at.", f"Write up to {MOST_TARGETS} of them, below 100%."
        )
    return tuple(found)


async def _part(
    request: Request, name: str, ask: Callable[[], Awaitable[Any]], values: Callable[[Any], dict[str, Any]]
) -> Response:
    """Return a part of a page once it is worked out, or what is wrong."""
    try:
        found = values(await ask())
    except NotAllowed:
        raise
    except ShopkeeperError as error:
        return room_page(request, "price_part_failed", {"error": error}, status=status_of(error) or 500)
    return room_page(request, name, {**found, **_words()})


def _words() -> dict[str, Any]:
    return {"here": "prices", "words": words, "money": money, "slope": slope}
