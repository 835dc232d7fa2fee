"""The prices that nodes of a coupling may show, as candidates of their pairs, and which of them can stand together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shopkeeper.pricing.rules.coupling import ALONE, Coupling
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.shelf import Flags, Floats, Ints

DIGITS = 9
"""Prices are one if they agree to so many decimals."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """Coupled nodes, the others left out; of a node only prices that all of its pairs have among their candidates.

    Attributes:
        pairs: In the order of their nodes, shape (members,).
        owner: Node of each of them, from 0, shape (members,).
        first: Place of each node's first member, shape (nodes,).
        name: Number of each node in the coupling, shape (nodes,).
        price: Low to high, shape (nodes, prices); nought where there is none.
        there: Which of them may be shown, shape (nodes, prices).
        at: Candidate of each member at each price of its node, nought where there is none, shape (members, prices).
    """

    pairs: Ints
    owner: Ints
    first: Ints
    name: Ints
    price: Floats
    there: Flags
    at: Ints

    def of_node(self, cells: Floats) -> Floats:
        """Return the sum over each node's pairs at each of its prices, shape (nodes, prices); -inf where none is.

        Args:
            cells: Of every candidate of these pairs, shape (members, points).
        """
        held = np.take_along_axis(cells, self.at, axis=1)
        return np.where(self.there, np.add.reduceat(held, self.first, axis=0), -np.inf)


@dataclass(frozen=True, slots=True)
class Links:
    """Bounds between the nodes of `Nodes`: `price[low] <= factor x price[high]`; each shape (bounds,)."""

    low: Ints
    high: Ints
    factor: Floats


def nodes_of(price: Floats, allowed: Flags, coupling: Coupling) -> Nodes:
    """Return the coupled nodes with the prices all their pairs may show.

    Args:
        price: Candidates of every pair, low to high, shape (pairs, points).
        allowed: Which may be chosen, of the same shape.
    """
    coupled = coupling.coupled()
    name = np.flatnonzero(coupled)
    place = np.full(coupling.nodes, ALONE)
    place[name] = np.arange(len(name))
    pairs = np.flatnonzero(coupled[coupling.node])
    pairs = pairs[np.argsort(coupling.node[pairs], kind="stable")]
    owner = place[coupling.node[pairs]]
    size = np.bincount(owner, minlength=len(name))
    member, column = np.nonzero(allowed[pairs])
    shown = np.round(price[pairs[member], column], DIGITS)
    order = np.lexsort((member, shown, owner[member]))
    member, column, shown = member[order], column[order], shown[order]
    of = owner[member]
    begins = np.ones(len(of), np.bool_)
    begins[1:] = (of[1:] != of[:-1]) | (shown[1:] != shown[:-1])
    run = np.cumsum(begins) - 1
    whole = np.bincount(run, minlength=1) == size[of[begins]] if len(of) else np.zeros(1, np.bool_)
    held = np.flatnonzero(whole)  # runs in which every member takes part
    rank = _ranks(of[begins][held])
    width = int(rank.max(initial=0)) + 1
    at = np.zeros((len(pairs), width), np.int64)
    prices, there = np.zeros((len(name), width)), np.zeros((len(name), width), np.bool_)
    prices[of[begins][held], rank] = price[pairs[member[begins][held]], column[begins][held]]
    there[of[begins][held], rank] = True
    in_whole = whole[run]
    to = np.zeros(len(whole), np.int64)
    to[held] = rank
    at[member[in_whole], to[run[in_whole]]] = column[in_whole]
    first = np.searchsorted(owner, np.arange(len(name)))
    return Nodes(pairs, owner, first, name, prices, there, at)


def links_of(coupling: Coupling, nodes: Nodes) -> Links:
    """Return the bounds between coupled nodes, by their places."""
    place = np.full(coupling.nodes, ALONE)
    place[nodes.name] = np.arange(len(nodes.name))
    return Links(place[coupling.low], place[coupling.high], coupling.factor)


def standing(nodes: Nodes, links: Links) -> Nodes:
    """Return the nodes with only those prices that others can stand beside; a node without one has no way out.

    Bounds of a ratio of two prices keep the larger and the smaller of any two ways to follow them, so that a price
    stays if and only if some price of each neighbour fits it, and then all fit together.
    """
    there = nodes.there
    while True:
        high = np.where(there, nodes.price, -np.inf).max(axis=1, initial=-np.inf)
        low = np.where(there, nodes.price, np.inf).min(axis=1, initial=np.inf)
        cap, floor = np.full(len(there), np.inf), np.full(len(there), -np.inf)
        np.minimum.at(cap, links.low, links.factor * high[links.high] * (1 + SAME))
        np.maximum.at(floor, links.high, low[links.low] / links.factor / (1 + SAME))
        left = there & (nodes.price <= cap[:, None]) & (nodes.price >= floor[:, None])
        if (left == there).all():
            return replace(nodes, there=left)
        there = left


def _ranks(of: Ints) -> Ints:
    """Return the number of each entry within its owner, which come in order."""
    begins = np.searchsorted(of, of)
    return np.asarray(np.arange(len(of)) - begins)
