"""Calls to Valkey or Redis from one event loop, sent together: while one round trip runs, the next ones gather."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from shopkeeper.errors import ConfigError, TooLate, Unavailable

_SCHEMES: Final = {"valkey": "redis", "valkeys": "rediss", "redis": "redis", "rediss": "rediss", "unix": "unix"}
_ROUNDS_OF_GRACE: Final = 20
LONGEST_SECONDS: Final = 1.0
"""How long the server may take before it counts as not answering."""
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


@dataclass(frozen=True, slots=True)
class _Call:
    command: tuple[Any, ...]
    answer: asyncio.Future[Any]
    hasty: bool

    def fail(self, error: Unavailable) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class ValkeyPipe:
    """One connection's worth of calls. Used from one event loop.

    A busy machine makes answers late now and then: who is in haste is told so and goes on, while the round trip runs
    for all others, and the connection stays.

    Args:
        wait_seconds: How long a call in haste waits; all others, a connection too, wait for `LONGEST_SECONDS`.
    """

    def __init__(self, url: str, wait_seconds: float) -> None:
        self._client = redis.asyncio.Redis.from_url(
            redis_url(url),
            socket_timeout=None,  # `_answers` waits, as it knows how busy this process is
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),  # whoever calls has something better to do than to wait for a second try
        )
        self._wait = wait_seconds
        self._longest = max(wait_seconds, LONGEST_SECONDS)
        self._waiting: deque[_Call] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Give the connection back."""
        if self._sending is not None:
            await self._sending
        await self._client.aclose()

    async def load(self, text: str) -> str:
        """Make a script known to the server and return its name there.

        Raises:
            Unavailable: the server does not answer.
        """
        return str(await self.call("SCRIPT LOAD", text))

    def call(self, *command: Any, hasty: bool = False) -> asyncio.Future[Any]:  # noqa: ANN401 - what the protocol has
        """Queue one command and return what will be its answer; Unavailable where none comes, or a refusal, and TooLate
        where one in haste has to go on without.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(command, answer, hasty))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return answer

    async def _send(self) -> None:
        """Send what waits until nothing does; without an answer all of it fails, so that nobody waits twice."""
        try:
            while self._waiting:
                calls = [self._waiting.popleft() for _ in range(min(len(self._waiting), _CALLS_AT_ONCE))]
                calls = [call for call in calls if not call.answer.done()]
                if not calls:
                    continue
                try:
                    answers = await self._answers(calls)
                except (RedisError, OSError) as error:
                    _fail([*calls, *self._waiting], error)
                    self._waiting.clear()
                    continue
                for call, answer in zip(calls, answers, strict=True):
                    if isinstance(answer, Exception):
                        _fail([call], answer)
                    elif not call.answer.done():
                        call.answer.set_result(answer)
        finally:
            self._sending = None

    async def _answers(self, calls: Sequence[_Call]) -> list[Any]:
        """Send commands in one go and return their answers.

        An answer that lies in the socket when the time is up, because this process was busy with other things, counts
        as come in time: the loop gets some rounds to take it out.

        Raises:
            TimeoutError: none came.
            RedisError: the connection broke.
        """
        pipeline = self._client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command(*call.command)
        sent, clock = asyncio.ensure_future(pipeline.execute(raise_on_error=False)), asyncio.get_running_loop().time
        until = clock() + self._longest
        while True:
            await asyncio.wait({sent}, timeout=self._wait)
            for _ in range(_ROUNDS_OF_GRACE):
                if sent.done():
                    break
                await asyncio.sleep(0)
            if sent.done():
                answers: list[Any] = sent.result()
                return answers
            if clock() >= until:
                break
            self._let_go(calls)
        sent.cancel()
        await asyncio.wait({sent})
        await self._client.connection_pool.disconnect()  # an answer that comes late belongs to nobody
        raise TimeoutError(f"no answer in {self._longest * 1000:.0f} ms")

    def _let_go(self, calls: Iterable[_Call]) -> None:
        """Let those in haste go on without an answer, of calls on their way and of those that wait."""
        late = TooLate(f"Valkey did not answer in {self._wait * 1000:.0f} ms.", "Each process goes on by itself.")
        for call in (*calls, *self._waiting):
            if call.hasty:
                call.fail(late)


def _fail(calls: Iterable[_Call], error: Exception) -> None:
    for call in calls:
        call.fail(
            Unavailable(
                f"Valkey does not answer: {str(error) or type(error).__name__}.",
                "Check that it runs and has memory left; until then each process goes on by itself.",
            )
        )
