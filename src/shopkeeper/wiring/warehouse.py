"""Where analytical reads run: on the lake by DuckDB, or on the ClickHouse that `engines.warehouse_url` names.

ClickHouse is a mirror of the lake, so whatever cannot be read there is read from the lake instead: counted, logged,
and to be seen in `/metrics`. Reads on which deletion or counting of what came in depend ask the lake itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import structlog

from shopkeeper.engines.lake import Lake
from shopkeeper.errors import LogDamaged, Unavailable
from shopkeeper.experiments.ports import KeepingWarehouse
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.settings import Settings

if TYPE_CHECKING:
    from shopkeeper.engines.clickhouse_loading import Behind, ClickHouseData

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class MirrorFigures:
    """What one process counts of its mirror.

    Attributes:
        fallbacks: Reads that the lake answered because ClickHouse did not.
        failed_loads: Loads that did not reach their end; the next one goes on.
        rows_sent: Rows sent since the process started.
        behind: What ClickHouse lacked when it was last looked at; None while it never answered.
    """

    fallbacks: int = 0
    failed_loads: int = 0
    rows_sent: int = 0
    behind: Behind | None = None


class Analytics:
    """The analytical reads of one workspace. Used from any thread; each reading from one."""

    def __init__(self, settings: Settings, lake: Lake) -> None:
        self.lake = lake
        self.url = settings.engines.warehouse_url
        self.figures = MirrorFigures()
        self._folder = settings.folder(settings.engines.lake)
        self._sent: frozenset[str] | None = None

    @contextmanager
    def reading(self) -> Iterator[KeepingWarehouse]:
        """Give a reader of everything the lake has now; a mirror is brought up to date first."""
        with ExitStack() as stack:
            if self.url is None:
                yield _own(self.lake, stack)
                return
            mirror = self._current_mirror(stack)
            yield MirroredWarehouse(mirror, lambda: _own(self.lake, stack), self._fell_back)

    def load(self, tell: Callable[[str], None] = lambda _: None) -> dict[str, int]:
        """Bring the mirror up to date, where there is one, and return rows sent, by table.

        Raises:
            ConfigError: the URL is none of a ClickHouse database.
            LogDamaged: a part of the lake cannot be read, or something else writes to that database.
            Unavailable: it does not answer.
        """
        if self.url is None:
            return {}
        with ExitStack() as stack:
            return self._load(self._opened(stack), tell)

    def _current_mirror(self, stack: ExitStack) -> KeepingWarehouse | None:
        """Return a reader of ClickHouse after a load; None when it does not answer or is not what the lake is."""
        try:
            data = self._opened(stack)
            self._load(data)
        except (Unavailable, LogDamaged) as error:
            self._fell_back(error)
            return None
        return data.warehouse()

    def _opened(self, stack: ExitStack) -> ClickHouseData:
        # Loaded where there is a ClickHouse: a server that has none starts so much sooner.
        from shopkeeper.engines.clickhouse_client import open_clickhouse  # noqa: PLC0415
        from shopkeeper.engines.clickhouse_loading import ClickHouseData  # noqa: PLC0415

        client = open_clickhouse(str(self.url))
        stack.callback(client.close)
        data = ClickHouseData(client, self._folder)
        data.prepare()
        return data

    def _load(self, data: ClickHouseData, tell: Callable[[str], None] = lambda _: None) -> dict[str, int]:
        try:
            sent = data.load(tell)
            self._sent = data.sent()
        except (Unavailable, LogDamaged):
            self.figures.failed_loads += 1
            raise
        self.figures.rows_sent += sum(sent.values())
        return sent

    def look_behind(self) -> None:
        """Note how far the mirror is behind the lake, as far as this process knows what was sent."""
        self.figures.behind = None
        if self._sent is not None:
            from shopkeeper.engines.clickhouse_loading import behind  # noqa: PLC0415 - loaded by then

            self.figures.behind = behind(self._folder, self._sent)

    def _fell_back(self, error: Unavailable | LogDamaged) -> None:
        self.figures.fallbacks += 1
        _log.warning("read_from_the_lake_instead_of_clickhouse", reason=error.reason, remedy=error.remedy)


class MirroredWarehouse:
    """Implements `experiments.ports.KeepingWarehouse`: on a mirror of the lake while it answers, then over the lake.

    Args:
        mirror: None = it is known not to answer.
        open_lake: Called once, at the first read the mirror does not answer.
        fell_back: Told why.
    """

    def __init__(
        self,
        mirror: KeepingWarehouse | None,
        open_lake: Callable[[], KeepingWarehouse],
        fell_back: Callable[[Unavailable], None],
    ) -> None:
        self._mirror = mirror
        self._open_lake = open_lake
        self._fell_back = fell_back
        self._lake: KeepingWarehouse | None = None

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query and return its columns, in the order of the query."""
        if self._mirror is not None:
            try:
                return self._mirror.fetch(query, **parameters)
            except Unavailable as error:
                self._gone(error)
        return self._own_lake().fetch(query, **parameters)

    @contextmanager
    def keeping(self, relations: Sequence[Relation]) -> Iterator[MirroredWarehouse]:
        """Give a warehouse with some relations, kept where it reads: over the lake once the mirror breaks off."""
        with ExitStack() as stack:
            mirror = None
            if self._mirror is not None:
                try:
                    mirror = stack.enter_context(self._mirror.keeping(relations))
                except Unavailable as error:
                    self._gone(error)
            yield MirroredWarehouse(
                mirror, lambda: stack.enter_context(self._own_lake().keeping(relations)), self._gone
            )

    def _gone(self, error: Unavailable) -> None:
        self._fell_back(error)
        self._mirror = None

    def _own_lake(self) -> KeepingWarehouse:
        if self._lake is None:
            self._lake = self._open_lake()
        return self._lake


def _own(lake: Lake, stack: ExitStack) -> KeepingWarehouse:
    warehouse = lake.warehouse()
    stack.callback(warehouse.close)
    return warehouse
