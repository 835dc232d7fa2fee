"""Rejected rows as JSON lines, one file a day."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shopkeeper.engines.durable_files import replace_file, sync_folder, try_lock, write_all
from shopkeeper.errors import Overloaded
from shopkeeper.intake.ports import RejectedRow

_SUFFIX: Final = ".jsonl"
_BLOCK: Final = 1 << 16
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1


class _Owner(Struct):
    """The one field of a kept row that counting by store reads."""

    store: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class QuarantineFiles:
    """Rejected rows in a folder, one `YYYY-MM-DD.jsonl` a UTC day; implements `intake.ports.Quarantine`.

    Every writer locks the day's file while it appends, so rows of several processes never mix; a line that a crash cut
    short was not kept for its caller and goes with the next append. Raw rows may hold personal data: `erase` removes
    them.
    """

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._folder = folder
        self._now = now
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, rows: Sequence[RejectedRow]) -> None:
        """Keep rows durably.

        Raises:
            Overloaded: the disk is full or fails; none of the rows is kept.
        """
        if not rows:
            return
        lines = b"".join(_encode(row) + b"\n" for row in rows)
        path = self._folder / f"{self._now().astimezone(UTC):%Y-%m-%d}{_SUFFIX}"
        try:
            with _locked(path, os.O_APPEND | os.O_CREAT) as handle:
                end = _cut_torn_line(handle)
                try:
                    write_all(handle, lines)
                    os.fdatasync(handle)
                except OSError:
                    os.ftruncate(handle, end)
                    raise
                if end == 0:
                    sync_folder(self._folder)
        except OSError as error:
            raise Overloaded(f"Rejected rows cannot be kept in {path}: {error.strerror or error}.") from error

    def rows(self, limit: int = 100, store: str | None = None) -> Sequence[RejectedRow]:
        """Return kept rows, newest first, of one store or of all."""
        found: list[RejectedRow] = []
        for path in reversed(self._files()):
            for line in _lines_from_end(path):
                if len(found) >= limit:
                    return found
                if store is None or _store(line) == store:
                    found.append(msgspec.json.decode(line, type=RejectedRow))
        return found

    def count(self, store: str | None = None) -> int:
        """Return how many rows are kept, of one store or of all."""
        lines = (line for path in self._files() for line in _lines(path))
        return sum(1 for line in lines if store is None or _store(line) == store)

    def replace(self, changes: Sequence[tuple[RejectedRow, RejectedRow | None]]) -> int:
        """Put new rows in the place of old ones, or take these out, each file at once; return how many were found.

        Raises:
            Overloaded: the disk is full or fails; the file at hand is as it was.
        """
        wanted: dict[bytes, list[bytes | None]] = {}
        for old, new in changes:
            wanted.setdefault(_encode(old), []).append(None if new is None else _encode(new))
        found = 0
        for path in self._files() if wanted else []:
            try:
                with _locked(path, 0):
                    found += _exchange(path, wanted)
            except OSError as error:
                reason = f"Rows in {path} cannot be replaced: {error.strerror or error}."
                raise Overloaded(reason) from error
        return found

    def erase(self, stores: Sequence[str], ids: Sequence[str]) -> int:
        """Remove every row of these stores in which a value is one of `ids`, and return how many that were."""
        wanted, names, removed = set(stores), set(ids), 0
        for path in self._files():
            with _locked(path, 0):
                lines = list(_lines(path))
                kept = [line for line in lines if _store(line) not in wanted or not _names(line, names)]
                if len(kept) < len(lines):
                    replace_file(path, b"".join(line + b"\n" for line in kept))
                    removed += len(lines) - len(kept)
        return removed

    def expire(self, before: date) -> int:
        """Delete the rows of every UTC day before `before` and return how many days that were."""
        old = [path for path in self._files() if path.stem < before.isoformat()]
        for path in old:
            with _locked(path, 0):
                path.unlink()
        if old:
            sync_folder(self._folder)
        return len(old)

    def _files(self) -> list[Path]:
        """Return the files, oldest day first."""
        return sorted(self._folder.glob("*" + _SUFFIX))


def _exchange(path: Path, wanted: dict[bytes, list[bytes | None]]) -> int:
    """Write one file with its wanted lines exchanged, take those out of `wanted`, and return how many there were."""
    kept: list[bytes] = []
    found = 0
    for line in _lines(path):
        successors = wanted.get(line)
        if not successors:
            kept.append(line)
            continue
        found += 1
        successor = successors.pop(0)
        if successor is not None:
            kept.append(successor)
    if found:
        replace_file(path, b"".join(line + b"\n" for line in kept))
    return found


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[int]:
    """Open a day's file for this process alone; opened again where an erasure replaced it in between."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o644)
        try:
            try_lock(handle, wait=True)
            if os.path.samestat(path.stat(), os.fstat(handle)):
                yield handle
                return
        finally:
            os.close(handle)


def _cut_torn_line(handle: int) -> int:
    """Cut what a crash left after the last line break and return the size, bytes."""
    size = os.fstat(handle).st_size
    end = size
    while end:
        start = max(0, end - _BLOCK)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        end = start + found + 1 if found >= 0 else start
        if found >= 0:
            break
    if end < size:
        os.ftruncate(handle, end)
    return end


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a file."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def _lines_from_end(path: Path) -> Iterator[bytes]:
    """Yield the whole lines of a file, the last first, without reading all of it."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        tail: bytes | None = None  # the start of the line read so far; None until the last line break is seen
        while at:
            start = max(0, at - _BLOCK)
            file.seek(start)
            pieces = file.read(at - start).split(b"\n")
            at = start
            if tail is not None:
                pieces[-1] += tail
            elif len(pieces) == 1:
                continue  # not a line break yet: all of this is a torn line
            else:
                pieces.pop()
            tail = pieces[0]
            yield from reversed(pieces[1:])
        if tail is not None:
            yield tail


def _store(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Owner).store


def _names(line: bytes, ids: set[str]) -> bool:
    raw = msgspec.json.decode(line, type=RejectedRow).raw
    return any(value in ids for value in _texts(raw))


def _texts(value: object) -> Iterator[str]:
    """Yield every value inside a raw row as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    else:
        yield str(value)


def _encode(row: RejectedRow) -> bytes:
    """Return a row as JSON; what JSON cannot hold (NaN, broken text, foreign objects) is kept as text."""
    return msgspec.json.encode(_plain(asdict(row)))


def _plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(_plain(str(name))): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    if value is None or (isinstance(value, int) and _LEAST <= value <= _MOST):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value).encode("utf-8", "backslashreplace").decode()
