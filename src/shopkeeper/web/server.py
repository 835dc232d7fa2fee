"""The server as a process: uvicorn with uvloop and httptools, structured logs, and a way down that loses nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import cast

import structlog
import uvicorn
from starlette.applications import Starlette

from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.web.early import EarlyServer
from shopkeeper.web.plain_connection import PlainConnection
from shopkeeper.web.plain_requests import PlainRequests
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings

DRAIN_SECONDS = 20
"""How long requests that run may take to finish after SIGTERM, seconds."""
BACKLOG = 2048
DOORS = 16
"""How many connections one turn of the event loop takes: one from each socket that it watches. Where a turn is a
batch of answers, the last of 128 connections that come together would wait for 1.5 s to be seen by one socket."""


class DrainingServer(uvicorn.Server):
    """Says "not ready" from the first signal on, and "serving" when the port is open."""

    def __init__(self, config: uvicorn.Config, app: Starlette, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._shop = app
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then tell who waits for it."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Turn readiness off and finish what runs; a second Ctrl-C stops at once.

        uvicorn's own handler would raise the signal again at the end, and the exit code would say "killed".
        """
        serving = getattr(self._shop.state, "serving", None)
        if serving is not None:
            serving.draining = True
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def run(settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until a signal comes.

    Args:
        port: 0 = any free one.
        ready: Called with the URL once requests are answered.

    Raises:
        ConfigError: the address cannot be listened on, or the server cannot start.
    """
    log_as_json()
    listener = bind(host, port)
    listener.listen(BACKLOG)
    url = url_of(host, listener)
    app = EarlyServer(settings)

    def answers() -> None:
        ready(url)
        app.load()

    server = server_of(settings, app, host, answers)
    with doors(listener) as sockets:
        server.run(sockets=sockets)
    if not server.started:
        raise ConfigError("The server could not start.", "The log above says why.")
    if app.busy:  # all is written; the interpreter would tear the thread down in the midst of a library's loading
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def server_of(settings: Settings, app: Starlette, host: str, ready: Callable[[], None]) -> DrainingServer:
    """Return the server of an app.

    Args:
        ready: Called once the port is open.
    """
    app.state.listens_on = host
    app.state.plain = PlainRequests(lambda: cast("Serving", app.state.serving))
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=PlainConnection,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        # Said here, as uvicorn would else read it from an environment variable that may say "everyone".
        forwarded_allow_ips=settings.serving.trusted_proxies,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
    return DrainingServer(config, app, ready)


def url_of(host: str, bound: socket.socket) -> str:
    """Return the URL of a server whose socket is bound."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{bound.getsockname()[1]}"


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket bound to an address, which nobody can connect to before it listens.

    Args:
        port: 0 = any free one.
        shared: Let other processes of this user bind to it too; the kernel gives each of them its part of connections.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = f"{host}:{port} cannot be listened on: {error.strerror}"
        raise ConfigError(
            f"{reason}.",
            "Choose another with `--port`, or stop what uses it.",
            (FieldProblem("port", reason, "Choose another."),),
        ) from error
    return listener


@contextlib.contextmanager
def doors(listener: socket.socket) -> Iterator[list[socket.socket]]:
    """Give a bound socket `DOORS` times, itself first, for an event loop to watch; close all of them at the end."""
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(listener)]
        opened += [stack.enter_context(listener.dup()) for _ in range(DOORS - 1)]
        yield opened


def log_as_json() -> None:
    """Write the server's own log to stderr, one JSON object a line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                # Locals stay out of the log: they hold keys and what shoppers did.
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
