"""A load generator in one process, over keep-alive connections.

Closed loop (`load`): each connection sends the next request when the answer is there, so a slow server is asked less.
Open loop (`load_at`): requests fall due at a constant rate whatever the server does, as shoppers do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class LoadResult:
    """What came of a load.

    Attributes:
        statuses: HTTP status -> answers; 0 = the connection broke.
        milliseconds: Time from sending a request to the last byte of its answer, each but those turned away.
        turned_away: The same of each answer 503.
    """

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    turned_away: list[float] = field(default_factory=list)

    @property
    def rps(self) -> float:
        """Answers a second, without those turned away."""
        return len(self.milliseconds) / self.seconds if self.seconds else 0.0

    @property
    def errors(self) -> int:
        """Answers that were not 2xx, and broken connections."""
        return sum(n for status, n in self.statuses.items() if not 200 <= status < 300)

    def add(self, other: LoadResult) -> None:
        """Take in what came of a load that followed this one."""
        self.seconds += other.seconds
        self.milliseconds += other.milliseconds
        self.turned_away += other.turned_away
        for status, n in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + n

    def percentile_ms(self, share: float) -> float:
        """Return the time that `share` of the answers did not exceed, milliseconds; 0 without answers."""
        times = sorted(self.milliseconds)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


def http_request(method: str, path: str, body: bytes = b"", key: str = "") -> bytes:
    """Return the bytes of one HTTP/1.1 request on a keep-alive connection."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
    if body:
        lines.append("content-type: application/json")
    if key:
        lines.append(f"authorization: Bearer {key}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def load(
    host: str, port: int, requests: Iterator[bytes], connections: int, seconds: float, most: int | None = None
) -> LoadResult:
    """Send requests over `connections` connections for `seconds`, or until `most` were sent or none is left."""
    result = LoadResult()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    until = started + seconds
    limited = requests if most is None else (request for request, _ in zip(requests, range(most), strict=False))
    clients = [_Client(limited, until, result) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]  # one each
    await asyncio.gather(*(client.done for client in clients))
    result.seconds = time.perf_counter() - started
    return result


async def load_at(
    host: str, port: int, requests: Iterator[bytes], rate: float, connections: int, seconds: float
) -> LoadResult:
    """Send `rate` requests a second for `seconds`; each takes from the moment it was due, waiting included.

    A request that is due while every connection waits for an answer is sent by the first that is free again.
    """
    result = LoadResult()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    schedule = _Schedule(requests, rate, started, started + seconds)
    clients = [_Client(iter(()), 0.0, result, schedule) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]  # one each
    await asyncio.gather(*(client.done for client in clients))
    result.seconds = time.perf_counter() - started
    return result


class _Schedule:
    """When the next request of an open loop is due, for whichever connection is free."""

    def __init__(self, requests: Iterator[bytes], rate: float, started: float, until: float) -> None:
        self._requests = requests
        self._step = 1.0 / rate
        self._due = started
        self._until = until

    def take(self) -> tuple[float, bytes] | None:
        """Return the next request and when it is due; None when there is no more."""
        due = self._due
        request = next(self._requests, None) if due < self._until else None
        self._due += self._step
        return None if request is None else (due, request)


class _Client(asyncio.Protocol):
    """One connection.

    Args:
        schedule: Where requests of an open loop come from; None = a closed loop over `requests` until `until`.
    """

    def __init__(
        self, requests: Iterator[bytes], until: float, result: LoadResult, schedule: _Schedule | None = None
    ) -> None:
        self._requests = requests
        self._until = until
        self._result = result
        self._schedule = schedule
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self._buffer[:head].lower()
        place = lower.find(b"content-length:")
        length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        status = int(self._buffer[9:12])
        self._buffer = b""
        self._count(status)
        times = self._result.turned_away if status == 503 else self._result.milliseconds
        times.append((time.perf_counter() - self._sent_at) * 1000)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.done.done():
            self._count(0)
            self.done.set_result(None)

    def _next(self) -> None:
        if self._schedule is not None:
            self._wait_for(self._schedule)
            return
        request = next(self._requests, None) if time.perf_counter() < self._until else None
        if request is None:
            self._end()
        else:
            self._send(request, time.perf_counter())

    def _wait_for(self, schedule: _Schedule) -> None:
        found = schedule.take()
        if found is None:
            self._end()
            return
        due, request = found
        left = due - time.perf_counter()
        if left <= 0:
            self._send(request, due)
        else:
            asyncio.get_running_loop().call_later(left, self._send, request, due)

    def _send(self, request: bytes, due: float) -> None:
        assert self._transport is not None
        self._sent_at = due
        self._transport.write(request)

    def _end(self) -> None:
        assert self._transport is not None
        if not self.done.done():
            self.done.set_result(None)
        self._transport.close()

    def _count(self, status: int) -> None:
        self._result.statuses[status] = self._result.statuses.get(status, 0) + 1
