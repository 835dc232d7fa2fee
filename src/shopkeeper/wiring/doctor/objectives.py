"""What each system is for: whether its objective can be used, and whether the house wrote it."""

from __future__ import annotations

from collections.abc import Sequence

from shopkeeper.wiring.doctor.finding import Finding, passed
from shopkeeper.wiring.objectives import FOLDER, HeldObjective


def check_objectives(held: Sequence[HeldObjective]) -> Finding:
    """Judge whether every system has an objective that can be used; a missing one keeps it from shoppers."""
    what = ", ".join(f"{one.system} {one.status}" for one in held)
    broken = [one for one in held if one.status == "broken"]
    if broken:
        first = broken[0].problems[0]
        shown = f"{FOLDER}/{broken[0].system}: {first.field}: {first.reason}"
        remedy = "`shopkeeper objectives check` lists every mistake with its line and remedy."
        return Finding("objectives", "fail", f"{what}; {shown}", remedy)
    missing = [one.system for one in held if one.status == "missing"]
    if missing:
        remedy = f"Write {FOLDER}/{missing[0]}.yaml: `shopkeeper objectives example {missing[0]}` prints one."
        return Finding("objectives", "warn", f"{what}; a system without one cannot go to shoppers", remedy)
    return passed("objectives", what)
