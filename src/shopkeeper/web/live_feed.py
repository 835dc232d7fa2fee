"""What the server does right now, as a stream of one JSON document a second (server-sent events)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from msgspec import Struct, to_builtins

from shopkeeper.serving.telemetry import Second
from shopkeeper.web.peers import peers_of
from shopkeeper.web.room_door import RoomRoute
from shopkeeper.wiring.serving import Serving

HISTORY_SECONDS = 300
STREAM_SECONDS = 60.0
"""How long one stream lasts. The page opens it again at once and passes the door anew, so that it ends with the sign-in
of its reader."""
WINDOW_SECONDS = 60
router = APIRouter(include_in_schema=False, route_class=RoomRoute)


class Live(Struct, frozen=True):
    """What a server, or one worker of it, counted.

    Attributes:
        seconds: The last `HISTORY_SECONDS`, oldest first.
        events: Events taken, and other counts since it started.
        profiles: Live profiles held in memory.
        waiting: Decisions not logged yet.
    """

    seconds: list[Second]
    decisions: int
    cached: int
    errors: int
    fallbacks: dict[str, int]
    events: int
    rejected: int
    profiles: int
    waiting: int
    dropped: int


def own_live(serving: Serving) -> Live:
    """Return what this process counted."""
    totals = serving.telemetry.totals()
    return Live(
        serving.telemetry.seconds(HISTORY_SECONDS), totals.decisions, totals.cached, totals.errors, totals.fallbacks,
        sum(totals.events.values()), totals.rejected, len(serving.profiles), len(serving.decision_log),
        serving.decision_log.dropped,
    )  # fmt: skip


async def live(request: Request) -> Live:
    """Return what all workers of the server counted."""
    said = await peers_of(request).ask("live", Live)
    own = own_live(request.app.state.serving)
    return joined([own, *said.values()]) if said else own


def joined(lives: Sequence[Live]) -> Live:
    """Return what several workers counted together; they hold the same profiles."""
    fallbacks: Counter[str] = Counter()
    by_second: dict[int, list[Second]] = {}
    for one in lives:
        fallbacks.update(one.fallbacks)
        for row in one.seconds:
            by_second.setdefault(row.second, []).append(row)
    return Live(
        [_joined_second(by_second[second]) for second in sorted(by_second)],
        sum(one.decisions for one in lives), sum(one.cached for one in lives), sum(one.errors for one in lives),
        dict(fallbacks), sum(one.events for one in lives), sum(one.rejected for one in lives),
        max(one.profiles for one in lives), sum(one.waiting for one in lives), sum(one.dropped for one in lives),
    )  # fmt: skip


def _joined_second(rows: Sequence[Second]) -> Second:
    """Return one second of several workers: sums, the median weighted by decisions, the highest 99th percentile."""
    return Second(
        rows[0].second, sum(row.decisions for row in rows), sum(row.fallbacks for row in rows),
        sum(row.cached for row in rows), sum(row.errors for row in rows), sum(row.events for row in rows),
        _weighted((row.p50_ms, row.decisions) for row in rows),
        max((row.p99_ms for row in rows if row.p99_ms is not None), default=None),
    )  # fmt: skip


def _weighted(values: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


@router.get("/control-room/stream")
async def stream(request: Request) -> StreamingResponse:
    """Send the last minutes at once, then every second as it ends, until the reader leaves or the server drains.

    A stream lasts a minute; the browser opens the next by itself.
    """
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(_seconds(request), media_type="text/event-stream", headers=headers)


async def _seconds(request: Request) -> AsyncIterator[bytes]:
    serving: Serving = request.app.state.serving
    sent, ends = 0, time.monotonic() + STREAM_SECONDS
    while True:
        if serving.telemetry.seconds(1)[-1].second > sent:
            counted = await live(request)
            new = [row for row in counted.seconds if row.second > sent]
            sent = new[-1].second
            yield b"data: " + msgspec.json.encode(snapshot(serving, counted, new)) + b"\n\n"
        if serving.draining or time.monotonic() >= ends or await request.is_disconnected():
            return
        await asyncio.sleep(0.25)


def snapshot(serving: Serving, counted: Live, new: Sequence[Second]) -> dict[str, Any]:
    """Return what a page shows of the live server.

    Args:
        new: The seconds the reader has not had.
    """
    return {
        "seconds": [to_builtins(row) for row in new],
        "window": over(counted.seconds[-WINDOW_SECONDS:]),
        "totals": {
            "decisions": counted.decisions,
            "cached": counted.cached,
            "errors": counted.errors,
            "fallbacks": counted.fallbacks,
            "events": counted.events,
            "rejected": counted.rejected,
        },
        "version": serving.system.version,
        "profiles": counted.profiles,
        "waiting": counted.waiting,
        "dropped": counted.dropped,
    }


def over(rows: Sequence[Second]) -> dict[str, Any]:
    """Return what happened over some seconds: sums, and the slowest second's percentiles.

    Latencies cannot be added up from percentiles, so the highest second of the window is given.
    """
    p50 = [row.p50_ms for row in rows if row.p50_ms is not None]
    p99 = [row.p99_ms for row in rows if row.p99_ms is not None]
    return {
        "seconds": len(rows),
        "decisions": sum(row.decisions for row in rows),
        "fallbacks": sum(row.fallbacks for row in rows),
        "cached": sum(row.cached for row in rows),
        "errors": sum(row.errors for row in rows),
        "events": sum(row.events for row in rows),
        "p50_ms": sorted(p50)[len(p50) // 2] if p50 else None,
        "p99_ms": max(p99) if p99 else None,
    }
