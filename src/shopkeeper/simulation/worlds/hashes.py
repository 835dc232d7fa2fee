"""Which worlds and which baseline a judgement was made with: hashes over their files, committed before what they judge.

A model is judged in worlds that were there before it. Who changes a world, or the rule baseline, renews the file on
purpose, in a commit that says so:

    python -c "from shopkeeper.simulation.worlds.hashes import renew; renew()"
"""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from shopkeeper.simulation.worlds.world import MECHANISMS

HASHED: Final = (
    *(f"simulation/worlds/parameters/{name}.toml" for name in MECHANISMS),
    *(
        f"simulation/worlds/{name}.py"
        for name in (
            "acting", "attributes", "history", "mechanism", "missions", "shop", "tastes", "visits", "words", "world",
        )
    ),
    "simulation/behaviour.py",
    "simulation/sessions.py",
    "recommendations/rule_baseline.py",
)  # fmt: skip
"""Files that make a world or the baseline what it is, below the package."""

DEVELOPMENT_SEEDS: Final = range(1, 100)
"""Seeds anybody may look at while building."""
ACCEPTANCE_SEEDS: Final = range(101, 200)
"""Seeds that judge what was built; nothing is chosen by what they show."""

_FILE: Final = "simulation/worlds/hashes.json"


def kept() -> dict[str, str]:
    """Return the committed hashes, by file."""
    return msgspec.json.decode(_path(_FILE).read_bytes(), type=dict[str, str])


def current() -> dict[str, str]:
    """Return the SHA-256 of each file as it is."""
    return {name: hashlib.sha256(_path(name).read_bytes()).hexdigest() for name in HASHED}


def renew() -> None:
    """Write the hashes as they are now."""
    _path(_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(current())) + b"\n")


def _path(name: str) -> Path:
    return Path(str(resources.files("shopkeeper").joinpath(name)))
