"""The HTTP server: every route, and what is opened for as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopkeeper import __version__
from shopkeeper.commerce.tables import KEYED_TABLES
from shopkeeper.errors import FieldProblem, ShopkeeperError
from shopkeeper.intake.field_words import shown
from shopkeeper.web import (
    content,
    experiments,
    health,
    models,
    objectives,
    openapi,
    price_changes,
    price_questions,
    price_runs,
    products,
    rollouts,
    rules,
    shopper_history,
    site,
    stops,
    tables,
)
from shopkeeper.web.hot_routes import hot_route, hot_routes, open_to_browsers
from shopkeeper.web.peers import Peers
from shopkeeper.web.problem import problem, problem_of, unexpected
from shopkeeper.web.store_origins import StoreOrigins
from shopkeeper.web.told_to_peers import told_to_peers
from shopkeeper.wiring.serve import open_serving, utc_now
from shopkeeper.wiring.serving import Now, Serving
from shopkeeper.wiring.settings import Settings

_SNIFF = (b"x-content-type-options", b"nosniff")
_REMEDIES = {404: "See /docs for the routes there are.", 405: "See /docs for the methods of this route."}


class ShopServer(FastAPI):
    """FastAPI with a short way to the hot routes.

    FastAPI walks eight layers before a route; the hot routes need none of them, which is most of what a cached answer
    would cost. They stand in the routing table as well, so every method but POST, and the description, are FastAPI's.
    """

    hot: Mapping[str, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        hot = hot_route(self.hot, scope)
        if hot is not None:
            scope["app"] = self
            await hot(scope, receive, send)
            return
        await super().__call__(scope, receive, _unsniffed(send) if scope["type"] == "http" else send)


async def _at_once() -> None:
    return


def create_app(
    settings: Settings,
    now: Now = utc_now,
    warmed: Callable[[], Awaitable[None]] = _at_once,
    peers: Peers | None = None,
) -> FastAPI:
    """Return the server of one workspace; its engines open when it starts and close when it stops.

    Args:
        now: When requests are answered; see `wiring.serve.open_serving`.
        warmed: Awaited when all is read that requests need; none is taken before it returns.
        peers: The other workers behind the same port; None = there are none.
    """
    others = peers or Peers()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_serving(settings, now) as serving:
            app.state.serving = serving
            async with others.answering(told_to_peers(serving)):
                await warmed()
                yield
            serving.draining = True

    # FastAPI's own pages load scripts from elsewhere; ours is web/api_page.py.
    own: dict[str, Any] = {"openapi_url": "/openapi.json", "docs_url": None, "redoc_url": None}
    app = ShopServer(title="Shopkeeper", version=__version__, lifespan=lifespan, **own)
    app.state.peers = others
    hot = hot_routes(settings)
    app.router.routes[:0] = [Route(path, endpoint, methods=["POST"]) for path, endpoint in hot.items()]
    for table in KEYED_TABLES.values():
        path = f"/v1/{table.name.replace('_', '-')}"
        app.router.routes.append(Route(path, tables.Table(table), methods=["PUT", "DELETE"]))
    routers = (
        products.router,
        models.router,
        objectives.router,
        experiments.router,
        rollouts.router,
        stops.router,
        rules.router,
        price_changes.router,
        price_runs.router,
        price_questions.router,
        content.router,
        shopper_history.router,
    )
    for router in (*routers, health.router, site.router):
        app.include_router(router)
    openapi.describe(app)
    if settings.serving.browser_origins:
        app.add_middleware(StoreOrigins, settings=settings.serving)
    app.hot = open_to_browsers(hot, settings)
    app.add_exception_handler(ShopkeeperError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Exception, _on_unexpected)
    return app


def _unsniffed(send: Send) -> Send:
    """Return `send` that forbids browsers to guess a type, for the answers that frameworks make."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and not any(name == _SNIFF[0] for name, _ in message["headers"]):
            message["headers"] = [*message["headers"], _SNIFF]
        await send(message)

    return sending


async def _on_error(_: Request, error: Exception) -> Response:
    return problem_of(cast("ShopkeeperError", error)).response()


async def _on_http(request: Request, error: Exception) -> Response:
    status, text = cast("HTTPException", error).status_code, cast("HTTPException", error).detail
    given = cast("HTTPException", error).headers or {}
    headers = tuple((name.lower().encode(), value.encode()) for name, value in given.items())
    detail = f"{request.method} {request.url.path[:200]}: {text}."
    return problem(status, detail, _REMEDIES.get(status, ""), (), headers).response()


async def _on_invalid(_: Request, error: Exception) -> Response:
    problems = tuple(
        FieldProblem(
            str(item["loc"][-1]), f"{item['msg']}, got {shown(item.get('input'))}", "See /docs for its bounds."
        )
        for item in cast("RequestValidationError", error).errors()
    )
    return problem(422, f"{len(problems)} parameter(s) cannot be used.", "Mend them.", problems).response()


async def _on_unexpected(request: Request, error: Exception) -> Response:
    serving: Serving = request.app.state.serving
    serving.telemetry.error()
    return unexpected(error).response()
