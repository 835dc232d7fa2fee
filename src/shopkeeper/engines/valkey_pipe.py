"""Calls to Valkey or Redis from one event loop, sent together: while one round trip runs, the next ones gather."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shopkeeper.errors import ConfigError, Unavailable

_SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss", "redis": "redis", "rediss": "rediss", "unix": "unix"}
_ROUNDS_OF_GRACE: Final = 20
_CONNECT_SECONDS: Final = 1.0
_CALLS_AT_ONCE: Final = 64
"""Few enough for one answer in time, enough that a full batch of events takes some round trips."""


def redis_url(url: str) -> str:
    """Return the URL of a Valkey or Redis server as the client reads it.

    Raises:
        ConfigError: it is none, such as `valkey://host:6379/0`, `rediss://...` or `unix:///path/valkey.sock`.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES or not rest:
        raise ConfigError(
            f"{url.rpartition('@')[2]!r} does not name a Valkey or Redis server.",
            "Use for example valkey://host:6379/0, rediss://user:password@host:6379/0 or unix:///path/valkey.sock.",
        )
    return f"{_SCHEMES[scheme]}://{rest}"


class ValkeyPipe:
    """One connection's worth of calls. Used from one event loop.

    Args:
        wait_seconds: How long an answer, and a connection, may take.
    """

    def __init__(self, url: str, wait_seconds: float) -> None:
        self._client = redis.asyncio.Redis.from_url(
            redis_url(url),
            socket_timeout=None,  # `_answers` waits, as it knows how busy this process is
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),  # whoever calls has something better to do than to wait for a second try
        )
        self._wait = wait_seconds
        self._waiting: deque[tuple[tuple[Any, ...], asyncio.Future[Any]]] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Give the connection back."""
        if self._sending is not None:
            await self._sending
        await self._client.aclose()

    async def load(self, text: str) -> str:
        """Make a script known to the server and return its name there; a connection may be made for it at leisure.

        Raises:
            Unavailable: the server does not answer.
        """
        wait, self._wait = self._wait, max(self._wait, _CONNECT_SECONDS)
        try:
            return str(await self.call("SCRIPT LOAD", text))
        finally:
            self._wait = wait

    def call(self, *command: Any) -> asyncio.Future[Any]:  # noqa: ANN401 - what the protocol can send and answer
        """Queue one command and return what will be its answer; Unavailable where none comes, or a refusal."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return answer

    async def _send(self) -> None:
        """Send what waits until nothing does; without an answer all of it fails, so that nobody waits twice."""
        try:
            while self._waiting:
                calls = [self._waiting.popleft() for _ in range(min(len(self._waiting), _CALLS_AT_ONCE))]
                try:
                    answers = await self._answers([command for command, _ in calls])
                except (RedisError, OSError) as error:
                    self._fail([*calls, *self._waiting], error)
                    self._waiting.clear()
                    continue
                for (_, future), answer in zip(calls, answers, strict=True):
                    if isinstance(answer, Exception):
                        self._fail([((), future)], answer)
                    elif not future.done():
                        future.set_result(answer)
        finally:
            self._sending = None

    async def _answers(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """Send commands in one go and return their answers.

        An answer that lies in the socket when the time is up, because this process was busy with other things, counts
        as come in time: the loop gets some rounds to take it out.

        Raises:
            TimeoutError: none came.
            RedisError: the connection broke.
        """
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        sent = asyncio.ensure_future(pipeline.execute(raise_on_error=False))
        await asyncio.wait({sent}, timeout=self._wait)
        for _ in range(_ROUNDS_OF_GRACE):
            if sent.done():
                break
            await asyncio.sleep(0)
        if sent.done():
            answers: list[Any] = sent.result()
            return answers
        sent.cancel()
        await asyncio.wait({sent})
        await self._client.connection_pool.disconnect()  # an answer that comes late belongs to nobody
        raise TimeoutError(f"no answer in {self._wait * 1000:.0f} ms")

    @staticmethod
    def _fail(calls: list[tuple[tuple[Any, ...], asyncio.Future[Any]]], error: Exception) -> None:
        for _, future in calls:
            if not future.done():
                future.set_exception(
                    Unavailable(
                        f"Valkey does not answer: {str(error) or type(error).__name__}.",
                        "Check that it runs and has memory left; until then each process goes on by itself.",
                    )
                )
