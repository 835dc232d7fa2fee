"""Days of a world: who comes, what they are shown, what they look at and buy.

Draws belong to a day, a visit and a page, never to what was shown, so shops that are compared meet the same shoppers
in the same moods (common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from shopkeeper.simulation.sessions import HOURS, WEEKDAYS
from shopkeeper.simulation.worlds.acting import Array, clicks, foresee, purchases, searches, step
from shopkeeper.simulation.worlds.mechanism import Minds
from shopkeeper.simulation.worlds.shop import Flags, Floats, Integers
from shopkeeper.simulation.worlds.world import World

LONGEST: Final = 40
"""Pages of the longest visit."""
DAY: Final = 86_400.0
_DICE: Final = 7
"""Even draws of one page: list, going on, search, purchase, end, and two for the mind."""
_ARRIVAL, _MOOD, _PAGE = 1, 2, 3


@dataclass(frozen=True)
class Page:
    """The pages some shoppers are on at the same step of their visits; arrays have one entry each.

    Attributes:
        visit: Number of the visit within the day.
        second: Seconds since the first day began.
        product: What the page is about; -1 = the home page.
        utility: The truth, for oracles alone; shape (n, products).
    """

    day: int
    step: int
    visit: Integers
    shopper: Integers
    second: Array
    product: Integers
    utility: Floats


@dataclass(frozen=True)
class Moved:
    """Where the shoppers of a page went: place of the list they clicked, 0 = none; product, -1 = left; bought it."""

    place: Integers
    product: Integers
    bought: Integers
    second: Array


@dataclass(frozen=True)
class Basket:
    """What one visit bought, paid at its end."""

    visit: int
    shopper: int
    second: float
    products: tuple[int, ...]


class Shop(Protocol):
    """What shows lists and is told what came of it."""

    def show(self, page: Page) -> Integers:
        """Return the list of each shopper, best place first, -1 = an empty place, shape (n, k)."""
        ...

    def told(self, page: Page, shown: Integers, moved: Moved) -> None:
        """Learn what shoppers did on a page."""
        ...

    def paid(self, day: int, baskets: list[Basket]) -> None:
        """Learn what the visits of a day bought."""
        ...


@dataclass
class Takings:
    """Sums of each shopper over the days; shape (shoppers,).

    Attributes:
        answers: Lists shown.
        clicked, revenue, sold: What is to be expected by the truth, see `acting.foresee`.
        clicks, spent, bought: What happened, by the draws.
        orders: Visits that bought.
    """

    visits: Array
    answers: Array
    clicked: Array
    revenue: Array
    sold: Array
    clicks: Array
    spent: Array
    bought: Array
    orders: Array

    @staticmethod
    def of(shoppers: int) -> Takings:
        """Return sums of nothing."""
        return Takings(*(np.zeros(shoppers) for _ in Takings.__dataclass_fields__))

    def of_those(self, which: Flags) -> Takings:
        """Return the sums of some of the shoppers."""
        return Takings(*(getattr(self, name)[which] for name in Takings.__dataclass_fields__))


@dataclass
class _Visits:
    """The visits of one day."""

    shopper: Integers
    second: Array
    seen: Integers
    alive: Integers
    carts: dict[int, list[int]] = field(default_factory=dict)


def arrivals(world: World, day: int) -> tuple[Integers, Array]:
    """Return who comes on a day, each at most once, and when, in seconds since the first day began."""
    rng = np.random.default_rng([world.seed, _ARRIVAL, day])
    draws = rng.random((world.people.size, 2))
    rate = world.people.rate * WEEKDAYS[day % 7] / WEEKDAYS.mean()
    comes = (draws[:, 0] < rate) & (world.people.since <= day)
    edges = np.cumsum(HOURS) / HOURS.sum()
    hour = np.searchsorted(edges, draws[:, 1], side="right")
    within = (draws[:, 1] - np.concatenate([[0.0], edges])[hour]) / (HOURS[hour] / HOURS.sum())
    shoppers = np.flatnonzero(comes)
    return shoppers, (day * DAY + 3_600.0 * (hour + within))[shoppers]


def live(world: World, minds: Minds, days: range, shop: Shop) -> Takings:
    """Let shoppers live through days, one after the other; minds change in place."""
    takings = Takings.of(world.people.size)
    for day in days:
        _live_day(world, minds, day, shop, takings)
    return takings


def _live_day(world: World, minds: Minds, day: int, shop: Shop, takings: Takings) -> None:
    shoppers, second = arrivals(world, day)
    world.choice.enter(minds, shoppers, day, np.random.default_rng([world.seed, _MOOD, day]))
    visits = _Visits(shoppers, second, np.full((len(shoppers), LONGEST), -1, dtype=np.int64), np.arange(len(shoppers)))
    takings.visits[shoppers] += 1
    for number in range(LONGEST):
        if not len(visits.alive):
            break
        _turn_page(world, minds, visits, day, number, shop, takings)
    baskets = list(_baskets(visits))
    for basket in baskets:
        takings.orders[basket.shopper] += 1
    shop.paid(day, baskets)


def _turn_page(
    world: World, minds: Minds, visits: _Visits, day: int, number: int, shop: Shop, takings: Takings
) -> None:
    """Show a list to everybody who is still there and let them go on."""
    rng = np.random.default_rng([world.seed, _PAGE, day, number])
    dice = rng.random((len(visits.shopper), _DICE))
    gap = np.exp(np.log(28.0) + 0.9 * rng.standard_normal(len(visits.shopper)))
    acts, prices, alive = world.plan.acts, world.goods.price, visits.alive
    shoppers = visits.shopper[alive]
    utility = world.utility(minds, shoppers, day, visits.seen[alive])
    page = Page(day, number, alive, shoppers, visits.second[alive].copy(), minds["last"][shoppers].copy(), utility)
    shown = shop.show(page)
    first, found, buys = clicks(utility, shown, acts), searches(utility, acts), purchases(utility, acts)
    hoped = foresee(first, found, buys, shown, prices, acts)
    place, product = step(first, found, shown, dice[alive, :3], acts)
    gone = product < 0
    chance = np.take_along_axis(buys, np.maximum(product, 0)[:, None], axis=1)[:, 0]
    bought = ~gone & (dice[alive, 3] < chance)
    visits.second[alive] += gap[alive]
    moved = Moved(place, product, bought.astype(np.int64), visits.second[alive].copy())

    takings.answers[shoppers] += 1
    takings.clicked[shoppers] += hoped.click
    takings.revenue[shoppers] += hoped.revenue
    takings.sold[shoppers] += hoped.orders
    takings.clicks[shoppers] += place > 0
    takings.spent[shoppers] += np.where(bought, prices[np.maximum(product, 0)], 0.0)
    takings.bought[shoppers] += bought

    shop.told(page, shown, moved)
    stays = ~gone
    world.choice.saw(
        minds, shoppers[stays], product[stays], bought[stays], day, dice[alive[stays], 5:].astype(np.float32)
    )
    visits.seen[alive[stays], number] = product[stays]
    for visit, what in zip(alive[bought].tolist(), product[bought].tolist(), strict=True):
        visits.carts.setdefault(visit, []).append(what)
    leaves = dice[alive, 4] < 1.0 / world.people.pages[shoppers]
    visits.alive = alive[stays & ~leaves]


def _baskets(visits: _Visits) -> Iterator[Basket]:
    for visit, products in sorted(visits.carts.items()):
        yield Basket(visit, int(visits.shopper[visit]), float(visits.second[visit]) + 60.0, tuple(products))
