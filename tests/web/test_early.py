"""A server answers shoppers and probes before its pages are loaded, and pages when they are."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from shopkeeper.web import early
from shopkeeper.web.app import create_app
from shopkeeper.web.early import EarlyServer
from shopkeeper.wiring.settings import Settings


def test_shoppers_and_probes_are_answered_before_the_pages_are_loaded_and_a_page_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()

    def made(settings: Settings) -> Starlette:
        loaded.wait()
        return create_app(settings)

    monkeypatch.setattr(early, "_made", made)
    server = EarlyServer(Settings(workspace=tmp_path))
    server.state.listens_on = "127.0.0.1"

    async def scenario() -> None:
        transport = httpx.ASGITransport(server, raise_app_exceptions=False)
        lifespan = server.router.lifespan_context(server)
        async with lifespan, httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            loading = server.load()
            for path in ("/livez", "/readyz"):
                assert (await client.get(path)).status_code == 200
            early_answer = await client.post("/v1/recommendations", json={"store": "uk"})
            page = asyncio.create_task(client.get("/openapi.json"))
            await asyncio.sleep(0)
            assert not loading.done()
            loaded.set()
            assert "/livez" in (await page).json()["paths"]
            assert loading.done()
            late_answer = await client.post("/v1/recommendations", json={"store": "uk"})
            assert (late_answer.status_code, late_answer.json()) == (401, early_answer.json())
            assert early_answer.status_code == 401
            assert (await client.get("/readyz")).json()["ready"]

    try:
        asyncio.run(scenario())
    finally:
        loaded.set()
