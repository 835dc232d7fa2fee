"""The server of one process: what shoppers ask is answered while the pages are still being loaded.

Pages, the control room and the administration are half of the modules of a server. They are loaded by a thread as soon
as requests of shoppers are answered; whoever asks for one of them before waits for it, once, about a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator

import structlog
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shopkeeper.serving.workers import Workers
from shopkeeper.web.hot_routes import hot_route, hot_routes, open_to_browsers
from shopkeeper.web.peers import Peers
from shopkeeper.web.probes import livez, readyz
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.settings import Settings

_LOAD_SECONDS = 600.0
_PROBES = ("/livez", "/readyz")
_log = structlog.get_logger(__name__)


class EarlyServer(Starlette):
    """Answers the hot routes and the probes itself, and everything else by `web.app` once that is loaded."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(routes=[Route("/livez", livez), Route("/readyz", readyz)], lifespan=self._open)
        self.state.peers = Peers()
        self._settings = settings
        self._hot = open_to_browsers(hot_routes(settings), settings)
        self._thread = Workers(threads=1, spares=0)  # one that holds up no end: a server may be stopped while it loads
        self.busy = False
        """A thread is loading the pages."""
        self._pages: Starlette | None = None
        self._loading: asyncio.Task[Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif self._pages is not None:
            await self._pages(scope, receive, send)
        elif (hot := hot_route(self._hot, scope)) is not None:
            scope["app"] = self
            await hot(scope, receive, send)
        elif scope["path"] in _PROBES:
            await super().__call__(scope, receive, send)
        else:
            pages = await asyncio.shield(self.load())
            await pages(scope, receive, send)

    def load(self) -> asyncio.Task[Starlette]:
        """Begin to load the pages, unless that was begun."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
        return self._loading

    @contextlib.asynccontextmanager
    async def _open(self, _: Starlette) -> AsyncIterator[None]:
        async with open_serving(self._settings) as serving:
            self.state.serving = serving
            yield
            serving.draining = True
            if self._loading is not None:
                self._loading.cancel()

    async def _load(self) -> Starlette:
        gc.disable()  # modules stay: a collector that walks them stops answers for a tenth of a second for nothing
        try:
            self.busy = True
            pages = await self._thread.run(self._made, self._settings, _LOAD_SECONDS)
        except Exception as error:
            _log.critical("pages_not_loaded", exc_info=error)
            self.state.pages_not_loaded = repr(error)
            raise
        finally:
            gc.freeze()
            gc.enable()
            self._thread.close()
        pages.state.serving, pages.state.listens_on = self.state.serving, self.state.listens_on
        self._pages = pages
        _log.info("pages_loaded")
        return pages

    def _made(self, settings: Settings) -> Starlette:
        try:
            return _made(settings)
        finally:
            self.busy = False


def _made(settings: Settings) -> Starlette:
    from shopkeeper.web.app import create_app  # noqa: PLC0415 - half of a server's modules, loaded beside its answers

    return create_app(settings)
