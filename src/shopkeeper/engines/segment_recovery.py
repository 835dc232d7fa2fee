"""Taking over segments: which ones no process writes any more, and the repair of a torn tail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from shopkeeper.engines.durable_files import sync_folder, try_lock
from shopkeeper.engines.segment_frames import BrokenFrame, Frame, acknowledged_after, read_frames
from shopkeeper.engines.segment_log import OPEN, SEALED
from shopkeeper.errors import LogDamaged


def segment_order(path: Path) -> tuple[str, str]:
    """Return what sorts segments by creation: the time in the name, then the name."""
    return (path.stem.rsplit("-", 2)[1], path.stem)


def sealed_segments(folder: Path) -> list[Path]:
    """Return the sealed segments of a folder, oldest first."""
    return sorted(folder.glob("*" + SEALED), key=segment_order)


def live_segments(folder: Path) -> int:
    """Return how many segments a living process holds open; their rows are not in SQL until it seals them."""
    return len(live_names(folder))


def live_names(folder: Path, writers: str = "") -> frozenset[str]:
    """Return the names of the segments that living processes hold open, of writers whose name begins so."""
    return frozenset(path.stem for path in folder.glob(f"{writers}*{OPEN}") if _is_live(path))


def recover(folder: Path) -> tuple[list[Path], list[LogDamaged]]:
    """Seal every segment whose writer is gone, with torn tails cut; returns those sealed and those found damaged.

    Segments of living writers are not touched. A damaged segment is left exactly as it is.
    """
    sealed: list[Path] = []
    damaged: list[LogDamaged] = []
    for path in sorted(folder.glob("*" + OPEN), key=segment_order):
        try:
            taken = _recover_one(path)
        except LogDamaged as error:
            damaged.append(error)
        else:
            if taken is not None:
                sealed.append(taken)
    _delete_unborn(folder)
    return sealed, damaged


def read_segment(path: Path) -> Iterator[Frame]:
    """Yield the frames of a sealed segment.

    Raises:
        LogDamaged: it is not intact to its end; names the file and the offset.
    """
    with path.open("rb") as file:
        try:
            yield from read_frames(file, os.fstat(file.fileno()).st_size)
        except BrokenFrame as broken:
            raise _damaged(path, broken) from broken


def _recover_one(path: Path) -> Path | None:
    """Cut and seal one segment; None when it is live, empty or already gone."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None  # sealed or taken over by another process since the folder was listed
    with os.fdopen(handle, "r+b") as file:
        if not try_lock(file.fileno()) or not _still_named(path, file.fileno()):
            return None
        size = os.fstat(file.fileno()).st_size
        end = 0
        try:
            for frame in read_frames(file, size):
                end = frame.end
        except BrokenFrame as broken:
            if acknowledged_after(file, broken.offset, size) is not None:
                raise _damaged(path, broken) from broken
            file.truncate(end)
        # What is intact may still be only in the page cache of a writer killed before its sync.
        os.fsync(file.fileno())
        sealed = path.with_suffix(SEALED) if end else None
        if sealed is not None:
            path.rename(sealed)
        else:
            path.unlink()
    sync_folder(path.parent)
    return sealed


def _delete_unborn(folder: Path) -> None:
    """Delete files of writers killed before they had locked and named their segment; nothing was ever written there."""
    for path in folder.glob("*.new"):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with os.fdopen(handle, "rb") as file:
            if try_lock(file.fileno()) and os.fstat(file.fileno()).st_mtime < _minute_ago(folder):
                path.unlink(missing_ok=True)


def _minute_ago(folder: Path) -> float:
    """Return a time a minute before the folder last changed, by the file system's own clock."""
    return folder.stat().st_mtime - 60


def _is_live(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    with os.fdopen(handle, "rb") as file:
        return not try_lock(file.fileno()) and _still_named(path, file.fileno())


def _still_named(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _damaged(path: Path, broken: BrokenFrame) -> LogDamaged:
    return LogDamaged(
        f"Segment {path} has {broken.why} at offset {broken.offset}, before rows that were acknowledged.",
        "Nothing was cut. Restore the file from a backup, or move it out of the log folder to go on without its rows.",
    )
