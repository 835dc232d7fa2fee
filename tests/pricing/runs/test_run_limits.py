"""What the policy allows each price of a run is worked out anew from the policy."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shopkeeper.pricing.policy.policy_file import read_policy
from shopkeeper.pricing.proposal import Proposal
from shopkeeper.pricing.runs.run_limits import limited
from shopkeeper.testing.prices_suite import example_price

POLICY = read_policy(
    """
version: 1
rules: {over_cost: 0.02, margin_floor: 0.5, daily_move: 0.1}
scopes:
  - {name: known prices, where: {key_value: true}, rules: {daily_move: 0.03}}
  - {name: clearance, where: {categories: [Clearance]}, rules: {margin_floor: null}}
key_value: [milk]
"""
)


def proposal(product: str, **changed: object) -> Proposal:
    return replace(example_price(product, 10, 10, cost=4.0).proposal, **changed)


def test_each_price_gets_the_move_and_the_floor_of_its_scope() -> None:
    rows = [
        proposal("milk"), proposal("milk-1l", parent="milk"), proposal("soap", tax=0.2),
        proposal("old", category="Clearance > Shoes"), proposal("unknown", cost=None),
    ]  # fmt: skip
    found = {one.proposal.product: one for one in limited(POLICY, rows)}
    moves = {name: one.daily_move for name, one in found.items()}
    assert moves == {"milk": 0.03, "milk-1l": 0.03, "soap": 0.1, "old": 0.1, "unknown": 0.1}
    floors = {name: one.floor for name, one in found.items()}
    assert floors == pytest.approx(
        {"milk": 4 / 0.5, "milk-1l": 4 / 0.5, "soap": 4 / 0.5 * 1.2, "old": 4 * 1.02, "unknown": 0.0}
    )


def test_no_proposals_need_no_limits() -> None:
    assert limited(POLICY, []) == []
