"""A serving process answers each arm by its own version, and follows what runs and what is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.state import open_state
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import Unavailable
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.serving.decide import Decision
from shopkeeper.testing.small_shop import register_version, stock_up
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import PrivacySettings, Settings
from shopkeeper.wiring.settings_serving import ServingSettings

UNITS = [f"v{n}" for n in range(40)]
STOP = StopOrder(system="recommendations", person="ann", reason="odd lists", at="2026-06-01T12:00:00Z")
Scenario = Callable[[Serving], Awaitable[None]]


def register(settings: Settings, seed: int) -> str:
    state = open_state(settings.state_url)
    try:
        return register_version(state.registry, settings.folder(settings.engines.models), seed)
    finally:
        state.close()


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A workspace with a shelf; no version serves yet."""
    patient = ServingSettings(deadline_ms=10_000)  # type: ignore[call-arg]  # pydantic defaults; a slow machine is no fault
    settings = Settings(workspace=tmp_path, serving=patient)
    state = open_state(settings.state_url)
    stock_up(state.tables)
    state.close()
    return settings


def serve(settings: Settings, champion: str | None, scenario: Scenario) -> None:
    async def run() -> None:
        async with open_serving(settings) as serving:
            if champion is not None:
                serving.state.registry.point("recommendations", "champion", champion, "test", "test")
                await serving.release.follow()
            await scenario(serving)

    asyncio.run(run())


def rollout(version: str | None, share: float = 0.5, **fields: Any) -> LiveTest:  # noqa: ANN401 - fields of a test
    arms = (TestArm(name="control", share=share), TestArm(name="treatment", share=share, version=version))
    test = LiveTest(
        test="r1", kind="experiment", system="recommendations", seed="seed", epoch=1, arms=arms, holdout=0.0
    )
    return replace(test, **fields)


async def put(serving: Serving, test: LiveTest) -> None:
    serving.state.live_tests.put(test, "test", "test")
    await serving.following.begin()


async def answers(serving: Serving, units: list[str] = UNITS, **body: Any) -> list[Decision[Any]]:  # noqa: ANN401
    return [await serving.recommend(RecommendationBody(store="uk", visitor=unit, k=3, **body)) for unit in units]


def test_each_arm_is_answered_by_its_version_and_the_record_says_so(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second))
        seen = {(one.test, one.epoch, one.variant, one.model, one.fallback) for one in await answers(serving)}
        assert seen == {("r1", 1, "control", first, None), ("r1", 1, "treatment", second, None)}
        records = {(record.test, record.epoch, record.variant) for record in serving.decision_log.recent}
        assert records == {("r1", 1, "control"), ("r1", 1, "treatment")}
        turn = serving.arms.turn
        await serving.following.begin()
        assert serving.arms.turn == turn, "nothing changed, so nothing is told anew"

    serve(shop, first, scenario)


def test_no_decision_is_of_a_version_that_was_taken_back(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second))
        assert second in {one.model for one in await answers(serving, products=("p01",))}
        serving.state.live_tests.remove("r1", "test", "test")
        await serving.following.follow_tests()
        assert {one.model for one in await answers(serving, products=("p01",))} == {first}, "cached answers included"
        serving.state.registry.point("recommendations", "champion", second, "test", "test")
        await serving.release.follow()
        assert {one.model for one in await answers(serving)} == {second}
        serving.state.registry.point("recommendations", "champion", first, "test", "test")
        await serving.release.follow()
        assert {one.model for one in await answers(serving)} == {first}

    serve(shop, first, scenario)


def test_the_rules_alone_answer_an_arm_and_the_holdout_without_being_degraded(shop: Settings) -> None:
    first = register(shop, 1)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout("", 0.4, holdout=0.3))
        found = await answers(serving)
        by_arm = {one.variant: (one.test, one.model, one.fallback) for one in found}
        assert by_arm["treatment"] == ("r1", None, None)
        assert by_arm["holdout"] == (None, None, None)
        assert by_arm["control"] == ("r1", first, None)
        assert serving.telemetry.totals().fallbacks == {}

    serve(shop, first, scenario)


def test_an_arm_whose_version_cannot_be_opened_is_answered_by_the_rules_and_visible(shop: Settings) -> None:
    first = register(shop, 1)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout("20200101-000000-aaaaaa"))
        found = await answers(serving)
        reasons = {(one.variant, one.model, one.fallback) for one in found}
        assert reasons == {("control", first, None), ("treatment", None, "not_opened")}
        assert "not registered" in serving.following.problems["r1 treatment"]

    serve(shop, first, scenario)


def test_settings_of_an_arm_reach_the_recipe_and_follow_the_champion(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)
    arms = (
        TestArm(name="control", share=0.4),
        TestArm(name="varied", share=0.3, settings={"history_share": 0.9}),
        TestArm(name="odd", share=0.3, settings={"no such": 1}),
    )

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(None, arms=arms))
        seen = {(one.variant, one.model, one.fallback) for one in await answers(serving)}
        assert seen == {("control", first, None), ("varied", first, None), ("odd", None, "not_opened")}
        assert "no such" in serving.following.problems["r1 odd"]
        serving.state.registry.point("recommendations", "champion", second, "test", "test")
        await serving.release.follow()
        assert {one.model for one in await answers(serving) if one.variant == "varied"} == {second}

    serve(shop, first, scenario)


