"""`GET /v1/models`: which versions there are, and which one serves."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from shopkeeper.registry.ports import Alias, ModelRegistry
from shopkeeper.web.answer import json_answer
from shopkeeper.web.auth import authorise
from shopkeeper.wiring.serve import Serving

router = APIRouter(prefix="/v1", tags=["models"])
ALIASES: tuple[Alias, ...] = ("champion", "challenger", "previous")
VERSIONS_SHOWN = 200


@router.get("/models", response_class=Response, summary="Model versions and which one serves")
async def models(request: Request) -> Response:
    """Return versions, newest first, with the aliases that point to them and what this server has loaded."""
    serving: Serving = request.app.state.serving
    await authorise(request.scope, serving.keys, None)
    versions = await asyncio.to_thread(_versions, serving.state.registry)
    loaded = {"system": serving.system.name, "version": serving.system.version, "error": serving.release.error}
    return json_answer({"models": versions, "serving": [loaded]}).response()


def _versions(registry: ModelRegistry) -> list[dict[str, Any]]:
    versions = list(registry.versions())[:VERSIONS_SHOWN]
    systems = {version.system for version in versions}
    pointers = {(system, alias): registry.pointer(system, alias) for system in systems for alias in ALIASES}
    return [
        {
            "system": version.system,
            "version": version.version,
            "model": version.model,
            "created_at": version.created_at,
            "blessed": version.blessed,
            "metrics": version.metrics,
            "aliases": [alias for alias in ALIASES if pointers[version.system, alias] == version.version],
        }
        for version in versions
    ]
