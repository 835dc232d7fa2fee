"""Sessions of a whole history at once: who comes when, what they look at, what they would like to buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.behaviour import (
    NEVER,
    cart_probability,
    choose,
    click_given_seen,
    examination_probability,
)
from shopkeeper.simulation.catalogue import FloatArray, IntArray
from shopkeeper.simulation.market import StoreMarket

SESSIONS_EACH = 6.4
"""Sessions of the mean shopper in 60 days."""
LONGEST = 30
STRIP = 8
"""Places of the bestseller strip on the home page, the only list the shop had before Shopkeeper."""
HOME, SEARCH, DIRECT = 0, 1, 2
ENTRIES = (0.55, 0.25, 0.20)
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.05, 1.2, 1.35])
HOURS = np.array(
    [
        0.3,
        0.2,
        0.1,
        0.1,
        0.1,
        0.2,
        0.4,
        0.7,
        0.9,
        1.0,
        1.1,
        1.2,
        1.3,
        1.2,
        1.0,
        1.0,
        1.1,
        1.2,
        1.5,
        1.9,
        2.2,
        2.1,
        1.5,
        0.7,
    ]
)
CHUNK = 4_096
SECOND = 1_000


@dataclass(frozen=True, slots=True)
class Browsing:
    """What happened in one store, before stock decides what can be bought.

    Per session, in order of start: `shopper`, `day` of the history, `start` and `end` (ms since 1970, UTC), `entry`.
    Per page, in order of session and step: `session`, `product`, `ts` (ms), `wanted` (would go into the cart), and
    `position` in the bestseller strip it was clicked from, 0 = not from the strip.

    Attributes:
        strip: Products of the bestseller strip, best place first.
    """

    shopper: IntArray
    day: IntArray
    start: IntArray
    end: IntArray
    entry: IntArray
    session: IntArray
    product: IntArray
    ts: IntArray
    wanted: npt.NDArray[np.bool_]
    position: IntArray
    strip: IntArray


def browse(
    market: StoreMarket, days: int, until: datetime, ratios: npt.NDArray[np.float64], rng: np.random.Generator
) -> Browsing:
    """Let the crowd of one store browse for `days` days that end at `until`; nothing lies after it.

    Args:
        ratios: Price of each day over the usual price, shape (days, products).
    """
    shopper, day, start, entry = _arrivals(market, days, until, rng)
    length = np.minimum(1 + rng.poisson(market.crowd.patience[shopper] - 1.0), LONGEST)
    strip = bestsellers(market)
    product, wanted, position = _pages(market, shopper, day, entry, length, strip, ratios, rng)

    session = np.repeat(np.arange(shopper.size), length)
    step = np.arange(session.size) - np.repeat(np.cumsum(length) - length, length)
    gap = rng.lognormal(np.log(28.0), 0.9, size=session.size) * SECOND
    gap[step == 0] = 2 * SECOND
    elapsed = np.cumsum(gap)
    first = np.cumsum(length) - length
    ts = (start[session] + elapsed - (elapsed[first] - gap[first])[session]).astype(np.int64)
    end = ts[np.cumsum(length) - 1]

    kept = end + 300 * SECOND < int(until.timestamp() * SECOND)
    pages = kept[session]
    renumbered = np.cumsum(kept) - 1
    return Browsing(
        shopper[kept], day[kept], start[kept], end[kept], entry[kept], renumbered[session[pages]],
        product[session, step][pages], ts[pages], wanted[session, step][pages],
        np.where(step == 0, position[session], 0)[pages], strip,
    )  # fmt: skip


def midnights(market: StoreMarket, days: int, until: datetime) -> IntArray:
    """Return when each day of the history begins in the store's time zone (ms since 1970, UTC), shape (days,)."""
    zone = ZoneInfo(market.plan.store.time_zone)
    starts = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in _dates(market, days, until)]
    return np.array([int(start.timestamp()) * SECOND for start in starts], dtype=np.int64)


def _dates(market: StoreMarket, days: int, until: datetime) -> list[date]:
    last = until.astimezone(ZoneInfo(market.plan.store.time_zone)).date()
    return [last - timedelta(days=days - 1 - n) for n in range(days)]


