"""Rejected rows with their reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.wiring.parts.part import Counts, House, write_lines

_FILE: Final = "quarantine/rejected.jsonl"
_EVERY: Final = 1 << 62
_AT_ONCE: Final = 1_000


class RejectedRows:
    """The quarantine, so that rows can still be mended and taken back where they go. Their days start anew there."""

    name = "quarantine"

    def pack(self, house: House, folder: Path) -> Counts:
        """Write every row, oldest first."""
        rows = _quarantine(house).rows(_EVERY, house.store)
        return {self.name: count} if (count := write_lines(folder / _FILE, reversed(rows))) else {}

    def count(self, house: House) -> int:
        """Return how many rows a workspace keeps."""
        return _quarantine(house).count()

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Keep the rows that are not kept yet."""
        if not (folder / _FILE).is_file():
            return {}
        quarantine = _quarantine(house)
        with (folder / _FILE).open("rb") as file:
            rows = [msgspec.json.decode(line, type=RejectedRow) for line in file]
        there = (
            quarantine.count()
        )  # of a fresh workspace: what an unpacking that was broken off has kept, in this order
        for start in range(there, len(rows), _AT_ONCE):
            quarantine.keep(rows[start : start + _AT_ONCE])
        return {self.name: len(rows)}


def _quarantine(house: House) -> QuarantineFiles:
    return QuarantineFiles(house.settings.folder(house.settings.engines.quarantine))
