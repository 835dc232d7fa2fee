"""Files that judge models and are there before them: their hashes are committed, and renewed only on purpose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Literal

import msgspec

DEVELOPMENT_SEEDS: Final = range(1, 100)
"""Seeds anybody may look at while building."""
ACCEPTANCE_SEEDS: Final = range(101, 200)
"""Seeds that judge what was built; nothing is chosen by what they show."""


def purpose(seed: int) -> Literal["development", "acceptance", "neither"]:
    """Return what a seed is for."""
    return "acceptance" if seed in ACCEPTANCE_SEEDS else "development" if seed in DEVELOPMENT_SEEDS else "neither"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Files whose hashes are kept.

    Attributes:
        files: Below the package.
        kept_in: File with the hashes, below the package.
    """

    files: tuple[str, ...]
    kept_in: str

    def kept(self) -> dict[str, str]:
        """Return the committed hashes, by file."""
        return msgspec.json.decode(_path(self.kept_in).read_bytes(), type=dict[str, str])

    def current(self) -> dict[str, str]:
        """Return the SHA-256 of each file as it is."""
        return {name: hashlib.sha256(_path(name).read_bytes()).hexdigest() for name in self.files}

    def changed(self) -> list[str]:
        """Return the files that are not what was committed, in any way."""
        kept, current = self.kept(), self.current()
        return sorted(name for name in kept.keys() | current.keys() if kept.get(name) != current.get(name))

    def renew(self) -> None:
        """Write the hashes as they are now."""
        _path(self.kept_in).write_bytes(msgspec.json.format(msgspec.json.encode(self.current())) + b"\n")


def _path(name: str) -> Path:
    return Path(str(resources.files("shopkeeper").joinpath(name)))
