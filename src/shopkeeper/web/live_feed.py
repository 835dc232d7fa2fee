"""What the server does right now, as a stream of one JSON document a second (server-sent events)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from msgspec import to_builtins

from shopkeeper.serving.telemetry import Second
from shopkeeper.web.room_door import RoomRoute
from shopkeeper.wiring.serving import Serving

HISTORY_SECONDS = 300
STREAM_SECONDS = 60.0
"""How long one stream lasts. The page opens it again at once and passes the door anew, so that it ends with the sign-in
of its reader."""
WINDOW_SECONDS = 60
router = APIRouter(include_in_schema=False, route_class=RoomRoute)


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
        rows = serving.telemetry.seconds(HISTORY_SECONDS)
        new = [row for row in rows if row.second > sent]
        if new:
            sent = new[-1].second
            yield b"data: " + msgspec.json.encode(snapshot(serving, rows, new)) + b"\n\n"
        if serving.draining or time.monotonic() >= ends or await request.is_disconnected():
            return
        await asyncio.sleep(0.25)


def snapshot(serving: Serving, rows: Sequence[Second], new: Sequence[Second]) -> dict[str, Any]:
    """Return what a page shows of the live server.

    Args:
        rows: Seconds known, oldest first.
        new: Those of them the reader has not had.
    """
    totals = serving.telemetry.totals()
    return {
        "seconds": [to_builtins(row) for row in new],
        "window": over(rows[-WINDOW_SECONDS:]),
        "totals": {
            "decisions": totals.decisions,
            "cached": totals.cached,
            "errors": totals.errors,
            "fallbacks": totals.fallbacks,
            "events": sum(totals.events.values()),
            "rejected": totals.rejected,
        },
        "version": serving.system.version,
        "profiles": len(serving.profiles),
        "waiting": len(serving.decision_log),
        "dropped": serving.decision_log.dropped,
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
