"""The public HTTP API as a shop's own pages use it: ask for recommendations, send events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from shopkeeper.simulation.tally import Tally

TIMEOUT_SECONDS = 10.0
CONNECTIONS = 32


class _Item(msgspec.Struct):
    product: str


class _List(msgspec.Struct):
    """What `POST /v1/recommendations` answers, as far as a shop page reads it."""

    decision_id: str
    items: list[_Item]
    model: str | None = None
    fallback: bool | str | None = None


class _Receipt(msgspec.Struct):
    """What `POST /v1/events` answers."""

    accepted: int
    rejected: int = 0


AnswerT = TypeVar("AnswerT", _List, _Receipt)


@dataclass(frozen=True, slots=True)
class Shown:
    """One list a shopper was shown.

    Attributes:
        products: Ids, best place first.
        decision_id: What the events that follow it name; None when there was no answer.
    """

    products: tuple[str, ...]
    decision_id: str | None


NOTHING = Shown((), None)


class Pace:
    """Keeps all shoppers together below a number of requests a second."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next free moment."""
        now = time.monotonic()
        mine = max(self._next, now)
        self._next = mine + self._gap
        if mine > now:
            await asyncio.sleep(mine - now)


class ShopApi:
    """Calls to one server, counted; trouble is counted and never raised, so one bad answer stops no shopper.

    Args:
        keys: API key of each store.
    """

    def __init__(self, http: httpx.AsyncClient, keys: Mapping[str, str], pace: Pace, tally: Tally) -> None:
        self._http = http
        self._headers = {store: {"Authorization": f"Bearer {key}"} for store, key in keys.items()}
        self._pace = pace
        self._tally = tally

    async def recommend(self, store: str, body: dict[str, Any]) -> Shown:
        """Ask for a list; NOTHING when the server gave none."""
        answer = await self._post("/v1/recommendations", store, {"store": store, **body}, _List)
        if answer is None:
            return NOTHING
        products = tuple(item.product for item in answer.items)
        self._tally.decisions += 1
        if answer.fallback:
            self._tally.fallbacks += 1
            self._tally.fallback_reasons[str(answer.fallback)] += 1
        self._tally.empty_answers += not products
        self._tally.models[answer.model or "rules"] += 1
        return Shown(products, answer.decision_id)

    async def send(self, store: str, events: Sequence[dict[str, Any]]) -> None:
        """Send events of one page."""
        if not events:
            return
        self._tally.events_sent += len(events)
        receipt = await self._post("/v1/events", store, list(events), _Receipt)
        if receipt is not None:
            self._tally.events_accepted += receipt.accepted
            self._tally.events_rejected += receipt.rejected

    async def _post(self, path: str, store: str, body: object, shape: type[AnswerT]) -> AnswerT | None:
        await self._pace.turn()
        self._tally.requests += 1
        self._tally.stores[store] += 1
        started = time.perf_counter()
        headers = {**self._headers[store], "Content-Type": "application/json"}
        try:
            response = await self._http.post(path, content=msgspec.json.encode(body), headers=headers)
            self._tally.took_ms.append((time.perf_counter() - started) * 1_000)
            if response.status_code < 400:
                return msgspec.json.decode(response.content, type=shape)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            self._tally.failed += 1
            self._tally.troubles[f"{path}: {type(error).__name__} {error}"[:200]] += 1
            return None
        if response.status_code >= 500:
            self._tally.failed += 1
        else:
            self._tally.refused += 1
        self._tally.troubles[f"{path}: {response.status_code} {response.text}"[:200]] += 1
        return None


def open_client(url: str) -> httpx.AsyncClient:
    """Return a client for a server; the environment's proxies are not used, as the server is named by address."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False)
