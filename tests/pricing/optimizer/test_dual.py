"""Choosing under targets: near the best there is, with a bound above it, and no target missed that can be met."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, sparse

from shopkeeper.pricing.optimizer.dual import solve
from shopkeeper.pricing.optimizer.frontier import Meter, best_choices, hull_steps, picked, sums_by
from shopkeeper.pricing.optimizer.polish import polished
from shopkeeper.pricing.optimizer.program import Program


def _program(rows: int, choices: int, groups: int, seed: int, *, whole: bool) -> Program:
    """Return rows of decreasing value and rising contribution, some choices not allowed, and targets in reach."""
    rng = np.random.default_rng(seed)
    value = 10 - np.cumsum(rng.uniform(0, 1, (rows, choices)), axis=1)
    brings = np.cumsum(rng.uniform(0, 1, (rows, choices)), axis=1) - 1.0
    value[:, 1:][rng.random((rows, choices - 1)) < 0.2] = -np.inf
    group = np.arange(rows) % groups
    reach = np.where(np.isfinite(value), brings, -np.inf).max(axis=1)
    least = picked(brings, value.argmax(axis=1))
    need = sums_by(group, least + rng.uniform(0.1, 0.6) * (reach - least), groups)
    if not whole:
        return Program(value=value, group=group, brings=brings, need=need)
    total = float((least + 0.7 * (reach - least)).sum())
    return Program(value=value, group=group, brings=brings, need=need, whole=brings, whole_need=total)


def _relaxed(program: Program) -> float:
    """Return the largest sum when rows may mix choices, as HiGHS finds it."""
    row, point = np.nonzero(np.isfinite(program.value))
    rows, groups = len(program.value), len(program.need)
    cells = np.arange(len(row))
    brought = program.brings[row, point]
    own = sparse.csr_matrix((brought, (program.group[row], cells)), shape=(groups, len(row)))
    limits = [
        optimize.LinearConstraint(sparse.csr_matrix((np.ones(len(row)), (row, cells)), shape=(rows, len(row))), 1, 1),
        optimize.LinearConstraint(own, program.need, np.inf),
    ]
    if program.whole is not None:
        limits.append(optimize.LinearConstraint(program.whole[row, point][None, :], program.whole_need, np.inf))
    found = optimize.milp(-program.value[row, point], bounds=optimize.Bounds(0, 1), constraints=limits)
    return -float(found.fun or 0.0)


def _kept(program: Program, chosen: np.ndarray) -> bool:
    own = sums_by(program.group, picked(program.brings, chosen), len(program.need)) >= program.need - 1e-9
    whole = program.whole is None or picked(program.whole, chosen).sum() >= program.whole_need - 1e-9
    return bool(own.all() and whole and np.isfinite(picked(program.value, chosen)).all())


def test_the_hull_leaves_out_what_is_never_best_and_its_rates_rise() -> None:
    value = np.array([[10.0, 9.0, 7.9, 6.0, -np.inf]])
    brings = np.array([[0.0, 2.0, 2.5, 4.0, 9.0]])
    meter = Meter(value.size)
    steps = hull_steps(value, brings, best_choices(value, brings, meter), np.array([0]), meter)
    assert steps.to.tolist() == [1, 3]  # 2.5 for 2.1 lies under the line from 2 for 1 to 4 for 4
    assert steps.rate.tolist() == [1 / 2, 3 / 2]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.integers(1, 2))
def test_the_bound_is_never_below_the_best_and_targets_are_met(seed: int, whole: bool, groups: int) -> None:
    program = _program(5, 4, groups, seed, whole=whole)
    meter = Meter(program.value.size)
    solution = polished(program, solve(program, meter), meter)
    every = [np.array(chosen) for chosen in product(range(4), repeat=5)]
    best = max((float(picked(program.value, one).sum()) for one in every if _kept(program, one)), default=-np.inf)
    assert not solution.unmet.any()
    assert _kept(program, solution.chosen)
    assert solution.value <= best + 1e-9
    assert solution.bound >= best - 1e-9


@pytest.mark.parametrize(
    ("groups", "whole", "above", "below"), [(1, False, 1e-9, 1e-4), (6, False, 1e-9, 1e-3), (6, True, 1e-4, 1e-3)]
)
def test_the_bound_is_that_of_a_linear_solver_and_whole_choices_come_near_it(
    groups: int, whole: bool, above: float, below: float
) -> None:
    program = _program(300, 6, groups, 3, whole=whole)
    meter = Meter(program.value.size)
    solution = polished(program, solve(program, meter), meter)
    relaxed = _relaxed(program)
    assert _kept(program, solution.chosen)
    assert relaxed * (1 - 1e-9) <= solution.bound <= relaxed * (1 + above)
    assert solution.gap < below


def test_a_target_out_of_reach_is_named_and_come_as_near_as_can_be() -> None:
    program = _program(10, 4, 2, 1, whole=False)
    far = replace(program, need=program.need + np.array([0.0, 1e6]))
    solution = solve(far, Meter(far.value.size))
    reach = np.where(np.isfinite(far.value), far.brings, -np.inf).max(axis=1)
    assert solution.unmet.tolist() == [False, True]
    assert picked(far.brings, solution.chosen)[far.group == 1].sum() == pytest.approx(reach[far.group == 1].sum())


def test_a_guess_changes_the_work_and_not_the_outcome() -> None:
    program = _program(400, 9, 6, 5, whole=True)
    cold, warm = Meter(program.value.size), Meter(program.value.size)
    first = solve(program, cold)
    again = solve(program, warm, first.whole_price)
    assert again.value == pytest.approx(first.value, rel=1e-4)
    assert warm.passes < cold.passes
