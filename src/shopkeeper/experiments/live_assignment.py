"""Which arm of what runs now a unit is in: holdout first, then layers, then shares, and never two tests of a system.

The same in every process without a call. Ranges of arms are chosen so that an arm that grows keeps its units: of two
arms the control grows from the lowest hash value up and the other from the highest down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from shopkeeper.experiments.assignment import Range, arm_at, fnv1a32, in_layer, place_after
from shopkeeper.experiments.live_test import CHAMPION, HOLDOUT, LiveTest, TestArm
from shopkeeper.experiments.sticky import kept_name

RULES: Final = ""
"""Version of an arm that the rules alone answer."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """What answers a unit.

    Attributes:
        test: Test the arm is of; None = of none.
        counted: False for a tester's forced arm, whose decisions are of no test.
        version: Model version; None = the champion, `RULES` = the rules alone.
        settings: Settings of the recipe that differ.
    """

    variant: str = CHAMPION
    test: str | None = None
    epoch: int = 0
    counted: bool = True
    version: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str | None, str]:
        """Test and arm: what tells one way to answer from another."""
        return (self.test, self.variant)

    @property
    def counted_test(self) -> str | None:
        """Test that a decision is of."""
        return self.test if self.counted else None


UNASSIGNED: Final = Assigned()
HELD_OUT: Final = Assigned(variant=HOLDOUT, version=RULES)
NOTHING_KEPT: Final[Mapping[str, str]] = {}


def arm_ranges(shares: Sequence[float]) -> list[Range]:
    """Return the range of each arm.

    Each arm grows around a point of its own: the first from 0 up, the last from 1 down, those between them both ways.
    Where arms of unequal shares would meet, they lie side by side instead, the last still ending at 1; so of two arms
    neither ever loses a unit by growing.
    """
    last = len(shares) - 1
    points = [place / last if last else 0.0 for place in range(len(shares))]
    around = [(point - point * share, point + (1 - point) * share) for point, share in zip(points, shares, strict=True)]
    if all(left[1] <= right[0] + 1e-9 for left, right in pairwise(around)):
        return [_rounded(span) for span in around]
    ends = [sum(shares[: place + 1]) for place in range(last)]
    side_by_side = list(zip([0.0, *ends[:-1]], ends, strict=True))
    return [_rounded(span) for span in (*side_by_side, (1.0 - shares[-1], 1.0))]


def _rounded(span: Range) -> Range:
    """Return a range without the dust of sums, which would move a bucket now and then."""
    return round(span[0], 9), round(span[1], 9)


@dataclass(frozen=True, slots=True)
class _Running:
    """One test with its ranges, the hash of its seed, and the name its first arms are kept by."""

    test: LiveTest
    ranges: tuple[Range, ...]
    seed: int
    name: str

    def arm_of(self, unit: str, kept: Mapping[str, str]) -> TestArm | None:
        """Return the arm a unit is in: its first one, else by its hash; None outside of the test."""
        test = self.test
        if test.layer and not in_layer(test.layer, unit, (test.layer_from, test.layer_to)):
            return None
        first = kept.get(self.name)
        for arm in test.arms:
            if arm.name == first and arm.share > 0:
                return arm
        found = arm_at(place_after(self.seed, unit), self.ranges)
        return test.arms[found] if found >= 0 else None


class LiveAssignment:
    """What runs of one system in one store.

    Args:
        running: The oldest first. A test of fewer than two arms compares nothing and takes whom the others leave.
    """

    def __init__(self, system: str, store: str, running: Iterable[LiveTest]) -> None:
        here = [
            test
            for test in running
            if test.system == system and test.unit != "switchback" and (not test.stores or store in test.stores)
        ]
        self._holdout_seed = fnv1a32(f"holdout {system}")
        self._holdout = max((test.holdout for test in here), default=0.0)
        self._forced = {unit: _assigned(test, arm, counted=False) for test, unit, arm in _forced(here)}
        here.sort(key=lambda test: len(test.arms) < 2)
        self._running = [
            _Running(
                test, tuple(arm_ranges([arm.share for arm in test.arms])), fnv1a32(test.seed), kept_name(test.test)
            )
            for test in here
        ]
        self._arms = {(test.test, arm.name): _assigned(test, arm, counted=True) for test in here for arm in test.arms}
        self.shadows = tuple(test for test in here if test.shadow_version is not None and test.shadow_share > 0)
        """Tests with a version to compute beside the answers."""

    def assign(self, unit: str, kept: Mapping[str, str] = NOTHING_KEPT) -> Assigned:
        """Return what answers a unit.

        Args:
            kept: First arms the unit had, as `StickyAssignments.of` gives them.
        """
        if self._forced and unit in self._forced:
            return self._forced[unit]
        if self._holdout and place_after(self._holdout_seed, unit) < self._holdout:
            return HELD_OUT
        for running in self._running:
            arm = running.arm_of(unit, kept)
            if arm is not None:
                return self._arms[running.test.test, arm.name]
        return UNASSIGNED


def _forced(tests: Sequence[LiveTest]) -> Iterable[tuple[LiveTest, str, TestArm]]:
    """Yield the arms testers asked for; of several tests the oldest counts, an arm that is not there does not."""
    for test in reversed(tests):
        arms = {arm.name: arm for arm in test.arms}
        for unit, name in test.forced.items():
            if name in arms:
                yield test, unit, arms[name]


def _assigned(test: LiveTest, arm: TestArm, *, counted: bool) -> Assigned:
    return Assigned(arm.name, test.test, test.epoch, counted, arm.version, arm.settings)
