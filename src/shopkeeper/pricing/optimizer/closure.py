"""The best prices of nodes that bounds tie in rings: a closure problem, solved as one program for all of them.

For each price of a node but its lowest, a variable says whether the node is at least that dear. What is gained by each
step up is linear in them; a ladder and a bound of a ratio both say that one step needs another, so the constraints are
totally unimodular and the corners of the linear program are whole: no branching is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from shopkeeper.pricing.optimizer.frontier import Meter
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.rules.nodes import Links, Nodes
from shopkeeper.pricing.shelf import Flags, Floats, Ints


@dataclass(frozen=True, slots=True)
class Closure:
    """Nodes and the steps of their prices.

    Attributes:
        nodes: Their places, shape (nodes,).
        lowest: Place of each one's lowest price, shape (nodes,).
        owner: Node of each step, from 0, shape (steps,).
        to: Place of the price each step leads to, shape (steps,).
        needs: Step -> step it needs, shape (constraints, 2).
    """

    nodes: Ints
    lowest: Ints
    owner: Ints
    to: Ints
    needs: Ints

    def best(self, value: Floats, meter: Meter) -> Ints:
        """Return the place of the best price of each of these nodes together, shape (nodes,)."""
        meter.seen += len(self.owner) + len(self.needs)
        if not len(self.to):
            return self.lowest
        node = self.nodes[self.owner]
        gain = value[node, self.to] - value[node, self.to - 1]
        row = np.repeat(np.arange(len(self.needs)), 2)
        sign = np.tile([1.0, -1.0], len(self.needs))
        limits = sparse.csr_matrix((sign, (row, self.needs.ravel())), shape=(len(self.needs), len(gain)))
        found = optimize.milp(
            -gain, bounds=optimize.Bounds(0, 1), integrality=np.ones(len(gain), np.int64),
            constraints=optimize.LinearConstraint(limits, -np.inf, 0),
        )  # fmt: skip
        if found.x is None:
            raise RuntimeError(f"A closure of {len(gain)} steps has no solution: {found.message}")
        taken = np.bincount(self.owner, weights=np.rint(found.x), minlength=len(self.nodes))
        return np.asarray(self.lowest + taken.astype(np.int64))


def closure_of(nodes: Nodes, links: Links, where: Flags) -> Closure:
    """Return the closure problem of some nodes, whose prices that are there stand side by side."""
    mine = np.flatnonzero(where)
    lowest = nodes.there[mine].argmax(axis=1)
    count = nodes.there[mine].sum(axis=1)
    first = np.concatenate([[0], np.cumsum(count - 1)])
    owner = np.repeat(np.arange(len(mine)), count - 1)
    step = np.arange(len(owner)) - first[owner]
    needs = [np.stack([held, held - 1], axis=1) for held in (np.flatnonzero(step > 0),)]
    place = np.full(len(nodes.first), -1)
    place[mine] = np.arange(len(mine))
    for low, high, factor in zip(links.low, links.high, links.factor, strict=True):
        one, other = place[low], place[high]
        if one < 0:
            continue
        shown = nodes.price[high, lowest[other] : lowest[other] + count[other]]
        least = nodes.price[low, lowest[one] : lowest[one] + count[one]] / factor / (1 + SAME)
        wanted = np.searchsorted(shown, least)  # of the other's prices, for each of the one's
        held = np.flatnonzero(wanted[1:] > 0)
        needs.append(np.stack([first[one] + held, first[other] + wanted[1:][held] - 1], axis=1))
    return Closure(mine, lowest, owner, lowest[owner] + step + 1, np.concatenate(needs).astype(np.int64))
