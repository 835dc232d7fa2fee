"""SIGTERM and Ctrl-C as an event that a loop can wait for."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def until_stopped() -> Iterator[threading.Event]:
    """Give an event that is set once somebody asks this process to stop; what the signals did before comes back."""
    asked = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        asked.set()

    before = {name: signal.signal(name, stop) for name in _STOPS}
    try:
        yield asked
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
