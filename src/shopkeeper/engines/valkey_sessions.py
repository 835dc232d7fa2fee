"""Live profiles and the answers made of them on Valkey or Redis, for every serving process: one round trip a visit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

import msgspec

from shopkeeper.commerce.event import PROFILED, Event, EventType, meant
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.state_schema import from_micros, to_micros
from shopkeeper.engines.valkey_pipe import ValkeyPipe
from shopkeeper.serving.ports import Held, Profile, Recalled, SessionEvent
from shopkeeper.serving.session_state import EVENTS_KEPT

LIFE_SECONDS: Final = 30 * 24 * 3600
"""A profile nobody visits is forgotten after this long."""
WAIT_SECONDS: Final = 0.02
ANSWERS_KEPT: Final = 16
"""Most answers kept of one shopper between two events of theirs."""
_FILLED: Final = "shopkeeper:filled"
_SCRIPTS: Final = ("visit", "answer", "pour", "erase")


class _Kept(msgspec.Struct):
    events: list[tuple[str, EventType, str]]
    version: str


class ValkeySessions:
    """Implements `serving.ports.SessionStore`; from any number of processes, as the server runs one visit at a time.

    For one server with its replicas, not for a cluster: the scripts make names their caller does not list.

    Args:
        url: Such as `valkey://host:6379/0`, `rediss://user:password@host:6379/0` or `unix:///path/valkey.sock`.
        wait_seconds: How long a read waits for its answer; whatever else is called waits for a second.
    """

    def __init__(self, url: str, life_seconds: int = LIFE_SECONDS, wait_seconds: float = WAIT_SECONDS) -> None:
        self._pipe = ValkeyPipe(url, wait_seconds)
        self._life = life_seconds
        self._names: dict[str, str] = {}

    async def close(self) -> None:
        """Give the connection back."""
        await self._pipe.close()

    async def begin(self) -> bool:
        """Make the server ready for the calls below; say whether nobody has filled it yet, which marks it as filled."""
        await self.prepare()
        return await self._pipe.call("SET", _FILLED, "1", "NX") is not None

    async def prepare(self) -> None:
        """Make the scripts known to the server."""
        common = _script("common")
        self._names = {name: await self._pipe.load(common + _script(name)) for name in _SCRIPTS}

    async def read(self, shopper: Shopper, asked: str = "") -> Recalled:
        """Return the profile of a shopper, after moving what weaker keys gathered to it, and an answer kept of them."""
        names = _names(shopper)
        if not names:
            name = f"{_prefix(shopper.group)}answer:{asked}"
            return Recalled(answer=await self._pipe.call("GET", name, hasty=True) if asked else None)
        return _recalled(*await self._call("visit", shopper.group, names, asked, hasty=True))

    async def write(self, told: Sequence[tuple[Shopper, Event]]) -> None:
        """Add events of shoppers; only interest in a product, or its refusal, changes a profile."""
        calls = [
            self._call("visit", shopper.group, names, "", *_event(event))
            for shopper, event in told
            if (names := _names(shopper))
        ]
        await asyncio.gather(*calls)

    async def keep(self, shopper: Shopper, asked: str, version: int, answer: bytes, seconds: float) -> None:
        """Keep an answer made of a version of a shopper's profile."""
        names, life = _names(shopper), max(1, round(seconds))
        if not names:
            await self._pipe.call("SET", f"{_prefix(shopper.group)}answer:{asked}", answer, "EX", life)
            return
        await self._call("answer", shopper.group, names[:1], asked, version, answer, life, ANSWERS_KEPT)

    async def keep_arm(self, shopper: Shopper, test: str, arm: str) -> None:
        """Keep the arm a shopper had in a test, unless there is one."""
        name = f"{_prefix(shopper.group)}arms:{_names(shopper)[0]}"
        await asyncio.gather(self._pipe.call("HSETNX", name, test, arm), self._pipe.call("EXPIRE", name, self._life))

    async def pour(self, held: Sequence[Held]) -> None:
        """Add what a process held of shoppers itself; an event that is there already stays one."""
        calls = [
            self._call(
                "pour",
                one.group,
                [one.name, *one.weaker],
                msgspec.json.encode([[e.product, e.type, str(to_micros(e.ts))] for e in one.profile.events]),
            )
            for one in held
        ]
        await asyncio.gather(*calls)

    async def erase(self, group: str, user: str) -> int:
        """Forget a user, and what is held of every device and session that was theirs; return profiles dropped."""
        return int(await self._call("erase", group, [f"user:{user}"]))

    def _call(
        self,
        script: str,
        group: str,
        names: Sequence[str],
        *own: str | int | bytes,
        hasty: bool = False,
    ) -> asyncio.Future[Any]:
        name = self._names.get(script, script)  # unknown until `begin`: the server refuses, which is the answer
        common = (_prefix(group), self._life, EVENTS_KEPT)
        return self._pipe.call("EVALSHA", name, len(names), *names, *common, *own, hasty=hasty)


def _script(name: str) -> str:
    return resources.files("shopkeeper.engines").joinpath(f"valkey_{name}.lua").read_text("utf-8")


def _prefix(group: str) -> str:
    return f"shopkeeper:{{{quote(group, safe='')}}}:"


def _names(shopper: Shopper) -> list[str]:
    """Return the names of a shopper, the strongest first."""
    pairs = (("user", shopper.user), ("visitor", shopper.visitor), ("session", shopper.session))
    return [f"{kind}:{value}" for kind, value in pairs if value is not None]


def _event(event: Event) -> tuple[str, ...]:
    said = meant(event)
    if event.product is None or said not in PROFILED:
        return ()
    return (event.product, said, str(to_micros(event.ts)))


def _recalled(profile: bytes | None, answer: bytes | None, first: Sequence[bytes]) -> Recalled:
    arms = {test.decode(): arm.decode() for test, arm in zip(first[::2], first[1::2], strict=True)}
    if profile is None:
        return Recalled(answer=answer, arms=arms)
    kept = msgspec.json.decode(profile, type=_Kept)
    events = tuple(SessionEvent(product, type_, from_micros(int(micros))) for product, type_, micros in kept.events)
    return Recalled(Profile(events, int(kept.version)), answer, arms)
