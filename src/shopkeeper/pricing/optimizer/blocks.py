"""The best prices of blocks: nodes whose prices bounds hold together, solved exactly, all blocks at once.

A block whose bounds form a tree (a chain of packs, a brand beside another) is solved by dynamic programming from its
leaves; any other (packs of two brands beside each other) as a linear program, which has a whole solution because its
constraints are those of a closure problem.

Source: Picard (1976), Maximal closure of a graph and applications to combinatorial problems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from shopkeeper.pricing.optimizer.closure import Closure, closure_of
from shopkeeper.pricing.optimizer.curves import Choices
from shopkeeper.pricing.optimizer.frontier import Meter
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.rules.nodes import Links, Nodes, links_of, nodes_of, standing
from shopkeeper.pricing.shelf import Flags, Floats, Ints

ROOT: Final = -1


@dataclass(frozen=True, slots=True)
class Level:
    """Nodes of one depth of all trees.

    Attributes:
        child, parent: Places of nodes, shape (edges,).
        begin, end: Prices of the child that fit each price of the parent, shape (edges, prices).
    """

    child: Ints
    parent: Ints
    begin: Ints
    end: Ints


@dataclass(frozen=True)
class Blocks:
    """Coupled nodes, cut into blocks.

    Attributes:
        nodes: With the prices that can stand together.
        links: The bounds that still hold something back; blocks that are held have none.
        block: Of each node, from 0, shape (nodes,).
        levels: Of trees, the deepest first.
        closure: Of blocks that are no trees, None where all are.
    """

    nodes: Nodes
    links: Links
    block: Ints
    levels: tuple[Level, ...]
    closure: Closure | None

    @cached_property
    def alone(self) -> Flags:
        """Which blocks are one node, shape (blocks,)."""
        return np.asarray(np.bincount(self.block) == 1)

    def best(self, value: Floats, meter: Meter) -> Ints:
        """Return the place of the price of each node in the best choice of each block, shape (nodes,).

        Args:
            value: Of each price of each node, -inf where it may not be shown, shape (nodes, prices).
        """
        meter.seen += value.size
        total = value.copy()
        told = []
        for level in self.levels:
            best, at = _best_within(total[level.child], level.begin, level.end, meter)
            np.add.at(total, level.parent, best)
            told.append(at)
        chosen = total.argmax(axis=1)
        for level, at in zip(reversed(self.levels), reversed(told), strict=True):
            chosen[level.child] = at[np.arange(len(level.child)), chosen[level.parent]]
        if self.closure is not None:
            chosen[self.closure.nodes] = self.closure.best(value, meter)
        return np.asarray(chosen)

    def chosen(self, worth: Floats, meter: Meter) -> Ints:
        """Return the best candidate of every pair under the couplings, shape (pairs,).

        Args:
            worth: Of every candidate, -inf where it is not allowed, shape (pairs, points).
        """
        chosen = worth.argmax(axis=1)
        return self.put(chosen, self.best(self.nodes.of_node(worth[self.nodes.pairs]), meter))

    def put(self, chosen: Ints, place: Ints) -> Ints:
        """Return the candidates of all pairs with those of coupled nodes at given places."""
        found = chosen.copy()
        found[self.nodes.pairs] = self.nodes.at[np.arange(len(self.nodes.pairs)), place[self.nodes.owner]]
        return found


def blocks_of(choices: Choices, coupling: Coupling) -> Blocks:
    """Return the blocks of what may be chosen.

    A block of which no prices can stand together is taken apart: its prices were held, so each has one choice. Pairs of
    a node that do not have one price then keep their own.
    """
    nodes = nodes_of(choices.price, choices.allowed, coupling)
    links = links_of(coupling, nodes)
    left = standing(nodes, links)
    empty = ~left.there.any(axis=1)
    if empty.any():
        block = coupling.blocks()
        return blocks_of(choices, _without(coupling, np.isin(block, block[nodes.name[empty]])))
    binding = _binding(left, links)
    links = Links(links.low[binding], links.high[binding], links.factor[binding])
    block, depth, parent = _trees(links, len(left.first))
    tangled = depth < 0
    levels = tuple(
        _level(left, links, np.flatnonzero(depth == deep), parent) for deep in range(int(depth.max(initial=0)), 0, -1)
    )
    return Blocks(left, links, block, levels, closure_of(left, links, tangled) if tangled.any() else None)


def _without(coupling: Coupling, dead: Flags) -> Coupling:
    """Return a coupling in which the pairs of some nodes stand alone."""
    alone = dead[coupling.node]
    node = coupling.node.copy()
    node[alone] = coupling.nodes + np.arange(int(alone.sum()))
    keep = ~dead[coupling.low]
    shared = np.concatenate([coupling.shared, np.full(int(alone.sum()), -1)])
    return Coupling(
        node=node, shared=shared, low=coupling.low[keep], high=coupling.high[keep], factor=coupling.factor[keep],
        rule=coupling.rule[keep], names=coupling.names,
    )  # fmt: skip


def _binding(nodes: Nodes, links: Links) -> Flags:
    """Return which bounds some two prices that are there would break."""
    high = np.where(nodes.there, nodes.price, -np.inf).max(axis=1)
    low = np.where(nodes.there, nodes.price, np.inf).min(axis=1)
    return np.asarray(high[links.low] > links.factor * low[links.high] * (1 + SAME))


def _trees(links: Links, nodes: int) -> tuple[Ints, Ints, Ints]:
    """Return block, depth and parent of each node; the depth is -1 in blocks that are no trees."""
    edges = np.unique(np.sort(np.stack([links.low, links.high], axis=1), axis=1), axis=0)
    one, other = edges[:, 0], edges[:, 1]
    graph = sparse.coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(nodes, nodes))
    block = np.asarray(csgraph.connected_components(graph, directed=False)[1], np.int64)
    blocks = int(block.max(initial=-1)) + 1
    tangled = np.bincount(block[one], minlength=blocks) > np.bincount(block, minlength=blocks) - 1
    depth, parent = np.full(nodes, -1), np.full(nodes, ROOT)
    roots = np.unique(block, return_index=True)[1]
    depth[roots[~tangled]] = 0
    deep = 0
    while True:
        down = (depth[one] == deep) & (depth[other] < 0)
        up = (depth[other] == deep) & (depth[one] < 0)
        if not (down.any() or up.any()):
            return block, depth, parent
        deep += 1
        parent[other[down]], depth[other[down]] = one[down], deep
        parent[one[up]], depth[one[up]] = other[up], deep


def _level(nodes: Nodes, links: Links, child: Ints, parents: Ints) -> Level:
    parent = parents[child]
    place = np.full(len(parents), -1)
    place[child] = np.arange(len(child))
    width = nodes.price.shape[1]
    begin, end = np.zeros((len(child), width), np.int64), np.full((len(child), width), width)
    shown = np.where(nodes.price > 0, nodes.price, np.inf)
    mine = np.flatnonzero((place[links.low] >= 0) & (parents[links.low] == links.high))
    low, high = links.low[mine], links.high[mine]
    cap = links.factor[mine, None] * nodes.price[high] * (1 + SAME)
    np.minimum.at(end, place[low], (shown[low][:, None, :] <= cap[:, :, None]).sum(axis=2))
    mine = np.flatnonzero((place[links.high] >= 0) & (parents[links.high] == links.low))
    low, high = links.low[mine], links.high[mine]
    floor = nodes.price[low] / links.factor[mine, None] / (1 + SAME)
    np.maximum.at(begin, place[high], (shown[high][:, None, :] < floor[:, :, None]).sum(axis=2))
    return Level(child, parent, begin, end)


def _best_within(value: Floats, begin: Ints, end: Ints, meter: Meter) -> tuple[Floats, Ints]:
    """Return the largest value of each row within each range, -inf where it is empty, and its place.

    By a table of the best of 1, 2, 4 ... prices from each on, so that a range takes two looks.
    """
    rows, width = value.shape
    row = np.arange(rows)[:, None]
    table = [np.broadcast_to(np.arange(width), (rows, width))]
    span = 1
    while 2 * span <= width:
        meter.seen += value.size
        before = table[-1]
        here, there = before[:, : width - 2 * span + 1], before[:, span : width - span + 1]
        best = before.copy()
        best[:, : width - 2 * span + 1] = np.where(value[row, here] >= value[row, there], here, there)
        table.append(best)
        span *= 2
    meter.seen += value.size
    length = np.maximum(end - begin, 1)
    power = np.floor(np.log2(length)).astype(np.int64)
    levels = np.stack(table)
    first = np.minimum(begin, width - 1)
    left = levels[power, row, first]
    right = levels[power, row, np.maximum(np.minimum(begin + length, width) - 2**power, 0)]
    at = np.where(value[row, left] >= value[row, right], left, right)
    return np.where(end > begin, value[row, at], -np.inf), at
