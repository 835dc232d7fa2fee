"""The card of a model version, as training wrote it beside the bundle."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from shopkeeper.errors import UnknownModel
from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.web.pages import locked_down
from shopkeeper.web.room_door import RoomRoute
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)


@router.get("/control-room/models/{system}/{version}/card")
def card(request: Request, system: str, version: str) -> Response:
    """What is this version, and what is it worth?"""
    serving: Serving = request.app.state.serving
    registered = serving.state.registry.get(system, version)  # what is not registered is no path either
    path = serving.settings.folder(serving.settings.engines.models) / registered.folder / CARD_FILE
    try:
        page = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise UnknownModel(
            f"Version {version!r} has no card yet.", f"Write it: `shopkeeper models card {version}`."
        ) from error
    return HTMLResponse(page, headers=locked_down())
