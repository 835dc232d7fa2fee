from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import numpy as np
from tests.simulation.worlds.conftest import START

from shopkeeper.commerce.event import Event
from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.serving.decide import Decision
from shopkeeper.simulation.worlds.served import Clock, OracleShop, ServedShop
from shopkeeper.simulation.worlds.visits import live
from shopkeeper.simulation.worlds.world import World


class Recorder:
    """A server that lists the first products and remembers what it was asked and told."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock
        self.bodies: list[tuple[RecommendationBody, float]] = []
        self.events: list[Event] = []

    async def recommend(self, body: RecommendationBody) -> Decision[RecommendationAnswer]:
        self.bodies.append((body, self.clock.now().timestamp()))
        items = tuple(Recommendation(name, 1.0, ()) for name in self.world.goods.ids[: body.k])
        return Decision(f"D{len(self.bodies)}", RecommendationAnswer(items), "m", "champion", None, False, 1.0)

    async def take(self, events: Sequence[Event]) -> None:
        self.events += events


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - of any coroutine
    return asyncio.run(coroutine)


def test_every_list_is_asked_for_and_everything_done_is_told_before_the_next(world: World) -> None:
    clock = Clock(START)
    server = Recorder(world, clock)
    shop = ServedShop(world, START, clock, server, server.take, run)
    takings = live(world, world.choice.minds(), range(2), shop)
    assert shop.answers == len(server.bodies) == takings.answers.sum()
    assert shop.short == 0
    assert sum(event.type == "purchase" for event in server.events) <= takings.bought.sum()
    assert sum(event.type == "cart" for event in server.events) == takings.bought.sum()
    assert sum(event.type == "click" for event in server.events) == takings.clicks.sum()
    assert len({event.event_id for event in server.events}) == len(server.events)
    home, product = (sum(body.surface == name for body, _ in server.bodies) for name in ("home", "product"))
    assert home == takings.visits.sum()
    assert product == sum(bool(body.products) for body, _ in server.bodies)
    assert all(START.timestamp() <= moment < START.timestamp() + 3 * 86_400 for _, moment in server.bodies)


def test_only_who_has_an_account_is_named(world: World) -> None:
    clock = Clock(START)
    server = Recorder(world, clock)
    live(world, world.choice.minds(), range(1), ServedShop(world, START, clock, server, server.take, run))
    signed_in = dict(zip(world.people.ids, world.people.signed_in.tolist(), strict=True))
    assert all((body.user is not None) == signed_in[str(body.visitor)[2:]] for body, _ in server.bodies)


def test_the_oracle_beats_every_other_list_and_keeps_the_rules(world: World) -> None:
    clock = Clock(START)
    server = Recorder(world, clock)
    first = live(world, world.choice.minds(), range(3), ServedShop(world, START, clock, server, server.take, run))
    best = live(world, world.choice.minds(), range(3), OracleShop(world, {}))
    assert best.clicked.sum() / best.answers.sum() > first.clicked.sum() / first.answers.sum()


def test_the_oracle_does_not_show_again_what_was_bought_unless_the_shop_lets_it(world: World) -> None:
    everything = set(range(world.goods.size - 8))
    shop = OracleShop(world, dict.fromkeys(range(world.people.size), everything))
    shown: list[int] = []
    show = shop.show

    def watched(page: Any) -> Any:  # noqa: ANN401 - as `show`
        lists = show(page)
        shown.extend(np.unique(lists).tolist())
        return lists

    shop.show = watched  # type: ignore[method-assign]
    live(world, world.choice.minds(), range(1), shop)
    assert (min(shown) >= world.goods.size - 8) != world.plan.repurchase
