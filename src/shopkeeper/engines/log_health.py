"""Looking at the event log without changing it: live segments, damage, and what waits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shopkeeper.engines.durable_files import try_lock
from shopkeeper.engines.segment_frames import BrokenFrame, acknowledged_after, read_frames
from shopkeeper.engines.segment_log import OPEN
from shopkeeper.engines.segment_recovery import sealed_segments, segment_order

_NANO = 1e9


@dataclass(frozen=True, slots=True)
class LogHealth:
    """The state of the segments of a log.

    Attributes:
        live: Segments a living process writes.
        left: Segments of killed processes; the next compaction repairs and takes them.
        sealed: Segments that wait for compaction.
        damaged: Segments that hold broken bytes before rows that were acknowledged, each with where.
        live_age: Age of the oldest live segment, seconds; 0 without one.
        waiting_age: Age of the oldest segment nobody writes any more, seconds; 0 without one.
    """

    live: int = 0
    left: int = 0
    sealed: int = 0
    damaged: tuple[str, ...] = ()
    live_age: float = 0.0
    waiting_age: float = 0.0


def look_at_log(folder: Path, now: float) -> LogHealth:
    """Return the health of the log in a folder, every byte of it read, at `now` (seconds since the epoch)."""
    live: list[Path] = []
    left: list[Path] = []
    damaged: list[str] = []
    sealed = sealed_segments(folder)
    for path in sorted(folder.glob("*" + OPEN), key=segment_order):
        state = _open_segment(path)
        if state is None:
            continue
        (live if state == "live" else left).append(path)
        if state not in ("live", "left"):
            damaged.append(f"{path.name}: {state}")
    for path in sealed:
        if (trouble := _sealed_segment(path)) is not None:
            damaged.append(f"{path.name}: {trouble}")
    waiting = [*left, *sealed]
    return LogHealth(len(live), len(left), len(sealed), tuple(damaged), _age(live, now), _age(waiting, now))


def _age(paths: list[Path], now: float) -> float:
    """Return the age of the oldest segment by the time in its name."""
    return max((now - int(segment_order(path)[0]) / _NANO for path in paths), default=0.0)


def _open_segment(path: Path) -> str | None:
    """Return `live`, `left`, what is broken, or None when it has been sealed meanwhile."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be opened ({error.strerror})"
    with os.fdopen(handle, "rb") as file:
        if not try_lock(file.fileno()):
            return "live"
        size = os.fstat(file.fileno()).st_size
        try:
            for _ in read_frames(file, size):
                pass
        except BrokenFrame as broken:
            if acknowledged_after(file, broken.offset, size) is not None:
                return str(broken)
    return "left"


def _sealed_segment(path: Path) -> str | None:
    """Return what is broken about a sealed segment; None when nothing is, or when it was taken meanwhile."""
    try:
        with path.open("rb") as file:
            for _ in read_frames(file, os.fstat(file.fileno()).st_size):
                pass
    except BrokenFrame as broken:
        return str(broken)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None
