"""Masks of prices that belong together: what is left can stand together, and where nothing is, all are held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shopkeeper.pricing.policy.price_policy import Steps
from shopkeeper.pricing.rules.coupling import ALONE, Coupling
from shopkeeper.pricing.rules.ladder import SAME, candidates
from shopkeeper.pricing.rules.nodes import links_of, nodes_of, standing
from shopkeeper.pricing.shelf import Flags, Floats, Ints, Shelf

SWEEPS = 10


@dataclass(frozen=True, slots=True)
class Masks:
    """What may be chosen once couplings are heard.

    Attributes:
        allowed: Shape (pairs, points).
        stuck: Pairs of blocks that cannot follow all rules together, shape (pairs,).
    """

    allowed: Flags
    stuck: Flags


def shared_opinion(shelf: Shelf, coupling: Coupling) -> Shelf:
    """Return a shelf on which a price several pairs share is moved if the demand of any of them is known."""
    known = np.bincount(coupling.node, weights=shelf.opinion, minlength=coupling.nodes) > 0
    return replace(shelf, opinion=known[coupling.node])


def shared_ladders(
    price: Floats, exists: Flags, place: Ints, current: Floats, span: Floats, steps: list[tuple[Steps, ...]],
    coupling: Coupling,
) -> None:  # fmt: skip
    """Give the pairs of each node the same candidates, and each its own current price besides, in place.

    Args:
        price, exists, place: As `candidates` made them for each pair alone.
        current: Shown prices, shape (pairs,).
        span: Furthest move to look at, of each pair.
        steps: Of the shown prices of each pair.
    """
    several = np.bincount(coupling.node, minlength=coupling.nodes)[coupling.node] > 1
    low, high = np.full(coupling.nodes, -np.inf), np.full(coupling.nodes, np.inf)
    np.maximum.at(low, coupling.node, current * (1 - span))
    np.minimum.at(high, coupling.node, current * (1 + span))
    rows = np.flatnonzero(several & (low <= high)[coupling.node])  # the others share no price: each keeps its own
    if not rows.size:
        return
    rows = rows[np.lexsort((current[rows], coupling.node[rows]))]
    first = np.flatnonzero(np.r_[True, np.diff(coupling.node[rows]) != 0])
    size = np.diff(np.r_[first, len(rows)])
    middle = rows[first + (size - 1) // 2]
    node = np.repeat(np.arange(len(first)), size)
    least = np.minimum.reduceat(span[rows], first)
    joint = np.empty((len(first), 0))
    for bands in dict.fromkeys(steps[row] for row in middle):
        mine = np.array([steps[row] == bands for row in middle])
        made = candidates(current[middle[mine]], least[mine], bands, price.shape[1] - 2)[0]
        joint = np.zeros((len(first), made.shape[1])) if not joint.size else joint
        joint[mine] = made
    own = current[rows][:, None]
    missing = price.shape[1] - joint.shape[1]
    shown = np.concatenate([joint[node], np.repeat(own, missing, axis=1)], axis=1)
    near = np.abs(shown - own) <= SAME * own
    shown[near] = np.broadcast_to(own, shown.shape)[near]
    shown.sort(axis=1)
    new = np.ones(shown.shape, np.bool_)
    new[:, 1:] = shown[:, 1:] > shown[:, :-1] * (1 + SAME)
    price[rows], exists[rows] = shown, new
    place[rows] = (shown < own * (1 - SAME)).sum(axis=1)


def together(price: Floats, allowed: Flags, place: Ints, coupling: Coupling, *, approach: bool) -> Masks:
    """Return the masks under which every choice that is left can be part of one that follows all couplings.

    Args:
        price: Candidates, shape (pairs, points).
        allowed: Which follow the rules of single prices, at least one a pair.
        place: Where the current price stands.
        approach: Whether pairs that cannot stand together may come nearer to it; else they are held.
    """
    nodes = nodes_of(price, allowed, coupling)
    links = links_of(coupling, nodes)
    left = standing(nodes, links)
    block = coupling.blocks()
    dead_nodes = nodes.name[~left.there.any(axis=1)]
    dead = np.isin(block, block[dead_nodes])
    stuck = dead[coupling.node] & coupling.coupled()[coupling.node]
    kept = allowed.copy()
    kept[nodes.pairs] = False
    row, column = np.nonzero(left.there[left.owner])
    kept[left.pairs[row], left.at[row, column]] = True
    held = np.flatnonzero(stuck)
    kept[held] = False
    if approach:
        held_at = _nearer(price, allowed, place, coupling, held)
        kept[held, held_at] = True
    else:
        kept[held, place[held]] = True
    return Masks(kept, stuck)


def _nearer(price: Floats, allowed: Flags, place: Ints, coupling: Coupling, rows: Ints) -> Ints:
    """Return candidates that break couplings less than the current prices: pair by pair, the best beside the rest."""
    chosen = place.copy()
    now = price[np.arange(len(place)), place].copy()
    beside = _neighbours(coupling, rows)
    for _ in range(SWEEPS):
        moved = False
        for row in rows.tolist():
            free = np.flatnonzero(allowed[row])
            shown = np.append(price[row, free], now[row])
            wrong = np.zeros(len(shown))
            for other, low, high in beside[row]:
                ratio = shown / now[other]
                wrong += np.maximum(np.log(ratio / high), 0) + np.maximum(np.log(low / ratio), 0)
            best = int(np.lexsort((np.abs(np.log(shown / now[row])), np.round(wrong, 12)))[0])
            if best < len(free) and wrong[best] < wrong[-1] - SAME:
                chosen[row], now[row], moved = free[best], shown[best], True
        if not moved:
            break
    return np.asarray(chosen[rows])


def _neighbours(coupling: Coupling, rows: Ints) -> dict[int, list[tuple[int, float, float]]]:
    """Return for each row those it is bound to, with the range of the ratio of its price to theirs."""
    members: dict[int, list[int]] = {}
    for row in rows.tolist():
        members.setdefault(int(coupling.node[row]), []).append(row)
    found: dict[int, list[tuple[int, float, float]]] = {row: [] for row in rows.tolist()}
    for held in members.values():
        for row in held:
            found[row] += [(other, 1.0, 1.0) for other in held if other != row]
    for low, high, factor in zip(coupling.low.tolist(), coupling.high.tolist(), coupling.factor.tolist(), strict=True):
        for one in members.get(low, ()):
            for other in members.get(high, ()):
                found[one].append((other, 1e-12, factor))
                found[other].append((one, 1 / factor, 1e12))
    return found


def broken_together(coupling: Coupling, shown: Floats, pair: int, price: float) -> tuple[str, ...]:
    """Return the couplings a pair's price would break beside the shown prices of all others.

    Args:
        shown: Of every pair, shape (pairs,).
    """
    node = int(coupling.node[pair])
    others = np.flatnonzero(coupling.node == node)
    others = others[others != pair]
    broken = [coupling.shared[node]] if (np.abs(shown[others] - price) > SAME * price).any() else []
    of_node = np.zeros(coupling.nodes)
    of_node[coupling.node] = shown
    for at in np.flatnonzero((coupling.low == node) | (coupling.high == node)):
        low, high = (price if one == node else of_node[one] for one in (coupling.low[at], coupling.high[at]))
        if low > coupling.factor[at] * high * (1 + SAME):
            broken.append(coupling.rule[at])
    return tuple(coupling.names[place] for place in dict.fromkeys(int(one) for one in broken) if place != ALONE)
