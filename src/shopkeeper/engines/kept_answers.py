"""Answers of writers that were paid for, kept by what was asked, so that nothing is paid twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from shopkeeper.content.ports import Written
from shopkeeper.engines.durable_files import replace_file

_log = structlog.get_logger(__name__)


class KeptAnswers:
    """One file an answer; any of them, or all, may be deleted at any time.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> Written | None:
        """The answer of a name, at no cost; None where there is none or it cannot be read."""
        try:
            found = msgspec.json.decode(self._path(name).read_bytes(), type=Written)
        except (OSError, msgspec.DecodeError):
            return None
        return replace(found, tokens_in=0, tokens_out=0, cost=0.0, kept=True)

    def put(self, name: str, written: Written) -> None:
        """Keep an answer; where it cannot be kept it is paid for again, and the log says so."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, msgspec.json.encode(written))
        except OSError as error:
            _log.warning("answer_not_kept", name=name, error=repr(error))

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.json"
