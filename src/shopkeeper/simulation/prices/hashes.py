"""Which price worlds and which rule baseline a judgement was made with: hashes, committed before what they judge.

Who changes the baseline, its faults or a world renews the file on purpose, in a commit that says so:

    python -c "from shopkeeper.simulation.prices.hashes import MARKET; MARKET.renew()"
"""

from __future__ import annotations

from typing import Final

from shopkeeper.simulation.frozen import Frozen
from shopkeeper.simulation.prices.plan import MECHANISMS

_RULES: Final = ("faults.toml", "faults.py", "limits.py", "rules.py", "tuning.py")
_WORLDS: Final = (
    *(f"parameters/{name}.toml" for name in MECHANISMS.values()),
    *(
        f"{name}.py"
        for name in (
            "catalogue", "controls", "demand", "elastic", "history", "loglinear", "market", "oracle", "plan", "replay",
            "rivals", "shoppers", "supply", "weather", "world",
        )
    ),
)  # fmt: skip

MARKET: Final = Frozen(tuple(f"simulation/prices/{name}" for name in _RULES + _WORLDS), "simulation/prices/hashes.json")
"""The rule baseline with its faults, the limits all policies have, the worlds, and the oracle."""
