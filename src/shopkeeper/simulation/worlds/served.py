"""A shop of a world whose lists come from Shopkeeper, by the code that serves: all of it but HTTP.

Each list is one `recommend` of a serving process that is open in this one (profile, arm, cache, model within its
deadline, rules against the live shelf, decision log), and what shoppers do goes through its intake of events (log,
profile, live counts) before the next list is asked for. What is left out is the transport: reading a request, checking
a key, writing JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import numpy as np

from shopkeeper.commerce.event import Event, EventType
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.serving.decide import Decision
from shopkeeper.simulation.worlds.history import CURRENCY, STORE
from shopkeeper.simulation.worlds.shop import Integers
from shopkeeper.simulation.worlds.visits import Basket, Moved, Page
from shopkeeper.simulation.worlds.world import World

LIST_LENGTH: Final = 8


class Clock:
    """The time of the shopper who is served now.

    Attributes:
        moment: It.
    """

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the time."""
        return self.moment


class Server(Protocol):
    """What a shop asks."""

    async def recommend(self, body: RecommendationBody) -> Decision[RecommendationAnswer]:
        """Answer one request."""
        ...


@dataclass
class ServedShop:
    """Implements `visits.Shop` over an open server; used from a thread beside the server's event loop.

    Attributes:
        start: When the first day of the history began.
        take: Takes events in.
        wait: Runs a coroutine in the server's loop and returns its result.
        fallbacks: How often something other than the model answered, by reason.
        short: Lists with fewer products than were asked for.
    """

    world: World
    start: datetime
    clock: Clock
    server: Server
    take: Callable[[Sequence[Event]], Awaitable[Any]]
    wait: Callable[[Coroutine[Any, Any, Any]], Any]
    fallbacks: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    short: int = 0
    _ids: int = 0
    _decisions: dict[int, str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = {product: number for number, product in enumerate(self.world.goods.ids)}

    def show(self, page: Page) -> Integers:
        """Ask for a list for everybody on the page, one after the other."""
        shown: Integers = self.wait(self._show(page))
        return shown

    async def _show(self, page: Page) -> Integers:
        shown = np.full((len(page.shopper), LIST_LENGTH), -1, dtype=np.int64)
        for n in range(len(page.shopper)):
            self.clock.moment = self._time(float(page.second[n]))
            decision = await self.server.recommend(self._body(page, n))
            listed = [self._numbers[one.product] for one in decision.answer.items]
            shown[n, : len(listed)] = listed
            self._decisions[int(page.visit[n])] = decision.decision_id
            self.answers += 1
            self.short += len(listed) < LIST_LENGTH
            if decision.fallback is not None:
                self.fallbacks[decision.fallback] += 1
        return shown

    def _body(self, page: Page, n: int) -> RecommendationBody:
        product = int(page.product[n])
        return RecommendationBody(
            store=STORE,
            surface="home" if product < 0 else "product",
            products=() if product < 0 else (self.world.goods.ids[product],),
            k=LIST_LENGTH,
            **self._keys(page.day, int(page.visit[n]), int(page.shopper[n])),
        )

    def told(self, page: Page, shown: Integers, moved: Moved) -> None:  # noqa: ARG002 - the port
        """Send clicks, views and carts."""
        events: list[Event] = []
        for n, (visit, shopper) in enumerate(zip(page.visit.tolist(), page.shopper.tolist(), strict=True)):
            product, place = int(moved.product[n]), int(moved.place[n])
            if product < 0:
                continue
            came: dict[str, Any] = {"decision_id": self._decisions[visit]} if place else {}
            when = self._time(float(moved.second[n]))
            if place:
                clicked = came | {"position": place, "surface": "home" if page.product[n] < 0 else "product"}
                events.append(self._event("click", when, page.day, visit, shopper, product, **clicked))
            events.append(self._event("view", when, page.day, visit, shopper, product, surface="product", **came))
            if moved.bought[n]:
                events.append(
                    self._event("cart", when, page.day, visit, shopper, product, **self._money(product), **came)
                )
        self.wait(self._send(events))

    def paid(self, day: int, baskets: list[Basket]) -> None:
        """Send purchases."""
        events = [
            self._event(
                "purchase", self._time(basket.second), day, basket.visit, basket.shopper, product,
                order_id=f"T{day}-{basket.visit}", **self._money(product),
            )
            for basket in baskets
            for product in dict.fromkeys(basket.products)
        ]  # fmt: skip
        self.wait(self._send(events))

    async def _send(self, events: Sequence[Event]) -> None:
        if events:
            await self.take(events)

    def _event(
        self, kind: EventType, when: datetime, day: int, visit: int, shopper: int, product: int, **fields: Any  # noqa: ANN401 - fields of an event, whatever they are
    ) -> Event:  # fmt: skip
        self._ids += 1
        keys = self._keys(day, visit, shopper)
        return Event(
            event_id=f"T{self._ids}", ts=when, store=STORE, type=kind, product=self.world.goods.ids[product], **keys,
            **fields,
        )  # fmt: skip

    def _keys(self, day: int, visit: int, shopper: int) -> dict[str, Any]:
        people = self.world.people
        keys = {"visitor": f"V-{people.ids[shopper]}", "session": f"{day}-{visit}"}
        return keys | {"user": people.ids[shopper]} if people.signed_in[shopper] else keys

    def _money(self, product: int) -> dict[str, Any]:
        return {"quantity": 1, "price": float(self.world.goods.price[product]), "currency": CURRENCY}

    def _time(self, second: float) -> datetime:
        return self.start + timedelta(seconds=second)


@dataclass
class OracleShop:
    """Implements `visits.Shop` with the lists that are clicked most by the truth, under the rules the server keeps too.

    Neither the product of the page nor, unless the shop lets them come back, what the shopper bought is in a list. It
    looks one page ahead only.

    Attributes:
        bought: What each shopper bought so far.
    """

    world: World
    bought: dict[int, set[int]]

    def show(self, page: Page) -> Integers:
        """Return the products each likes most now, best first."""
        liking = page.utility.copy()
        if not self.world.plan.repurchase:
            for row, shopper in enumerate(page.shopper.tolist()):
                liking[row, list(self.bought.get(shopper, ()))] = -np.inf
        return np.argsort(-liking, axis=1, kind="stable")[:, :LIST_LENGTH].astype(np.int64)

    def told(self, page: Page, shown: Integers, moved: Moved) -> None:
        """Learn nothing: it knows."""

    def paid(self, day: int, baskets: list[Basket]) -> None:  # noqa: ARG002 - the port
        """Remember what may not be shown any more."""
        for basket in baskets:
            self.bought.setdefault(basket.shopper, set()).update(basket.products)
