"""The serving process put together: models are swapped by pointer, a damaged one never serves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.engines.test_night_lists import export

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper, User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.errors import UnknownStore
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest, Slot
from shopkeeper.recommendations.rules.merchandising import Exclude, RuleSet, Where
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.decide import Decision
from shopkeeper.serving.shadow import Shadows, Shown
from shopkeeper.testing.serving_suite import DecisionSystemSuite
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings, TrainingSettings
from shopkeeper.wiring.train import Asked, train_system

NOW = datetime.now(UTC)
SHOPPERS, PRODUCTS_EACH = 60, 6


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A workspace with two trained versions: shoppers buy runs of neighbouring products out of twenty."""
    chosen = Settings(
        workspace=tmp_path_factory.mktemp("shop"),
        training=TrainingSettings(minimum_interactions=100, bootstrap=100),  # type: ignore[call-arg]  # pydantic defaults
    )
    state = open_state(chosen.state_url)
    state.tables.upsert(STORES, [SourcedRow(Store(store="uk"), NOW)])
    shelf = [Product(product=f"p{n}", store="uk", categories=("home",)) for n in range(20)]
    state.tables.upsert(PRODUCTS, [SourcedRow(row, NOW) for row in shelf])
    state.close()
    log = SegmentLog(chosen.folder(chosen.engines.log), "import")
    rows = [
        Event(
            event_id=f"{shopper}-{step}", ts=NOW - timedelta(days=9 - step, minutes=shopper), store="uk",
            type="purchase", product=f"p{(shopper + step) % 20}", user=f"u{shopper}",
        )
        for shopper in range(SHOPPERS)
        for step in range(PRODUCTS_EACH)
    ]  # fmt: skip
    log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
    log.close()
    for model in ("item-knn", "popular"):
        train_system(chosen, "recommendations", Asked(model, folds=0, ignore_quality="a test"), say=lambda _: None)
    return chosen


def versions(settings: Settings) -> list[str]:
    state = open_state(settings.state_url)
    try:
        return sorted(version.version for version in state.registry.versions("recommendations"))
    finally:
        state.close()


def ask(**body: Any) -> RecommendationBody:  # noqa: ANN401 - fields of the body
    return RecommendationBody(store="uk", **body)


def test_the_champion_answers_and_another_takes_over_by_pointer_alone(settings: Settings) -> None:
    first, second = versions(settings)

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            for version in (second, first):
                serving.state.registry.point("recommendations", "champion", version, "test", "test")
                await serving.release.follow()
                decision = await serving.recommend(ask(user="u1"))
                assert (decision.model, decision.fallback) == (version, None)

    asyncio.run(scenario())


def test_every_list_of_a_page_is_of_the_version_and_rules_of_the_first_whatever_takes_over_between_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    recommend, known = Serving.recommend, versions(settings)

    async def scenario() -> None:
        async with open_serving(settings) as serving:

            async def then_swap(self: Serving, *asked: Any) -> Decision[RecommendationAnswer]:  # noqa: ANN401 - passed on
                decision = await recommend(self, *asked)
                other = next(version for version in known if version != serving.system.version)
                serving.state.registry.point("recommendations", "champion", other, "test", "test")
                await serving.release.follow()
                banned = Where(products=tuple(f"p{n}" for n in range(19)))
                rules = (Exclude(name="all but one", where=banned),)
                serving.system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
                return decision

            monkeypatch.setattr(Serving, "recommend", then_swap)
            for many in (20, 1):  # the rules of the second page leave one product
                first = serving.system.version
                page = ask(user="nobody", k=2, slots=(Slot(surface="home", k=2), Slot(surface="cart", k=2)))
                decisions = await serving.recommend_page(page)
                assert [decision.model for decision in decisions] == [first] * 3
                shown = [item.product for decision in decisions for item in decision.answer.items]
                assert len(shown) == min(many, 6)

    asyncio.run(scenario())


def test_what_a_challenger_in_shadow_answers_last_is_in_the_log_when_the_server_has_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, close = threading.Event(), Shadows.close

    def late(self: RecommendationSystem, request: RecommendationRequest) -> RecommendationAnswer:
        assert closing.wait(10)
        return self.fallback(request)

    def close_now(self: Shadows[RecommendationRequest, RecommendationAnswer]) -> None:
        closing.set()
        close(self)

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            challenger = serving.system.with_settings({})
            monkeypatch.setattr(type(challenger), "answer", late)
            serving.decider.lineup.field({}, {"v2": challenger})
            test = LiveTest(
                test="last", kind="rollout", system="recommendations", seed="s", shadow_version="v2", shadow_share=1.0
            )
            body = ask(user="u1")
            request = RecommendationRequest(body, Shopper("uk", "u1"), FULL_CONSENT, NOW)
            assert serving.decider.shadows is not None
            serving.decider.shadows.look([test], Shown(request, "d-last", NOW, serving.system.fallback(request)))

    monkeypatch.setattr(Shadows, "close", close_now)
    asyncio.run(scenario())
    lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
    lake.compact()
    with contextlib.closing(lake.warehouse()) as warehouse:
        found = warehouse.fetch(NamedQuery("test", "SELECT decision_id FROM shadow_answers"))["decision_id"].tolist()
    assert found == ["d-last"]


