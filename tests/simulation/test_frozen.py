from __future__ import annotations

from shopkeeper.simulation.frozen import ACCEPTANCE_SEEDS, DEVELOPMENT_SEEDS, purpose


def test_seeds_say_what_they_are_for() -> None:
    assert [purpose(seed) for seed in (1, 101, 1_000)] == ["development", "acceptance", "neither"]


def test_what_judges_is_never_what_was_developed_with() -> None:
    assert not set(ACCEPTANCE_SEEDS) & set(DEVELOPMENT_SEEDS)
