"""Arms have the shares they were given, keep their units as they grow, and never share a unit of a system."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shopkeeper.experiments.live_assignment import HELD_OUT, RULES, UNASSIGNED, Assigned, LiveAssignment, arm_ranges
from shopkeeper.experiments.live_test import LiveTest, TestArm
from shopkeeper.experiments.sticky import kept_name

UNITS = [f"visitor-{n}" for n in range(20_000)]
SEEDS = st.text(alphabet="abcdefghij0123456789-", min_size=1, max_size=30)
EQUAL_STEPS = st.lists(st.floats(0.01, 0.5), min_size=2, max_size=4).map(sorted)


def two_arms(share: float, control: float | None = None) -> tuple[TestArm, ...]:
    return (
        TestArm(name="control", share=share if control is None else control),
        TestArm(name="treatment", share=share, version="v2"),
    )


def rollout(arms: Sequence[TestArm], seed: str = "seed", **fields: Any) -> LiveTest:  # noqa: ANN401 - fields of a test
    test = LiveTest(test="r1", kind="rollout", system="recommendations", seed=seed, arms=tuple(arms))
    return replace(test, **fields)


def answers(*running: LiveTest, units: Sequence[str] = UNITS, store: str = "uk") -> list[Assigned]:
    assignment = LiveAssignment("recommendations", store, running)
    return [assignment.assign(unit) for unit in units]


def within_binomial(found: int, n: int, share: float) -> bool:
    """Five standard deviations and one bucket: one run in a million is outside of them by chance."""
    return abs(found - n * share) <= 5 * math.sqrt(n * share * (1 - share)) + n / 10_000


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.floats(0.0, 0.05), st.floats(0.01, 0.5))
def test_shares_are_of_the_units_outside_the_holdout(seed: str, holdout: float, share: float) -> None:
    counts = Counter(one.variant for one in answers(rollout(two_arms(share), seed, holdout=holdout)))
    n = len(UNITS)
    assert within_binomial(counts["holdout"], n, math.ceil(holdout * 10_000) / 10_000)
    for arm in ("control", "treatment"):
        assert within_binomial(counts[arm], n - counts["holdout"], share)


def test_at_half_and_half_the_arms_are_49_and_a_half_percent_of_all_each() -> None:
    counts = Counter(one.variant for one in answers(rollout(two_arms(0.5))))
    assert set(counts) == {"control", "treatment", "holdout"}
    for arm in ("control", "treatment"):
        assert within_binomial(counts[arm], len(UNITS), 0.495)


@settings(max_examples=10, deadline=None)
@given(SEEDS, EQUAL_STEPS)
def test_an_arm_that_grows_keeps_every_unit_it_had(seed: str, steps: list[float]) -> None:
    units = UNITS[:3_000]
    before: list[Assigned] | None = None
    for share in steps:
        after = answers(rollout(two_arms(share), seed), units=units)
        for old, new in zip(before or after, after, strict=True):
            assert old.variant in ("champion", new.variant)
        before = after


def test_a_treated_unit_stays_treated_when_the_control_shrinks_at_the_end() -> None:
    ramp = [two_arms(0.15), two_arms(0.5), two_arms(0.95, control=0.05), two_arms(1.0, control=0.0)]
    treated: set[str] = set()
    for arms in ramp:
        found = answers(rollout(arms))
        now = {unit for unit, one in zip(UNITS, found, strict=True) if one.variant == "treatment"}
        assert treated <= now
        treated = now


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6).filter(lambda shares: sum(shares) <= 1.0))
def test_ranges_have_the_lengths_of_the_shares_and_do_not_meet(shares: list[float]) -> None:
    ranges = arm_ranges(shares)
    assert [end - start for start, end in ranges] == pytest.approx(shares, abs=1e-8)
    assert all(left[1] <= right[0] + 1e-8 for left, right in pairwise(ranges))
    assert ranges[0][0] == 0.0
    assert len(ranges) == 1 or ranges[-1][1] == pytest.approx(1.0)


def test_a_unit_of_the_holdout_is_in_no_test_whatever_runs() -> None:
    tests = [
        replace(rollout(two_arms(0.5), seed), test=seed, kind="experiment", holdout=0.02) for seed in ("a", "b", "c")
    ]
    held = {unit for unit, one in zip(UNITS, answers(tests[0]), strict=True) if one == HELD_OUT}
    assert within_binomial(len(held), len(UNITS), 0.02)
    assert HELD_OUT.test is None
    assert HELD_OUT.version == RULES
    for running in (tests, tests[1:], tests[2:]):
        found = answers(*running)
        assert {unit for unit, one in zip(UNITS, found, strict=True) if one == HELD_OUT} == held


def test_each_system_has_a_holdout_of_its_own() -> None:
    here, there = rollout((), holdout=0.05), replace(rollout((), holdout=0.05), system="pricing")
    recommendations = [LiveAssignment("recommendations", "uk", [here]).assign(unit) == HELD_OUT for unit in UNITS]
    pricing = [LiveAssignment("pricing", "uk", [there]).assign(unit) == HELD_OUT for unit in UNITS]
    both = sum(a and b for a, b in zip(recommendations, pricing, strict=True))
    assert within_binomial(both, len(UNITS), 0.05 * 0.05)


def test_tests_of_one_layer_share_no_unit() -> None:
    first = replace(rollout(two_arms(0.5), "a"), test="a", layer="lists", layer_to=0.4)
    second = replace(rollout(two_arms(0.5), "b"), test="b", layer="lists", layer_from=0.4)
    alone = {name: answers(one) for name, one in (("a", first), ("b", second))}
    for a, b in zip(alone["a"], alone["b"], strict=True):
        assert a.test is None or b.test is None
    counts = Counter(one.test for one in alone["a"])
    assert within_binomial(counts["a"], len(UNITS), 0.4 * 0.99)


def test_a_unit_is_in_one_test_at_most_and_the_arms_of_a_later_one_stay_even() -> None:
    older = replace(rollout(two_arms(0.2), "a"), test="a")
    later = replace(rollout(two_arms(0.3), "b"), test="b")
    found = answers(older, later)
    alone = answers(older)
    assert [one for one in found if one.test == "a"] == [one for one in alone if one.test == "a"]
    counts = Counter(one.variant for one in found if one.test == "b")
    for arm in ("control", "treatment"):
        assert within_binomial(counts[arm], len(UNITS), 0.99 * 0.6 * 0.3)


def test_a_version_rolled_out_to_everyone_leaves_the_units_of_a_test_to_it() -> None:
    full = rollout((TestArm(name="treatment", share=1.0, version="v2"),))
    test = replace(rollout(two_arms(0.1), "b"), test="b", kind="experiment")
    counts = Counter(one.test for one in answers(full, test))
    assert within_binomial(counts["b"], len(UNITS), 0.99 * 0.2)
    assert counts[None] == sum(one == HELD_OUT for one in answers(full))


def test_a_tester_has_the_arm_that_was_asked_for_and_is_not_counted() -> None:
    test = rollout(two_arms(0.0), forced={"ann": "treatment", "ben": "no such arm"}, epoch=3)
    ann, ben = answers(test, units=["ann", "ben"])
    assert ann == Assigned("treatment", "r1", 3, counted=False, version="v2")
    assert ben in (UNASSIGNED, HELD_OUT)


def test_a_unit_keeps_its_first_arm_but_not_one_that_is_gone_and_not_out_of_its_layer() -> None:
    test = rollout(two_arms(0.5), layer="lists", layer_to=0.5, holdout=0.0)
    assignment = LiveAssignment("recommendations", "uk", [test])
    inside = next(unit for unit in UNITS if assignment.assign(unit).variant == "control")
    outside = next(unit for unit in UNITS if assignment.assign(unit) == UNASSIGNED)
    assert assignment.assign(inside, {kept_name("r1"): "treatment"}).variant == "treatment"
    assert assignment.assign(inside, {kept_name("r1"): "removed"}).variant == "control"
    assert assignment.assign(outside, {kept_name("r1"): "treatment"}) == UNASSIGNED
    shut = LiveAssignment("recommendations", "uk", [rollout(two_arms(0.0, control=0.5), holdout=0.0)])
    assert shut.assign(inside, {kept_name("r1"): "treatment"}).variant != "treatment"


def test_a_test_runs_in_its_stores_and_its_system_alone() -> None:
    test = rollout(two_arms(0.5), stores=("uk",), holdout=0.0)
    assert all(one.test == "r1" for one in answers(test, store="uk"))
    assert all(one == UNASSIGNED for one in answers(test, store="de"))
    assert all(one == UNASSIGNED for one in answers(replace(test, system="content")))
    assert all(one == UNASSIGNED for one in answers(replace(test, unit="switchback")))
