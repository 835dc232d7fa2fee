"""Writes to the experiment log that have not got through yet, in a folder of files.

Appending costs microseconds and needs no server, so a run never waits for the log. Entries are sent in the order they
came; how far that is stands in a file of its own, written after each, so a killed process loses nothing and sends at
most one entry twice. Entries the log refuses for good are set aside with the reason, and nothing stands behind them.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from shopkeeper.engines.experiment_entries import Entry, decode, encode


class Refused(Exception):
    """The log will never take this entry; says why."""


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What lies in a spool.

    Attributes:
        waiting: Entries that will be tried again.
        refused: Entries the log does not take, kept in `refused.jsonl`.
        trouble: Why the newest attempt failed; None when it did not.
        since: When that was, UTC.
    """

    waiting: int
    refused: int
    trouble: str | None = None
    since: datetime | None = None


class _Trouble(msgspec.Struct, frozen=True):
    reason: str
    at: datetime


class Spool:
    """The entries of one workspace; safe between processes by locks on files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting = folder / "waiting.jsonl"
        self._sent = folder / "sent"
        self._refused = folder / "refused.jsonl"
        self._trouble = folder / "trouble.json"

    def append(self, entry: Entry) -> None:
        """Keep one entry behind those that wait."""
        with self._lock("append"), self._waiting.open("ab") as file:
            file.write(encode(entry))

    def append_once(self, entry: Entry) -> None:
        """Keep an entry unless the same one waits already."""
        line = encode(entry)
        if line not in self._lines():
            self.append(entry)

    def send(self, write: Callable[[Entry], None], go_on: Callable[[], bool]) -> None:
        """Hand out entries in order while `go_on`; an exception other than Refused keeps its entry and those after it.

        Raises:
            Exception: what `write` raised, after it was noted.
        """
        with self._lock("send"):
            while go_on() and (line := self._next()) is not None:
                try:
                    write(decode(line))
                except (Refused, msgspec.MsgspecError) as error:
                    self._set_aside(line, str(error))
                except Exception as error:
                    self._note(error)
                    raise
                self._move_on(len(line))
            self._trouble.unlink(missing_ok=True)
            self._empty()

    def state(self) -> SpoolState:
        """Return how much waits and why."""
        refused = len(self._refused.read_bytes().splitlines()) if self._refused.is_file() else 0
        waiting = len(self._lines())
        try:
            trouble = msgspec.json.decode(self._trouble.read_bytes(), type=_Trouble)
        except (FileNotFoundError, msgspec.MsgspecError):
            return SpoolState(waiting, refused)
        return SpoolState(waiting, refused, trouble.reason, trouble.at)

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f".{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _next(self) -> bytes | None:
        """Return the first whole line that was not sent."""
        try:
            with self._waiting.open("rb") as file:
                file.seek(self._offset())
                line = file.readline()
        except FileNotFoundError:
            return None
        return line if line.endswith(b"\n") else None

    def _lines(self) -> list[bytes]:
        try:
            with self._waiting.open("rb") as file:
                file.seek(self._offset())
                return file.readlines()
        except FileNotFoundError:
            return []

    def _offset(self) -> int:
        try:
            return int(self._sent.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _move_on(self, size: int) -> None:
        draft = self._sent.with_suffix(".new")
        draft.write_text(str(self._offset() + size))
        draft.replace(self._sent)

    def _empty(self) -> None:
        """Cut the file when everything in it was sent, so that it does not grow for ever.

        The mark goes first: a process killed in between sends everything once more, and none is skipped.
        """
        with self._lock("append"):
            if self._waiting.is_file() and self._waiting.stat().st_size <= self._offset():
                self._sent.unlink(missing_ok=True)
                self._waiting.unlink()

    def _set_aside(self, line: bytes, reason: str) -> None:
        with self._refused.open("ab") as file:
            file.write(msgspec.json.encode({"reason": reason, "entry": line.decode(errors="replace").strip()}) + b"\n")

    def _note(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        self._trouble.write_bytes(msgspec.json.encode(_Trouble(reason[:500], datetime.now(UTC))))
