"""API keys held in memory, so that a request costs no database read and a revoked key still stops within a second."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable

from shopkeeper.serving.ports import ApiKey, KeyStore

UNKNOWN_KEPT = 10_000
UNKNOWN_SECONDS = 1.0
"""How long a secret that was not found is taken as unknown without asking again."""


class KeyRing:
    """All valid keys by the hash of their secret; the secret itself is not kept. Used from one event loop.

    Once it was refreshed, no request with a valid key needs the store, which may be away.

    Args:
        clock: Seconds that never go back, such as `time.monotonic`.
    """

    def __init__(self, store: KeyStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[bytes, ApiKey] = {}
        self._unknown: OrderedDict[bytes, float] = OrderedDict()

    def known(self, secret: str) -> ApiKey | None:
        """Return the key behind a secret if it is held here and still valid."""
        return self._known.get(digest_of(secret))

    def held(self, digest: bytes) -> ApiKey | None:
        """Return the key whose secret has a hash, as `known` does."""
        return self._known.get(digest)

    async def find(self, secret: str) -> ApiKey | None:
        """Return the valid key behind a secret, asking the store for one not held yet; None when there is none.

        Raises:
            Unavailable: it is not held, and the store does not answer.
        """
        digest = digest_of(secret)
        key = self._known.get(digest)
        if key is not None:
            return key
        asked_at = self._unknown.get(digest)
        if asked_at is not None and self._clock() - asked_at < UNKNOWN_SECONDS:
            return None
        key = await asyncio.to_thread(self._store.find, secret)
        if key is None:
            self._unknown[digest] = self._clock()
            self._unknown.move_to_end(digest)
            if len(self._unknown) > UNKNOWN_KEPT:
                self._unknown.popitem(last=False)
        else:
            self._unknown.pop(digest, None)
            self._known[digest] = key
        return key

    async def refresh(self) -> None:
        """Hold the keys that are valid now, and forget those that were revoked since."""
        self._known = dict(await asyncio.to_thread(self._store.valid))


def digest_of(secret: str) -> bytes:
    """Return the hash by which a key is held."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
