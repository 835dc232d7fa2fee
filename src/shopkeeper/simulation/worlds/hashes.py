"""Which worlds and which baseline a judgement was made with: hashes over their files, committed before what they judge.

A model is judged in worlds that were there before it. Who changes a world, or the rule baseline, renews the file on
purpose, in a commit that says so:

    python -c "from shopkeeper.simulation.worlds.hashes import WORLDS; WORLDS.renew()"
"""

from __future__ import annotations

from typing import Final

from shopkeeper.simulation.frozen import Frozen
from shopkeeper.simulation.worlds.world import MECHANISMS

_FILES: Final = (
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

WORLDS: Final = Frozen(_FILES, "simulation/worlds/hashes.json")
