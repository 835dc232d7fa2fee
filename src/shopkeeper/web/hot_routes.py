"""The routes of shoppers, which need no framework: most requests, and all a server must know to be ready."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Scope

from shopkeeper.web.admitted import Admitted
from shopkeeper.web.beacon import Beacon
from shopkeeper.web.events import Events
from shopkeeper.web.prices import Prices
from shopkeeper.web.recommendations import Recommendations, Rerank
from shopkeeper.web.store_origins import StoreOrigins
from shopkeeper.wiring.settings import Settings


def hot_routes(settings: Settings) -> Mapping[str, ASGIApp]:
    """Return the endpoint of each path; all of them are asked by POST."""
    return {
        "/v1/recommendations": Admitted(Recommendations()),
        "/v1/rerank": Admitted(Rerank()),
        "/v1/events": Events(),
        "/v1/beacon": Beacon(settings.serving),
        "/v1/prices": Admitted(Prices()),
    }


def open_to_browsers(routes: Mapping[str, ASGIApp], settings: Settings) -> Mapping[str, ASGIApp]:
    """Return the endpoints as web pages of the stores may call them."""
    if not settings.serving.browser_origins:
        return routes
    return {path: StoreOrigins(endpoint, settings.serving) for path, endpoint in routes.items()}


def hot_route(routes: Mapping[str, ASGIApp], scope: Scope) -> ASGIApp | None:
    """Return the endpoint that a request goes to; None where it is one for a page."""
    return routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
