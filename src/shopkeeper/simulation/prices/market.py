"""A market as it goes on week by week: prices are offered and set, shoppers and rivals answer, shelves are filled."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, Self, TypeVar

import numpy as np

from shopkeeper.simulation.prices.demand import Demand, Moment
from shopkeeper.simulation.prices.limits import offered, paid
from shopkeeper.simulation.prices.ports import Choice, Flags, Floats, Integers, Offer, Policy, Seen
from shopkeeper.simulation.prices.rivals import RIVALS
from shopkeeper.simulation.prices.supply import days_in_stock
from shopkeeper.simulation.prices.weather import foreseen, promoted
from shopkeeper.simulation.prices.world import WEEKS, World

TOLERANCE: Final = 1e-6
Shape = TypeVar("Shape", bound=tuple[int, ...])
DType = TypeVar("DType", bound=np.dtype[Any])


@dataclass(slots=True)
class Record:
    """What happened, a row a week; shape (weeks, pairs) unless said otherwise.

    Attributes:
        asked: Units shoppers came for, what stock did not allow included. No shop sees it.
        wasted: Units thrown away at the end of the week.
        feed: Rivals' prices as told, shape (weeks, pairs, rivals).
        explored: Expected revenue given up for learning, shape (weeks,).
        broken: Prices that no rule allowed, shape (weeks,).
    """

    units: Integers
    asked: Integers
    wasted: Integers
    in_stock: Floats
    price: Floats
    regular: Floats
    cost: Floats
    promoted: Flags
    feed: Floats
    explored: Floats
    broken: Integers

    @classmethod
    def empty(cls, weeks: int, pairs: int) -> Self:
        """Return a record of nothing yet."""
        units, asked, wasted = (np.zeros((weeks, pairs), dtype=np.int64) for _ in range(3))
        in_stock, price, regular, cost = (np.zeros((weeks, pairs)) for _ in range(4))
        return cls(
            units=units,
            asked=asked,
            wasted=wasted,
            in_stock=in_stock,
            price=price,
            regular=regular,
            cost=cost,
            promoted=np.zeros((weeks, pairs), dtype=np.bool_),
            feed=np.zeros((weeks, pairs, RIVALS)),
            explored=np.zeros(weeks),
            broken=np.zeros(weeks, dtype=np.int64),
        )

    def copy(self) -> Record:
        """Return the same in arrays of its own."""
        return Record(*(getattr(self, field.name).copy() for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Foresight:
    """What only the oracle is told before a week: the truth without the luck that is still to come.

    Attributes:
        moment: The week as it is expected.
        depth: Planned promotions, shape (pairs,).
        available: Units on hand.
        weeks_left: As in `Seen`.
        spread: Deviation of a pair's units beyond chance counts, a share of their mean.
    """

    moment: Moment
    demand: Demand
    depth: Floats
    available: Integers
    weeks_left: Floats
    spread: float


class Market:
    """One run of a world; its first week is lived at the anchor prices.

    Attributes:
        week: Number of the coming week.
        record: Of the weeks so far.
    """

    def __init__(self, world: World) -> None:
        shelf = world.catalogue.shelf
        self.world = world
        self.week = 0
        self.record = Record.empty(WEEKS, shelf.pairs)
        self._demand = world.demand.copy()
        self._stock = world.buying.opening()
        self._rivals = world.rivals.usual(world.cost(0))
        self._live(Choice(shelf.anchor, shelf.anchor))

    def copy(self) -> Market:
        """Return a second run that has the same past."""
        twin = object.__new__(Market)
        twin.world, twin.week, twin.record = self.world, self.week, self.record.copy()
        twin._demand, twin._rivals, twin._stock = self._demand.copy(), self._rivals, self._stock.copy()
        return twin

    def seen(self, target: Floats) -> Seen:
        """Return what the shops know before the coming week."""
        now, record, world = self.week, self.record, self.world
        past = slice(None, now)
        return Seen(
            week=now,
            shelf=world.catalogue.shelf,
            units=_closed(record.units[past]),
            in_stock=_closed(record.in_stock[past]),
            price=_closed(record.price[past]),
            regular=_closed(record.regular[past]),
            promoted=_closed(record.promoted[past]),
            cost=_closed(record.cost[past]),
            rivals=_closed(record.feed[past]),
            cost_now=world.cost(now),
            stock=_closed(self._stock.on_hand[:]),
            inbound=self._stock.under_way.sum(axis=0),
            weeks_left=world.buying.weeks_left(now),
            promotion=self._depth(),
            events=_closed(world.weather.events[:]),
            target=_closed(target[:]),
        )

    def offer(self) -> Offer:
        """Return which prices are allowed in the coming week."""
        now, record = self.week, self.record
        return offered(
            self.world.catalogue.shelf, record.regular[now - 1], self.world.cost(now), record.feed[:now][-4:]
        )  # fmt: skip

    def foresight(self) -> Foresight:
        """Return what only the oracle is told."""
        world, now = self.world, self.week
        rivals = world.rivals.foreseen(self._rivals, world.cost(now))
        shelf, shocks, before = world.catalogue.shelf, world.plan.shocks, now - 1
        luck = foreseen(world.weather.group[before], shocks.group, shocks.memory)[shelf.store, shelf.category]
        luck = luck * foreseen(world.weather.product[before], shocks.product, shocks.memory)[shelf.product]
        level = world.weather.level[now][shelf.category] * luck
        moment = Moment(now, level, promoted(self._depth()), rivals.during, world.cost(now))
        fresh = 1 - shocks.memory**2
        spread = float(np.sqrt(shocks.pair**2 + fresh * (shocks.group**2 + shocks.product**2)))
        left = world.buying.weeks_left(now)
        return Foresight(moment, self._demand, self._depth(), self._stock.on_hand, left, spread)

    def set_prices(self, choice: Choice, offer: Offer) -> None:
        """Live through the coming week at the prices a policy chose; one that is not allowed stays what it was."""
        known = np.abs(offer.price - choice.price[:, None]) < TOLERANCE
        wrong = ~(known & offer.allowed).any(axis=1)
        self.record.broken[self.week] = int(wrong.sum())
        held = self.record.regular[self.week - 1]
        self._live(Choice(np.where(wrong, held, choice.price), np.where(wrong, held, choice.unexplored)))

    def _live(self, choice: Choice) -> None:
        world, now, record = self.world, self.week, self.record
        cost, depth, step = world.cost(now), self._depth(), world.catalogue.shelf.step
        shown = paid(choice.price, depth, cost, step)
        rivals = world.rivals.week(self._rivals, cost, world.luck("rivals", now))
        moment = Moment(now, self._level(), promoted(depth), rivals.during, cost)
        if not np.array_equal(choice.unexplored, choice.price):
            usual = paid(choice.unexplored, depth, cost, step)
            earned = [float((self._demand.mean(moment, each) * each).sum()) for each in (usual, shown)]
            record.explored[now] = earned[0] - earned[1]
        on_hand = self._stock.on_hand
        asked, units = self._demand.happen(moment, shown, on_hand, world.luck("demand", now))
        record.asked[now], record.units[now] = asked, units
        record.in_stock[now] = days_in_stock(asked, on_hand)
        record.price[now], record.regular[now], record.cost[now] = shown, choice.price, cost
        record.promoted[now] = promoted(depth)
        after = rivals.after(shown)
        record.feed[now] = world.rivals.feed(after, self._rivals, world.luck("feed", now))
        self._rivals = after
        self._stock.on_hand = on_hand - units
        past = slice(None, now + 1)
        record.wasted[now] = world.buying.close(self._stock, now, record.units[past], record.in_stock[past])
        self._stock.arrive()
        self.week += 1

    def _depth(self) -> Floats:
        return np.asarray(self.world.weather.depth[self.week][self.world.catalogue.shelf.product])

    def _level(self) -> Floats:
        shelf, weather = self.world.catalogue.shelf, self.world.weather
        luck = weather.group[self.week][shelf.store, shelf.category] + weather.product[self.week][shelf.product]
        return np.asarray(weather.level[self.week][shelf.category] * np.exp(luck))


def _closed(view: np.ndarray[Shape, DType]) -> np.ndarray[Shape, DType]:
    """Return a view that cannot be written to: what a policy sees is the market's own memory."""
    view.flags.writeable = False
    return view


def play(start: Market, policy: Policy, weeks: int, target: Floats) -> Market:
    """Let a policy set the prices of some weeks; `start` stays as it is.

    Args:
        target: Least margin of each store, shape (stores,).
    """
    market = start.copy()
    for _ in range(weeks):
        offer = market.offer()
        market.set_prices(policy.decide(market.seen(target), offer), offer)
    return market
