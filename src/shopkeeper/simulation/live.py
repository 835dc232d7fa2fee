"""Live shoppers: they browse a running server by the same truth that made the history."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.behaviour import NEVER, cart_probability, choose, click_probability, oracle_list
from shopkeeper.simulation.catalogue import FloatArray, IntArray
from shopkeeper.simulation.clickstream import SIGNED_IN_SHARE, consent_said
from shopkeeper.simulation.client import Pace, ShopApi, Shown
from shopkeeper.simulation.clock import Clock, WallClock
from shopkeeper.simulation.market import Market, StoreMarket, sellable
from shopkeeper.simulation.shoppers import DEVICES
from shopkeeper.simulation.tally import Tally, Visit

LIVE_STREAM = 2_000
"""Keeps the random numbers of live shoppers apart from those of market and history."""
LIST_LENGTH = 8


@dataclass(frozen=True, slots=True)
class LivePlan:
    """How many shoppers browse, how long and how fast.

    Attributes:
        shoppers: How many at the same time.
        seconds: When the last of them stops.
        rate: Most requests a second of all together.
        think_seconds: Mean time a shopper looks at a page.
        sessions: Most sessions one place in the shop lets through, one shopper after the other; None = no limit.
        sold_out: Products of each store that were sold out when the history ended; nobody can buy them.
    """

    shoppers: int
    seconds: float
    seed: int
    rate: float = 50.0
    think_seconds: float = 1.0
    sessions: int | None = None
    sold_out: Mapping[str, frozenset[str]] = field(default_factory=dict)


async def browse_live(
    market: Market, http: httpx.AsyncClient, keys: Mapping[str, str], plan: LivePlan, tally: Tally
) -> None:
    """Let shoppers browse a server until the plan's time is over.

    Args:
        http: Client of the server, see `client.open_client`; the caller closes it.
        keys: API key of each store; stores without one are not visited.
        tally: Where figures are counted as they come, so that an interrupted run still has them.
    """
    stores = [store for store in market.stores if store.name in keys]
    deadline = time.monotonic() + plan.seconds
    run = f"sim-live-{time.time_ns():x}"
    api = ShopApi(http, keys, Pace(plan.rate), tally)
    async with asyncio.TaskGroup() as group:
        for slot in range(plan.shoppers if stores else 0):
            shop = LiveShop(stores[slot % len(stores)], plan, tally)
            rng = np.random.default_rng([plan.seed, LIVE_STREAM, slot])
            group.create_task(shop.visit_until(deadline, api, f"{run}-{slot}", rng))


class LiveShop:
    """One store as its live shoppers meet it."""

    def __init__(self, market: StoreMarket, plan: LivePlan, tally: Tally, clock: Clock | None = None) -> None:
        self.market = market
        self.clock = clock or WallClock()
        self._plan = plan
        self._tally = tally
        gone = plan.sold_out.get(market.name, frozenset())
        stock = np.array([0 if product in gone else 1 for product in market.shelf.ids])
        self._available = sellable(market.shelf, stock)
        self._open: FloatArray = np.where(market.shelf.withdrawn, NEVER, np.float32(0)).astype(np.float32)
        self._share = market.crowd.activity / market.crowd.activity.sum()

    async def visit_until(self, deadline: float, api: ShopApi, run: str, rng: np.random.Generator) -> None:
        """Send one shopper after the other through the shop until `deadline` (monotonic seconds)."""
        await asyncio.sleep(rng.random() * self._plan.think_seconds)
        numbers = itertools.count() if self._plan.sessions is None else range(self._plan.sessions)
        for number in numbers:
            if time.monotonic() >= deadline:
                break
            await self.visit(deadline, api, f"{run}-{number}", rng)

    async def visit(self, deadline: float, api: ShopApi, name: str, rng: np.random.Generator) -> None:
        """Send one shopper through the shop, who leaves at `deadline` (monotonic seconds) at the latest."""
        shopper = int(rng.choice(self._share.size, p=self._share))
        session = _Session(self, api, name, shopper, rng)
        await session.browse(deadline, self._plan.think_seconds)
        self._tally.visits.append(session.visit())

    def judge(self, shown: Shown, shopper: int, last: int, carted: int) -> tuple[float, float]:
        """Return how likely a list is clicked in truth, and how likely the best list that could have been shown."""
        numbers = np.array([[self.market.number(product) for product in shown.products]], dtype=np.int64)
        known = numbers[numbers >= 0]
        self._tally.unknown_shown += numbers.size - known.size
        self._tally.unavailable_shown += int((~self._available[known]).sum())
        context = (np.array([shopper]), np.array([last]), np.array([carted]))
        best = oracle_list(self.market.utility(*context), self._available, LIST_LENGTH)
        got = float(self.market.chance_of_click(numbers, *context)[0]) if numbers.size else 0.0
        return got, float(self.market.chance_of_click(best, *context)[0])

    def utility(self, shopper: int, last: int, carted: int) -> FloatArray:
        """Return the utility of every product to one shopper in context, shape (1, products)."""
        return self.market.utility(np.array([shopper]), np.array([last]), np.array([carted])) + self._open

    def can_buy(self, product: int) -> bool:
        """Say whether the shop has it; gift cards are always there."""
        return bool(self._available[product]) or product in self.market.shelf.gift_cards

    def click(self, utility: FloatArray, shown: Shown, rng: np.random.Generator) -> int:
        """Return the first place of a list the shopper sees and clicks, counted from 1; 0 = none."""
        numbers: IntArray = np.array([self.market.number(product) for product in shown.products], dtype=np.int64)
        if not numbers.size:
            return 0
        value = np.where(numbers >= 0, utility[0, numbers], NEVER)
        clicked: npt.NDArray[np.bool_] = rng.random(numbers.size) < click_probability(value, self.market.habits)
        return int(clicked.argmax()) + 1 if clicked.any() else 0


class _Session:
    """One visit of one shopper."""

    def __init__(self, shop: LiveShop, api: ShopApi, name: str, shopper: int, rng: np.random.Generator) -> None:
        market = shop.market
        self._shop, self._api, self._name, self._shopper, self._rng = shop, api, name, shopper, rng
        person = market.crowd.people[shopper]
        self._keys: dict[str, Any] = {"visitor": f"v-{person}", "session": name}
        if market.crowd.signed_in[shopper] and rng.random() < SIGNED_IN_SHARE:
            self._keys["user"] = person
        if refused := consent_said(market, shopper):
            self._keys["consent"] = refused
        self._device = DEVICES[market.crowd.device[shopper]]
        self._events = self._answers = self._impressions = self._clicks = self._purchases = 0
        self._expected = self._best = self._spent = 0.0
        self._families: set[int] = set()
        self._fresh = 0.0

    def visit(self) -> Visit:
        """Return what came of it."""
        return Visit(
            answers=self._answers,
            impressions=self._impressions,
            clicks=self._clicks,
            expected=self._expected,
            best=self._best,
            purchases=self._purchases,
            revenue=self._spent / self._shop.market.plan.per_pound,
        )

    async def browse(self, deadline: float, think_seconds: float) -> None:
        """Look at one page after the other, then buy what is in the cart, if anything."""
        market = self._shop.market
        pages = 1 + int(self._rng.poisson(market.crowd.patience[self._shopper] - 1.0))
        last, carted = -1, 0
        cart: list[int] = []
        while pages > 0 and time.monotonic() < deadline:
            last, carted = await self._page(last, carted, cart)
            await self._shop.clock.rest(float(self._rng.exponential(think_seconds)))
            pages += self._drawn_on() - 1
        if cart and self._rng.random() < market.habits.purchase_share:
            await self._buy(cart)

    async def _page(self, last: int, carted: int, cart: list[int]) -> tuple[int, int]:
        """Look at a page and what it recommends, and return the product gone to and whether it went into the cart."""
        shop, market = self._shop, self._shop.market
        surface = "home" if last < 0 else "product"
        about = [] if last < 0 else [market.shelf.ids[last]]
        shown = await self._api.recommend(
            market.name, {**self._keys, "surface": surface, "products": about, "k": LIST_LENGTH}
        )
        self._fresh = self._freshness(shown)
        utility = shop.utility(self._shopper, last, carted)
        place = shop.click(utility, shown, self._rng)
        self._note(shown, place, last, carted)
        led = {"surface": surface, "decision_id": shown.decision_id} if shown.decision_id else {"surface": surface}
        places = enumerate(shown.products, 1)
        events = [self._event("impression", product=product, position=at, **led) for at, product in places]
        if place:
            product = market.number(shown.products[place - 1])
            events.append(self._event("click", product=shown.products[place - 1], position=place, **led))
            came_by = {"decision_id": shown.decision_id} if shown.decision_id else {}
        else:
            product = int(choose(utility, self._rng)[0])
            came_by = {}
        events.append(self._event("view", product=market.shelf.ids[product], surface="product", **came_by))
        taken = self._takes(product)
        if taken:
            cart.append(product)
            events.append(self._event("cart", **self._line(product), **came_by))
        await self._api.send(market.name, events)
        return product, int(taken)

    def _freshness(self, shown: Shown) -> float:
        """Return the share of a list's places whose family the shopper had not met in this visit."""
        market = self._shop.market
        families = [int(market.shelf.family[n]) for n in map(market.number, shown.products) if n >= 0]
        new = set(families) - self._families
        self._families |= new
        return len(new) / len(families) if families else 0.0

    def _drawn_on(self) -> int:
        """Say whether what the page showed draws the shopper one page further; see `Habits.curiosity`."""
        curiosity, fresh = self._shop.market.habits.curiosity, self._fresh
        return int(curiosity > 0 and bool(self._rng.random() < curiosity * fresh))

    def _note(self, shown: Shown, place: int, last: int, carted: int) -> None:
        if shown.decision_id is None:
            return
        expected, best = self._shop.judge(shown, self._shopper, last, carted)
        self._answers += 1
        self._impressions += len(shown.products)
        self._clicks += place > 0
        self._expected += expected
        self._best += best

    def _takes(self, product: int) -> bool:
        """Say whether the product goes into the cart, at its usual price."""
        market = self._shop.market
        load = float(market.shelf.price[product] / market.crowd.budget[self._shopper])
        chance = cart_probability(
            market.taste[[self._shopper], [product]], np.ones(1), market.shelf.elasticity[[product]],
            np.array([load]), market.habits,
        )  # fmt: skip
        return self._shop.can_buy(product) and bool(self._rng.random() < chance[0])

    async def _buy(self, cart: list[int]) -> None:
        """Pay for what the budget allows, in the order it was put in."""
        market = self._shop.market
        bought: list[int] = []
        for product in dict.fromkeys(cart):
            if self._spent + market.shelf.price[product] <= market.crowd.budget[self._shopper]:
                self._spent += float(market.shelf.price[product])
                bought.append(product)
        self._purchases = len(bought)
        order = f"{self._name}-o"
        lines = [self._event("purchase", order_id=order, **self._line(product)) for product in bought]
        await self._api.send(market.name, [self._event("checkout"), *lines])

    def _line(self, product: int) -> dict[str, Any]:
        market = self._shop.market
        return {
            "product": market.shelf.ids[product],
            "quantity": 1,
            "price": float(market.shelf.price[product]),
            "currency": market.plan.store.currency,
        }

    def _event(self, kind: str, **fields: object) -> dict[str, Any]:
        self._events += 1
        return {
            "event_id": f"{self._name}-{self._events}",
            "ts": self._shop.clock.now().isoformat(),
            "store": self._shop.market.name,
            "type": kind,
            **self._keys,
            "device": self._device,
            **fields,
        }
