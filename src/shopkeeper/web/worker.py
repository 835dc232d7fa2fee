"""One of several serving processes behind a port: warmed, let go by its parent, and gone when the parent is."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import Final

from shopkeeper.web.app import create_app
from shopkeeper.web.peers import Peers
from shopkeeper.web.server import DrainingServer, bind, doors, server_of
from shopkeeper.wiring.settings import Settings

WARMED: Final = b"w"
"""Told to the parent once all is read that requests need."""
LISTENS: Final = b"l"
"""Told to the parent once connections are taken."""
ALIVE: Final = b"a"
"""Told to the parent once a second while requests are taken."""
GO: Final = b"g"
"""Told by the parent once connections may be taken."""


def serve_as_worker(settings: Settings, host: str, port: int, peers: Peers, parent: socket.socket) -> bool:
    """Serve until a signal comes or the parent is gone; say whether the server started.

    Args:
        peers: Who this worker is, and the others.
        parent: The line to the parent; it ends with either of them.

    Raises:
        ConfigError: the address cannot be listened on.
    """
    listener = bind(host, port, shared=True)
    parent.setblocking(False)
    server: DrainingServer

    async def warmed() -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(parent, WARMED)
        if await loop.sock_recv(parent, 1) == GO:
            loop.add_reader(parent.fileno(), _gone, loop, parent, server)
            _say_alive(loop, parent)
        else:
            server.handle_exit(signal.SIGTERM, None)

    server = server_of(
        settings, create_app(settings, warmed=warmed, peers=peers), host, lambda: parent.sendall(LISTENS)
    )
    with doors(listener) as sockets:
        server.run(sockets=sockets)
    return server.started


def _say_alive(loop: asyncio.AbstractEventLoop, parent: socket.socket) -> None:
    """Tell the parent, now and every second, that this loop turns."""
    with contextlib.suppress(OSError):  # a parent that reads nothing is stopped or gone; the latter is heard elsewhere
        parent.send(ALIVE)
    loop.call_later(1.0, _say_alive, loop, parent)


def _gone(loop: asyncio.AbstractEventLoop, parent: socket.socket, server: DrainingServer) -> None:
    """End as on SIGTERM when the parent is gone: it says nothing after `GO`, so what can be read is its end."""
    loop.remove_reader(parent.fileno())
    server.handle_exit(signal.SIGTERM, None)
