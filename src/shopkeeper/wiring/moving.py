"""Bringing a workspace's state database up to date, and moving it to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_copy import CopiedTable, copy_state
from shopkeeper.engines.state_health import look_at_state
from shopkeeper.errors import InputError
from shopkeeper.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The state database's revision before and after; None = it had no tables."""

    url: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A state database copied into another."""

    source: str
    target: str
    tables: tuple[CopiedTable, ...]

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


def move_state(settings: Settings, target_url: str, tell: Callable[[str], None] = lambda _: None) -> Moved:
    """Copy the state database into the one at `target_url`, counts and checksums compared; may be run again.

    Raises:
        InputError: source and target are one database.
        ConfigError: a database was written by a newer version.
        ContractNotMet: a table differs after the copy.
        Unavailable: a database does not answer.
    """
    target_url = settings.placed(target_url)
    if target_url == settings.state_url:
        raise InputError(
            "The target is the workspace's own state database.",
            "Name another one with --to-state, such as postgresql://user@host/name.",
        )
    source_url, moved_to = _upgrade(settings.state_url).url, _upgrade(target_url).url
    source, target = open_state(settings.state_url), open_state(target_url)
    try:
        return Moved(source_url, moved_to, tuple(copy_state(source.engine, target.engine, tell)))
    finally:
        source.close()
        target.close()


def _upgrade(url: str) -> Upgraded:
    before = look_at_state(url)
    open_state(url).close()
    return Upgraded(before.url, before.revision, before.head)
