"""`/livez`, `/readyz` and `/metrics`: what machines that watch the server ask."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import Response

from shopkeeper.web.metrics import ServerCollector
from shopkeeper.web.metrics_of_workers import Family, WorkersCollector, families_of
from shopkeeper.web.peers import peers_of
from shopkeeper.web.probes import livez, readyz

router = APIRouter(tags=["health"])
router.get("/livez", response_class=Response, summary="The process answers")(livez)
router.get("/readyz", response_class=Response, summary="Requests may be sent here")(readyz)


@router.get("/metrics", response_class=Response, summary="Counters for Prometheus")
async def metrics(request: Request) -> Response:
    """Return every counter in the Prometheus text format; of several workers those of each, labelled `worker`."""
    registry = CollectorRegistry(auto_describe=False)
    own, peers = ServerCollector(request.app.state.serving), peers_of(request)
    if peers.workers == 1:
        registry.register(own)
    else:
        families = {peers.number: families_of(own), **await peers.ask("metrics", list[Family])}
        registry.register(WorkersCollector(families, peers.workers))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
