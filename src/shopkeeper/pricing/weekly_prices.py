"""From a history to the prices of the coming period: learn how demand answers, foretell, choose, and say why.

Nothing here reads or writes anything; what a policy of prices allows comes in as masks of the choices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from shopkeeper.pricing.coming_demand import LEAST_UNITS, Coming, Knowledge, Outlook, demand_at, learnt, outlook
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.exploration.explore import Explored, explored
from shopkeeper.pricing.exploration.exploring import Exploring, Tries
from shopkeeper.pricing.optimizer.blocks import blocks_of
from shopkeeper.pricing.optimizer.clearance import Left, left_over, only_falling
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import Plan, ShadowPrices, optimise
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Flags, Floats, Ints

EVERY: Final = 4
"""Periods after which slopes are estimated anew."""
ROUNDS: Final = 3
"""Times prices are chosen, each near those of the time before, since prices pull at each other."""
Reason = Literal["no_opinion", "no_choice", "best_as_is", "objective", "target", "explore"]
REASONS: Final[tuple[Reason, ...]] = ("no_opinion", "no_choice", "best_as_is", "objective", "target", "explore")


@dataclass(frozen=True, slots=True)
class WeeklyPrices:
    """Prices of the coming period, and what they rest on.

    Attributes:
        price: As shown, one of the allowed choices, shape (pairs,).
        chosen: Its place among them.
        why: Index into `REASONS`, shape (pairs,): nobody knows how demand answers, so the allowed price nearest to the
            current one stays; no other price is allowed; the current one is best; another brings more of the
            objective; another is asked for by a margin target, which costs objective; it is tried out.
        plan: Of the optimizer: shadow prices, chances, promised lift.
        choices: As chosen from: where nobody knows, one price is left.
        demand: As believed near the chosen prices.
        knowledge: To be given to the next period.
        known: What was known of demand before the prices were.
        stock_price: What one more unit of a stock with an end is worth after the week, shape (pairs,); None where no
            stock has one.
        tries: Which prices are tried out to learn from them; None where none is.
    """

    price: Floats
    chosen: Ints
    why: Ints
    plan: Plan
    choices: Choices
    demand: Demand
    knowledge: Knowledge
    known: Outlook
    stock_price: Floats | None = None
    tries: Tries | None = None


def weekly_prices(
    panel: PricePanel, coming: Coming, targets: Targets, objective: Objective = "revenue", *,
    coupling: Coupling | None = None, before: Knowledge | None = None, every: int = EVERY, seed: int = 0,
    exploring: Exploring | None = None,
) -> WeeklyPrices:  # fmt: skip
    """Return the prices of the coming period.

    Args:
        panel: The history so far.
        coupling: Prices that belong together, by the pairs of the panel; the choices' masks heed it.
        before: What was learnt for the period before.
        every: Periods for which what was learnt stands.
        seed: Of the draws by which chances are told.
        exploring: What may be tried out; nothing where None. Of stock with an end nothing ever is.
    Raises:
        NotEnoughData: too short a history, or no price in it ever moved.
        InputError: arrays do not fit; names field, row and remedy.
    """
    knowledge = learnt(panel, before, every)
    known = outlook(panel, knowledge.slopes, coming)
    silent, open_choices = silent_of(known), coming.choices
    coming = narrowed(coming, silent, coupling)
    choices = coming.choices
    here = coming.now()
    left = _left(known, coming, here, targets, objective, ShadowPrices(np.zeros(len(targets.margin)), 0.0))
    demand = replace(demand_at(known, coming, here), later=None if left is None else left.later)
    plan, free = optimise(choices, demand, targets, objective, coupling=coupling, seed=seed), choices
    block = panel.product if coupling is None else coupling.turns(panel.product)
    for turn in range(1, ROUNDS):
        near = _net(choices, plan.chosen)
        left = _left(known, coming, near, targets, objective, plan.prices)
        demand = replace(demand_at(known, coming, near), later=None if left is None else left.later)
        # Prices that all answered each other's last move would swing: half of the products wait.
        waiting = (block + turn) % 2 == 0
        free = choices.kept_at(plan.chosen, waiting)
        plan = optimise(free, demand, targets, objective, coupling=coupling, seed=seed)
    tried = Explored(plan, None)
    if exploring is not None:
        told = np.isfinite(known.level.reference) & ~_ending(coming, len(silent))
        exploring = replace(exploring, may=exploring.may & told)
        open_again = np.where((silent & exploring.may)[:, None], open_choices.allowed, choices.allowed)
        tried = explored(
            plan,
            replace(choices, allowed=open_again),
            demand,
            targets,
            objective,
            exploring,
            coupling=coupling,
            answering=free,
            seed=seed,
        )
    why = reasons(choices, tried.plan, silent, objective)
    if tried.tries is not None:
        why = np.where(tried.tries.tried, REASONS.index("explore"), why)
    return WeeklyPrices(
        tried.plan.price, tried.plan.chosen, why, tried.plan, choices, demand, knowledge, known,
        None if left is None else left.stock_price, tried.tries,
    )  # fmt: skip


def silent_of(known: Outlook) -> Flags:
    """Return which pairs nobody knows the demand of, shape (pairs,)."""
    unknown = np.array([word == "none" for word in known.slopes.support], np.bool_)
    return np.asarray(unknown | ~np.isfinite(known.level.reference))


def narrowed(coming: Coming, silent: Flags, coupling: Coupling | None) -> Coming:
    """Return what is left to choose from where nobody knows the demand of a price, or its stock has an end."""
    choices = _held(coming.choices, silent, coupling)
    if coming.ending is None:
        return replace(coming, choices=choices)
    choices = only_falling(choices, coming.ending, coupling)
    return replace(coming, choices=choices, stock=coming.ending.capped(coming.stock))


def _ending(coming: Coming, pairs: int) -> Flags:
    found = np.zeros(pairs, np.bool_)
    if coming.ending is not None:
        found[coming.ending.rows()] = True
    return found


def _left(
    known: Outlook, coming: Coming, near: Floats, targets: Targets, objective: Objective, prices: ShadowPrices
) -> Left | None:
    """Return what candidates leave for later weeks, None where no stock has an end."""
    ending = coming.ending
    if ending is None or not ending.rows().size:
        return None
    ahead = known.level.expected(int(ending.weeks.max()))
    season = ahead[:, 1:] / np.maximum(ahead[:, :1], LEAST_UNITS)
    plain = replace(coming, stock=np.full(len(near), np.inf))  # what is left of it is counted here
    return left_over(coming.choices, demand_at(known, plain, near), ending, season, targets, prices, objective)


def _net(choices: Choices, place: Ints) -> Floats:
    return picked(choices.price, place) / (1 + choices.tax)


def _held(choices: Choices, silent: Flags, coupling: Coupling | None) -> Choices:
    """Leave those of whom nobody knows anything the allowed price that is nearest to the current one.

    Of prices that belong together, those that are nearest as a whole; one that is shared is known if any of it is.
    """
    current = picked(choices.price, choices.place)[:, None]
    near = np.where(choices.allowed, -np.abs(choices.price / current - 1), -np.inf)
    if coupling is None:
        return choices.kept_at(near.argmax(axis=1), silent)
    silent = np.bincount(coupling.node, weights=~silent, minlength=coupling.nodes)[coupling.node] == 0
    near[~silent] = np.where(choices.allowed[~silent], 0.0, -np.inf)
    return choices.kept_at(blocks_of(choices, coupling).chosen(near, Meter(near.size)), silent)


def reasons(choices: Choices, plan: Plan, silent: Flags, objective: Objective) -> Ints:
    """Return why each price is chosen, as `WeeklyPrices.why`, tries left out."""
    value = plan.curves.objective(objective, choices.cost)
    gains = picked(value, plan.chosen) - picked(value, choices.place)
    moved = plan.chosen != choices.place
    return np.select(
        [silent, choices.allowed.sum(axis=1) == 1, ~moved, gains >= 0], [0, 1, 2, 3], default=REASONS.index("target")
    ).astype(np.int64)
