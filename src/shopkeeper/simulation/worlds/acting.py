"""How shoppers act on a page, whatever world they live in: they scan, click or not, search on, buy, or leave.

Only *why* they like a product differs from world to world. A shopper with utility `u` for the product at place `r` of a
list sees it with probability `r ** -a` and, having seen it, clicks with `1 / (1 + exp(t - c * u))`; the first click
leaves the list. Who clicks nothing goes on by himself with probability `search`, to a product drawn in proportion to
`exp(sharpness * u)`, else leaves the shop. Who looks at a product buys it with `1 / (1 + exp(b - g * u))`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.simulation.behaviour import click_given_seen, examination_probability
from shopkeeper.simulation.worlds.shop import Flags, Floats, Integers

Array = npt.NDArray[np.float64]


class Acts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The constants of a world's shoppers.

    Attributes:
        position_exponent: `a`.
        click_threshold: `t`.
        click_slope: `c`.
        search: Chance to go on after a list of which nothing was clicked.
        sharpness: How surely a search ends at what is liked most.
        buy_threshold: `b`.
        buy_slope: `g`.
        again: Added utility of a product that was seen before in the same visit.
    """

    position_exponent: float
    click_threshold: float
    click_slope: float
    search: float
    sharpness: float
    buy_threshold: float
    buy_slope: float
    again: float


def clicks(utility: Floats, shown: Integers, acts: Acts) -> Array:
    """Return how likely each place of shown lists gets the first click, shape (n, k).

    Args:
        utility: Of every product, shape (n, products).
        shown: Products of the lists, best place first, -1 = an empty place, shape (n, k).
    """
    value = np.take_along_axis(utility, np.maximum(shown, 0), axis=1)
    seen = examination_probability(np.arange(1, shown.shape[1] + 1), acts.position_exponent)
    chance = np.where(shown >= 0, seen * click_given_seen(acts.click_slope * value, acts.click_threshold), 0.0)
    passed = np.cumprod(1.0 - chance, axis=1)
    return np.asarray(chance * np.hstack([np.ones((len(shown), 1)), passed[:, :-1]]))


def searches(utility: Floats, acts: Acts) -> Array:
    """Return how likely a search ends at each product, shape (n, products)."""
    value = acts.sharpness * utility.astype(np.float64)
    weight = np.exp(value - value.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def purchases(utility: Floats, acts: Acts) -> Array:
    """Return how likely each product is bought by who looks at it, same shape as `utility`."""
    return np.asarray(1.0 / (1.0 + np.exp(acts.buy_threshold - acts.buy_slope * utility.astype(np.float64))))


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is to be expected of shown lists by the truth, one entry a list.

    Attributes:
        click: How likely the list is clicked.
        revenue: What is bought on the next page, whichever way the shopper comes to it, in expectation.
        orders: The same in products.
    """

    click: Array
    revenue: Array
    orders: Array


def foresee(first: Array, found: Array, buys: Array, shown: Integers, prices: Array, acts: Acts) -> Foreseen:
    """Return what lists are worth.

    Args:
        first: See `clicks`.
        found: See `searches`.
        buys: See `purchases`, shape (n, products).
    """
    own = np.where(shown >= 0, np.take_along_axis(buys, np.maximum(shown, 0), axis=1), 0.0)
    clicked = first.sum(axis=1)
    alone = (1.0 - clicked) * acts.search
    return Foreseen(
        clicked,
        (first * own * prices[np.maximum(shown, 0)]).sum(axis=1) + alone * (found * buys * prices).sum(axis=1),
        (first * own).sum(axis=1) + alone * (found * buys).sum(axis=1),
    )


def step(first: Array, found: Array, shown: Integers, dice: Array, acts: Acts) -> tuple[Integers, Integers]:
    """Return where each shopper goes: place of the list clicked (0 = none) and product gone to (-1 = left the shop).

    Args:
        dice: Three even draws of each shopper: for the list, for going on, for the search; shape (n, 3).
    """
    place = _drawn(first, dice[:, 0])
    searched = np.minimum(_drawn(found, dice[:, 2]) - 1, found.shape[1] - 1)
    searched = np.where(searched < 0, found.shape[1] - 1, searched)  # rounding left a hair's breadth above the sum
    stays: Flags = dice[:, 1] < acts.search
    clicked = np.take_along_axis(shown, np.maximum(place - 1, 0)[:, None], axis=1)[:, 0]
    return place, np.where(place > 0, clicked, np.where(stays, searched, -1))


def _drawn(chances: Array, dice: Array) -> Integers:
    """Return which column each die falls on, counted from 1; 0 where it falls beyond their sum."""
    edges = np.cumsum(chances, axis=1)
    place = (edges <= dice[:, None]).sum(axis=1) + 1
    return np.asarray(np.where(place > chances.shape[1], 0, place), dtype=np.int64)
