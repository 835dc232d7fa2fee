"""Moving house: from an embedded workspace to the servers that URLs name, everything counted and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from shopkeeper.engines.clickhouse_client import open_clickhouse
from shopkeeper.engines.clickhouse_comparing import compare_tables
from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.running_marks import running_processes
from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_copy import copy_state
from shopkeeper.engines.state_engine import shown
from shopkeeper.engines.state_health import look_at_state
from shopkeeper.engines.valkey_health import look_at_valkey
from shopkeeper.errors import ContractNotMet, InputError, Unavailable
from shopkeeper.wiring.settings import Settings

STATE, WAREHOUSE, CACHE = "state_url", "warehouse_url", "cache_url"
SCHEMES: Final = {
    "sqlite": STATE, "postgresql": STATE, "postgres": STATE, "clickhouse": WAREHOUSE, "clickhouses": WAREHOUSE,
    "redis": CACHE, "rediss": CACHE, "valkey": CACHE, "valkeys": CACHE, "unix": CACHE,
}  # fmt: skip
"""Setting in the section `engines` that a URL is for, by its scheme."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The state database's revision before and after; None = it had no tables."""

    url: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class MovedTable:
    """One table that is the same on both sides: rows brought now, and what both hold in the end."""

    name: str
    written: int
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What was brought to one server.

    Attributes:
        setting: The setting in `engines` that names it from now on.
        url: Without its password.
        note: What there is to know besides; empty when nothing.
    """

    setting: str
    url: str
    tables: tuple[MovedTable, ...]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def upgrade_state(settings: Settings) -> Upgraded:
    """Bring the state database to the newest revision.

    Raises:
        ConfigError: a newer version of Shopkeeper wrote it; nothing was changed.
        Unavailable: it does not answer.
    """
    return _upgrade(settings.state_url)


def move_to(settings: Settings, urls: Sequence[str], tell: Callable[[str], None] = lambda _: None) -> list[Moved]:
    """Bring a workspace to servers, one URL each; what was broken off goes on when called again.

    Raises:
        InputError: a URL is of no engine, two are for one role, or one is what the workspace uses already.
        ConfigError: a database was written by a newer version, or is not one.
        ContractNotMet: a server serves this workspace, or a table differs afterwards.
        Unavailable: a server does not answer.
    """
    targets = _targets(settings, urls)
    running = running_processes(settings.folder(settings.engines.log))
    if running and STATE in targets:
        raise ContractNotMet(
            f"{running} process(es) serve this workspace, so what they write meanwhile would be left behind.",
            "Stop `shopkeeper serve`, move, set the new URL, and start it again.",
        )
    if running:
        tell(f"{running} process(es) serve this workspace; rows that come now are sent by the next load")
    moves = {STATE: _move_state, WAREHOUSE: _move_lake, CACHE: _move_profiles}
    return [moves[setting](settings, url, tell) for setting, url in targets.items()]


def _targets(settings: Settings, urls: Sequence[str]) -> dict[str, str]:
    """Return the URLs by setting, in the order they are moved."""
    found: dict[str, str] = {}
    for url in urls:
        scheme = url.partition(":")[0].partition("+")[0]
        setting = SCHEMES.get(scheme)
        if setting is None:
            raise InputError(
                f"--to {shown(url)!r} is of no engine.",
                f"Begin it with one of: {', '.join(f'{name}://' for name in SCHEMES)}.",
            )
        if setting in found:
            raise InputError(f"Two URLs are for engines.{setting}.", "Name each role once.")
        found[setting] = settings.placed(url)
    if found.get(STATE) == settings.state_url:
        raise InputError(
            "The target is the workspace's own state database.",
            "Name another one with --to, such as postgresql://user@host/name.",
        )
    return {setting: found[setting] for setting in (STATE, WAREHOUSE, CACHE) if setting in found}


def _move_state(settings: Settings, url: str, tell: Callable[[str], None]) -> Moved:
    _upgrade(settings.state_url)
    moved_to = _upgrade(url).url
    source, target = open_state(settings.state_url), open_state(url)
    try:
        copied = copy_state(source.engine, target.engine, lambda line: tell(f"state: {line}"))
    finally:
        source.close()
        target.close()
    tables = tuple(MovedTable(one.name, one.written, one.digest.rows, one.digest.checksum) for one in copied)
    return Moved(STATE, moved_to, tables)


def _move_lake(settings: Settings, url: str, tell: Callable[[str], None]) -> Moved:
    folder = settings.folder(settings.engines.lake)
    Lake(settings.folder(settings.engines.log), folder).compact()
    client = open_clickhouse(url)
    try:
        data = ClickHouseData(client, folder)
        data.prepare()
        sent = data.load(lambda line: tell(f"warehouse: {line}"))
        compared = list(compare_tables(client, folder, lambda line: tell(f"warehouse: {line}")))
    finally:
        client.close()
    for one in compared:
        if one.here != one.there:
            raise ContractNotMet(
                f"Table {one.name} differs after the load: {one.here.rows:,} rows here, {one.there.rows:,} there"
                f"{'' if one.here.rows != one.there.rows else ', with other content'}.",
                "Stop what writes to either side, give a database that belongs to Shopkeeper alone; run again.",
            )
    tables = tuple(MovedTable(o.name, sent.get(o.name, 0), o.here.rows, o.here.checksum) for o in compared)
    note = "The lake stays where it is and stays the truth: ClickHouse is its mirror."
    return Moved(WAREHOUSE, shown(url), tables, note)


def _move_profiles(settings: Settings, url: str, tell: Callable[[str], None]) -> Moved:  # noqa: ARG001 - as the others
    health = look_at_valkey(url)
    if health.trouble is not None:
        raise Unavailable(f"{shown(url)}: {health.trouble}.", "Check that it runs and that this user may use it.")
    tell(f"cache: {health.version} answers")
    note = "Nothing to copy: profiles are filled from the newest two days of the log when `serve` starts."
    return Moved(CACHE, shown(url), (), note)


def _upgrade(url: str) -> Upgraded:
    before = look_at_state(url)
    open_state(url).close()
    return Upgraded(before.url, before.revision, before.head)
