"""What another process wrote to the current state comes onto the shelf, and never over what was taken since."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.product import Inventory, Price, Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import INVENTORY, PRICES, PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.engines.memory import MemoryTableStore
from shopkeeper.intake.consent import UserConsents
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.live_tables import ROWS_AT_ONCE, LiveTables
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.user_traits import UserTraits

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def lamp(at: datetime = NOON, *, price: float = 10.0, deleted: bool = False) -> SourcedRow:
    return SourcedRow(Product(product="lamp", store="uk", price=price), at, deleted)


class Ink:
    """A log that keeps nothing: these rules are about the shelf."""

    async def append(self, table: TableSchema, rows: Sequence[bytes]) -> None: ...

    async def append_lines(self, table: TableSchema, lines: bytes, rows: int) -> None: ...


class SlowTables(MemoryTableStore):
    """Products are read from the state as it was when the reading began, and only once `go` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.go = threading.Event(), threading.Event()

    def scan(self, table: TableSchema, store: str | None = None, *, with_deleted: bool = False) -> Iterator[SourcedRow]:
        rows = list(super().scan(table, store, with_deleted=with_deleted))
        if table is PRODUCTS:
            self.reading.set()
            assert self.go.wait(5)
        yield from rows


class Shelf:
    def __init__(self, tables: MemoryTableStore) -> None:
        self.tables, self.catalogue = tables, Catalogue()
        self.consents, self.traits = UserConsents(self.catalogue.group), UserTraits(self.catalogue.group)
        ticks = count()
        telemetry = Telemetry(lambda: 0.0)
        seconds = lambda: float(next(ticks))  # noqa: E731 - a clock
        self.live = LiveTables(Ink(), tables, self.catalogue, self.consents, telemetry, seconds, self.traits)

    def price(self) -> float | None:
        card = self.catalogue.card("uk", "lamp")
        return card.price if card else None


def test_a_reload_shows_all_that_another_process_wrote() -> None:
    shelf = Shelf(MemoryTableStore())
    shelf.catalogue.apply([SourcedRow(Product(product="desk", store="uk"), NOON)])
    written: list[tuple[TableSchema, SourcedRow]] = [
        (STORES, SourcedRow(Store(store="uk"), NOON)),
        (PRODUCTS, lamp()),
        (PRODUCTS, SourcedRow(Product(product="desk", store="uk"), LATER, deleted=True)),
        (PRICES, SourcedRow(Price(product="lamp", store="uk", ts=LATER, price=8.0), LATER)),
        (INVENTORY, SourcedRow(Inventory(product="lamp", store="uk", ts=LATER, on_hand=0.0), LATER)),
        (USERS, SourcedRow(User(user="ann", store="uk", consent=Consent(personalise=False)), NOON)),
    ]
    for table, row in written:
        shelf.tables.upsert(table, [row])
    assert asyncio.run(shelf.live.reload()) == len(written)
    assert shelf.catalogue.store("uk") is not None
    assert shelf.catalogue.card("uk", "desk") is None
    card = shelf.catalogue.card("uk", "lamp")
    assert card is not None
    assert (card.price, card.stock) == (8.0, 0.0)
    assert shelf.consents.of("uk", "ann").personalise is False


def test_what_the_shelf_knows_better_stays() -> None:
    shelf = Shelf(MemoryTableStore())
    shelf.catalogue.apply([lamp(LATER, price=12.0)])
    shelf.tables.upsert(PRODUCTS, [lamp(NOON, price=10.0)])
    asyncio.run(shelf.live.reload())
    assert shelf.price() == 12.0


@pytest.mark.parametrize(
    ("taken", "shown"),
    [
        (lamp(NOON, price=11.0), 11.0),
        (lamp(NOON, deleted=True), None),
        (lamp(LATER, price=11.0), 11.0),
        (lamp(NOON - timedelta(hours=1), price=11.0), 10.0),
    ],
    ids=["same time: the last to arrive", "same time: withdrawn", "newer", "older than what was read"],
)
def test_a_row_taken_during_a_reload_wins_unless_the_state_had_a_newer_one(
    taken: SourcedRow, shown: float | None
) -> None:
    tables = SlowTables()
    shelf = Shelf(tables)
    tables.upsert(PRODUCTS, [lamp(NOON, price=10.0)])

    async def scenario() -> None:
        reload = asyncio.create_task(shelf.live.reload())
        assert await asyncio.to_thread(tables.reading.wait, 5)
        await shelf.live.take(PRODUCTS, [taken])
        tables.go.set()
        await reload

    asyncio.run(scenario())
    assert shelf.price() == shown
    current = tables.get(PRODUCTS, ("uk", "lamp"))
    assert (current is None) == (shown is None), "the shelf shows what the state holds"


def test_requests_come_between_the_parts_of_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(MemoryTableStore())
    rows = [SourcedRow(Product(product=f"p{n}", store="uk"), NOON) for n in range(5 * ROWS_AT_ONCE)]
    shelf.tables.upsert(PRODUCTS, rows)
    parts: list[int] = []
    served: list[int] = []
    apply = shelf.catalogue.apply

    def noted(part: Sequence[SourcedRow]) -> None:
        parts.append(len(part))
        apply(part)

    monkeypatch.setattr(shelf.catalogue, "apply", noted)

    async def requests() -> None:
        while True:
            served.append(len(parts))
            await asyncio.sleep(0)

    async def scenario() -> None:
        others = asyncio.create_task(requests())
        await shelf.live.reload()
        others.cancel()

    asyncio.run(scenario())
    assert parts == [ROWS_AT_ONCE] * 5
    assert set(served) >= {1, 2, 3, 4}, "the loop turned to others after each part"
