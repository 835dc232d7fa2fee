"""Which price of each pair would be tried: a small designed move, or the best one for a drawn slope."""

from __future__ import annotations

import numpy as np

from shopkeeper.pricing.demand.elasticity import BOUND
from shopkeeper.pricing.exploration.exploring import KINDS, UNTRIED, Exploring
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets, drawn
from shopkeeper.pricing.optimizer.solve import ShadowPrices, worth
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.shelf import Floats, Ints


def candidates_of(
    choices: Choices, demand: Demand, targets: Targets, prices: ShadowPrices, objective: Objective, chosen: Ints,
    exploring: Exploring,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Return kind and place of what would be tried of each pair; -1 and the chosen place where nothing would."""
    sd = demand.elasticity_sd
    unsure = exploring.may & (sd > exploring.enough)
    weak = exploring.weak | (sd >= exploring.wide)
    slope = np.minimum(next(drawn(demand, 1, exploring.seed))[0], BOUND)
    by_draw = worth(choices, curves_of(choices, demand, slope), targets, prices, objective)
    place = np.where(weak, wobbled(choices, chosen, exploring), _best(choices, by_draw, chosen, exploring.move))
    differs = np.abs(picked(choices.price, place) / picked(choices.price, chosen) - 1) > SAME
    tried = unsure & differs
    kind = np.where(tried, np.where(weak, KINDS.index("wobble"), KINDS.index("draw")), UNTRIED)
    return np.asarray(kind, np.int64), np.asarray(np.where(tried, place, chosen))


def wobbled(choices: Choices, chosen: Ints, exploring: Exploring) -> Ints:
    """Return the farthest allowed candidate each pair may be moved to on its side; the chosen one where none is."""
    away = _away(choices, chosen)
    side = np.where(exploring.up[:, None], away, -away)
    near = choices.allowed & (side > SAME) & (side <= exploring.move[:, None] + SAME)
    return np.asarray(np.where(near.any(axis=1), np.where(near, side, -1.0).argmax(axis=1), chosen))


def _best(choices: Choices, brought: Floats, chosen: Ints, move: Floats) -> Ints:
    near = choices.allowed & (np.abs(_away(choices, chosen)) <= move[:, None] + SAME)
    near[np.arange(len(chosen)), chosen] = True
    return np.asarray(np.where(near, brought, -np.inf).argmax(axis=1))


def _away(choices: Choices, chosen: Ints) -> Floats:
    return choices.price / picked(choices.price, chosen)[:, None] - 1
