"""`GET /v1/models`: which versions there are, and which one serves."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.responses import Response

from shopkeeper.registry.ports import ALIASES, Alias, ModelRegistry
from shopkeeper.web.answer import json_answer
from shopkeeper.web.auth import authorise
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["models"])
VERSIONS_SHOWN = 200


class ShownVersion(Struct, frozen=True):
    """One registered model.

    Attributes:
        blessed: Better than, or not worse than, the baseline on the same split.
        metrics: Offline metrics on the time split, each with its interval.
        aliases: Pointers to it: champion, challenger, previous.
    """

    system: str
    version: str
    model: str
    created_at: datetime
    blessed: bool
    metrics: dict[str, Any]
    aliases: tuple[Alias, ...]


class Loaded(Struct, frozen=True):
    """What this server answers with.

    Attributes:
        version: null = the rules.
        error: Why the champion does not serve; null = it does, or there is none.
    """

    system: str
    version: str | None
    error: str | None


class ModelsAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/models`.

    Attributes:
        models: Versions, newest first, at most 200.
        serving: What this server has loaded.
    """

    models: tuple[ShownVersion, ...]
    serving: tuple[Loaded, ...]


@router.get("/models", response_class=Response, summary="Model versions and which one serves")
async def models(request: Request) -> Response:
    """Return versions, newest first, with the aliases that point to them and what this server has loaded."""
    serving: Serving = request.app.state.serving
    await authorise(request.scope, serving.keys, None)
    versions = await asyncio.to_thread(_versions, serving.state.registry)
    loaded = Loaded(serving.system.name, serving.system.version, serving.release.error)
    return json_answer(ModelsAnswer(versions, (loaded,))).response()


def _versions(registry: ModelRegistry) -> tuple[ShownVersion, ...]:
    versions = list(registry.versions())[:VERSIONS_SHOWN]
    systems = {version.system for version in versions}
    pointers = {(system, alias): registry.pointer(system, alias) for system in systems for alias in ALIASES}
    return tuple(
        ShownVersion(
            version.system,
            version.version,
            version.model,
            version.created_at,
            version.blessed,
            version.metrics,
            tuple(alias for alias in ALIASES if pointers[version.system, alias] == version.version),
        )
        for version in versions
    )
