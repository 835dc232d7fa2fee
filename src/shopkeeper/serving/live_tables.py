"""The way of a live row of a keyed table: durable, then the current state, then the shelf, then the answer 202."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.intake.consent import UserConsents
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import LiveLog, SourcedRow, TableStore, Upserted
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.telemetry import Telemetry


class LiveTables:
    """Takes valid rows in. Used from one event loop."""

    def __init__(
        self,
        log: LiveLog,
        tables: TableStore,
        catalogue: Catalogue,
        consents: UserConsents,
        telemetry: Telemetry,
        seconds: Callable[[], float],
    ) -> None:
        self._log = log
        self._tables = tables
        self._catalogue = catalogue
        self._consents = consents
        self._telemetry = telemetry
        self._seconds = seconds
        # Of two rows with equal source times the last to arrive wins, in the state as on the shelf: one order for both.
        self._one_by_one = asyncio.Lock()

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
            self._catalogue.apply(rows)
            self._consents.apply(rows)
        return upserted
