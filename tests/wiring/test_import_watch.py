"""An import beside a running server is seen within about a second, without a restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS, TableSchema
from shopkeeper.engines.memory import MemoryReports, MemoryTableStore
from shopkeeper.engines.state import open_state
from shopkeeper.errors import Unavailable
from shopkeeper.intake.consent import UserConsents
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.live_tables import LiveTables
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.user_traits import UserTraits
from shopkeeper.wiring.import_watch import ImportWatch
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings

PATIENCE_SECONDS = 10.0
"""Ten times what is promised, for a busy test machine."""


async def until(holds: Callable[[], bool]) -> float:
    """Wait until something holds and return how long that took, seconds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_SECONDS, "not seen in time"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def products(serving: Serving) -> set[str]:
    decision = await serving.recommend(RecommendationBody(store="uk", k=20))
    return {item.product for item in decision.answer.items}


def test_new_and_withdrawn_products_of_an_import_are_in_the_next_answers(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path / "shop")
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, rows in (
        (first, "lamp,2026-01-01T00:00:00Z,\ndesk,2026-01-01T00:00:00Z,\n"),
        (second, "lamp,2026-01-02T00:00:00Z,true\nsofa,2026-01-02T00:00:00Z,\n"),
    ):
        folder.mkdir()
        (folder / "products.csv").write_text("product,source_ts,deleted\n" + rows)
    (second / "users.csv").write_text("user,consent_personalise\nann,no\n")

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            assert serving.catalogue.store("uk") is None
            await asyncio.to_thread(import_into, settings, first, "uk")
            await until(lambda: serving.catalogue.store("uk") is not None and serving.catalogue.size("uk") == 2)
            assert await products(serving) == {"lamp", "desk"}
            await asyncio.to_thread(import_into, settings, second, "uk")
            await until(lambda: serving.catalogue.card("uk", "lamp") is None)
            await until(lambda: serving.consents.of("uk", "ann").personalise is False)
            assert await products(serving) == {"desk", "sofa"}

    asyncio.run(scenario())


def test_what_was_imported_before_the_start_is_read_once(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path / "shop")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "products.csv").write_text("product\nlamp\n")
    import_into(settings, folder, "uk")

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            assert await products(serving) == {"lamp"}
            version = serving.catalogue.version
            await serving.imports.follow()
            assert serving.catalogue.version == version

    asyncio.run(scenario())
    state = open_state(settings.state_url)
    assert len(state.reports.latest("import")) == 1
    state.close()


class Ink:
    """A log that keeps nothing: nothing is taken live here."""

    async def append(self, table: TableSchema, rows: Sequence[bytes]) -> None: ...

    async def append_lines(self, table: TableSchema, lines: bytes, rows: int) -> None: ...


class Flaky(MemoryTableStore):
    """A state database that does not answer the first time it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.scans = 0

    def scan(self, table: TableSchema, store: str | None = None, *, with_deleted: bool = False) -> Iterator[SourcedRow]:
        self.scans += 1
        if self.scans == 1:
            raise Unavailable("The state database does not answer.", "Wait.")
        return super().scan(table, store, with_deleted=with_deleted)


def test_a_reload_that_fails_is_tried_again_and_kept_answers_go_once_it_worked() -> None:
    tables, reports, catalogue = Flaky(), MemoryReports(), Catalogue()
    telemetry = Telemetry(lambda: 0.0)
    consents, traits = UserConsents(catalogue.group), UserTraits(catalogue.group)
    live = LiveTables(Ink(), tables, catalogue, consents, telemetry, time.perf_counter, traits)
    cleared: list[bool] = []
    watch = ImportWatch(reports, live, lambda: cleared.append(True))
    tables.upsert(PRODUCTS, [SourcedRow(Product(product="lamp", store="uk"), datetime(2026, 1, 1, tzinfo=UTC))])

    async def scenario() -> None:
        await watch.follow()
        assert tables.scans == 0, "no import, nothing to read"
        reports.save("import", {})
        with pytest.raises(Unavailable):
            await watch.follow()
        assert not cleared
        await watch.follow()
        assert catalogue.card("uk", "lamp") is not None
        await watch.follow()

    asyncio.run(scenario())
    watch.end()
    assert cleared == [True]
