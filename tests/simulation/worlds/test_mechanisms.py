from __future__ import annotations

import numpy as np
from tests.simulation.worlds.conftest import small_plan

from shopkeeper.simulation.worlds.missions import Missions
from shopkeeper.simulation.worlds.world import make_world

STAYS = np.full((1, 2), 0.999, dtype=np.float32)


def test_a_taste_drifts_the_further_the_longer_a_shopper_stays_away() -> None:
    world = make_world("tastes", 5, small_plan("tastes"))
    shoppers = np.flatnonzero(world.people.since == 0)
    likeness = []
    for day in (1, 30, 600):
        minds = world.choice.minds()
        before = minds["taste"][shoppers].copy()
        world.choice.enter(minds, shoppers, day, np.random.default_rng(2))
        likeness.append(float((before * minds["taste"][shoppers]).sum() / np.square(before).sum()))
    assert likeness[0] > 0.95
    assert 0.5 < likeness[1] < likeness[0]
    assert likeness[2] < 0.3


def test_what_runs_out_is_wanted_again_when_it_is_due_and_is_the_usual_then() -> None:
    world = make_world("missions", 5, small_plan("missions"))
    mission = world.choice
    assert isinstance(mission, Missions)
    coffee = int(np.flatnonzero(mission._runs_out[world.goods.category])[0])
    category = int(world.goods.category[coffee])
    shoppers = np.arange(world.people.size)
    minds = mission.minds()
    everybody = np.full(len(shoppers), coffee)
    mission.saw(
        minds, shoppers, everybody, np.ones(len(shoppers), dtype=np.bool_), 0, np.repeat(STAYS, len(shoppers), 0)
    )
    needs = []
    for day in (1, 200):
        mission.enter(minds, shoppers, day, np.random.default_rng(3))
        needs.append(float((minds["need"] == category).mean()))
    assert needs[0] < 0.3
    assert needs[1] > 0.8
    minds["need"][:] = category
    liking = mission.likes(minds, shoppers, 200)
    assert (liking.argmax(axis=1) == coffee).mean() > 0.9


def test_what_goes_together_goes_in_one_direction() -> None:
    world = make_world("missions", 5, small_plan("missions"))
    mission = world.choice
    assert isinstance(mission, Missions)
    apart = world.goods.category[:, None] != world.goods.category[None, :]
    after = (mission._pull[:-1] > 0) & apart
    both = (after & after.T).sum() / after.sum()
    assert both < 0.1


def test_people_of_one_kind_think_alike_where_attributes_decide() -> None:
    world = make_world("attributes", 5, small_plan("attributes"))
    people, liking = world.people, world.choice.likes(world.choice.minds(), np.arange(world.people.size), 0)
    kinds = np.column_stack([people.age, people.gender, people.region, people.segment])
    alike = (kinds[:, None] == kinds[None]).sum(axis=2)
    likeness = np.asarray(np.corrcoef(liking))
    assert likeness[(alike == 3)].mean() > likeness[alike == 0].mean() + 0.2


def test_a_price_far_from_what_one_pays_is_liked_less() -> None:
    world = make_world("attributes", 5, small_plan("attributes"))
    liking = world.choice.likes(world.choice.minds(), np.arange(world.people.size), 0)
    dear = world.goods.price > np.quantile(world.goods.price, 0.8)
    lean = liking[:, dear].mean(axis=1) - liking[:, ~dear].mean(axis=1)
    assert np.asarray(np.corrcoef(lean, np.log(world.people.purse)))[0, 1] > 0.3
