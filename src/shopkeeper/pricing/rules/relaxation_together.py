"""The cheapest way out for prices that belong and cannot stand together: the one rule that has to give least."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.constraints import Bound
from shopkeeper.pricing.rules.coupling import ALONE, Coupling
from shopkeeper.pricing.rules.ladder import SAME, charm
from shopkeeper.pricing.rules.nodes import Links, Nodes, standing
from shopkeeper.pricing.rules.offer import LAST_TO_RELAX, Offer, Relaxation, relaxation, steps_of
from shopkeeper.pricing.shelf import Flags, Floats, Ints, Shelf

FINEST: Final = 400
"""Shown prices looked at for each price."""
FARTHEST: Final = 3.0
"""How far a rule may have to give to be offered, a share of its bound."""
HALVINGS: Final = 20


@dataclass(frozen=True, slots=True)
class _Block:
    """Prices that cannot stand together, each by itself.

    Attributes:
        pairs: Rows of the shelf, shape (pairs,).
        price: Shown prices of each, low to high, shape (pairs, prices).
        current: Shape (pairs,).
        bounds: Rules of single prices, of these pairs.
        low, high, factor, name: `price[low] <= factor x price[high]` of places in `pairs`, and the rule's name.
    """

    pairs: Ints
    price: Floats
    current: Floats
    bounds: tuple[Bound, ...]
    low: Ints
    high: Ints
    factor: Floats
    name: tuple[str, ...]

    def left(self, rule: str, by: float) -> Nodes:
        """Return what can stand together if a rule gives by a share of its bounds."""
        allowed = np.ones(self.price.shape, np.bool_)
        for bound in self.bounds:
            give = 1 + (by if bound.rule == rule else 0.0)
            allowed &= Bound(
                bound.rule, bound.low / give, bound.high * give, bound.spares_current
            ).allows(self.price, self.current)  # fmt: skip
        factor = np.where([one == rule for one in self.name], self.factor * (1 + by), self.factor)
        rows = np.arange(len(self.pairs))
        nodes = Nodes(self.pairs, rows, rows, rows, self.price, allowed, np.zeros((len(rows), 1), np.int64))
        return standing(nodes, Links(self.low, self.high, factor))

    def fits(self, rule: str, by: float) -> bool:
        """Return whether they can stand together then."""
        return bool(self.left(rule, by).there.any(axis=1).all())


def cheapest_relaxation(policy: PricePolicy, shelf: Shelf, offer: Offer, pair: int) -> Relaxation | None:
    """Return the cheapest single rule to relax for a price that is stuck, by itself or with those it belongs to.

    Of prices that belong together a rule gives for all of them at once, and the price that is named is one at which the
    others have a place. None where no single rule would do.
    """
    if offer.coupling is None or offer.stuck_alone(np.array([pair]))[0]:
        return relaxation(policy, shelf, offer, pair)
    block = _block(policy, shelf, offer, offer.coupling, pair)
    me = int(np.flatnonzero(block.pairs == pair)[0])
    found = [one for rule in _rules(block) if (one := _relaxed(block, rule, me)) is not None]
    return min(found, key=lambda one: (one.rule in LAST_TO_RELAX, one.by), default=None)


def _block(policy: PricePolicy, shelf: Shelf, offer: Offer, coupling: Coupling, pair: int) -> _Block:
    pairs = coupling.with_partners(np.array([pair]))
    bounds = tuple(bound.of_rows(pairs) for bound in offer.bounds)
    part = coupling.of_pairs(pairs)
    low, high, factor, name = [], [], [], []
    for node in range(part.nodes):
        members = np.flatnonzero(part.node == node).tolist()
        for one, other in zip(members, members[1:] + members[:1], strict=True):
            if one != other:  # a circle: all of them are one
                low.append(one)
                high.append(other)
                factor.append(1.0)
                name.append(_name(part, int(part.shared[node])))
    first = [int(np.flatnonzero(part.node == node)[0]) for node in range(part.nodes)]
    for at in range(len(part.low)):
        low.append(first[part.low[at]])
        high.append(first[part.high[at]])
        factor.append(float(part.factor[at]))
        name.append(_name(part, int(part.rule[at])))
    return _Block(
        pairs, _grid(policy, shelf, pairs, bounds), offer.current[pairs], bounds, np.array(low, np.int64),
        np.array(high, np.int64), np.array(factor), tuple(name),
    )  # fmt: skip


def _name(coupling: Coupling, rule: int) -> str:
    return coupling.names[rule] if rule != ALONE else ""


def _grid(policy: PricePolicy, shelf: Shelf, pairs: Ints, bounds: tuple[Bound, ...]) -> Floats:
    """Return shown prices with their endings, wide enough for all bounds, and every current price of the block."""
    current = shelf.current[pairs]
    sides = [side for bound in bounds for side in (bound.low, bound.high)]
    ends = np.concatenate([current, *(side[np.isfinite(side) & (side > 0)] for side in sides)])
    wanted = np.geomspace(ends.min() / 1.5, ends.max() * 1.5, FINEST - len(pairs))
    found = np.empty((len(pairs), FINEST))
    for row, pair in enumerate(pairs.tolist()):
        bands = steps_of(policy, shelf.currency[int(shelf.store[pair])])
        found[row] = np.sort(np.concatenate([charm(wanted, bands), current]))
    return found


def _rules(block: _Block) -> Iterator[str]:
    yield from dict.fromkeys([bound.rule for bound in block.bounds] + [name for name in block.name if name])


def _relaxed(block: _Block, rule: str, me: int) -> Relaxation | None:
    if not block.fits(rule, FARTHEST):
        return None
    enough, short = FARTHEST, 0.0
    for _ in range(HALVINGS):
        middle = (enough + short) / 2
        enough, short = (middle, short) if block.fits(rule, middle) else (enough, middle)
    there: Flags = block.left(rule, enough).there[me]
    shown = block.price[me, there]
    price = float(shown[np.abs(shown - block.current[me]).argmin()])
    return Relaxation(
        pair=int(block.pairs[me]), rule=rule, bound=_bound(block, rule, me, price), price=price, by=enough,
        against=tuple(name for name in _rules(block) if name != rule and block.fits(name, FARTHEST)),
    )  # fmt: skip


def _bound(block: _Block, rule: str, me: int, price: float) -> float:
    """Return the bound of a rule that a price is over, else its own price where it is the rule of others."""
    for bound in block.bounds:
        if bound.rule == rule:
            if price < bound.low[me] * (1 - SAME):
                return float(bound.low[me])
            if price > bound.high[me] * (1 + SAME):
                return float(bound.high[me])
    return float(block.current[me])
