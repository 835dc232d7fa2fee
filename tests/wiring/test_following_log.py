"""Two serving processes of one workspace: what one is told, the other knows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Inventory, Product
from shopkeeper.commerce.shopper import Shopper, User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import INVENTORY, PRODUCTS, STORES, USERS
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.wiring import shared_log
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings

NOW = datetime.now(UTC)
ALLOWED = Consent(measure=True, personalise=True)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(shared_log, "SEEN_SECONDS", 0.0)  # these tests call `follow` themselves
    return Settings(workspace=tmp_path)


@contextlib.asynccontextmanager
async def two(settings: Settings) -> AsyncIterator[tuple[Serving, Serving]]:
    """Two processes' worth of serving, the store declared through the first."""
    async with open_serving(settings) as one, open_serving(settings) as other:
        await one.tables.take(STORES, [SourcedRow(Store(store="uk", consent_default=ALLOWED), NOW)])
        await one.tables.take(PRODUCTS, [lamp()])
        await other.others.follow()
        yield one, other


def lamp(at: datetime = NOW, **fields: Any) -> SourcedRow:  # noqa: ANN401 - fields of the product
    return SourcedRow(Product(product="lamp", store="uk", **fields), at)


def view(n: int, product: str = "lamp", **fields: Any) -> Event:  # noqa: ANN401 - fields of the event
    return Event(event_id=str(n), ts=NOW, store="uk", type="view", product=product, **fields)


async def shown(serving: Serving) -> list[str]:
    decision = await serving.recommend(RecommendationBody(store="uk"))
    return [item.product for item in decision.answer.items]


def test_a_product_put_through_one_is_shown_by_the_other_until_it_is_sold_out_through_the_first(
    settings: Settings,
) -> None:
    async def scenario() -> None:
        async with two(settings) as (one, other):
            assert await shown(other) == ["lamp"]
            gone = Inventory(product="lamp", store="uk", ts=NOW, on_hand=0.0)
            await one.tables.take(INVENTORY, [SourcedRow(gone, NOW + timedelta(seconds=1))])
            await other.others.follow()
            assert await shown(other) == []

    asyncio.run(scenario())


def test_what_the_state_says_settles_two_rows_of_one_moment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.wiring.following_log.SETTLE_SECONDS", 0.0)

    async def scenario() -> None:
        async with two(settings) as (one, other):
            later = NOW + timedelta(seconds=1)
            await other.tables.take(PRODUCTS, [lamp(later, price=1.0)])
            await one.tables.take(PRODUCTS, [lamp(later, price=2.0)])  # came last, so the state has it
            async with asyncio.timeout(30):
                for serving in (one, other):
                    while (card := serving.catalogue.card("uk", "lamp")) is None or card.price != 2.0:
                        await serving.others.follow()
                        await asyncio.sleep(0.01)
            assert not one.tables.contested
            assert not other.tables.contested

    asyncio.run(scenario())


def test_an_event_counts_at_both_and_is_known_when_it_comes_again(settings: Settings) -> None:
    async def scenario() -> None:
        async with two(settings) as (one, other):
            unmeasured = view(2, product="desk", consent=Consent(measure=False))
            await one.events.take([view(1, user="ann"), view(3), unmeasured])
            await asyncio.gather(*(other.others.heard() for _ in range(3)))
            assert other.others.unheard == 0
            assert dict(other.trending.top("uk")) == pytest.approx({"lamp": 1.0, "desk": 1 / 2}, rel=1e-2)
            assert other.profiles.local.read(Shopper("uk", user="ann")).events[0].product == "lamp"
            taken = await other.events.take([view(1, user="ann")])
            assert (taken.accepted, taken.duplicates) == (0, 1)

    asyncio.run(scenario())


def test_who_is_erased_through_one_is_forgotten_by_the_other_and_in_its_open_segment(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.wiring.serve.SECONDS", 3_600.0)  # nobody follows the report before the late event

    async def scenario() -> None:
        async with two(settings) as (one, other):
            await other.events.take([view(1, user="ann"), view(2, user="ben")])
            assert len(other.profiles) == 2
            gone = SourcedRow(User(user="ann", store="uk"), NOW + timedelta(seconds=1), deleted=True)
            await one.tables.take(USERS, [gone])
            await one.erasure.begin([gone])
            await other.others.follow()
            assert other.profiles.local.read(Shopper("uk", user="ann")).events == ()
            await one.erasure.finish()
            (report,) = one.state.reports.latest("erasure")
            assert report.body["status"] == "done"
            assert report.body["erased"]["events"] == 1
            await other.events.take([view(3, user="ann")])  # as one that was on its way
            await other.erasure.follow_reports()
            assert other.profiles.local.read(Shopper("uk", user="ann")).events == ()
            assert len(other.profiles) == 1

    asyncio.run(scenario())


def test_who_stood_still_reads_what_was_compacted_meanwhile(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with two(settings) as (one, other):
            monkeypatch.setattr(other.log.follower, "unchanged", lambda: True)  # sees nothing, as one that stands still
            await one.tables.take(PRODUCTS, [SourcedRow(Product(product="desk", store="uk"), NOW)])
            await one.events.take([view(1, user="ann")])
            await one.log.seal()
            one.lake.compact()
            assert other.catalogue.card("uk", "desk") is None
            monkeypatch.undo()
            monkeypatch.setattr("shopkeeper.wiring.following_log.SEEN_SECONDS", 0.0)  # any pause was too long
            async with asyncio.timeout(30):
                while not other.profiles.local.read(Shopper("uk", user="ann")).events:
                    await asyncio.sleep(0.01)
            assert other.catalogue.card("uk", "desk") is not None

    asyncio.run(scenario())


def test_one_of_two_compacts_and_the_other_takes_over(settings: Settings) -> None:
    async def scenario() -> None:
        async with open_serving(settings) as other:
            async with open_serving(settings) as one:
                assert [one.log.duty.mine(), other.log.duty.mine()] == [True, False]
            assert other.log.duty.mine()

    asyncio.run(scenario())


def test_who_starts_later_knows_what_is_still_in_an_open_segment(settings: Settings) -> None:
    async def scenario() -> None:
        async with open_serving(settings) as one:
            await one.tables.take(STORES, [SourcedRow(Store(store="uk", consent_default=ALLOWED), NOW)])
            await one.tables.take(PRODUCTS, [lamp()])
            await one.events.take([view(1, user="ann")])
            async with open_serving(settings) as other:
                assert other.profiles.local.read(Shopper("uk", user="ann")).events[0].product == "lamp"
                assert dict(other.trending.top("uk")) == {"lamp": 1.0}

    asyncio.run(scenario())