def bestsellers(market: StoreMarket, k: int = STRIP) -> IntArray:
    """Return the products the whole crowd likes best of those there from the start."""
    liked = np.where(market.shelf.sellable & (market.shelf.born <= 0), market.taste.mean(axis=0), NEVER)
    return np.argsort(-liked, kind="stable")[:k]


def _arrivals(
    market: StoreMarket, days: int, until: datetime, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return shopper, day, start (ms) and entry of every session, in order of start."""
    share = WEEKDAYS[[day.weekday() for day in _dates(market, days, until)]]
    visits = rng.poisson(market.crowd.activity * SESSIONS_EACH * days / 60)
    shopper = np.repeat(np.arange(market.crowd.size), visits)
    day = rng.choice(days, size=shopper.size, p=share / share.sum())
    hour = rng.choice(24, size=shopper.size, p=HOURS / HOURS.sum())
    start = (
        midnights(market, days, until)[day] + hour * 3_600 * SECOND + rng.integers(3_600 * SECOND, size=shopper.size)
    )
    entry = rng.choice(3, size=shopper.size, p=ENTRIES)
    order = np.argsort(start, kind="stable")
    return shopper[order], day[order], start[order], entry[order]


def _pages(
    market: StoreMarket, shopper: IntArray, day: IntArray, entry: IntArray, length: IntArray, strip: IntArray,
    ratios: npt.NDArray[np.float64], rng: np.random.Generator,
) -> tuple[IntArray, npt.NDArray[np.bool_], IntArray]:  # fmt: skip
    """Return product and wanted of each step, shape (sessions, LONGEST), and the strip place the first came from."""
    product = np.full((shopper.size, LONGEST), -1, dtype=np.int64)
    wanted = np.zeros((shopper.size, LONGEST), dtype=np.bool_)
    position = np.zeros(shopper.size, dtype=np.int64)
    absent = np.where(np.arange(ratios.shape[0])[:, None] < market.shelf.born[None, :], NEVER, np.float32(0))
    absent = absent.astype(np.float32)
    for low in range(0, shopper.size, CHUNK):
        rows = np.arange(low, min(low + CHUNK, shopper.size))
        last = np.full(rows.size, -1, dtype=np.int64)
        carted = np.zeros(rows.size, dtype=np.int64)
        for step in range(int(length[rows].max())):
            here = np.flatnonzero(length[rows] > step)
            now = rows[here]
            utility = market.utility(shopper[now], last[here], carted[here])
            utility += absent[day[now]]
            taken = choose(utility, rng)
            if step == 0:
                position[now] = _strip_clicks(market, utility[:, strip], entry[now] == HOME, rng)
                taken = np.where(position[now] > 0, strip[position[now] - 1], taken)
            product[now, step] = taken
            wanted[now, step] = _wants(market, shopper[now], taken, ratios[day[now], taken], rng)
            last[here], carted[here] = taken, wanted[now, step]
    return product, wanted, position


def _strip_clicks(
    market: StoreMarket, utility: FloatArray, at_home: npt.NDArray[np.bool_], rng: np.random.Generator
) -> IntArray:
    """Return the first place of the strip each shopper sees and clicks, 0 = none."""
    seen = examination_probability(np.arange(1, utility.shape[1] + 1), market.habits.position_exponent)
    chance = seen * click_given_seen(utility, market.habits.click_threshold) * at_home[:, None]
    clicked = rng.random(utility.shape) < chance
    return np.asarray(np.where(clicked.any(axis=1), clicked.argmax(axis=1) + 1, 0))


def _wants(
    market: StoreMarket, shopper: IntArray, product: IntArray, ratio: npt.NDArray[np.floating[Any]],
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Say which viewed products a shopper would put into the cart at today's price."""
    shelf = market.shelf
    chance = cart_probability(
        market.taste[shopper, product],
        ratio,
        shelf.elasticity[product],
        shelf.price[product] * ratio / market.crowd.budget[shopper],
        market.habits,
    )
    return np.asarray(rng.random(shopper.size) < chance)
