"""Steps that remember in memory and can be made to die, for tests of work that goes on where it was left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from shopkeeper.jobs.ports import Document

Place = Literal["before", "after"]


class Died(BaseException):
    """The process is gone; like a kill, nothing catches it."""


class StepsInMemory:
    """Implements `jobs.ports.Steps`; a second one with the same folder and `recorded` is the process after a crash.

    Args:
        recorded: Documents of steps that are done, by name.
        dies: The step at which the process dies, and whether `before` or `after` its work; after = before the record.
    """

    def __init__(
        self, folder: Path, recorded: dict[str, bytes] | None = None, dies: tuple[str, Place] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.run = "training-test-1"
        self.folder = folder
        self.recorded = {} if recorded is None else recorded
        self.called: list[str] = []
        self.told: list[tuple[float, str]] = []
        self._dies = dies

    def step(self, name: str, call: Callable[[], Document]) -> Document:
        """Return the recorded document of a step, or call it and record what it returns."""
        if name not in self.recorded:
            if self._dies == (name, "before"):
                raise Died
            self.called.append(name)
            document = msgspec.json.encode(call())
            if self._dies == (name, "after"):
                raise Died
            self.recorded[name] = document
        found: dict[str, Any] = msgspec.json.decode(self.recorded[name])
        return found

    def progress(self, share: float, text: str) -> None:
        """Note how far the run is."""
        self.told.append((share, text))
