"""The rows the dual chooses for when prices belong together: single prices, shared prices, and whole blocks.

A block's choices are ways its prices can stand together. There are too many to list, and few are ever best: those that
are, at some shadow prices, are found exactly (`blocks`) and added as columns, anew at each round's shadow prices. What
a block could still gain at the last ones goes into the bound, so that the bound holds whatever was never listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.blocks import Blocks, blocks_of
from shopkeeper.pricing.optimizer.curves import Choices
from shopkeeper.pricing.optimizer.dual import Solution
from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.optimizer.program import Also, Program
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Flags, Floats, Ints

FIRST: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 4.0, 1e3)
"""Shadow prices at which blocks are looked at before any is known."""
AROUND: Final = (1.0, 0.85, 1.15)
"""Factors of the shadow prices just found, at which they are looked at again."""


@dataclass(frozen=True, slots=True)
class Units:
    """Rows of a program: the pairs that are free of others, then the blocks.

    Attributes:
        program: Pair by pair, without couplings.
        blocks: Of the coupled pairs.
        single: Pairs that are free, shape (singles,).
        place: Of each node's price in each column of its block, shape (nodes, columns).
        there: Which columns a block has, shape (blocks, columns).
    """

    program: Program
    blocks: Blocks
    single: Ints
    place: Ints
    there: Flags

    def rows(self, need: Floats, whole_need: float) -> Program:
        """Return the program of all rows for some needs."""
        pairs, member = self.program, self.blocks.nodes.pairs
        value = self._stacked(pairs.value, self._of_blocks(pairs.value), -np.inf)
        whole = None if pairs.whole is None else self._stacked(pairs.whole, self._of_blocks(pairs.whole), 0.0)
        row, group, brought = self._entries(pairs.brings[member], pairs.group[member], np.isfinite(need))
        blocks, singles = len(self.there), len(self.single)
        main = np.searchsorted(row, np.arange(blocks))
        further = np.ones(len(row), np.bool_)
        further[main] = False
        brings = self._stacked(pairs.brings, brought[main], 0.0)
        also = None
        if further.any():
            wide = np.zeros((int(further.sum()), value.shape[1]))
            wide[:, : brought.shape[1]] = brought[further]
            also = Also(row[further] + singles, group[further], wide)
        return Program(
            value=value, group=np.concatenate([pairs.group[self.single], group[main]]), brings=brings, need=need,
            whole=whole, whole_need=whole_need, also=also,
        )  # fmt: skip

    def pairs_of(self, chosen: Ints) -> Ints:
        """Return the candidate of every pair in a choice of all rows."""
        found = np.zeros(len(self.program.value), np.int64)
        found[self.single] = chosen[: len(self.single)]
        column = chosen[len(self.single) :]
        return self.blocks.put(found, self.place[np.arange(len(self.place)), column[self.blocks.block]])

    def looked(self, prices: Floats, whole_price: float, meter: Meter) -> tuple[Units, float]:
        """Return these rows with each block's best choice at some shadow prices, and what it gains over the listed."""
        worth = self._worth(prices, whole_price)
        place = self.blocks.best(worth, meter)
        blocks = len(self.there)
        best = np.bincount(self.blocks.block, picked(worth, place), blocks)
        listed = np.where(self.there, self._sums(np.take_along_axis(worth, self.place, axis=1)), -np.inf).max(axis=1)
        gain = float(np.maximum(best - listed, 0.0).sum())
        return self._with(place), gain

    def _worth(self, prices: Floats, whole_price: float) -> Floats:
        pairs, member = self.program, self.blocks.nodes.pairs
        worth = pairs.value[member] + prices[pairs.group[member]][:, None] * pairs.brings[member]
        if pairs.whole is not None:
            worth = worth + whole_price * pairs.whole[member]
        return self.blocks.nodes.of_node(worth)

    def _with(self, place: Ints) -> Units:
        """Return these rows with one more choice for the blocks that do not list it."""
        block, blocks = self.blocks.block, len(self.there)
        other = np.bincount(block, minlength=blocks)
        same = np.add.reduceat(self._by_block(self.place == place[:, None]), self._first(), axis=0) == other[:, None]
        new = ~(same & self.there).any(axis=1)
        if not new.any():
            return self
        slot = self.there.sum(axis=1)
        places, there = self.place, self.there
        if int(slot[new].max()) == there.shape[1]:
            places = np.concatenate([places, np.zeros((len(places), 1), np.int64)], axis=1)
            there = np.concatenate([there, np.zeros((blocks, 1), np.bool_)], axis=1)
        else:
            places, there = places.copy(), there.copy()
        nodes = np.flatnonzero(new[block])
        places[nodes, slot[block[nodes]]] = place[nodes]
        there[np.flatnonzero(new), slot[new]] = True
        return replace(self, place=places, there=there)

    def _of_blocks(self, cells: Floats) -> Floats:
        of_node = self.blocks.nodes.of_node(cells[self.blocks.nodes.pairs])
        return self._sums(np.take_along_axis(of_node, self.place, axis=1))

    def _sums(self, of_node: Floats) -> Floats:
        return np.asarray(np.add.reduceat(self._by_block(of_node), self._first(), axis=0))

    def _by_block(self, of_node: np.ndarray) -> np.ndarray:
        return np.asarray(of_node[np.argsort(self.blocks.block, kind="stable")])

    def _first(self) -> Ints:
        size = np.bincount(self.blocks.block, minlength=len(self.there))
        return np.asarray(np.cumsum(size) - size)

    def _entries(self, brings: Floats, group: Ints, wanted: Flags) -> tuple[Ints, Ints, Floats]:
        """Return block, group and contribution of each column, in order; every block has at least one entry."""
        nodes = self.blocks.nodes
        column = np.take_along_axis(nodes.at, self.place[nodes.owner], axis=1)
        cells = np.take_along_axis(brings, column, axis=1)
        block = self.blocks.block[nodes.owner]
        order = np.lexsort((group, ~wanted[group], block))  # a group with a target comes first
        begins = np.ones(len(order), np.bool_)
        ordered_block, ordered_group = block[order], group[order]
        begins[1:] = (ordered_block[1:] != ordered_block[:-1]) | (ordered_group[1:] != ordered_group[:-1])
        first = np.flatnonzero(begins)
        found = np.add.reduceat(cells[order], first, axis=0)
        row, of = ordered_block[first], ordered_group[first]
        main = np.ones(len(row), np.bool_)
        main[1:] = row[1:] != row[:-1]
        keep = main | wanted[of]
        return row[keep], of[keep], np.where(self.there[row[keep]], found[keep], 0.0)

    def _stacked(self, cells: Floats, of_blocks: Floats, empty: float) -> Floats:
        width = max(cells.shape[1], of_blocks.shape[1])
        singles = len(self.single)
        found = np.full((singles + len(of_blocks), width), empty)
        found[:singles, : cells.shape[1]] = cells[self.single]
        found[singles:, : of_blocks.shape[1]] = np.where(self.there, of_blocks, empty)
        return found


