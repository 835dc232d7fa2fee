"""Which prices of a shelf belong together: one price for some, and bounds of the ratio of others.

A node is one shown price; the pairs in it share it. Other rules are `price[low] <= factor x price[high]` of two nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from shopkeeper.errors import FieldProblem
from shopkeeper.pricing.policy.policy_groups import groups_of
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.policy.together import Band, Group, OnePrice, Packs
from shopkeeper.pricing.rules.limits import covered, is_named
from shopkeeper.pricing.rules.sizes import UNITS, size_of
from shopkeeper.pricing.rules.traits import Traits, check_traits
from shopkeeper.pricing.shelf import NO_PARENT, Flags, Floats, Ints, Shelf

ALONE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """Prices that belong together.

    Attributes:
        node: Of each pair; pairs of one node show one price, shape (pairs,).
        shared: Index into `names` of the rule that made a node of several pairs, -1 where it has one, shape (nodes,).
        low, high, factor: `price[low] <= factor x price[high]` of nodes, shape (bounds,).
        rule: Index into `names` of each bound, shape (bounds,).
        names: Rules with their groups, as `packs (beans)`.
        left_out: What could not be placed and stands alone: row of the shelf, why, and what to do.
    """

    node: Ints
    shared: Ints
    low: Ints
    high: Ints
    factor: Floats
    rule: Ints
    names: tuple[str, ...]
    left_out: tuple[FieldProblem, ...] = ()

    @property
    def nodes(self) -> int:
        """How many shown prices there are."""
        return len(self.shared)

    def blocks(self) -> Ints:
        """Return the block of each node: nodes that bounds hold together, shape (nodes,)."""
        return _components(self.low, self.high, self.nodes)

    def coupled(self) -> Flags:
        """Return which nodes are not free of all others' prices, shape (nodes,)."""
        found = np.bincount(self.node, minlength=self.nodes) > 1
        found[self.low] = found[self.high] = True
        return np.asarray(found)

    def binding(self) -> list[tuple[str, ...]]:
        """Return for each pair the rules that hold its block together."""
        block = self.blocks()
        found: dict[int, dict[int, None]] = {}
        for one, rule in zip([*block.tolist(), *block[self.low].tolist()], [*self.shared, *self.rule], strict=True):
            if rule != ALONE:
                found.setdefault(one, {})[int(rule)] = None
        names = {one: tuple(self.names[rule] for rule in rules) for one, rules in found.items()}
        return [names.get(one, ()) for one in block[self.node].tolist()]

    def turns(self, product: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """Return a number for each pair by which halves take turns: of coupled ones the block's, else the product's."""
        return np.where(self.coupled()[self.node], self.blocks()[self.node], product)

    def with_partners(self, rows: Ints) -> Ints:
        """Return pairs with all others of their blocks, in order: what must be priced again together."""
        block = self.blocks()[self.node]
        return np.flatnonzero(np.isin(block, block[rows]))

    def of_pairs(self, rows: Ints) -> Coupling:
        """Return what holds among some pairs, by their places in `rows`; bounds to prices of others are left out."""
        node = self.node[rows]
        kept = np.unique(node)
        place = np.full(self.nodes, ALONE)
        place[kept] = np.arange(len(kept))
        low, high = place[self.low], place[self.high]
        inside = (low != ALONE) & (high != ALONE)
        return Coupling(
            node=place[node], shared=self.shared[kept], low=low[inside], high=high[inside],
            factor=self.factor[inside], rule=self.rule[inside], names=self.names,
        )  # fmt: skip


def coupling_of(policy: PricePolicy, shelf: Shelf, traits: Traits) -> Coupling | None:
    """Return what a policy says belongs together on a shelf; None where nothing does.

    Raises:
        InputError: traits that do not fit the shelf.
    """
    check_traits(traits, shelf)
    groups = [(key, one) for key, some in groups_of(policy.together) for one in some]
    names = tuple(f"{key} ({one.name})" for key, one in groups)
    node, shared = _nodes(groups, shelf, traits)
    found: list[tuple[Ints, Ints, Floats, Ints]] = []
    left_out: list[FieldProblem] = []
    for place, (_, one) in enumerate(groups):
        if isinstance(one, OnePrice):
            continue
        low, high, factor = (
            _packs(one, shelf, traits, left_out) if isinstance(one, Packs) else _band(one, shelf, traits, left_out)
        )
        found.append((node[low], node[high], factor, np.full(len(low), place)))
    if not found and (shared == ALONE).all():
        return None
    low, high, factor, rule = _once(found)
    return Coupling(
        node=node, shared=shared, low=low, high=high, factor=factor, rule=rule, names=names, left_out=tuple(left_out)
    )


def _nodes(groups: list[tuple[str, Group]], shelf: Shelf, traits: Traits) -> tuple[Ints, Ints]:
    """Return the node of each pair, and the last rule that put several pairs into a node."""
    rows, keys, rules, taken = [], [], [], 0
    for place, (_, one) in enumerate(groups):
        if not isinstance(one, OnePrice):
            continue
        held, key = _keyed(one, shelf, traits)
        where = _stores(one, shelf, traits)[held]
        lists = shelf.price_list[held] if one.price_lists == "each" else np.zeros(len(held), np.int64)
        number = np.unique(np.stack([key, where, lists], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
        rows.append(held)
        keys.append(number + taken)
        rules.append(np.full(len(held), place))
        taken += int(number.max(initial=-1)) + 1
    if not rows:
        return np.arange(shelf.pairs), np.full(shelf.pairs, ALONE)
    row, key, rule = (np.concatenate(parts) for parts in (rows, keys, rules))
    node = _components(row, shelf.pairs + key, shelf.pairs + taken)[: shelf.pairs]
    node = np.unique(node, return_inverse=True)[1].reshape(-1)
    many = np.bincount(node) > 1
    shared = np.full(len(many), ALONE)
    at = many[node[row]] & (np.bincount(key, minlength=taken)[key] > 1)
    shared[node[row[at]]] = rule[at]
    return node, shared


def _stores(one: OnePrice, shelf: Shelf, traits: Traits) -> Ints:
    """Return for each price the stores it may share with: those of one entity and currency, or itself."""
    if one.stores == "each":
        return shelf.store
    entity = [
        ("", currency) if one.stores == "all" else (name or f"store {place}", currency)
        for place, (name, currency) in enumerate(zip(traits.legal_entity, shelf.currency, strict=True))
    ]
    number = {name: place for place, name in enumerate(dict.fromkeys(entity))}
    return np.array([number[name] for name in entity], np.int64)[shelf.store]


def _keyed(one: Group, shelf: Shelf, traits: Traits) -> tuple[Ints, Ints]:
    """Return the prices a group is about that have what it goes by, and the number of it."""
    meant = covered(one.where, shelf)
    if one.products:
        rows = np.flatnonzero(meant & is_named(shelf, one.products))
        return rows, np.zeros(len(rows), np.int64)
    if one.of == "product":
        key = shelf.product
    elif one.of == "category":
        key = shelf.category
    elif one.of == "parent":
        key = np.where(shelf.parent == NO_PARENT, shelf.product, shelf.parent)
    else:
        said = [traits.of_product(one.of or "", place) for place in range(len(shelf.products))]
        words = [None if word is None else f"{word}" for word in said]
        number = {word: place for place, word in enumerate(dict.fromkeys(word for word in words if word is not None))}
        key = np.array([ALONE if word is None else number[word] for word in words], np.int64)[shelf.product]
    rows = np.flatnonzero(meant & (key != ALONE))
    return rows, key[rows]


def _groups(one: Packs | Band, shelf: Shelf, traits: Traits) -> list[Ints]:
    """Return the rows of each group of a rule: within one store and price list."""
    rows, key = _keyed(one, shelf, traits)
    if not rows.size:
        return []
    keys = np.stack([key, shelf.store[rows], shelf.price_list[rows]], axis=1)
    number = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(number, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(number[order])) + 1)


def _packs(
    one: Packs, shelf: Shelf, traits: Traits, left_out: list[FieldProblem]
) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    low, high, factor = [], [], []
    for rows in _groups(one, shelf, traits):
        if len(rows) < 2:
            continue
        sized = _sized(one.size, rows, shelf, traits, left_out)
        amounts = sorted({amount for amount, _ in sized})
        at = {amount: [row for held, row in sized if held == amount] for amount in amounts}
        for small, large in pairwise(amounts):
            for less in at[small]:
                for more in at[large]:
                    low.append(more)
                    high.append(less)
                    factor.append(large / small * (1 - one.saves))
                    if one.not_cheaper:
                        low.append(less)
                        high.append(more)
                        factor.append(1.0)
    return np.array(low, np.int64), np.array(high, np.int64), np.array(factor, np.float64)


def _band(
    one: Band, shelf: Shelf, traits: Traits, left_out: list[FieldProblem]
) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    low, high, factor = [], [], []
    for rows in _groups(one, shelf, traits):
        brand = [traits.brand[product] for product in shelf.product[rows]]
        ours = rows[[name in one.brands for name in brand]]
        theirs = rows[[name in one.beside for name in brand]]
        if not ours.size or not theirs.size:
            continue
        for mine, its, ratio in _compared(one, ours, theirs, shelf, traits, left_out):
            if one.highest is not None:
                low.append(mine)
                high.append(its)
                factor.append(one.highest * ratio)
            if one.lowest is not None:
                low.append(its)
                high.append(mine)
                factor.append(1 / (one.lowest * ratio))
    return np.array(low, np.int64), np.array(high, np.int64), np.array(factor, np.float64)


def _compared(
    one: Band, ours: Ints, theirs: Ints, shelf: Shelf, traits: Traits, left_out: list[FieldProblem]
) -> list[tuple[int, int, float]]:
    """Return which rows are compared, and how much more is in the first."""
    if one.size is None:
        return [(int(mine), int(its), 1.0) for mine in ours for its in theirs]
    mine = _sized(one.size, ours, shelf, traits, left_out)
    its = _sized(one.size, theirs, shelf, traits, left_out)
    found = []
    for amount, row in mine:
        if its:
            near = min(its, key=lambda held: (abs(np.log(held[0] / amount)), held[1]))
            found.append((row, near[1], amount / near[0]))
    return found


def _sized(
    attribute: str, rows: Ints, shelf: Shelf, traits: Traits, left_out: list[FieldProblem]
) -> list[tuple[float, int]]:
    """Return amount and row of those whose size is known and of the kind most have; name the others."""
    sizes = [(row, size_of(traits.of_product(attribute, int(shelf.product[row])))) for row in rows.tolist()]
    kinds = [size.kind for _, size in sizes if size is not None]
    kind = max(sorted(set(kinds)), key=kinds.count, default="")
    for row, size in sizes:
        if size is None or size.kind != kind:
            product = shelf.products[int(shelf.product[row])]
            said = traits.of_product(attribute, int(shelf.product[row]))
            reason = f"{product} says {said!r}, " + ("which is no size" if size is None else f"others a {kind}")
            remedy = f"Write such as `500 g` or `6 x 330 ml`; units: {', '.join(UNITS)}."
            left_out.append(FieldProblem(attribute, reason, remedy, row))
    return [(size.amount, row) for row, size in sizes if size is not None and size.kind == kind]


def _once(found: list[tuple[Ints, Ints, Floats, Ints]]) -> tuple[Ints, Ints, Floats, Ints]:
    """Return all bounds; of several of the same two nodes in one direction the narrowest."""
    if not found:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0), nothing
    low, high, factor, rule = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((factor, high, low))
    low, high, factor, rule = (np.asarray(part)[order] for part in (low, high, factor, rule))
    first = np.ones(len(low), np.bool_)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    first &= (low != high) | (factor < 1)  # a price is never against itself
    return low[first], high[first], factor[first], rule[first]


def _components(one: Ints, other: Ints, number: int) -> Ints:
    graph = sparse.coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(number, number))
    return np.asarray(csgraph.connected_components(graph, directed=False)[1], np.int64)
