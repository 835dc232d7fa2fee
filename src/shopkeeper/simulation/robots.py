"""Machines that say they are people: the population a classifier of behaviour has to find, with its truth.

scraper    reads as fast as the shop answers
metronome  waits the same time after each page, give or take a tenth
walker     goes through the catalogue in the order of its ids, at a person's pace
miner      reads hundreds of pages at a person's pace and wants none of them
lurker     reads a few pages at a person's pace; nothing gives it away
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.catalogue import IntArray
from shopkeeper.simulation.clickstream import USER_AGENTS, Row, iso_times
from shopkeeper.simulation.dirt import Dirt, Planted
from shopkeeper.simulation.market import StoreMarket
from shopkeeper.simulation.sessions import SECOND

Gaps = npt.NDArray[np.float64]
_DAY_MS: Final = 86_400 * SECOND


def _fast(pages: int, rng: np.random.Generator) -> Gaps:
    return rng.uniform(0.3, 1.7, size=pages)


def _even(pages: int, rng: np.random.Generator) -> Gaps:
    return np.asarray(rng.uniform(4.0, 25.0) * rng.uniform(0.9, 1.1, size=pages))


def _human(pages: int, rng: np.random.Generator) -> Gaps:
    return rng.lognormal(np.log(9.0), 0.8, size=pages)


KINDS: Mapping[str, tuple[float, tuple[int, int], Callable[[int, np.random.Generator], Gaps]]] = {
    "scraper": (0.30, (50, 200), _fast),
    "metronome": (0.25, (20, 80), _even),
    "walker": (0.20, (25, 70), _human),
    "miner": (0.20, (90, 220), _human),
    "lurker": (0.05, (16, 40), _human),
}
"""Kind -> share of the robots, pages from and to, seconds between pages."""


def robots(
    market: StoreMarket,
    sessions: int,
    start_ms: int,
    until_ms: int,
    dirt: Dirt,
    rng: np.random.Generator,
    planted: Planted,
) -> Iterator[Row]:
    """Yield the views of robots, in order of time, and note each in `planted.robots`.

    Args:
        sessions: How many sessions people had.
    """
    if not dirt.robots:
        return
    kinds = list(KINDS)
    more = rng.choice(kinds, size=max(0, round(dirt.robots * sessions) - len(kinds)), p=[KINDS[k][0] for k in kinds])
    rows: list[tuple[int, Row]] = []
    for number, kind in enumerate([*kinds, *more.tolist()]):
        rows += _visit(market, number, kind, _start(start_ms, until_ms, rng), rng)
        planted.robots[f"v-sim-r-{number}"] = kind
    rows.sort(key=lambda moment: moment[0])
    times = iso_times([ts for ts, _ in rows])
    for place, (_, row) in enumerate(rows):
        planted.robot_events += 1
        yield {"event_id": f"{market.stamp}-r{place:06d}", "ts": times[place], **row}


def _start(start_ms: int, until_ms: int, rng: np.random.Generator) -> int:
    """Return a moment of the history from which four hours remain of its UTC day."""
    first, last = start_ms // _DAY_MS + 1, until_ms // _DAY_MS - 1
    return int(rng.integers(first, max(last, first + 1))) * _DAY_MS + int(rng.integers(20 * 3_600 * SECOND))


def _visit(
    market: StoreMarket, number: int, kind: str, start: int, rng: np.random.Generator
) -> Iterator[tuple[int, Row]]:
    """Yield when and what one robot looks at."""
    _, (least, most), pace = KINDS[kind]
    pages = int(rng.integers(least, most))
    shelf = np.flatnonzero(market.shelf.sellable)
    times = start + np.cumsum(pace(pages, rng) * SECOND).astype(np.int64)
    keys: Row = {
        "store": market.name,
        "visitor": f"v-sim-r-{number}",
        "session": f"{market.stamp}-r{number:03d}",
        "user_agent": USER_AGENTS[number % len(USER_AGENTS)],
    }
    for ts, product in zip(times.tolist(), _route(market, shelf, kind, pages, rng).tolist(), strict=False):
        yield ts, {**keys, "type": "view", "product": market.shelf.ids[product]}


def _route(market: StoreMarket, shelf: IntArray, kind: str, pages: int, rng: np.random.Generator) -> IntArray:
    if kind != "walker":
        return rng.choice(shelf, size=pages)
    in_order = sorted(shelf.tolist(), key=lambda product: (len(market.shelf.ids[product]), market.shelf.ids[product]))
    first = int(rng.integers(max(1, len(in_order) - pages)))
    return np.array(in_order[first : first + pages], dtype=np.int64)
