"""How risky a run is, and so who may approve it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shopkeeper.people.person import read_signature
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.proposal import Beside
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.runs.gates import weight
from shopkeeper.pricing.runs.price_run import Risk, RunPrice

PEOPLE: Final[dict[Risk, int]] = {"none": 0, "low": 0, "medium": 1, "high": 2}
"""How many people must approve a run of each risk."""


def measured(prices: Sequence[RunPrice], beside: Sequence[Beside] = ()) -> tuple[int, float, float]:
    """Return how many prices move, the part of the money they bring, and the largest move.

    Args:
        beside: Other prices of the stores, none of which moves.
    """
    moves = [price for price in prices if price.moves]
    total = sum(weight(price.proposal) for price in prices) + sum(one.money for one in beside)
    share = sum(weight(price.proposal) for price in moves) / total if total > 0 else float(bool(moves))
    return len(moves), share, max((abs(price.move) for price in moves), default=0.0)


def risk_of(moved: int, share: float, largest: float, policy: RunPolicy) -> Risk:
    """Return the risk of a run: `low` may be approved by rule, `high` takes two people."""
    if not moved:
        return "none"
    if largest > policy.large_move + SAME or share > policy.large_share + SAME:
        return "high"
    return "low" if largest <= policy.small_move + SAME and share <= policy.small_share + SAME else "medium"


def same_person(one: str, other: str) -> bool:
    """Say whether two acts were done by one and the same: the person where somebody signed in, else the account."""
    first, second = read_signature(one)[0], read_signature(other)[0]
    return first == second if first or second else one == other
