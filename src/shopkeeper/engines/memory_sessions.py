"""Live profiles and answers inside one process, by the port that other engines share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shopkeeper.commerce.event import Event, meant
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import Held, Recalled
from shopkeeper.serving.session_state import SessionState, keys_of, strongest


@dataclass(frozen=True, slots=True)
class _Answer:
    answer: bytes
    version: int
    until: float


class MemorySessions:
    """Implements `serving.ports.SessionStore` on `SessionState`, which a serving process without a server uses itself.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, state: SessionState, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._answers: dict[tuple[str, str], dict[str, _Answer]] = {}
        self._arms: dict[tuple[str, str], dict[str, str]] = {}
        self._filled = False

    async def begin(self) -> bool:
        """Say whether nobody has filled it yet."""
        fresh, self._filled = not self._filled, True
        return fresh

    async def read(self, shopper: Shopper, asked: str = "") -> Recalled:
        """Return the profile of a shopper, after moving what weaker keys gathered to it, and an answer kept of them."""
        profile = self._state.read(shopper)
        kept = self._answers.get(_owner(shopper), {}).get(asked)
        lives = kept is not None and kept.version == profile.version and kept.until > self._clock()
        return Recalled(profile, kept.answer if kept is not None and lives else None, self._first_arms(shopper))

    async def write(self, told: Sequence[tuple[Shopper, Event]]) -> None:
        """Add events of shoppers; only interest in a product changes a profile."""
        for shopper, event in told:
            there = {(one.product, one.type, one.ts) for one in self._state.read(shopper).events}
            if (event.product, meant(event), event.ts) not in there:
                self._state.write(shopper, event)

    async def keep(self, shopper: Shopper, asked: str, version: int, answer: bytes, seconds: float) -> None:
        """Keep an answer made of a version of a shopper's profile."""
        if self._state.read(shopper).version == version:
            self._answers.setdefault(_owner(shopper), {})[asked] = _Answer(answer, version, self._clock() + seconds)

    async def keep_arm(self, shopper: Shopper, test: str, arm: str) -> None:
        """Keep the arm a shopper had in a test, unless there is one."""
        self._arms.setdefault(_owner(shopper), {}).setdefault(test, arm)

    def _first_arms(self, shopper: Shopper) -> dict[str, str]:
        names = [(group, f"{kind}:{value}") for group, kind, value in keys_of(shopper)]
        found: dict[str, str] = {}
        for name in names:
            found = {**self._arms.get(name, {}), **found}
        if found:
            self._arms[names[0]] = found
        return dict(found)

    async def pour(self, held: Sequence[Held]) -> None:
        """Add what another place held of shoppers."""
        for one in held:
            self._state.take(one)

    async def erase(self, group: str, user: str) -> int:
        """Forget a user and their devices; return profiles dropped."""
        for _, kind, value in self._state.names_of(group, user):
            self._answers.pop((group, f"{kind}:{value}"), None)
            self._arms.pop((group, f"{kind}:{value}"), None)
        return self._state.erase(group, user)


def _owner(shopper: Shopper) -> tuple[str, str]:
    key = strongest(shopper)
    return (shopper.group, "" if key is None else f"{key[1]}:{key[2]}")
