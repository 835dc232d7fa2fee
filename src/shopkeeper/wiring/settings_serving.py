"""Settings of the HTTP server."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shopkeeper.commerce.event import BROWSED, EventType

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")


class ServingSettings(BaseModel):
    """The HTTP server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    deadline_ms: float = Field(60.0, gt=0)
    """How long a model may take before the rules answer, milliseconds."""
    wait_ms: float = Field(150.0, gt=0)
    """How long a request may wait for those before it, milliseconds: then the rules or the last good answer stand in
    for the model, and where so many are inside that even these would take longer, the answer is 503."""
    cache_hours: float = Field(12.0, ge=0)
    """Life of a cached answer, hours; each gets up to 10% jitter."""
    cache_entries: int = Field(100_000, ge=0)
    """Most answers held, the longest unread going first; one of 20 products takes about 6 kB."""
    cache_wait_ms: float = Field(20.0, gt=0)
    """How long a request waits for its profile from `engines.cache_url` before it is read in process, milliseconds."""
    sessions: int = Field(200_000, gt=0)
    """Shoppers whose live profile is held in memory; the longest unseen goes first."""
    body_bytes: int = Field(4_000_000, gt=0)
    """Largest request body, bytes."""
    batch_rows: int = Field(1_000, gt=0)
    """Most rows in one request."""
    k_limit: int = Field(200, gt=0)
    """Most results one answer may have."""
    breaker_failures: int = Field(5, gt=0)
    """Fewest model failures within `breaker_window_seconds` before the breaker may open."""
    breaker_share: float = Field(0.5, gt=0, le=1)
    """Share of the model's calls within the window that must have failed to open it."""
    breaker_window_seconds: float = Field(10.0, gt=0)
    breaker_open_seconds: float = Field(5.0, gt=0)
    """How long an open breaker waits before it lets one request try the model."""
    seal_seconds: float = Field(20.0, gt=0)
    """How often fresh events are made visible to SQL, seconds."""
    allowed_origins: list[str] = Field(default_factory=list)
    """Web origins whose pages may call the API from a browser, of every store."""
    store_origins: dict[str, list[str]] = Field(default_factory=dict)
    """Store -> web origins of its pages, which may call the API too, and send events by `POST /v1/beacon`."""
    beacon_types: list[EventType] = Field(default_factory=lambda: sorted(BROWSED))
    """Types of events that a web page may send with a public key."""
    beacon_per_minute: int = Field(1_000, ge=100)
    """Events that one address may send with public keys in a minute, to each serving process."""
    trusted_proxies: list[str] = Field(default_factory=lambda: ["127.0.0.1", "::1"])
    """Addresses and networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    @field_validator("store_origins")
    @classmethod
    def _origins(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        for store, origins in given.items():
            for origin in origins:
                if not _ORIGIN.fullmatch(origin):
                    raise ValueError(f"{store}: {origin!r} is no origin; write one as https://shop.example")
        return {store: [origin.lower() for origin in origins] for store, origins in given.items()}

    @property
    def browser_origins(self) -> list[str]:
        """Every origin whose pages may call the API."""
        return list(dict.fromkeys([*self.allowed_origins, *(o for own in self.store_origins.values() for o in own)]))
