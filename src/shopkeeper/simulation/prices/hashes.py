"""Which price worlds and which rule baseline a judgement was made with: hashes, committed before what they judge.

Who changes the baseline, its faults or a world renews the file on purpose, in a commit that says so:

    python -c "from shopkeeper.simulation.prices.hashes import MARKET; MARKET.renew()"
"""

from __future__ import annotations

from typing import Final

from shopkeeper.simulation.frozen import Frozen

MARKET: Final = Frozen(
    tuple(f"simulation/prices/{name}" for name in ("faults.toml", "faults.py", "limits.py", "rules.py")),
    "simulation/prices/hashes.json",
)
"""The rule baseline, its faults and the limits all policies have."""
