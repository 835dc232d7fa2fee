"""API keys held in memory, so that a request costs no database read and a revoked key still stops within a second."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from shopkeeper.serving.ports import ApiKey, KeyStore

KEYS_KEPT = 10_000
UNKNOWN_KEPT = 10_000
UNKNOWN_SECONDS = 1.0
"""How long a secret that was not found is taken as unknown without asking again."""


class KeyRing:
    """Valid keys by the hash of their secret; the secret itself is not kept. Used from one event loop.

    Args:
        clock: Seconds that never go back, such as `time.monotonic`.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[bytes, ApiKey] = OrderedDict()
        self._unknown: OrderedDict[bytes, float] = OrderedDict()

    def known(self, secret: str) -> ApiKey | None:
        """Return the key behind a secret if it was seen before and is still valid."""
        return self._known.get(_digest(secret))

    async def find(self, secret: str) -> ApiKey | None:
        """Return the valid key behind a secret, asking the store for one not seen before; None when there is none."""
        digest = _digest(secret)
        key = self._known.get(digest)
        if key is not None:
            return key
        asked_at = self._unknown.get(digest)
        if asked_at is not None and self._clock() - asked_at < UNKNOWN_SECONDS:
            return None
        key = await asyncio.to_thread(self._store.find, secret)
        if key is None:
            _remember(self._unknown, digest, self._clock(), UNKNOWN_KEPT)
        else:
            self._unknown.pop(digest, None)
            _remember(self._known, digest, key, KEYS_KEPT)
        return key

    async def refresh(self) -> None:
        """Forget keys that were revoked since."""
        keys = await asyncio.to_thread(self._store.keys)
        valid = {key.key_id for key in keys if key.revoked_at is None}
        for digest in [digest for digest, key in self._known.items() if key.key_id not in valid]:
            del self._known[digest]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


KeptT = TypeVar("KeptT")


def _remember(kept: OrderedDict[bytes, KeptT], digest: bytes, value: KeptT, limit: int) -> None:
    kept[digest] = value
    kept.move_to_end(digest)
    if len(kept) > limit:
        kept.popitem(last=False)
