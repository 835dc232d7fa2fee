"""From a frozen plan to what serving processes read, and what stands in the way of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shopkeeper.experiments.live_test import LiveTest, TestArm
from shopkeeper.experiments.plan import ExperimentPlan


def live_test(plan: ExperimentPlan, seed: str) -> LiveTest:
    """Return what serving processes read; arms in the plan's order, the control first."""
    arms = (plan.control, *plan.others)
    return LiveTest(
        test=plan.name, kind="experiment", system=plan.system, unit=plan.unit, stores=plan.stores, seed=seed,
        layer=plan.layer, layer_from=plan.layer_from, layer_to=plan.layer_to,
        arms=tuple(TestArm(name=arm.name, share=arm.share, version=arm.version, settings=arm.settings) for arm in arms),
    )  # fmt: skip


def collisions(plan: ExperimentPlan, running: Iterable[LiveTest]) -> Iterator[str]:
    """Yield in words each test that runs and shares units with a plan in the same layer.

    Tests of different layers share units too, but are independent of each other: the hash of one tells nothing about
    the other.
    """
    for test in running:
        if test.system != plan.system or test.test == plan.name or not _meet(plan.stores, test.stores):
            continue
        if plan.layer and test.layer == plan.layer and _overlap(plan, test):
            yield (
                f"{test.test} has {test.layer_from:g} to {test.layer_to:g} of layer {plan.layer!r}, this plan"
                f" {plan.layer_from:g} to {plan.layer_to:g}: they would share shoppers"
            )


def beside(plan: ExperimentPlan, running: Iterable[LiveTest]) -> list[str]:
    """Return the tests of other layers that run beside a plan, in the same system and stores."""
    return [
        test.test
        for test in running
        if test.system == plan.system and test.test != plan.name and _meet(plan.stores, test.stores)
        and not (plan.layer and test.layer == plan.layer)
    ]  # fmt: skip


def _meet(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    return not ours or not theirs or bool(set(ours) & set(theirs))


def _overlap(plan: ExperimentPlan, test: LiveTest) -> bool:
    return plan.layer_from < test.layer_to and test.layer_from < plan.layer_to
