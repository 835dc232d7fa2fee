"""Tells a shop which prices changed: signed messages over HTTP, each repeated until it was taken."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx2
import msgspec

from shopkeeper.errors import Unavailable
from shopkeeper.pricing.runs.price_run import PriceChange
from shopkeeper.pricing.runs.told_change import told

SIGNATURE: Final = "x-shopkeeper-signature"


class PriceWebhook:
    """Implements `pricing.ports.ChangesTaker`.

    A message is the bytes of `{"changes": [...], "version": N}`. Its header `x-shopkeeper-signature` is
    `t=SECONDS,v1=HEX`: HEX = HMAC-SHA256 of `SECONDS.BODY` under the secret. A receiver compares it in constant time,
    refuses times more than a few minutes off, and takes a change once by its number.

    Args:
        url: Where messages go; no redirect is followed and no proxy used.
        secret: Not empty.
        seconds: How long one message may take.
        transport: Carries them.
    """

    def __init__(
        self,
        url: str,
        secret: str,
        seconds: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._secret = secret.encode()
        self._now = now
        self._client = httpx2.Client(
            timeout=seconds, follow_redirects=False, trust_env=False, transport=transport or httpx2.HTTPTransport()
        )

    def take(self, changes: Sequence[PriceChange]) -> None:
        """Send changes; on return they were taken. Raises Unavailable."""
        body = msgspec.json.encode({"changes": [told(one) for one in changes], "version": changes[-1].number})
        headers = {"content-type": "application/json", SIGNATURE: signature(self._secret, body, self._now())}
        try:
            with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
                status = answer.status_code  # what the answer says is not read: it may never end
        except httpx2.HTTPError as error:
            raise Unavailable(f"{self._url} took no prices: {error!r}.", "They are sent again.") from error
        if not 200 <= status < 300:
            raise Unavailable(f"{self._url} took no prices: it answered {status}.", "They are sent again.")

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def signature(secret: bytes, body: bytes, at: datetime) -> str:
    """Return the header by which a receiver knows who sent a message, and when."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={hmac.new(secret, seconds.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
