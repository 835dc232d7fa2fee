"""An open loop asks at its own pace: an answer takes from when its request was due, not from when it could be sent."""

from __future__ import annotations

import asyncio
from itertools import repeat

import pytest

from shopkeeper.testing.load import LoadResult, http_request, load_at

pytestmark = pytest.mark.integration
ASKED = http_request("POST", "/", b"{}")
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


async def against_server() -> tuple[LoadResult, int]:
    """Put five requests on one connection of a server that answers the first only after the others fell due."""
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        while await reader.read(len(ASKED)):
            came += 1
            await asyncio.sleep(0.05 if came == 1 else 0)
            writer.write(ANSWER)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    requests = iter(list(repeat(ASKED, 5)))
    async with server:
        result = await load_at("127.0.0.1", port, requests, 1_000, 1, 10)
    return result, came


def test_an_open_loop_counts_the_time_a_request_waited_for_a_connection() -> None:
    result, came = asyncio.run(against_server())
    assert (result.statuses, came, result.errors) == ({200: 5}, 5, 0)
    assert min(result.milliseconds[:2]) >= 40
