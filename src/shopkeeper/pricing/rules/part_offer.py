"""A part of an offer priced by itself: the other prices stay as they are, and prices that belong together heed them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.pricing.rules.coherence import together
from shopkeeper.pricing.rules.coupling import ALONE, Coupling
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.rules.offer import Offer
from shopkeeper.pricing.shelf import Flags, Ints


@dataclass(frozen=True, slots=True)
class PartOffer:
    """What some prices may become while the others are held, but those that share a price with one of them follow it.

    Attributes:
        rows: The prices that are chosen, rows of the offer.
        allowed: Of them, shape (rows, points).
        stuck: Of them: held because nothing can stand beside what is held, shape (rows,).
        coupling: Among them, None where there is none.
        leader: For each price of the offer a row whose price it follows; itself where it is chosen or held.
    """

    rows: Ints
    allowed: Flags
    stuck: Flags
    coupling: Coupling | None
    leader: Ints

    def places(self, offer: Offer, chosen: Ints) -> Ints:
        """Return the candidate of every price of the offer, given those of `rows`."""
        found = offer.place.copy()
        found[self.rows] = chosen
        followers = np.flatnonzero(self.leader != np.arange(len(found)))
        shown = offer.price[self.leader[followers], found[self.leader[followers]]][:, None]
        same = np.abs(offer.price[followers] - shown) <= SAME * shown
        found[followers] = np.where(same.any(axis=1), same.argmax(axis=1), offer.place[followers])
        return found


def part_of(offer: Offer, rows: Ints) -> PartOffer:
    """Return what some rows of an offer may become."""
    everyone = np.arange(len(offer.place))
    if offer.coupling is None:
        return PartOffer(rows, offer.allowed[rows], offer.stuck[rows], None, everyone)
    node = offer.coupling.node
    first = np.full(offer.coupling.nodes, ALONE)
    first[node[rows][::-1]] = rows[::-1]
    inside = np.zeros(len(node), np.bool_)
    inside[rows] = True
    leader = np.where(inside | (first[node] == ALONE) | offer.stuck, everyone, first[node])
    allowed = offer.allowed.copy()
    held = np.flatnonzero(first[node] == ALONE)
    allowed[held] = False
    allowed[held, offer.place[held]] = True
    masks = together(offer.price, allowed, offer.place, offer.coupling, approach=False)
    kept = np.where(offer.stuck[:, None], offer.allowed, masks.allowed)
    return PartOffer(
        rows, kept[rows], (offer.stuck | masks.stuck)[rows], offer.coupling.of_pairs(rows),
        np.where(masks.stuck, everyone, leader),
    )  # fmt: skip
