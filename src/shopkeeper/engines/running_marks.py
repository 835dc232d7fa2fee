"""Which processes serve a workspace right now: each holds a locked file, which nothing outlives, also after a kill.

The time of a mark says since when its process has read all that the others logged.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shopkeeper.engines.durable_files import held_lock

_ENDING: Final = ".running"
_BEFORE_ALL_NS: Final = 4_000_000_000_000_000_000
"""Time of a mark whose process reads everything before it serves, so that nobody waits for it."""


@contextmanager
def marked_as_running(folder: Path) -> Iterator[Path]:
    """Be counted by `running_processes` of the folder until the context closes; gives the mark."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"serve-{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
    with held_lock(mark, wait=True):
        note_read(mark, _BEFORE_ALL_NS)
        try:
            yield mark
        finally:
            mark.unlink(missing_ok=True)


def running_processes(folder: Path) -> int:
    """Return how many processes are marked as running; marks that killed ones left are deleted."""
    return sum(1 for mark in folder.glob(f"*{_ENDING}") if _is_held(mark))


def note_read(mark: Path, moment_ns: int) -> None:
    """Note that the process of a mark has read what others logged before a moment, nanoseconds since the epoch."""
    os.utime(mark, ns=(moment_ns, moment_ns))


def unread_by(folder: Path, own: Path, moment_ns: int) -> list[Path]:
    """Return the marks of other running processes that have not yet read what was logged before a moment."""
    return [mark for mark in folder.glob(f"*{_ENDING}") if mark != own and _before(mark, moment_ns) and _is_held(mark)]


def _before(mark: Path, moment_ns: int) -> bool:
    try:
        return mark.stat().st_mtime_ns < moment_ns
    except FileNotFoundError:
        return False


def _is_held(mark: Path) -> bool:
    """Say whether the process of a mark lives; the mark of one that does not is deleted."""
    with held_lock(mark, wait=False) as free:
        if free:
            mark.unlink(missing_ok=True)
        return not free
