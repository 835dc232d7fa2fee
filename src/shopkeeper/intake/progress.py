"""How far an import is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One look at a running import.

    Attributes:
        rows: Rows read so far.
        share: Part of the bytes to read that is done, 0 to 1.
        seconds_left: Estimate from the speed so far; None before there is one.
    """

    file: str
    rows: int
    share: float
    rows_per_second: float
    seconds_left: float | None

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f", {_clock(self.seconds_left)} left"
        return f"{self.share:4.0%}  {self.rows:>12,} rows  {self.rows_per_second:>9,.0f} rows/s{left}  {self.file}"


class ProgressMeter:
    """Tells at most once per `every` seconds how far an import is.

    Args:
        total_bytes: Size of all files.
        seconds: Seconds that never go back.
        tell: Called with each look.
    """

    def __init__(
        self,
        total_bytes: int,
        seconds: Callable[[], float],
        tell: Callable[[Progress], None],
        every: float = 1.0,
    ) -> None:
        self._total = max(total_bytes, 1)
        self._seconds = seconds
        self._tell = tell
        self._every = every
        self._started = self._told = seconds()
        self._rows = 0
        self._done_bytes = 0

    def advance(self, file: str, rows: int, bytes_of_file: float) -> None:
        """Note rows read, and how many bytes of the current file are behind them."""
        self._rows += rows
        now = self._seconds()
        if now - self._told >= self._every:
            self._told = now
            self._tell(self._look(file, now, self._done_bytes + bytes_of_file))

    def finish_file(self, bytes_of_file: int) -> None:
        """Note that a file is read."""
        self._done_bytes += bytes_of_file

    def _look(self, file: str, now: float, done_bytes: float) -> Progress:
        took = max(now - self._started, 1e-9)
        share = min(done_bytes / self._total, 1.0)
        left = took * (1 - share) / share if share > 0 else None
        return Progress(file, self._rows, share, self._rows / took, left)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
