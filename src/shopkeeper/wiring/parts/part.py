"""What a workspace consists of, part by part: how each is written out, and how it comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import State
from shopkeeper.wiring.settings import Settings

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class House:
    """A workspace that is packed or moved into.

    Attributes:
        store: Only what belongs to this store; None = everything.
        tell: Takes one line a step, for people.
    """

    settings: Settings
    state: State
    lake: Lake
    store: str | None = None
    tell: Callable[[str], None] = lambda _: None


class Part(Protocol):
    """One part of a workspace.

    Laws: what `unpack` reads from a folder that `pack` wrote is what was there; unpacking twice, or once more after it
    was broken off, is unpacking once; nothing secret is packed; a part that holds nothing of one store packs nothing
    when a store is asked for.
    """

    @property
    def name(self) -> str:
        """What it is, in the plural; unique."""
        ...

    def pack(self, house: House, folder: Path) -> Counts:
        """Write the part below the folder of an export and return how much there is, by kind."""
        ...

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:
        """Bring the part back from the folder of an export and return how much there was, by kind.

        Args:
            offsets: By table that numbers its rows, what is added to each number, as the workspace had some already.
        """
        ...


def write_lines(path: Path, rows: Iterable[object]) -> int:
    """Write one JSON object a line and return how many; no file without rows."""
    encoder = msgspec.json.Encoder()
    written = 0
    for written, row in enumerate(rows, 1):
        if written == 1:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("wb")
        file.write(encoder.encode(row) + b"\n")
    if written:
        file.close()
    return written
