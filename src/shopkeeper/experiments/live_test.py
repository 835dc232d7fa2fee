"""What runs now: the one document that says to every process which arm answers a unit, and with what.

A rollout is a test of a version against what served before; an experiment is a test of settings or versions. Both are
told to the serving processes in this form, and both are read back from the decision log by `test`, `epoch` and
`variant` of its rows.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Protocol

from msgspec import Struct

CONTROL: Final = "control"
TREATMENT: Final = "treatment"
HOLDOUT: Final = "holdout"
"""Arm of the permanent holdout: answered by the rules, in no test."""
CHAMPION: Final = "champion"
"""Arm of a unit that takes part in no test: what served before answers it."""

TEXTS: Final = "content"
"""System of the tests whose arms are wordings of texts."""

Unit = Literal["user", "product", "switchback"]


class TestArm(Struct, frozen=True, kw_only=True):
    """One arm.

    Attributes:
        name: `control`, `treatment`, or a name of the plan's own; it is the `variant` of a decision.
        share: Share of all units outside the holdout; the arms' shares add up to at most 1.
        version: Model version that answers; None = the champion, empty = the rules alone.
        settings: Settings of the recipe that differ in this arm.
    """

    __test__ = False  # no test of pytest's

    name: str
    share: float
    version: str | None = None
    settings: dict[str, Any] = {}


class LiveTest(Struct, frozen=True, kw_only=True):
    """One test as it runs now.

    Attributes:
        test: Id of the rollout or experiment; it never comes again.
        stores: Stores it runs in; none named = all.
        seed: What the unit is hashed with; differs from test to test.
        epoch: Counts the allocations of this test from 0: one more with every change of shares.
        layer, layer_from, layer_to: Tests of one layer share no unit as long as their ranges are apart.
        arms: The control first.
        holdout: Share of units kept out of every test of the system for ever.
        shadow_version: Version that is computed beside the answer for `shadow_share` of requests and shown to nobody.
        forced: Arm by unit, for testers; their decisions are of no test.
    """

    test: str
    kind: Literal["rollout", "experiment"]
    system: str
    unit: Unit = "user"
    stores: tuple[str, ...] = ()
    seed: str
    epoch: int = 0
    layer: str = ""
    layer_from: float = 0.0
    layer_to: float = 1.0
    arms: tuple[TestArm, ...] = ()
    holdout: float = 0.01
    shadow_version: str | None = None
    shadow_share: float = 0.0
    forced: dict[str, str] = {}


class StopOrder(Struct, frozen=True, kw_only=True):
    """The order that a system answers by its fallback alone, last good prices and published texts included.

    Attributes:
        system, store: What is stopped; empty = every one.
        person: Who gave the order.
        at: When, ISO 8601.
    """

    system: str = ""
    store: str = ""
    person: str
    reason: str
    at: str


class LiveTests(Protocol):
    """Where serving processes read what runs.

    Laws: `revision` changes with every change of `running` and is cheap to ask for; what was written is seen by every
    process that asks after it; both raise Unavailable when the engine does not answer.
    """

    def revision(self) -> int:
        """Return the number of the last change."""
        ...

    def running(self) -> tuple[LiveTest, ...]:
        """Return every test that runs now, the oldest first: a unit is in the first that takes it."""
        ...


class StopOrders(Protocol):
    """Where serving processes read what is stopped: the state database, and a file for when that is dead.

    Laws: an order that was given holds, also after a restart, until it is lifted; giving it again replaces person,
    reason and time.
    """

    def orders(self) -> tuple[StopOrder, ...]:
        """Return the orders that hold; raises Unavailable when the engine does not answer."""
        ...

    def give(self, order: StopOrder) -> None:
        """Let an order hold from now on."""
        ...

    def lift(self, system: str, store: str) -> bool:
        """Let the order for this system and store alone (empty = every one) hold no more; say if there was one."""
        ...
