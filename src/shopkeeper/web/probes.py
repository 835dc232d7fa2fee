"""Whether a server lives and may be sent requests: answered before its pages are loaded, so without a framework."""

from __future__ import annotations

import asyncio
import os
import shutil

import structlog
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.web.answer import json_answer
from shopkeeper.web.peers import peers_of
from shopkeeper.wiring.serving import Serving

LEAST_FREE_BYTES = 16_000_000
_log = structlog.get_logger(__name__)


class Alive(Struct, frozen=True, omit_defaults=True):
    """Body of the answer of `GET /livez`.

    Attributes:
        worker: Which of several workers answers, counted from 1; left out where there is one.
    """

    alive: bool
    worker: int | None = None


class Ready(Struct, frozen=True):
    """Body of the answer of `GET /readyz`.

    Attributes:
        checks: What readiness needs, and whether it holds.
        stopped: Systems and stores that answer by their fallback alone, as somebody ordered, with the reason.
        champion_not_served: Why the version the champion pointer names does not serve, so that the one before it or the
            rules answer; null = it does.
        arms_by_rules: Arms whose version or settings cannot be served, so that the rules answer them, with the reason.
        turned_away: Requests this process answered 503 since its start, as more was asked than it can answer in time.
        pages_not_loaded: Why pages and the administration cannot be had, though shoppers are answered; null = they can,
            now or in a moment.
    """

    ready: bool
    checks: dict[str, bool]
    stopped: tuple[str, ...] = ()
    champion_not_served: str | None = None
    arms_by_rules: dict[str, str] = {}
    turned_away: int = 0
    pages_not_loaded: str | None = None


async def livez(request: Request) -> Response:
    """Return 200 while the process runs; it says nothing of what it depends on."""
    peers = peers_of(request)
    return json_answer(Alive(True, peers.number if peers.workers > 1 else None)).response()


async def readyz(request: Request) -> Response:
    """Return 200 when requests may come, else 503 with what is missing."""
    serving: Serving = request.app.state.serving
    checks = {
        "not_draining": not serving.draining,
        "model_pointer_read": serving.release.read,
        "state_open": await _state_answers(serving),
        "log_writable": await asyncio.to_thread(_log_writable, serving),
    }
    ready = all(checks.values())
    stopped = tuple(stop_words(order) for order in serving.arms.stops)
    said = Ready(
        ready, checks, stopped, serving.release.error, serving.following.problems, serving.admission.turned_away,
        getattr(request.app.state, "pages_not_loaded", None),
    )  # fmt: skip
    return json_answer(said, 200 if ready else 503).response()


def stop_words(order: StopOrder) -> str:
    """Return a stop order as a person reads it; who gave it is for the control room."""
    return f"{order.system or 'every system'} in {order.store or 'every store'}: {order.reason}"


async def _state_answers(serving: Serving) -> bool:
    try:
        await asyncio.to_thread(serving.state.registry.pointer, serving.system.name, "champion")
    except Exception as error:  # noqa: BLE001 - whatever a database driver raises means "not ready"
        _log.warning("state_does_not_answer", error=repr(error))
        return False
    return True


def _log_writable(serving: Serving) -> bool:
    folder = serving.settings.folder(serving.settings.engines.log)
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > LEAST_FREE_BYTES
