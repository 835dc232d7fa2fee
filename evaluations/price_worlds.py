"""One simulated price market, met by every policy with the same luck; what `pricing_market.py` judges."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evaluations.optimizer_policy import Optimizer

from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.simulation.prices.controls import COST_PLUS, ControlName, control_plan, war_plan
from shopkeeper.simulation.prices.faults import FAULTS, Faults, switched_on
from shopkeeper.simulation.prices.history import HISTORY_BOOK, Past, live_past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.oracle import play_oracle
from shopkeeper.simulation.prices.plan import MECHANISMS, SCORED_WEEKS
from shopkeeper.simulation.prices.ports import Floats, Hold, Policy
from shopkeeper.simulation.prices.rules import RuleBook, Rules
from shopkeeper.simulation.prices.takings import Takings, takings_of
from shopkeeper.simulation.prices.tuning import tuned
from shopkeeper.simulation.prices.world import make_world

HOLD, BASELINE, ORACLE, OPTIMIZER, EXPLORER = "hold", "baseline", "oracle", "optimizer", "explorer"
REFERENCES: Final = (HOLD, BASELINE, ORACLE)
"""Those every policy is compared with; each can be judged itself."""
POLICIES: Final[Mapping[str, Callable[[int], Policy]]] = {
    OPTIMIZER: Optimizer,
    EXPLORER: lambda seed: Optimizer(seed, Exploration()),
}
"""Policies to be judged beside the references, by name, made of a seed."""
CURVE: Final = (0.5, 1.0, 2.0)
"""How many times as large as committed all faults are together."""


@dataclass(frozen=True, slots=True)
class Case:
    """One world to be lived in.

    Attributes:
        mechanism: `a`, `b` or `c`.
        policy: Name of the policy that is judged.
        control: None = a world in which prices matter; `still` = one whose past says nothing of them; `war` = one in
            which a rival undercuts.
    """

    mechanism: str
    seed: int
    policy: str
    control: ControlName | str | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """What one world brought.

    Attributes:
        takings: Of each policy over the scored weeks.
        faulty: Of the rules with one fault, and with all at several sizes.
        target: Margin each store has to hold.
        book: Parameters of the tuned rules.
    """

    case: Case
    takings: Mapping[str, Takings]
    faulty: Mapping[str, Takings]
    target: Floats
    book: RuleBook
    seconds: float


def meet(case: Case) -> Met:
    """Make a world, live its past, tune the rules on it, and let every policy live through the scored weeks."""
    started = time.process_time()
    past, book = _past(case)
    takings = {HOLD: _scored(past, Hold()), BASELINE: _scored(past, Rules(book)), ORACLE: _by_oracle(past)}
    if case.policy not in takings:
        takings[case.policy] = _scored(past, POLICIES[case.policy](case.seed))
    faulty = {} if case.control else _faulty(past, book, case.seed)
    return Met(case, takings, faulty, past.target, book, time.process_time() - started)


def _past(case: Case) -> tuple[Past, RuleBook]:
    if case.control in ("equal", "unit"):
        world = make_world("elastic", case.seed, plan=control_plan("equal" if case.control == "equal" else "unit"))
        return live_past(world, COST_PLUS), COST_PLUS
    if case.control == "war":
        past = live_past(make_world("elastic", case.seed, plan=war_plan()))
        return past, tuned(past)
    if case.control == "still":
        return live_past(make_world(MECHANISMS[case.mechanism], case.seed, past="still")), HISTORY_BOOK
    past = live_past(make_world(MECHANISMS[case.mechanism], case.seed))
    return past, tuned(past)


def _faulty(past: Past, book: RuleBook, seed: int) -> dict[str, Takings]:
    pairs = past.market.world.catalogue.shelf.pairs
    found: dict[str, Faults] = {name: switched_on([name], pairs, seed) for name in FAULTS}
    found |= {f"all x {factor:g}": switched_on(FAULTS, pairs, seed, factor) for factor in CURVE}
    return {name: _scored(past, Rules(book, faults)) for name, faults in found.items()}


def _scored(past: Past, policy: Policy) -> Takings:
    first = past.market.week
    return takings_of(play(past.market, policy, SCORED_WEEKS, past.target), first, first + SCORED_WEEKS)


def _by_oracle(past: Past) -> Takings:
    first = past.market.week
    return takings_of(play_oracle(past.market, SCORED_WEEKS, past.target), first, first + SCORED_WEEKS)
