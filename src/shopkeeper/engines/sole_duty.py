"""Duties that one of several processes has: whoever locked the file, until it ends, however it ends."""

from __future__ import annotations

import os
from pathlib import Path

from shopkeeper.engines.durable_files import try_lock


class SoleDuty:
    """A duty of one process among those that share a folder. Used from one thread.

    The lock goes with the process that holds it, so another takes over at its next `mine` after a kill.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def mine(self) -> bool:
        """Say whether this process has the duty, after taking it where nobody has."""
        if self._handle is None:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            if not try_lock(handle):
                os.close(handle)
                return False
            self._handle = handle
        return True

    def close(self) -> None:
        """Let another process have it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
