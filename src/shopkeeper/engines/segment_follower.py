"""What other processes write to the event log, read while they write it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from shopkeeper.engines.segment_frames import BrokenFrame, CutFrame, Frame, read_frames
from shopkeeper.engines.segment_log import OPEN, SEALED, writer_name

MOST_BYTES: Final = 8 * 1024 * 1024
_FRESH_NS: Final = 100_000_000
"""Two changes of a folder closer together than this may bear one time, as file systems keep time by ticks."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows another process appended with one call.

    Attributes:
        writer: Process that wrote them, as its segments are named.
        payload: One JSON object a line.
    """

    writer: str
    table: str
    payload: bytes


class SegmentFollower:
    """Reads every segment of a group of writers but one's own from its beginning, each batch once.

    Batches of one writer come in their order. A batch may come before it is durable, or again where a failed write of
    its writer was undone, so what is done with it must bear both. A segment that was begun, sealed and deleted between
    two calls of `read` is missed: writers keep a segment open for longer than their readers pause.

    Args:
        own: Name of the process whose segments are left out, as its `SegmentLog` got it.
        group: How the names of the writers to follow begin.
    """

    def __init__(self, folder: Path, own: str, group: str) -> None:
        self._folder = folder
        self._own = writer_name(own)
        self._group = writer_name(group)
        self._followed: dict[str, _Followed] = {}
        self._done: set[str] = set()
        self._listed_at = -1
        """When the folder had last changed before it was listed; -1 where it may have changed since unseen."""

    def begin(self) -> None:
        """Hold every segment there is, so that none is deleted unread before the first `read`."""
        self._find()

    def read(self, most_bytes: int = MOST_BYTES) -> list[Batch]:
        """Return batches that are new, about so many bytes of each segment at most; empty when nothing is."""
        there = self._find()
        batches: list[Batch] = []
        for stem, followed in list(self._followed.items()):
            writer = _writer(stem)
            batches += (Batch(writer, frame.table, frame.payload) for frame in followed.read(most_bytes))
            if there.get(stem) != OPEN and followed.at_end:
                followed.close()
                del self._followed[stem]
                self._done.add(stem)
        self._done &= there.keys()
        return batches

    def unchanged(self) -> bool:
        """Say that a `read` would find nothing, for the price of a look at sizes and times."""
        return self._folder.stat().st_mtime_ns == self._listed_at and all(
            followed.unchanged() for followed in self._followed.values()
        )

    @property
    def at_end(self) -> bool:
        """Say whether the last `read` came to the end of every segment."""
        return all(followed.at_end for followed in self._followed.values())

    def close(self) -> None:
        """Let go of all segments."""
        for followed in self._followed.values():
            followed.close()
        self._followed.clear()

    def _find(self) -> dict[str, str]:
        """Open segments not seen before; return the names of all with whether they are open or sealed."""
        changed = self._folder.stat().st_mtime_ns
        self._listed_at = changed if time.time_ns() - changed > _FRESH_NS else -1
        names = (name.rpartition(".") for name in os.listdir(self._folder))  # noqa: PTH208 - ten times a second
        there = {
            stem: f".{ending}"
            for stem, _, ending in names
            if f".{ending}" in (OPEN, SEALED) and stem.startswith(self._group) and _writer(stem) != self._own
        }
        for stem in there.keys() - self._followed.keys() - self._done:
            file = self._opened(stem)
            if file is not None:
                self._followed[stem] = _Followed(file)
        return there

    def _opened(self, stem: str) -> BinaryIO | None:
        for ending in (OPEN, SEALED):  # it may be sealed meanwhile; never the other way round
            try:
                return (self._folder / (stem + ending)).open("rb", buffering=0)
            except FileNotFoundError:
                continue
        return None


class _Followed:
    """One segment and how far it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offset = 0
        self._size = 0
        """Size at the last `read`."""
        self._broken_size = -1
        """Size at which it could not be read from the beginning either."""
        self.at_end = False

    def read(self, most_bytes: int) -> Iterator[Frame]:
        """Yield whole frames from where the last call ended."""
        size = self._size = os.fstat(self._file.fileno()).st_size
        self._offset = min(self._offset, size)  # a write that failed was undone
        until = self._offset + most_bytes
        try:
            for frame in read_frames(self._file, size, self._offset):
                self._offset = frame.end
                yield frame
                if frame.end >= until:
                    break
        except CutFrame:
            self.at_end = True
            return
        except BrokenFrame:
            # A write that failed was undone and another stands in its place: begin anew, once for each size.
            if self._broken_size != size:
                self._broken_size, self._offset = size, 0
                self.at_end = False
            else:
                self.at_end = True
            return
        self.at_end = self._offset >= size

    def unchanged(self) -> bool:
        """Say that it was read to its end and nothing came since."""
        return self.at_end and os.fstat(self._file.fileno()).st_size == self._size

    def close(self) -> None:
        self._file.close()


def _writer(stem: str) -> str:
    """Return the process in the name of a segment."""
    return stem.rsplit("-", 2)[0]
