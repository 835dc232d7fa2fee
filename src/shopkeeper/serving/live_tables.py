"""The way of rows of the keyed tables onto the shelf.

A live row: durable, then the current state, then the shelf, then the answer 202. A row another serving process took:
from the log onto the shelf here as well. What an import wrote to the current state: read again from there while
requests are served.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from shopkeeper.commerce.tables import INVENTORY, PRICES, PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.intake.consent import UserConsents
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import LiveLog, SourcedRow, TableStore, Upserted
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.user_traits import UserTraits

HELD_TABLES = (STORES, PRODUCTS, INVENTORY, PRICES, USERS)
"""Tables whose current state is held in memory: the shelf, and what users allow and who they are."""
ROWS_AT_ONCE = 200
"""Rows of a reload that the event loop takes in before it turns to requests: 1 ms, some 10 ms where each product has
prices of its own in 20 stores."""
LATELY = 10_000
"""Newest rows of which it is known who took them."""


async def _alone() -> None:
    return


class LiveTables:
    """Takes valid rows in. Used from one event loop.

    Args:
        read_by_others: Returns when what this process logged counts in other serving processes as well.
    """

    def __init__(
        self,
        log: LiveLog,
        tables: TableStore,
        catalogue: Catalogue,
        consents: UserConsents,
        telemetry: Telemetry,
        seconds: Callable[[], float],
        traits: UserTraits,
        read_by_others: Callable[[], Awaitable[object]] = _alone,
    ) -> None:
        self._log = log
        self._tables = tables
        self._catalogue = catalogue
        self._consents = consents
        self._traits = traits
        self._telemetry = telemetry
        self._seconds = seconds
        self._read_by_others = read_by_others
        # Of two rows with equal source times the last to arrive wins, in the state as on the shelf: one order for both.
        self._one_by_one = asyncio.Lock()
        self._one_reload = asyncio.Lock()
        self._taken: dict[tuple[str, ...], datetime] | None = None
        """Latest source times of the rows taken since a reload began, by table and key; None while there is none."""
        self._lately: OrderedDict[tuple[str, ...], tuple[str, SourcedRow]] = OrderedDict()
        """Who took the newest rows: the writer, empty for this process, and the row."""
        self.contested = False
        """Two processes took different rows of one key and source time, so that the state must say which came last."""

    async def take(self, table: TableSchema, rows: Sequence[SourcedRow]) -> Upserted:
        """Write rows and put them on the shelf; on return every later answer obeys them.

        Raises:
            Overloaded: the log is behind; nothing was taken.
        """
        if not rows:
            return Upserted(0, 0)
        started = self._seconds()
        await self._log.append(table, [logged(row) for row in rows])
        self._telemetry.log_sync.observe((self._seconds() - started) * 1000)
        async with self._one_by_one:
            upserted = await asyncio.to_thread(self._tables.upsert, table, rows)
            self._show(table, rows, "")
        await self._read_by_others()
        return upserted

    def follow(self, table: TableSchema, rows: Sequence[SourcedRow], writer: str) -> None:
        """Put rows on the shelf that another process took; a row it took later comes later.

        Where this process or a third took another row of the same key and source time, what is shown stays, and
        `contested` says that a reload must settle it.
        """
        fresh = [row for row in rows if not self._contests(table, row, writer)]
        self.contested = self.contested or len(fresh) < len(rows)
        self._show(table, fresh, writer)

    def _contests(self, table: TableSchema, row: SourcedRow, writer: str) -> bool:
        known = self._lately.get(_identity(table, row))
        return known is not None and known[0] != writer and known[1].source_ts == row.source_ts and known[1] != row

    def _show(self, table: TableSchema, rows: Sequence[SourcedRow], writer: str) -> None:
        self._catalogue.apply(rows)
        self._consents.apply(rows)
        self._traits.apply(rows)
        for row in rows:
            key = _identity(table, row)
            self._lately[key] = (writer, row)
            self._lately.move_to_end(key)
            if self._taken is not None:
                self._taken[key] = max(row.source_ts, self._taken.get(key, row.source_ts))
        while len(self._lately) > LATELY:
            self._lately.popitem(last=False)

    async def reload(self, rows_at_once: int = ROWS_AT_ONCE) -> int:
        """Put on the shelf whatever the current state holds, remembered deletions included; return the rows read.

        Older rows change nothing. Of a row taken while the state is read and a copy read of it, the copy counts only if
        its source time is later. One reload at a time.
        """
        async with self._one_reload:
            return await self._reload(rows_at_once)

    async def _reload(self, rows_at_once: int) -> int:
        taken = self._taken = {}
        self.contested = False
        read = 0
        try:
            for table in HELD_TABLES:
                rows = self._tables.scan(table, with_deleted=True)
                while part := await asyncio.to_thread(_next_of, rows, rows_at_once):
                    read += len(part)
                    if taken:
                        part = [row for row in part if not _at_least(taken.get(_identity(table, row)), row.source_ts)]
                    if table is USERS:
                        self._consents.apply(part)
                        self._traits.apply(part)
                    else:
                        self._catalogue.apply(part)
        finally:
            self._taken = None
        return read


def _next_of(rows: Iterator[SourcedRow], many: int) -> list[SourcedRow]:
    return list(islice(rows, many))


def _identity(table: TableSchema, row: SourcedRow) -> tuple[str, ...]:
    return (table.name, *(str(getattr(row.row, column)) for column in table.key))


def _at_least(taken: datetime | None, copy: datetime) -> bool:
    return taken is not None and taken >= copy
