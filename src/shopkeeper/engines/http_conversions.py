"""Conversions sent to a Shopkeeper server as events, over HTTP."""

from __future__ import annotations

import httpx
import msgspec
import structlog

from shopkeeper.commerce.event import Event

_log = structlog.get_logger(__name__)


class HttpConversions:
    """Implements `experiments.flag_answers.Conversions`: `POST /v1/events`, one event a request.

    Args:
        url: Of the server, such as `http://127.0.0.1:8000`.
        key: API key of the store with the scope `events`.
        seconds: How long a call may take; a conversion that takes longer is counted as lost.
    """

    def __init__(self, url: str, key: str, seconds: float = 1.0, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=seconds, transport=transport
        )
        self.sent = 0
        """Events on the server's disk."""
        self.lost = 0
        """Events that did not get through."""

    def note(self, event: Event) -> None:
        """Send one event on."""
        try:
            answer = self._http.post("/v1/events", content=msgspec.json.encode(event))
        except httpx.HTTPError as error:
            self.lost += 1
            _log.warning("conversion_lost", error=repr(error))
            return
        if answer.is_success:
            self.sent += 1
        else:
            self.lost += 1
            _log.warning("conversion_lost", status=answer.status_code, answer=answer.text[:500])

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()
