"""Which arm of an experiment or rollout answers a unit, and what is stopped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from shopkeeper.experiments.live_assignment import NOTHING_KEPT, UNASSIGNED, Assigned, LiveAssignment
from shopkeeper.experiments.live_test import LiveTest, StopOrder
from shopkeeper.experiments.sticky import StickyAssignments

Names = Sequence[tuple[str, str]]
"""What a unit goes by, each with its kind, the strongest first: `("user", "ann"), ("visitor", "v-1")`."""


class Arms(Protocol):
    """Assignment. Laws: the same unit gets the same arm while a test runs; cheap and never raising."""

    @property
    def turn(self) -> int:
        """A number that changes with whatever the answers below depend on besides their arguments."""
        ...

    def assign(self, system: str, store: str, names: Names) -> Assigned:
        """Return what answers a unit; the champion, in no test, where nothing is tested or the unit is not known."""
        ...

    def keep(self, names: Names, assigned: Assigned) -> None:
        """Keep the arm a unit was answered by, unless it had one in that test before."""
        ...

    def shadows(self, system: str, store: str) -> Sequence[LiveTest]:
        """Return the tests with a version to compute beside the answers."""
        ...

    def stopped(self, system: str, store: str) -> bool:
        """Say whether a system answers by its fallback alone, as somebody ordered."""
        ...


class LiveArms:
    """Implements `Arms` over what was last told to run. Used from one event loop.

    A unit keeps its first arm: what a device was answered with before its user signed in is the user's arm as well, and
    what a user was answered with is the arm of a device without one, when somebody comes as a guest later.

    Args:
        sticky: First arms of units.
    """

    def __init__(self, sticky: StickyAssignments) -> None:
        self._sticky = sticky
        self._assignments: dict[tuple[str, str], LiveAssignment] = {}
        self.running: tuple[LiveTest, ...] = ()
        """What runs, the oldest first."""
        self.stops: tuple[StopOrder, ...] = ()
        """What is stopped."""
        self.unanswered = 0
        """Times an assigner outside of this process failed or named no arm; our own hash always names one."""
        self.turn = 0

    def run(self, tests: Iterable[LiveTest]) -> None:
        """Let these tests run from the next decision on, and no others."""
        self.running = tuple(tests)
        self._assignments = {}
        self.turn += 1

    def stop(self, orders: Iterable[StopOrder]) -> None:
        """Let these orders hold from the next decision on, and no others."""
        self.stops = tuple(orders)
        self.turn += 1

    def assign(self, system: str, store: str, names: Names) -> Assigned:
        """Return what answers a unit."""
        if not names or not self.running:
            return UNASSIGNED
        kept = self._sticky.of(*names[0])
        for name in names[1:]:
            if first := self._sticky.of(*name):
                kept = {**first, **kept}
        return self._assignment(system, store).assign(names[0][1], kept or NOTHING_KEPT)

    def keep(self, names: Names, assigned: Assigned) -> None:
        """Keep the arm a unit was answered by, under all it goes by: a device of a user stays in it as a guest."""
        if assigned.test is not None and assigned.counted:
            for name in names:
                self._sticky.keep(*name, assigned.test, 0, assigned.variant)

    def recall(self, names: Names, arms: Mapping[str, str]) -> None:
        """Know the first arms, by test, that other processes answered a unit with."""
        for test, arm in arms.items():
            self._sticky.keep(*names[0], test, 0, arm)

    def shadows(self, system: str, store: str) -> Sequence[LiveTest]:
        """Return the tests with a version to compute beside the answers."""
        return self._assignment(system, store).shadows if self.running and not self.stopped(system, store) else ()

    def stopped(self, system: str, store: str) -> bool:
        """Say whether an order stops a system in a store."""
        return bool(self.stops) and any(
            order.system in ("", system) and order.store in ("", store) for order in self.stops
        )

    def _assignment(self, system: str, store: str) -> LiveAssignment:
        found = self._assignments.get((system, store))
        if found is None:
            found = self._assignments[system, store] = LiveAssignment(system, store, self.running)
        return found
