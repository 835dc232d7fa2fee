"""The event log: append-only segment files, durable before a call returns.

Each writer has one open segment of its own, `PROCESS-CREATED-RANDOM.open`, under an exclusive flock; it is sealed by
renaming it to `.sealed`. Names are never used twice. Whether a segment is live is decided by its lock alone, so the
segments of a killed process are free at once and `segment_recovery` repairs and seals them.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.durable_files import sync_folder, try_lock, write_all
from shopkeeper.engines.segment_frames import MOST_PAYLOAD_BYTES, encode_frame
from shopkeeper.errors import InputError, Overloaded

OPEN: Final = ".open"
SEALED: Final = ".sealed"
SEAL_BYTES: Final = 64 * 1024 * 1024

Payload = tuple[str, bytes]
"""Name of a table and rows of it as NDJSON."""


class SegmentLog:
    """Append-only log of every logged table in a folder; implements `intake.ports.EventLog`.

    Safe to use from several threads. Any number of processes may each have their own in one folder.

    Args:
        process: Names the writer in file names, such as `serve-1`; several writers may share it.
        seal_bytes: Size at which a segment is sealed and the next begun, bytes.
    """

    def __init__(self, folder: Path, process: str, seal_bytes: int = SEAL_BYTES) -> None:
        self.folder = folder
        self._process = writer_name(process)
        self._seal_bytes = seal_bytes
        self._lock = threading.Lock()
        self._segment: _Segment | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def begun(self) -> float | None:
        """When the open segment was begun, seconds of `time.monotonic`; None where there is none."""
        segment = self._segment
        return segment.begun if segment is not None else None

    def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Write rows, each one JSON object without a line break, and return when they are durable.

        Raises:
            Overloaded: the disk is behind or full; nothing of the call counts as written.
            InputError: a row holds a line break, or the rows exceed 256 MiB.
        """
        if rows:
            self.append_payloads(((table.name, joined_rows(rows)),))

    def append_payloads(self, payloads: Sequence[Payload]) -> None:
        """Write several batches with one write and one fdatasync; all of them count, or none.

        Args:
            payloads: Table name and `joined_rows` of each batch.
        Raises:
            Overloaded: as `append`.
        """
        with self._lock:
            try:
                self._write(payloads)
            except OSError as error:
                if self._segment is not None and self._segment.lost:
                    self._segment = None
                raise Overloaded(f"The event log in {self.folder} cannot be written: {_reason(error)}.") from error

    def seal(self) -> Path | None:
        """End the open segment, so that it can be compacted; returns it, or None when there was nothing in it."""
        with self._lock:
            return self._seal()

    def close(self) -> None:
        """Seal and let go of the folder; a later append would begin a new segment."""
        self.seal()

    def _write(self, payloads: Sequence[Payload]) -> None:
        if self._segment is not None and self._segment.end >= self._seal_bytes:
            self._seal()
        if self._segment is None:
            self._segment = _Segment(self.folder, self._process)
        end = self._segment.end
        self._segment.write(b"".join(encode_frame(name, payload, end) for name, payload in payloads))

    def _seal(self) -> Path | None:
        segment, self._segment = self._segment, None
        return segment.seal() if segment is not None else None


class _Segment:
    """One open segment file: locked while it lives, durable up to `end`.

    Attributes:
        end: How much of it is durable, bytes.
        begun: Seconds of `time.monotonic`.
        lost: A failed write could not be undone, so it is left, unlocked, to be repaired.
    """

    def __init__(self, folder: Path, process: str) -> None:
        name = f"{process}-{time.time_ns():020d}-{secrets.token_hex(4)}"
        self._path = folder / (name + OPEN)
        self.end = 0
        self.begun = time.monotonic()
        self.lost = False
        # Created under another name: between creation and lock nobody may take it for a dead writer's segment.
        fresh = folder / (name + ".new")
        self._handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            try_lock(self._handle, wait=True)
            fresh.rename(self._path)
            sync_folder(folder)
        except OSError:
            os.close(self._handle)
            raise

    def write(self, frames: bytes) -> None:
        """Write whole frames durably, or raise OSError with the file as it was."""
        try:
            write_all(self._handle, frames)
        except OSError:
            self._undo()
            raise
        try:
            os.fdatasync(self._handle)
        except OSError:
            # After a failed sync the kernel may have dropped the pages: what the file holds is for recovery to judge.
            self._undo()
            self._leave()
            raise
        self.end += len(frames)

    def seal(self) -> Path | None:
        """Rename it to `.sealed`, or delete it when it is empty."""
        sealed: Path | None = None
        if self.end:
            sealed = self._path.with_suffix(SEALED)
            self._path.rename(sealed)
        else:
            self._path.unlink()
        os.close(self._handle)
        sync_folder(self._path.parent)
        return sealed

    def _undo(self) -> None:
        try:
            os.ftruncate(self._handle, self.end)
            os.lseek(self._handle, self.end, os.SEEK_SET)
        except OSError:
            self._leave()

    def _leave(self) -> None:
        if not self.lost:
            os.close(self._handle)
            self.lost = True


def writer_name(process: str) -> str:
    """Return how a writer is called in the names of its segments."""
    return re.sub(r"[^A-Za-z0-9_.]+", "_", process) or "log"


def joined_rows(rows: Sequence[bytes]) -> bytes:
    """Return rows as one NDJSON payload.

    Raises:
        InputError: a row holds a line break, or the rows are too large for one batch.
    """
    payload = b"\n".join(rows) + b"\n"
    if payload.count(b"\n") != len(rows):
        raise InputError("A row for the event log holds a line break.", "Encode each row as one line of JSON.")
    if len(payload) > MOST_PAYLOAD_BYTES:
        raise InputError(
            f"A batch of {len(payload):,} bytes is too large for the event log (limit {MOST_PAYLOAD_BYTES:,}).",
            "Append fewer rows at a time.",
        )
    return payload


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full (free some space; nothing of this call was written)"
    return f"{error.strerror or error} (nothing of this call was written)"
