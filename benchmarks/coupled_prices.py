"""A made-up shelf of which a tenth belongs together, for `optimize_prices.py`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.solve import Plan
from shopkeeper.pricing.policy.together import Band, OnePrice, Packs, Together
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.rules.offer import Offer
from shopkeeper.pricing.rules.traits import Traits
from shopkeeper.pricing.shelf import Ints, Shelf

TOGETHER = Together(
    one_price=(OnePrice(name="national", of="national", stores="all"),),
    packs=(Packs(name="packs", of="line", size="size"),),
    bands=(Band(name="own brand", of="pair", brands=("own",), beside=("lead",), lowest=0.6, highest=0.95),),
)
SIZES = ("250 g", "500 g", "1 kg", "2 kg")
IN_SIZE = (1.0, 1.9, 3.6, 6.8)
"""Prices of the sizes, times that of the smallest."""
OWN = 0.82


def coupled_shelf(shelf: Shelf, share: float) -> tuple[Shelf, Traits]:
    """Return a shelf on which a share of the products belongs together, in fours, and what says so.

    A third are packs of one line, a third show one price in all stores, a third are three own brands beside a leader.
    Fours are of one category; their prices, and what hangs on them, are moved so that today's follow the rules.
    """
    products = len(shelf.products)
    third = int(products * share / 12) * 4
    kind = np.minimum(np.arange(products) // max(third, 1), 3)  # packs, national, bands, free
    four, place = np.divmod(np.arange(products), 4)
    base = np.ones(products)
    base[shelf.product] = shelf.current
    like = base.copy()
    packs, bands = kind == 0, kind == 2
    like[packs] = (base[four * 4] * np.array(IN_SIZE)[place])[packs]
    like[bands] = (base[four * 4] * np.where(place, OWN, 1.0))[bands]
    category = np.zeros(products, np.int64)
    category[shelf.product] = shelf.category
    category = np.where(kind < 3, category[four * 4], category)
    current = np.where(kind[shelf.product] < 3, np.round(like[shelf.product], 2), shelf.current)
    by = current / shelf.current
    moved = {
        name: getattr(shelf, name) * by
        for name in ("week_ago", "cost", "cost_before", "rival_lowest", "rival_median", "advertised", "year_ago")
    }
    traits = Traits(
        brand=tuple("" if one != 2 else "own" if at else "lead" for one, at in zip(kind, place, strict=True)),
        attributes=tuple(_attributes(*each) for each in zip(kind, range(products), strict=True)),
        legal_entity=("",) * len(shelf.stores),
    )
    return replace(shelf, current=current, category=category[shelf.product], **moved), traits


def _attributes(kind: int, product: int) -> dict[str, object]:
    if kind == 0:
        return {"line": f"l{product // 4}", "size": SIZES[product % 4]}
    if kind == 1:
        return {"national": f"n{product}"}
    return {"pair": f"b{product // 4}"} if kind == 2 else {}


def couplings_broken(coupling: Coupling, offer: Offer, plan: Plan) -> int:
    """Return how many bounds and shared prices a plan breaks, blocks that were held left out."""
    block = coupling.blocks()
    held = np.isin(block, block[coupling.node[offer.stuck]])
    low, high = np.full(coupling.nodes, np.inf), np.zeros(coupling.nodes)
    np.minimum.at(low, coupling.node, plan.price)
    np.maximum.at(high, coupling.node, plan.price)
    apart = ~held & (high > low * (1 + 1e-9))
    over = ~held[coupling.low] & (low[coupling.low] > coupling.factor * high[coupling.high] * (1 + 1e-8))
    return int(apart.sum() + over.sum())


def constraints_of(coupling: Coupling, choices: Choices) -> tuple[Ints, Ints, np.ndarray]:
    """Return couplings as lines of `sum of weight x chosen price <= 0`: line, pair, weight."""
    first = np.unique(coupling.node, return_index=True)[1]
    line, pair, weight = [], [], []
    bounds = [(first[one], first[other], factor) for one, other, factor in zip(
        coupling.low, coupling.high, coupling.factor, strict=True)]  # fmt: skip
    for row in range(len(choices.price)):
        if (other := first[coupling.node[row]]) != row:
            bounds += [(row, other, 1.0), (other, row, 1.0)]
    for number, (low, high, factor) in enumerate(bounds):
        line += [number, number]
        pair += [int(low), int(high)]
        weight += [1.0, -float(factor)]
    return np.array(line, np.int64), np.array(pair, np.int64), np.array(weight)


def demand_moved(demand: Demand, before: Shelf, after: Shelf) -> Demand:
    """Return demand whose reference prices moved with the shelf's."""
    return replace(demand, reference=demand.reference * after.current / before.current, family=after.category)
