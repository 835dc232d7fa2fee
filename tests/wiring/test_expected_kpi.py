"""What a version in shadow would have earned comes out of the log as it truly is, over the whole way of the data."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.recommendations.drawing import odds_of
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, changed
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.recommendations.variety.exploration import Odds
from shopkeeper.rollout.evidence import Plan, Shadow
from shopkeeper.rollout.ramp import DEFAULT_RAMP
from shopkeeper.rollout.state import RolloutState
from shopkeeper.serving.shadow import AT_ONCE
from shopkeeper.testing.small_shop import NAMES, STORE, register_version, stock_up
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.objectives import example_objective
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import RecommendationSettings, Settings
from shopkeeper.wiring.settings_serving import ServingSettings

K = 3
OBJECTIVE = read_objective(example_objective("recommendations"), "example")


def click(page: int, product: str, place: int) -> float:
    """Return the chance of a click, the truth of this world: shoppers want the product one place on."""
    wanted = 0.6 if product == NAMES[(page + 1) % len(NAMES)] else 0.05
    return wanted / (1 + 0.3 * place)


def question(page: int, visitor: str) -> RecommendationBody:
    return RecommendationBody(store=STORE, visitor=visitor, surface="product", products=(NAMES[page],), k=K)


def odds(serving: Serving, system: RecommendationSystem, recipe: dict[str, Any], page: int) -> Odds:
    params = changed(DEFAULT_PARAMS, recipe)
    request = RecommendationRequest(question(page, "v"), Shopper(STORE, visitor="v"), FULL_CONSENT, serving.now())
    rules = rules_for(request, Past(), system._serving[1], params)
    return odds_of(request, system.answer(request), rules, system._serving[1], params)


def worth(what: Odds, page: int) -> float:
    """Return the clicks a list brings in this world, by every product that may stand at every place."""
    return sum(what.chance(place, name) * click(page, name, place) for place in range(K) for name in NAMES)


async def visits(serving: Serving, count: int, chance: random.Random) -> None:
    """Let shoppers come, see a list and click by the truth of the world."""
    clicks: list[Event] = []
    for number in range(count):
        page = number % len(NAMES)
        decision = await serving.recommend(question(page, f"v{number}"))
        clicked = [
            item.product
            for place, item in enumerate(decision.answer.items)
            if chance.random() < click(page, item.product, place)
        ]
        clicks += [
            Event(event_id=f"{number}-{name}", ts=serving.now(), store=STORE, type="click", visitor=f"v{number}",
                  product=name, decision_id=decision.decision_id)
            for name in clicked
        ]  # fmt: skip
        shadows = serving.decider.shadows
        while shadows is not None and shadows.counts.total() < number - 2 * AT_ONCE:  # fewer wait for others to come
            await asyncio.sleep(0)
    await serving.events.take(clicks)


def rollout(version: str, since: datetime) -> RolloutState:
    return RolloutState(
        id="r1", system="recommendations", version=version, control_version="", objective=OBJECTIVE,
        plan=Plan(objective=OBJECTIVE.digest, users_per_arm=1_000), ramp=DEFAULT_RAMP, started_at=since,
        started_by="ann", why="better lists", stage_since=since, epochs=(),
    )  # fmt: skip


def seen_in_shadow(folder: Path, recipe: dict[str, Any], count: int) -> tuple[Shadow, float]:
    """Return what the gate is told of a better version in the shadow of one with a recipe, and the truth."""
    settings = Settings(
        workspace=folder,
        serving=ServingSettings(deadline_ms=10_000),  # type: ignore[call-arg]  # a slow machine is no fault
        recommendations=RecommendationSettings(recipe=recipe),
    )
    since = datetime.now(UTC) - timedelta(minutes=1)
    state: State = open_state(settings.state_url)
    stock_up(state.tables)
    models = settings.folder(settings.engines.models)
    old, new = register_version(state.registry, models, 1), register_version(state.registry, models, 2, 1)
    state.registry.point("recommendations", "champion", old, "test", "test")
    test = LiveTest(test="r1", kind="rollout", system="recommendations", seed="s", shadow_version=new, shadow_share=1.0)
    state.live_tests.put(test, "test", "test")
    truth = 0.0

    async def scenario() -> None:
        nonlocal truth
        async with open_serving(settings) as serving:
            shadow = serving.decider.lineup.shadow(new)
            assert isinstance(shadow, RecommendationSystem)
            pages = range(len(NAMES))
            shown = sum(worth(odds(serving, serving.system, recipe, page), page) for page in pages)
            truth = sum(worth(odds(serving, shadow, recipe, page), page) for page in pages) / shown - 1
            await visits(serving, count, random.Random(5))
            await serving.decision_log.flush()
            await serving.shadow_log.flush()
            await serving.make_visible()

    asyncio.run(scenario())
    found = MeasuredRollouts(settings, state).measure(rollout(new, since), datetime.now(UTC) + timedelta(minutes=1))
    state.close()
    assert found.shadow is not None
    assert found.shadow.answered.requests >= count - 64
    return found.shadow, truth


def test_a_better_version_in_the_shadow_of_one_that_explores_is_expected_to_earn_what_it_would(tmp_path: Path) -> None:
    shadow, truth = seen_in_shadow(tmp_path, {"exploration": 1.0, "exploration_pool": 11}, 2_400)
    assert shadow.expected_low is not None, shadow.not_identified
    assert shadow.expected_high is not None
    assert 0 < shadow.expected_low < truth < shadow.expected_high


def test_beside_a_version_that_leaves_nothing_to_chance_nothing_is_identified_and_the_remedy_is_named(
    tmp_path: Path,
) -> None:
    shadow, _ = seen_in_shadow(tmp_path, {}, 100)
    assert (shadow.expected_low, shadow.expected_high) == (None, None)
    assert "exploration" in shadow.not_identified


def test_what_could_not_have_been_shown_is_not_guessed(tmp_path: Path) -> None:
    shadow, _ = seen_in_shadow(tmp_path, {"exploration": 1.0, "exploration_pool": 1}, 600)
    assert shadow.expected_low is None
    assert "Poor support" in shadow.not_identified


def test_a_recipe_with_a_setting_that_there_is_not_keeps_the_server_from_starting(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path, recommendations=RecommendationSettings(recipe={"exploraton": 1}))

    async def scenario() -> None:
        async with open_serving(settings):
            pass

    with pytest.raises(InputError, match="exploraton"):
        asyncio.run(scenario())
