"""What jumps is told from what only moves, and a run about jumps moves nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace

from shopkeeper.pricing.policy.run_policy import JumpPolicy
from shopkeeper.pricing.proposal import ProposedPrices, Span
from shopkeeper.pricing.runs.jumps import ASIDE, jumps_of, moving_only
from shopkeeper.testing.prices_suite import example_price

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(*said: tuple[str, str, float, float]) -> dict[str, np.ndarray]:
    what, product, before, now = zip(*said, strict=True)
    names = {"what": what, "product": product, "who": [""] * len(said)}
    return {name: np.array(one, dtype=object) for name, one in names.items()} | {
        "before": np.array(before), "now": np.array(now),
    }  # fmt: skip


def test_a_jump_is_more_than_the_policy_bears_of_what_was_told_before() -> None:
    said = rows(
        ("cost", "up", 4.0, 4.1), ("cost", "same", 4.0, 4.04), ("rival", "down", 10.0, 9.0), ("stock", "sold", 100, 60),
        ("stock", "out", 3.0, 0.0), ("stock", "in", 0.0, 50.0), ("stock", "never", 0.0, 0.0),
    )  # fmt: skip
    found = [(one.what, one.product) for one in jumps_of(said, JumpPolicy())]
    assert found == [("cost", "up"), ("rival", "down"), ("stock", "out"), ("stock", "in")]


def test_only_what_jumped_moves_and_what_belongs_together_with_it() -> None:
    every = [
        replace(example_price(name, 10.0, 10.5).proposal, proposed=10.5, block=block)
        for name, block in (("jumped", "b1"), ("sister", "b1"), ("other", None))
    ]
    proposed = ProposedPrices(
        at=NOON, model="m", policy="p", objective="revenue", stores=("uk",), rows=tuple(every),
        lifts={"GBP": Span(0.0, 0.1, 0.2)},
    )  # fmt: skip
    found = moving_only(proposed, ["jumped"])
    assert [one.moves for one in found.rows] == [True, True, False]
    assert found.rows[2].hold[-1] == ASIDE
    assert found.lifts == {}, "what all prices promised is no promise of two"
