"""The dirt of a real feed, in small planted doses, so that the data report has something true to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from shopkeeper.simulation.clickstream import Row, iso_times
from shopkeeper.simulation.market import StoreMarket
from shopkeeper.simulation.sessions import SECOND

PAGES_A_CRAWL = 90
DECLARED_BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@dataclass(frozen=True, slots=True)
class Dirt:
    """How much dirt there is: shares of all events, for `negative_prices` of the carts, for `bots` of the pages.

    Attributes:
        robots: Machines that say they are people, as a share of the sessions; at least one of each kind, 0 = none.
    """

    duplicates: float = 0.004
    without_product: float = 0.001
    negative_prices: float = 0.01
    bots: float = 0.01
    robots: float = 0.003


@dataclass(slots=True)
class Planted:
    """What was planted, for tests to find again; `robots` has the kind of each by its visitor."""

    duplicates: int = 0
    without_product: int = 0
    negative_prices: int = 0
    bot_events: int = 0
    robot_events: int = 0
    robots: dict[str, str] = field(default_factory=dict)


NO_DIRT = Dirt(0.0, 0.0, 0.0, 0.0, 0.0)
DIRT = Dirt()


def soil(rows: Iterable[Row], dirt: Dirt, rng: np.random.Generator, planted: Planted) -> Iterator[Row]:
    """Yield rows with duplicates (the same row a little later), views without a product and carts with a wrong sign."""
    held: Row | None = None
    for row in rows:
        chance = rng.random()
        if row["type"] == "view" and chance < dirt.without_product:
            planted.without_product += 1
            yield {key: value for key, value in row.items() if key != "product"}
        elif row["type"] == "cart" and chance < dirt.negative_prices:
            planted.negative_prices += 1
            yield {**row, "price": -row["price"]}
        else:
            yield row
            if chance > 1 - dirt.duplicates and held is None:
                held = row
                continue
        if held is not None:
            planted.duplicates += 1
            yield held
            held = None


def crawlers(
    market: StoreMarket,
    pages: int,
    start_ms: int,
    until_ms: int,
    dirt: Dirt,
    rng: np.random.Generator,
    planted: Planted,
) -> Iterator[Row]:
    """Yield the views of bots, in order of time: crawlers that say what they are, and one scraper that does not.

    Args:
        pages: How many pages people looked at.
    """
    crawls = max(2, round(dirt.bots * pages / PAGES_A_CRAWL)) if dirt.bots else 0
    span = until_ms - start_ms - 3_600 * SECOND
    starts = np.sort(start_ms + (rng.random(crawls) * max(span, 1)).astype(np.int64))
    products = np.flatnonzero(market.shelf.sellable)
    number = 0
    for crawl, start in enumerate(starts.tolist()):
        scraper = crawl == crawls - 1
        times = iso_times(start + np.arange(PAGES_A_CRAWL) * (700 if scraper else 1_100))
        for ts, product in zip(times, rng.choice(products, size=PAGES_A_CRAWL), strict=True):
            planted.bot_events += 1
            yield {
                "event_id": f"{market.stamp}-b{number:06d}",
                "ts": ts,
                "store": market.name,
                "visitor": f"v-sim-bot-{crawl}",
                "session": f"{market.stamp}-b{crawl:03d}",
                "type": "view",
                "product": market.shelf.ids[product],
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64)" if scraper else DECLARED_BOT,
            }
            number += 1