def units_of(program: Program, choices: Choices, coupling: Coupling, meter: Meter) -> Units:
    """Return the rows of a program whose pairs are coupled, with the first columns of its blocks.

    Args:
        program: Pair by pair.
    """
    blocks = blocks_of(choices, coupling)
    free = np.ones(len(program.value), np.bool_)
    free[blocks.nodes.pairs] = False
    alone = blocks.alone
    width = blocks.nodes.price.shape[1]
    place = np.tile(np.arange(width), (len(blocks.block), 1))
    there = np.zeros((len(alone), width), np.bool_)
    single = alone[blocks.block]
    there[blocks.block[single]] = blocks.nodes.there[single]
    place[~single] = 0
    units = Units(program, blocks, np.flatnonzero(free), place, there)
    groups = np.where(np.isfinite(program.need), 1.0, 0.0)
    for at in FIRST if groups.any() or program.whole is not None else FIRST[:1]:
        units, _ = units.looked(at * groups, at, meter)
    return units


def certified(program: Program, solution: Solution, gain: float, meter: Meter) -> Solution:
    """Return a solution with the bound of its shadow prices, what blocks could still gain at them counted in."""
    if solution.whole_unmet:
        return solution
    meter.seen += program.value.size
    worth = program.value + solution.prices[program.group][:, None] * program.brings
    if program.also is not None:
        also = program.also
        np.add.at(worth, also.row, solution.prices[also.group][:, None] * also.brings)
    brought = program.own(solution.chosen)
    need = np.where(solution.unmet, brought, np.where(np.isfinite(program.need), program.need, 0.0))
    bound = -float(solution.prices @ need)
    if program.whole is not None:
        worth += solution.whole_price * program.whole
        bound -= solution.whole_price * program.whole_need
    return replace(solution, bound=bound + float(worth.max(axis=1).sum()) + gain)
