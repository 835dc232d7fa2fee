"""What shoppers refused long ago counts again after a start; reading it keeps no server from starting or ending."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.wiring import recalled_refusals
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.settings import Settings

NOW = datetime.now(UTC)
ENDLESS = NamedQuery("endless", "SELECT count(*) AS n FROM range(1000000) AS a, range(1000000) AS b WHERE a.range = -1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(workspace=tmp_path)


async def refuse(settings: Settings) -> None:
    """A shop in which ann waved a lamp away nine days ago."""
    async with open_serving(settings) as serving:
        allowed = Consent(measure=True, personalise=True)
        await serving.tables.take(STORES, [SourcedRow(Store(store="uk", consent_default=allowed), NOW)])
        at = NOW - timedelta(days=9)
        await serving.events.take([Event(event_id="1", ts=at, store="uk", type="dismiss", product="lamp", user="ann")])
    log, lake = settings.folder(settings.engines.log), settings.folder(settings.engines.lake)
    Lake(log, lake, grace_seconds=0).compact()  # so that it is in the lake alone


def test_a_dismissal_of_last_week_holds_again_after_a_start(settings: Settings) -> None:
    async def scenario() -> None:
        await refuse(settings)
        async with open_serving(settings) as serving, asyncio.timeout(60):
            while not serving.profiles.local.read(Shopper("uk", user="ann")).events:
                await asyncio.sleep(0.01)
            (refused,) = serving.profiles.local.read(Shopper("uk", user="ann")).events
            assert (refused.product, refused.type) == ("lamp", "dismiss")

    asyncio.run(scenario())


def test_a_server_ends_while_refusals_are_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def scenario() -> None:
        await refuse(settings)
        loop = asyncio.get_running_loop()

        def endless(warehouse: Warehouse, _: datetime, __: int) -> Iterator[Event]:
            loop.call_soon_threadsafe(begun.set)
            warehouse.fetch(ENDLESS)
            return iter(())

        monkeypatch.setattr(recalled_refusals, "standing_refusals", endless)
        async with asyncio.timeout(60), open_serving(settings):
            await begun.wait()

    with capture_logs() as logs:
        asyncio.run(scenario())
    assert any(line["event"] == "refusals_not_recalled" and "'endless' was ended" in line["error"] for line in logs)


def test_a_log_that_cannot_be_read_leaves_the_server_as_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[Event]:
        raise OSError("the disk is gone")

    async def scenario() -> None:
        await refuse(settings)
        monkeypatch.setattr(recalled_refusals, "standing_refusals", broken)
        async with open_serving(settings) as serving:
            assert not serving.profiles.local.read(Shopper("uk", user="ann")).events

    with capture_logs() as logs:
        asyncio.run(scenario())
    assert any(line.get("error") == "the disk is gone" for line in logs)