def test_a_stop_order_in_the_file_holds_without_the_state_database_and_after_a_restart(shop: Settings) -> None:
    first = register(shop, 1)

    async def stopped(serving: Serving) -> None:
        serving.state.close()
        StopFile(shop.workspace).give(STOP)
        await serving.following.follow_stop_file()
        assert {(one.model, one.fallback, one.test) for one in await answers(serving)} == {(None, "stopped", None)}

    async def still_stopped(serving: Serving) -> None:
        assert {one.fallback for one in await answers(serving)} == {"stopped"}
        assert StopFile(shop.workspace).lift("recommendations", "")
        await serving.following.follow_stop_file()
        assert {one.model for one in await answers(serving)} == {first}

    serve(shop, first, stopped)
    serve(shop, None, still_stopped)


def test_a_stop_order_in_the_state_database_holds_in_its_store_alone(shop: Settings) -> None:
    first = register(shop, 1)

    async def scenario(serving: Serving) -> None:
        serving.state.stops.give(replace(STOP, store="elsewhere"))
        await serving.following.follow_tests()
        assert {one.model for one in await answers(serving)} == {first}
        serving.state.stops.give(replace(STOP, system="", store="uk"))
        await serving.following.follow_tests()
        assert {one.fallback for one in await answers(serving)} == {"stopped"}

    serve(shop, first, scenario)


def test_what_ran_last_goes_on_while_the_state_database_does_not_answer(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second))

        def away() -> int:
            raise Unavailable("away", "wait")

        monkeypatch.setattr(serving.state.live_tests, "revision", away)
        await serving.following.follow_tests()
        await serving.following.follow_tests()
        assert serving.following.unread == 2
        assert {one.variant for one in await answers(serving)} == {"control", "treatment"}

    serve(shop, first, scenario)


def test_a_challenger_in_shadow_is_computed_beside_the_answer_and_shown_to_nobody(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second, arms=(), shadow_version=second, shadow_share=1.0))
        found = await answers(serving)
        assert {(one.model, one.test, one.variant) for one in found} == {(first, None, "champion")}
        for _ in range(500):
            if len(serving.shadow_log.recent) == len(found):
                break
            await asyncio.sleep(0.01)
        rows = {row.decision_id: row for row in serving.shadow_log.recent}
        assert set(rows) == {one.decision_id for one in found}
        for one in found:
            row = rows[one.decision_id]
            shown = {item.product for item in one.answer.items}
            other = {item["product"] for item in row.answer["items"]}
            assert (row.test, row.version, row.error, row.results) == ("r1", second, None, 3)
            assert row.agreement == len(shown & other) / 3

    serve(shop, first, scenario)


def test_what_a_device_was_answered_with_is_its_users_arm_after_the_login(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second))
        before = [one.variant for one in await answers(serving)]
        body = [RecommendationBody(store="uk", visitor=unit, user=f"user-of-{unit}", k=3) for unit in UNITS]
        after = [(await serving.recommend(one)).variant for one in body]
        elsewhere = [(await serving.recommend(replace(one, visitor="another"))).variant for one in body]
        assert before == after == elsewhere
        fresh = [(await serving.recommend(replace(one, visitor=None, user=f"new-{one.user}"))).variant for one in body]
        assert fresh != before, "who was never on the device is assigned by their own name"

    serve(shop, first, scenario)


def test_a_shopper_who_is_not_measured_is_in_no_test(shop: Settings) -> None:
    first, second = register(shop, 1), register(shop, 2)

    async def scenario(serving: Serving) -> None:
        await put(serving, rollout(second, holdout=0.2))
        consent = Consent(measure=False, personalise=True)
        found = await answers(serving, consent=consent)
        assert {(one.model, one.test, one.variant) for one in found} == {(first, None, "champion")}

    serve(shop, first, scenario)


def test_what_a_shopper_takes_out_of_the_cart_or_dismisses_is_gone_from_their_next_list(shop: Settings) -> None:
    first = register(shop, 1)

    async def scenario(serving: Serving) -> None:
        consent = Consent(measure=True, personalise=True)
        body = RecommendationBody(store="uk", visitor="ann", k=5, consent=consent)
        types: tuple[EventType, ...] = ("dismiss", "remove")
        for number, type_ in enumerate(types):
            shown = [item.product for item in (await serving.recommend(body)).answer.items]
            told = Event(
                event_id=f"e{number}", ts=serving.now(), store="uk", type=type_, visitor="ann", product=shown[0],
                consent=consent,
            )  # fmt: skip
            await serving.events.take([told])
            after = await serving.recommend(body)
            assert (after.cached, after.fallback) == (False, None)
            assert shown[0] not in [item.product for item in after.answer.items]

    serve(shop, first, scenario)


def test_interest_in_a_sensitive_product_is_not_kept_in_a_profile(shop: Settings) -> None:
    policy = PrivacySettings(sensitive_categories=["HOME"])  # type: ignore[call-arg]  # pydantic defaults
    settings = shop.model_copy(update={"privacy": policy})
    first = register(settings, 1)

    async def scenario(serving: Serving) -> None:
        consent = Consent(measure=True, personalise=True)
        types: tuple[EventType, ...] = ("view", "cart", "dismiss")
        told = [
            Event(
                event_id=f"e{n}",
                ts=serving.now(),
                store="uk",
                type=type_,
                visitor="ann",
                product=f"p0{n}",
                consent=consent,
            )
            for n, type_ in enumerate(types)
        ]
        await serving.events.take(told)
        profile = (await serving.profiles.read(Shopper("uk", None, "ann", None))).profile
        assert [(event.product, event.type) for event in profile.events] == [("p02", "dismiss")]
        assert (await serving.recommend(RecommendationBody(store="uk", visitor="ann", k=5))).answer.items == ()

    serve(settings, first, scenario)
