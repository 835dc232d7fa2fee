"""What happens in a market whatever the prices are: costs, seasons, luck, planned promotions; drawn once a world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.simulation.prices.plan import MarketPlan
from shopkeeper.simulation.prices.ports import Flags, Floats, Integers

YEAR: Final = 52
EVENTS: Final = (6, 14, 26, 47, 50)
"""Weeks of the year that hold an event."""
INFLATION: Final = 0.02
"""Of costs, a year."""


@dataclass(frozen=True, slots=True)
class Weather:
    """The course of a market over its weeks.

    Attributes:
        cost: Of a unit of each product before delivery, against its first, shape (weeks, products).
        level: Of demand by season, trend and events, shape (weeks, categories).
        group: Log luck of a category in a store, shape (weeks, stores, categories).
        product: Log luck of a product, shape (weeks, products).
        depth: Planned promotions, shape (weeks, products).
        events: Number of the event of each week, shape (weeks,).
    """

    cost: Floats
    level: Floats
    group: Floats
    product: Floats
    depth: Floats
    events: Integers


def make_weather(plan: MarketPlan, category: Integers, weeks: int, rng: np.random.Generator) -> Weather:
    """Draw the course of a market.

    Args:
        category: Of each product.
    """
    shop, size = plan.shop, plan.size
    walk = np.cumsum(rng.normal(INFLATION / YEAR, shop.cost_walk, (weeks, size.categories)), axis=0)
    chance, jump = shop.cost_jump
    jumps = np.where(rng.random((weeks, size.products)) < chance, rng.normal(0, jump, (weeks, size.products)), 0)
    cost = np.exp(walk[:, category] + np.cumsum(jumps, axis=0))
    depth = np.where(
        rng.random((weeks, size.products)) < shop.promoted, rng.uniform(*shop.depth, (weeks, size.products)), 0.0
    )
    events = np.zeros(weeks, dtype=np.int64)
    for number, week in enumerate(EVENTS, start=1):
        events[week::YEAR] = number
    return Weather(
        cost=cost / cost[0],
        level=_level(plan, events, rng),
        group=luck(rng, (weeks, size.stores, size.categories), plan.shocks.group, plan.shocks.memory),
        product=luck(rng, (weeks, size.products), plan.shocks.product, plan.shocks.memory),
        depth=depth,
        events=events,
    )


def luck(rng: np.random.Generator, shape: tuple[int, ...], deviation: float, memory: float) -> Floats:
    """Return luck that goes on from week to week (first axis), so that its exponential has mean 1."""
    found = rng.normal(0, deviation, shape)
    for week in range(1, shape[0]):
        found[week] = memory * found[week - 1] + np.sqrt(1 - memory**2) * found[week]
    return found - deviation**2 / 2


def foreseen(before: Floats, deviation: float, memory: float) -> Floats:
    """Return the expected exponential of next week's luck, given this week's."""
    centred = before + deviation**2 / 2
    variance = (1 - memory**2) * deviation**2
    return np.asarray(np.exp(memory * centred - deviation**2 / 2 + variance / 2))


def promoted(depth: Floats) -> Flags:
    """Return where there is a promotion."""
    return depth > 0


def _level(plan: MarketPlan, events: Integers, rng: np.random.Generator) -> Floats:
    categories, weeks = plan.size.categories, len(events)
    swing, phase = rng.uniform(*plan.shop.season, categories), rng.uniform(0, 2 * np.pi, categories)
    trend = rng.normal(0, 0.08, categories)
    time = np.arange(weeks)[:, None] / YEAR
    lifts = np.vstack(
        [np.zeros(categories), rng.normal(plan.shop.event, plan.shop.event / 2, (len(EVENTS), categories))]
    )
    return np.asarray(np.exp(swing * np.sin(2 * np.pi * time + phase) + trend * time + lifts[events]))
