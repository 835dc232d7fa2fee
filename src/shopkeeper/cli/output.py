"""How every verb speaks: progress for people on stderr, one result on stdout, as words or as one JSON document."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import structlog


class Output:
    """Where a verb writes.

    Args:
        json_mode: True prints results as one JSON document on the last line of stdout.
    """

    def __init__(self, json_mode: bool = False) -> None:
        self.json_mode = json_mode
        # Stdout is for the result alone; which stream stderr is, is asked anew each time.
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))

    def say(self, text: str) -> None:
        """Tell a person how it goes; machines never see it."""
        print(text, file=sys.stderr, flush=True)

    def result(self, document: dict[str, Any], text: str) -> None:
        """Print what came out: the document for machines, else the text."""
        print(msgspec.json.encode(document).decode() if self.json_mode else text, flush=True)
