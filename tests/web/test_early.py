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


def test_a_server_whose_pages_cannot_be_loaded_says_so_and_stays_ready_for_shoppers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Settings) -> Starlette:
        raise RuntimeError("a template is missing")

    monkeypatch.setattr(early, "_made", broken)
    server = EarlyServer(Settings(workspace=tmp_path))
    server.state.listens_on = "127.0.0.1"

    async def scenario() -> None:
        transport = httpx.ASGITransport(server, raise_app_exceptions=False)
        lifespan = server.router.lifespan_context(server)
        async with lifespan, httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            assert (await client.get("/readyz")).json()["pages_not_loaded"] is None
            with pytest.raises(RuntimeError):
                await server.load()
            answer = await client.get("/readyz")
            assert (answer.status_code, answer.json()["ready"]) == (200, True)
            assert answer.json()["pages_not_loaded"] == "RuntimeError('a template is missing')"

    asyncio.run(scenario())
