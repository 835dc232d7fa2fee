"""Which moments are looks at the matured units, and what z must exceed at each: alpha is spent once, never again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from shopkeeper.experiments.group_sequential import Spending, boundaries
from shopkeeper.rollout.evidence import Evidence

SPENDING: Final = Spending("obrien-fleming")
STEP: Final = 0.01
"""Share of the planned units that must be new since the last look, so that a test has a hundred looks at most."""


@dataclass(frozen=True, slots=True)
class Look:
    """What this moment may decide.

    Attributes:
        share: Matured units of one arm over those planned; above 1 where more are in.
        critical: What z must exceed; infinite where this moment is no look.
        closed: Why it is none, and what to do; empty where it is one.
    """

    share: float
    critical: float
    closed: str = ""


def look_now(evidence: Evidence, per_arm: int, blocked: str = "") -> Look:
    """Return what this moment may decide, given the looks before it.

    A moment is a look when another whole percent of the planned units has matured since the last. The same units again
    are the same look, so a verdict can be asked for twice. The first look with all planned units is the final one: it
    has whatever alpha is left, also when it comes late and counts more units than planned (an overrun; its boundary is
    computed at the share there really is). After it nothing wins any more.

    Args:
        blocked: Why nothing could be promoted now in any case; then no look is spent.

    Source:
        Lan, DeMets (1983); Jennison, Turnbull (2000), section 7.2, for a final look at more than the planned units.
    """
    share = per_arm / evidence.plan.users_per_arm
    last = max(evidence.looks, default=0.0)
    if last >= 1 and share != last:
        return Look(share, math.inf, _ENDED.format(last=last))
    if blocked:
        return Look(share, math.inf, blocked)
    if _step(share) <= (0 if share == last else _step(last)):
        return Look(share, math.inf, f"The next look is at {_step(last) + 1}% of the planned units.")
    steps = sorted({_step(look) for look in (*evidence.looks, share)} - {0})
    return Look(share, float(boundaries([STEP * step for step in steps], evidence.plan.alpha, SPENDING)[-1]))


_ENDED: Final = (
    "The test ended at its last look, at {last:.0%} of the planned units, without all of the proof asked for, and later"
    " units win nothing: its chance of a false win is spent. Take the change back, or start a new test planned for more"
    " units."
)


def _step(share: float) -> int:
    """Return the whole steps a share holds; a look counts as no later than it is, so it spends no alpha early."""
    return math.floor(share / STEP + 1e-9)