def test_what_shoppers_do_now_is_in_the_answers_to_others_and_after_a_restart(settings: Settings) -> None:
    async def beside(serving: Serving) -> list[str]:
        """Return what goes with p0 for somebody nobody knows, however often that was asked before."""
        await serving.grow()
        decision = await serving.recommend(ask(surface="product", products=("p0",), k=3))
        return [item.product for item in decision.answer.items]

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            serving.state.registry.point("recommendations", "champion", versions(settings)[0], "test", "test")
            await serving.release.follow()
            assert "p13" not in await beside(serving)
            visits = [
                Event(
                    event_id=f"{product} {n}", ts=NOW + timedelta(seconds=seconds), store="uk", type="view",
                    product=product, visitor=f"visitor {n}",
                )
                for n in range(200)
                for seconds, product in enumerate(("p0", "p13"))
            ]  # fmt: skip
            await serving.events.take(visits)
            assert (await beside(serving))[0] == "p13"
        async with open_serving(settings) as serving:
            assert (await beside(serving))[0] == "p13"

    asyncio.run(scenario())


def test_a_damaged_version_never_serves_and_the_old_one_goes_on(settings: Settings) -> None:
    good, bad = versions(settings)
    folder = settings.folder(settings.engines.models) / "recommendations" / bad
    array = sorted(folder.glob("*.npy"))[0]
    whole = array.read_bytes()

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            assert serving.system.version == good
            serving.state.registry.point("recommendations", "champion", bad, "test", "test")
            try:
                await serving.release.follow()
                assert serving.release.error is not None
                assert array.name in serving.release.error
                assert (await serving.recommend(ask(user="u1"))).model == good
            finally:
                serving.state.registry.point("recommendations", "champion", good, "test", "test")

    array.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        asyncio.run(scenario())
    finally:
        array.write_bytes(whole)


def test_what_a_user_bought_is_read_only_with_consent(settings: Settings) -> None:
    async def scenario() -> None:
        async with open_serving(settings) as serving:
            bought = {f"p{n}" for n in range(1, 1 + PRODUCTS_EACH)}
            known = await serving.recommend(ask(user="u1", k=5))
            assert not bought & {item.product for item in known.answer.items}
            refused = ask(user="u1", k=20, consent=msgspec.convert({"personalise": False}, FULL_CONSENT.__class__))
            stranger = await serving.recommend(ask(user="nobody", k=20))
            unread = await serving.recommend(refused)
            assert [i.product for i in unread.answer.items] == [i.product for i in stranger.answer.items]

    asyncio.run(scenario())


def test_an_erased_user_is_in_no_model_any_more(settings: Settings) -> None:
    export(settings.folder(settings.engines.lists), {"u7": [("p1", 2.0)], "u8": [("p2", 1.0)]})

    async def scenario() -> None:
        async with open_serving(settings) as serving:
            assert serving.lists.of("uk", "u7") == [("p1", 2.0)]
            await serving.erasure.begin([SourcedRow(User(user="u7", store="uk"), NOW, deleted=True)])
            await serving.erasure.finish()
            (report,) = serving.state.reports.latest("erasure", limit=1)
            assert report.body["status"] == "done"
            assert report.body["erased"]["events"] == PRODUCTS_EACH
            assert report.body["erased"]["models"] == len(versions(settings))
            assert report.body["erased"]["lists"] == 1
            assert [serving.lists.of("uk", user) for user in ("u7", "u8")] == [None, [("p2", 1.0)]]
            known, stranger = await serving.recommend(ask(user="u7")), await serving.recommend(ask(user="nobody"))
            assert known.fallback is None
            assert [i.product for i in known.answer.items] == [i.product for i in stranger.answer.items]

    asyncio.run(scenario())


def test_a_store_nobody_declared_is_an_error_of_the_caller(settings: Settings) -> None:
    async def scenario() -> None:
        async with open_serving(settings) as serving:
            with pytest.raises(UnknownStore):
                await serving.recommend(RecommendationBody(store="mars"))

    asyncio.run(scenario())


@pytest.fixture(scope="module")
def system(settings: Settings) -> RecommendationSystem:
    async def opened() -> RecommendationSystem:
        async with open_serving(settings) as serving:
            return serving.system

    return asyncio.run(opened())


@pytest.fixture
def requests() -> Sequence[RecommendationRequest]:
    bodies = [
        ask(user="u1"), ask(user="u2", k=50), ask(user="nobody"), ask(), ask(visitor="v", session="s"),
        ask(products=("p3",), surface="product"), ask(products=("gone",)), ask(exclude=("p1", "p2"), k=3),
        ask(candidates=("p1", "p2", "gone")),
    ]  # fmt: skip
    return [
        RecommendationRequest(body, Shopper("uk", body.user, body.visitor, body.session), FULL_CONSENT, NOW)
        for body in bodies
    ]


class TestRecommendationSystem(DecisionSystemSuite):
    """The recommendation system obeys the laws the rails build on."""
