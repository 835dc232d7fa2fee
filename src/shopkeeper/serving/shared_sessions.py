"""The shared store of profiles and answers as one process sees it: it may go away and come back."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.errors import TooLate, Unavailable
from shopkeeper.serving.ports import Recalled, SessionStore
from shopkeeper.serving.session_state import Key, SessionState, keys_of

Told = tuple[Shopper, Event]
WAITING: Final = 200_000
"""Most events that wait for the store while it is away; the oldest are left out first, and counted."""
TRY_SECONDS: Final = 1.0
"""How long an event waits for a store that just went away: it may only have dropped a connection."""
_ON_THEIR_WAY: Final = 1_000
_AT_ONCE: Final = 500
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Erasure:
    """A user to be forgotten, and every key that was theirs when it was asked for."""

    group: str
    user: str
    keys: frozenset[Key]

    def means(self, told: Told) -> bool:
        return not self.keys.isdisjoint(keys_of(told[0]))


class SharedSessions:
    """One store, and what waits for it while it is away. Used from one event loop.

    From the first call that fails the store counts as away: reads give None at once, and events and erasures wait.
    `follow`, begun at once and again and again, finds out when it is back, hands it what waited in order (erasures
    first), and where it came back empty everything this process holds. Until then nobody reads from it, so nobody reads
    less than they wrote. A read that came too late gives None; the next `follow` asks the store at leisure, and only
    where that fails it is away.

    Args:
        local: What this process holds itself.
    """

    def __init__(self, store: SessionStore, local: SessionState) -> None:
        self._store = store
        self._local = local
        self._events: deque[Told] = deque()
        self._erasures: list[_Erasure] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._one_by_one = asyncio.Lock()
        self._trying: asyncio.Task[None] | None = None
        """Looks whether a store that just went away is there after all."""
        self._late = False
        """A read came too late since the store was last asked at leisure."""
        self._empty = False
        """It came back empty, and this process has not yet poured all it holds into it."""
        self.up = False
        self.failures: Counter[str] = Counter()
        """Calls that failed, by name."""
        self.unread = 0
        """Reads answered from what this process holds, because the store was away or late."""
        self.untold = 0
        """Events acknowledged while the store did not have them yet."""
        self.left_out = 0
        """Events the store will never see, because too many waited."""

    @property
    def waiting(self) -> int:
        """Events that wait for the store."""
        return len(self._events)

    async def read(self, shopper: Shopper, asked: str) -> Recalled | None:
        """Return what the store knows; None while it is away, and where it is too late."""
        if self.up:
            try:
                return await self._store.read(shopper, asked)
            except TooLate:
                self.failures["late"] += 1
                self._late = True
            except Unavailable as error:
                self._away("read", error)
        self.unread += 1
        return None

    async def write(self, told: Sequence[Told]) -> None:
        """Hand events over; where the store is away they wait for it, and the caller only as long as it just went."""
        if self.up:
            try:
                await self._store.write(told)
            except Unavailable as error:
                self._away("write", error)
            else:
                return
        self._events.extend(told)
        while len(self._events) > WAITING:
            self._events.popleft()
            self.left_out += 1
        if self._trying is not None:
            await asyncio.wait({self._trying}, timeout=TRY_SECONDS)
        if not self.up:
            self.untold += len(told)

    def keep(self, shopper: Shopper, asked: str, version: int, answer: bytes, seconds: float) -> None:
        """Let an answer be kept in the background; while the store is away or slow it is not."""
        self._send("keep", lambda: self._store.keep(shopper, asked, version, answer, seconds))

    def keep_arm(self, shopper: Shopper, test: str, arm: str) -> None:
        """Let a shopper's first arm be kept in the background; while the store is away or slow it is not."""
        self._send("keep_arm", lambda: self._store.keep_arm(shopper, test, arm))

    async def erase(self, group: str, user: str) -> int:
        """Forget a user; return profiles dropped.

        Raises:
            Unavailable: the store is away. It will be done when it is back, if this process lives until then.
        """
        erasure = _Erasure(group, user, frozenset(self._local.names_of(group, user)))
        self._events = deque(told for told in self._events if not erasure.means(told))
        try:
            if not self.up:
                raise Unavailable("The shared cache is away.", "Delete the user again when it is back.")
            return await self._store.erase(group, user)
        except Unavailable as error:
            if self.up:
                self._away("erase", error)
            if not any((one.group, one.user) == (group, user) for one in self._erasures):
                self._erasures.append(erasure)
            raise

    async def follow(self) -> None:
        """Where the store is away or was late, see whether it answers, and bring it up to date."""
        async with self._one_by_one:
            await self._follow()

    async def _follow(self) -> None:
        if self.up and not self._late:
            return
        self._late = False
        try:
            self._empty = await self._store.begin() or self._empty
            if self._empty:
                self.up = False
                await self._pour()
                self._empty = False
            while self._erasures or self._events:
                await self._catch_up()
        except Unavailable as error:
            self.failures["begin"] += 1
            self._lost("begin", error)
            return
        if not self.up:
            self.up = True
            _log.info("shared_cache_answers")

    async def _catch_up(self) -> None:
        """Carry out what waits, erasures first; what fails waits again."""
        while self._erasures:
            await self._store.erase(self._erasures[0].group, self._erasures[0].user)
            del self._erasures[0]
        batch = [self._events.popleft() for _ in range(min(len(self._events), _AT_ONCE))]
        try:
            await self._store.write(batch)
        except Unavailable:
            self._events.extendleft(told for told in reversed(batch) if not any(e.means(told) for e in self._erasures))
            raise

    async def _pour(self) -> None:
        held = list(self._local.held())
        for start in range(0, len(held), _AT_ONCE):
            await self._store.pour(held[start : start + _AT_ONCE])

    def _send(self, name: str, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call in the background that nobody misses."""
        if self.up and len(self._sending) < _ON_THEIR_WAY:
            task = asyncio.create_task(self._sent(name, call))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _sent(self, name: str, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        except Unavailable as error:
            self._away(name, error)

    def _away(self, call: str, error: Unavailable) -> None:
        self.failures[call] += 1
        if self.up:
            self._lost(call, error)
            self._trying = asyncio.create_task(self.follow())
            self._trying.add_done_callback(self._tried)

    def _tried(self, _: asyncio.Task[None]) -> None:
        self._trying = None

    def _lost(self, call: str, error: Unavailable) -> None:
        if self.up:
            self.up = False
            _log.warning("shared_cache_away", call=call, reason=error.reason, remedy=error.remedy)
