"""What may be spent in a month, held by all processes of a workspace and after a crash."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from shopkeeper.engines.durable_files import held_lock, write_all
from shopkeeper.errors import RefusedBudget, Unavailable


class _Entry(msgspec.Struct):
    at: str
    dollars: float


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money set aside for one call: how much, US dollars, and in which file."""

    dollars: float
    path: Path


class MonthBudget:
    """Sets money aside before each call, so the budget holds whatever an answer costs; one file a month (UTC).

    What a killed process had set aside stays spent: its call may have been billed. Used from any thread and process.

    Args:
        folder: Where the files `spent-2026-11.jsonl` lie.
        dollars: Budget of a month.
        now: The time, with its zone.
    """

    def __init__(self, folder: Path, dollars: float, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._dollars = dollars
        self._now = now
        self._seen: dict[Path, tuple[int, float]] = {}  # bytes read of a file, and their sum
        self._lock = threading.RLock()  # held_lock is among opens of a file; this guards what is seen of it

    def spent(self) -> float:
        """What this month has cost so far with what is set aside, US dollars."""
        with self._lock:
            return self._read(self._path())[0]

    def require(self, dollars: float) -> None:
        """See whether so much is left, without setting it aside.

        Raises:
            RefusedBudget: less is left.
        """
        spent = self.spent()
        if spent + dollars > self._dollars:
            raise RefusedBudget(
                f"A call may cost ${dollars:.4f}; ${spent:.4f} of ${self._dollars:.2f} are spent this month.",
                "Raise `writer_month_budget` in [content]; the realiser writes until next month.",
            )

    def reserve(self, dollars: float) -> Reserved:
        """Set aside the most a call may cost.

        Raises:
            RefusedBudget: less is left.
            Unavailable: the file cannot be written, so nothing could be held.
        """
        path = self._path()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._lock, held_lock(path.with_suffix(".lock"), wait=True):
                self.require(dollars)
                self._add(path, dollars)
        except OSError as error:
            raise Unavailable(f"What is spent cannot be kept: {error}.", "Make room for the workspace.") from error
        return Reserved(dollars, path)

    def settle(self, reserved: Reserved, dollars: float) -> None:
        """Say what a call cost in place of what was set aside for it.

        Raises:
            Unavailable: the file cannot be written; what was set aside stays spent.
        """
        try:
            with self._lock, held_lock(reserved.path.with_suffix(".lock"), wait=True):
                self._add(reserved.path, dollars - reserved.dollars)
        except OSError as error:
            raise Unavailable(f"What is spent cannot be kept: {error}.", "Make room for the workspace.") from error

    def _path(self) -> Path:
        return self._folder / f"spent-{self._now():%Y-%m}.jsonl"

    def _add(self, path: Path, dollars: float) -> None:
        _, torn = self._read(path)
        line = msgspec.json.encode(_Entry(self._now().isoformat(), dollars)) + b"\n"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            write_all(handle, b"\n" + line if torn else line)
        finally:
            os.close(handle)

    def _read(self, path: Path) -> tuple[float, bool]:
        """Sum of the whole lines, each read once, and whether half a line of a killed process stands at the end."""
        offset, total = self._seen.get(path, (0, 0.0))
        try:
            with path.open("rb") as file:
                file.seek(offset)
                fresh = file.read()
        except FileNotFoundError:
            return 0.0, False
        whole = fresh[: fresh.rfind(b"\n") + 1]
        for line in whole.splitlines():
            try:
                total += msgspec.json.decode(line, type=_Entry).dollars
            except msgspec.DecodeError:
                continue
        self._seen[path] = (offset + len(whole), total)
        return total, len(whole) < len(fresh)
