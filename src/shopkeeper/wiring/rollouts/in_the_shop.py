"""What a step of a rollout asks of the shop; serving follows its pointers by itself, but prices have to be changed."""

from __future__ import annotations

from datetime import datetime

from shopkeeper.engines.state import State
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.pricing.version import PRICING
from shopkeeper.wiring.settings import Settings


def carry_out_in_shop(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> None:
    """Make good what a rollout asks of the shop; nothing where it is not of prices."""
    if rollout.system == PRICING:
        # Only a process that has a rollout of prices loads what tests of prices are drawn with: 64 MB.
        from shopkeeper.wiring.rollouts.price_steps import carry_out  # noqa: PLC0415

        carry_out(settings, state, rollout, at)
