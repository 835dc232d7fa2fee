from __future__ import annotations

import numpy as np
import pytest
from tests.simulation.worlds.conftest import small_plan

from shopkeeper.simulation.behaviour import NEVER
from shopkeeper.simulation.worlds.mechanism import copied
from shopkeeper.simulation.worlds.shop import Integers
from shopkeeper.simulation.worlds.visits import Basket, Moved, Page, Takings, arrivals, live
from shopkeeper.simulation.worlds.world import World, make_world

LISTED = 8


class Fixed:
    """Shows the same kind of list to everybody: nothing, the first products, or the best by the truth."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.went: list[tuple[int, int, int]] = []
        self.baskets: list[Basket] = []

    def show(self, page: Page) -> Integers:
        shape = (len(page.shopper), LISTED)
        if self.kind == "nothing":
            return np.full(shape, -1, dtype=np.int64)
        if self.kind == "same":
            return np.tile(np.arange(LISTED), (shape[0], 1))
        return np.argsort(-page.utility, axis=1)[:, :LISTED]

    def told(self, page: Page, shown: Integers, moved: Moved) -> None:  # noqa: ARG002 - the port
        rows = zip(page.shopper.tolist(), moved.place.tolist(), moved.product.tolist(), strict=True)
        self.went += rows

    def paid(self, day: int, baskets: list[Basket]) -> None:  # noqa: ARG002 - the port
        self.baskets += baskets


def lived(world: World, kind: str, days: range = range(4)) -> tuple[Fixed, Takings]:
    shop = Fixed(kind)
    return shop, live(world, world.choice.minds(), days, shop)


def test_the_same_seed_is_the_same_world_and_another_is_not(world: World) -> None:
    plan = small_plan(world.name)  # type: ignore[arg-type]  # names of mechanisms are all there are
    again, other = make_world(world.name, 3, plan), make_world(world.name, 4, plan)  # type: ignore[arg-type]
    days = range(2)
    assert lived(again, "same", days)[0].went == lived(world, "same", days)[0].went
    assert lived(other, "same", days)[0].went != lived(world, "same", days)[0].went


def test_who_comes_when_does_not_depend_on_what_is_shown(world: World) -> None:
    assert lived(world, "nothing")[1].visits.tolist() == lived(world, "best")[1].visits.tolist()
    shoppers, seconds = arrivals(world, 2)
    assert len(set(shoppers.tolist())) == len(shoppers)
    assert ((seconds >= 2 * 86_400) & (seconds < 3 * 86_400)).all()
    assert (world.people.since[shoppers] <= 2).all()


def test_the_best_lists_are_clicked_most_and_no_list_never(world: World) -> None:
    nothing, same, best = (lived(world, kind)[1] for kind in ("nothing", "same", "best"))
    assert nothing.clicked.sum() == 0 == nothing.clicks.sum()
    assert best.clicked.sum() / best.answers.sum() > 2 * same.clicked.sum() / same.answers.sum()


def test_what_is_foreseen_is_what_happens_on_average(world: World) -> None:
    takings = lived(world, "best", range(8))[1]
    assert takings.clicks.sum() == pytest.approx(takings.clicked.sum(), abs=4 * np.sqrt(takings.clicked.sum()))
    assert takings.bought.sum() == pytest.approx(takings.sold.sum(), abs=4 * np.sqrt(takings.sold.sum()))


def test_baskets_hold_what_was_bought(world: World) -> None:
    shop, takings = lived(world, "best")
    assert sum(len(basket.products) for basket in shop.baskets) == takings.bought.sum()
    assert len(shop.baskets) == takings.orders.sum()


def test_what_is_not_for_sale_yet_and_the_page_itself_cannot_be_come_upon(world: World) -> None:
    minds = world.choice.minds()
    shoppers = np.flatnonzero(world.people.since == 0)[:5]
    world.choice.enter(minds, shoppers, 0, np.random.default_rng(1))
    world.choice.saw(
        minds, shoppers, np.full(5, 7), np.zeros(5, dtype=np.bool_), 0, np.full((5, 2), 0.99, dtype=np.float32)
    )
    liking = world.utility(minds, shoppers, 0, np.full((5, 1), 7))
    later = np.setdiff1d(np.flatnonzero(world.goods.born > 0), [7])
    assert later.size
    assert (liking[:, later] == NEVER).all()
    assert (liking[:, 7] == NEVER).all()
    assert (world.utility(minds, shoppers, 100, np.full((5, 1), -1))[:, later] > NEVER).all()


def test_newcomers_first_come_after_the_history(world: World) -> None:
    new = world.people.since >= world.plan.shop.history_days
    assert 0.02 < new.mean() < 0.5
    takings = lived(world, "same", range(10))[1]
    assert takings.visits[new].sum() == 0


def test_minds_that_were_copied_change_alone(world: World) -> None:
    minds = world.choice.minds()
    kept = copied(minds)
    live(world, minds, range(2), Fixed("same"))
    assert any(not np.array_equal(minds[name], kept[name]) for name in minds)
    assert all(np.array_equal(kept[name], values) for name, values in world.choice.minds().items())
