"""How shoppers act on what they see. Pure functions; one utility drives browsing, clicks and carts, so it is the truth.

A shopper with utility `u` for a product at rank `r` of a list sees it with probability `r ** -a` (they scan from the
top) and, having seen it, clicks with probability `1 / (1 + exp(t - u))`; the first click leaves the list. Browsing on
their own they take the next product with probability proportional to `exp(u)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.catalogue import FloatArray, IntArray, Shelf
from shopkeeper.simulation.shoppers import Crowd

Array = npt.NDArray[np.floating[Any]]

NEVER = np.float32(-60.0)
"""Utility of what a shopper cannot come upon; exp of it is 0 beside anything else."""


@dataclass(frozen=True, slots=True)
class Habits:
    """The constants of the market; set once, the same for all stores."""

    position_exponent: float = 0.9
    """`a`: the fourth place of a list is seen with probability 4 ** -0.9 = 0.29."""
    click_threshold: float = 6.5
    """`t`: utility at which a seen product is clicked half of the time."""
    taste_style: float = 0.45
    taste_tier: float = 0.9
    taste_appeal: float = 1.0
    substitute: float = 2.2
    """Added utility of a product's twins right after it was viewed."""
    same_family: float = 0.8
    complement: float = 3.8
    """Added utility of a product's partners right after it was viewed."""
    complement_after_cart: float = 5.2
    """The same after it went into the cart; twins then lose what they had gained."""
    cart_base: float = -4.2
    cart_utility: float = 0.35
    purchase_share: float = 0.5
    """Share of carts with something affordable in them that are paid for."""
    curiosity: float = 0.0
    """Chance that a list of families never met in this visit draws a shopper one page further, 0 = lists do not."""


HABITS = Habits()


def examination_probability(ranks: IntArray | Array, exponent: float) -> npt.NDArray[np.float64]:
    """Return how likely each rank of a list is seen: `rank ** -exponent`, ranks counted from 1."""
    return np.asarray(np.power(np.asarray(ranks, dtype=np.float64), -exponent))


def click_given_seen(utility: Array, threshold: float) -> npt.NDArray[np.float64]:
    """Return how likely a seen product is clicked, by its utility to the shopper."""
    return np.asarray(1.0 / (1.0 + np.exp(threshold - np.asarray(utility, dtype=np.float64))))


def click_probability(utility: Array, habits: Habits = HABITS) -> npt.NDArray[np.float64]:
    """Return the click probability of each place of shown lists.

    Args:
        utility: Utility of what is shown, best place first, shape (..., k).
    Returns:
        Probability that the place is seen and clicked, shape (..., k).
    """
    ranks = np.arange(1, utility.shape[-1] + 1)
    seen = examination_probability(ranks, habits.position_exponent)
    return seen * click_given_seen(utility, habits.click_threshold)


def tastes(shelf: Shelf, crowd: Crowd, habits: Habits = HABITS) -> FloatArray:
    """Return what each shopper thinks of each product before any context, shape (shoppers, products).

    Interest in the family, looks, popularity with everyone, less a penalty for a price away from what they usually
    pay. Postage is never looked at; gift cards are, by everyone alike.
    """
    family = np.maximum(shelf.family, 0)
    interest = np.where(shelf.family >= 0, crowd.interest[:, family], 0.0)
    looks = habits.taste_style * (crowd.style @ shelf.style.T)
    price = -habits.taste_tier * crowd.thrift[:, None] * np.abs(crowd.tier[:, None] - shelf.tier[None, :])
    utility = interest + looks + np.where(shelf.sellable, price, 0.0) + habits.taste_appeal * shelf.appeal
    utility[:, shelf.postage] = NEVER
    return np.asarray(utility, dtype=np.float32)


def pulls(shelf: Shelf, habits: Habits = HABITS) -> FloatArray:
    """Return how the product just looked at changes the utility of the others, shape (2, products + 1, products).

    The first layer holds after a view, the second after it went into the cart; the last row means "nothing yet".
    """
    n = shelf.size
    pull = np.zeros((2, n + 1, n), dtype=np.float32)
    same = (shelf.family[:, None] == shelf.family[None, :]) & (shelf.family[:, None] >= 0)
    pull[0, :n][same] = habits.same_family
    for layer, (twins, partners) in enumerate(
        ((habits.substitute, habits.complement), (0.0, habits.complement_after_cart))
    ):
        _add(pull[layer, :n], shelf.twins, twins)
        _add(pull[layer, :n], shelf.partners, partners)
        pull[layer, np.arange(n), np.arange(n)] = NEVER
    return pull


def _add(pull: FloatArray, neighbours: IntArray, amount: float) -> None:
    rows, columns = np.nonzero(neighbours >= 0)
    pull[rows, neighbours[rows, columns]] += np.float32(amount)


def choose(utility: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw one product per row with probability proportional to `exp(utility)`; shape (n, products) -> (n,)."""
    weight = np.exp(utility - utility.max(axis=1, keepdims=True))
    total = np.cumsum(weight, axis=1, out=weight)
    aim = rng.random(len(utility), dtype=np.float32) * total[:, -1]
    drawn = np.asarray((total <= aim[:, None]).sum(axis=1), dtype=np.int64)
    return np.asarray(np.minimum(drawn, utility.shape[1] - 1))


def cart_probability(
    utility: Array, price_ratio: Array, elasticity: Array, load: Array, habits: Habits = HABITS
) -> npt.NDArray[np.float64]:
    """Return how likely a viewed product goes into the cart.

    Args:
        utility: Utility to the shopper, without context.
        price_ratio: Price now over the usual price; the cart falls by `elasticity` percent per percent.
        load: Price now over the shopper's budget; above 1 they cannot afford one, and never take it.
    """
    base = 1.0 / (1.0 + np.exp(-(habits.cart_base + habits.cart_utility * np.asarray(utility, dtype=np.float64))))
    chance = base * np.power(price_ratio, -np.asarray(elasticity, dtype=np.float64))
    return np.asarray(np.where(np.asarray(load) > 1.0, 0.0, np.minimum(chance, 0.95)))


def oracle_list(utility: FloatArray, available: npt.NDArray[np.bool_], k: int) -> IntArray:
    """Return the lists most likely to be clicked, shape (n, products) -> (n, k).

    The available products by utility: clicks rise with it and the chance to be seen falls with rank, so sorting is
    optimal.
    """
    masked = np.where(available, utility, NEVER)
    return np.argsort(-masked, axis=1, kind="stable")[:, :k]
