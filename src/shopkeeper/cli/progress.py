"""How far a run is, while it runs: one line that is written over on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from shopkeeper.cli.output import Output

if TYPE_CHECKING:
    from shopkeeper.jobs.ports import JobStatus

_WIDTH = 24
_CLEAR = "\r\x1b[2K"


class Progress:
    """Tells people how far a run is.

    Args:
        out: Where plain lines go.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        self._live = sys.stderr.isatty() and not out.json_mode
        self._said: set[str] = set()
        self._newest = ""
        self._shown = ""

    def say(self, text: str) -> None:
        """Write a line that stays; what `watch` read from the run a moment before is not said again."""
        if text == self._newest:
            return
        self._newest = text
        self._said.add(text)
        if self._shown:
            sys.stderr.write(_CLEAR)
            self._shown = ""
        self._out.say(text)

    def watch(self, status: JobStatus) -> None:
        """Show how far a run is."""
        if not self._live:
            if status.text not in self._said and status.state == "running" and status.text:
                self.say(status.text)
            return
        line = in_words(status)
        if line != self._shown:
            self._shown = line
            sys.stderr.write(_CLEAR + line)
            sys.stderr.flush()

    def close(self) -> None:
        """Take the live line away."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = ""


def in_words(status: JobStatus) -> str:
    """Return how far a run is as one line."""
    full = round(status.share * _WIDTH)
    bar = "#" * full + "." * (_WIDTH - full)
    left = "" if status.seconds_left is None else f", about {duration(status.seconds_left)} left"
    return f"[{bar}] {status.share:4.0%}{left}  {status.text}"[:110]


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
