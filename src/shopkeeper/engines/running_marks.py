"""Which processes serve a workspace right now: each holds a locked file, which nothing outlives, also after a kill."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shopkeeper.engines.durable_files import held_lock

_ENDING: Final = ".running"


@contextmanager
def marked_as_running(folder: Path) -> Iterator[None]:
    """Be counted by `running_processes` of the folder until the context closes."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / f"serve-{os.getpid()}-{secrets.token_hex(4)}{_ENDING}"
    with held_lock(mark, wait=True):
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def running_processes(folder: Path) -> int:
    """Return how many processes are marked as running; marks that killed ones left are deleted."""
    running = 0
    for mark in folder.glob(f"*{_ENDING}"):
        with held_lock(mark, wait=False) as free:
            if free:
                mark.unlink(missing_ok=True)
            else:
                running += 1
    return running
