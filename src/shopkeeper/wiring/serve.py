"""The serving process put together: every port meets its engine here, for as long as the server runs."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import structlog

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import DECISIONS, SHADOW_ANSWERS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.night_lists import NightListFiles
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import open_state
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import LogDamaged, Unavailable
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.intake.consent import UserConsents
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.runs.price_book import PriceBook
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.catalogue.trending_seed import seed_trending
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, changed
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.admission import Admission
from shopkeeper.serving.breaker import Breaker, BreakerLimits
from shopkeeper.serving.cache import AnswerCache
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.decide import Decider, Surroundings
from shopkeeper.serving.decision_ids import decision_ids
from shopkeeper.serving.joined_events import JoinedEvents
from shopkeeper.serving.key_ring import KeyRing
from shopkeeper.serving.lineup import Lineup
from shopkeeper.serving.live_events import LiveEvents
from shopkeeper.serving.live_tables import LiveTables
from shopkeeper.serving.pace import PROVEN, Pace
from shopkeeper.serving.queued_log import QueuedLog
from shopkeeper.serving.recent_ids import RecentIds
from shopkeeper.serving.rehearsal import rehearsed
from shopkeeper.serving.shadow import Shadows
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.user_traits import UserTraits
from shopkeeper.serving.workers import Workers
from shopkeeper.wiring.arms import arms_of
from shopkeeper.wiring.arriving import arrivals
from shopkeeper.wiring.background import running
from shopkeeper.wiring.contracts import read_contracts
from shopkeeper.wiring.erasure import Erasure, Places
from shopkeeper.wiring.following import SECONDS, Following
from shopkeeper.wiring.following_log import SECONDS as FOLLOW_LOG_SECONDS
from shopkeeper.wiring.following_log import FollowedLog
from shopkeeper.wiring.following_prices import FollowedPrices
from shopkeeper.wiring.following_rules import FollowedRules
from shopkeeper.wiring.import_watch import ImportWatch
from shopkeeper.wiring.open_versions import OpenVersions
from shopkeeper.wiring.pricing.aside import PricesAside
from shopkeeper.wiring.recalled_refusals import recalling_refusals
from shopkeeper.wiring.release import Release
from shopkeeper.wiring.sensitive import sensitivity_of
from shopkeeper.wiring.serving import Now, RecommendationDecider, Serving
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.settled_memory import settled_memory
from shopkeeper.wiring.shared_cache import FOLLOW_SECONDS, open_profiles, shared_answers
from shopkeeper.wiring.shared_log import open_log
from shopkeeper.wiring.state_watch import StateWatch
from shopkeeper.wiring.validators import Validators
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.warm_start import newest_events

LISTS_SECONDS = 10.0
"""How often new lists of the night are looked for."""
ORDERS_SECONDS = 0.5
"""How often orders of large shelves that changed are made anew."""
GROW_SECONDS = 1.0
"""How often models learn what shoppers did."""
HOUR = 3_600.0
"""How often behaviour is judged and retention enforced, seconds; a day that is over is dealt with within the hour."""
RECENT_IDS = 500_000
REHEARSED = PROVEN + 10
"""Requests a version answers before it serves; the first ones, which read its files, may be slow."""
RESTS = 4.0
"""How many times as long as each of them takes a version rests while another one serves: that one has the processor."""

_log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def open_serving(settings: Settings, now: Now = utc_now) -> AsyncIterator[Serving]:
    """Open every engine, fill what is held in memory, and follow releases and imports until the context closes.

    On closing, decisions that wait are written, the log is sealed and every engine is closed.

    Args:
        now: When requests are answered; a simulation gives each shopper's own time.
    """
    async with contextlib.AsyncExitStack() as stack:
        serving = await _assemble(settings, stack, now)
        stack.callback(serving.imports.end)
        await serving.imports.begin()
        await serving.erasure.follow_reports()
        await asyncio.to_thread(_remember, serving)
        await serving.keys.refresh()
        await serving.release.follow()
        await serving.following.begin()
        await serving.rules.follow()
        await serving.prices.follow()
        await serving.follow_lists()
        await serving.follow_cache()
        await serving.others.follow()
        watch = StateWatch(serving.state.mark.read)
        following, rules, prices = serving.following, serving.rules, serving.prices
        rounds = {
            "state": (SECONDS, watch.look),
            "release": (0.0, watch.following(serving.release.follow)),
            "tests": (0.0, watch.following(following.follow_tests, lambda: following.up)),
            "rules": (0.0, watch.following(rules.follow, lambda: rules.up)),
            "prices": (0.0, watch.following(prices.follow, lambda: prices.up)),
            "keys": (0.0, watch.following(serving.keys.refresh)),
            "imports": (0.0, watch.following(serving.imports.follow)),
            "erasures": (0.0, watch.following(serving.erasure.follow_reports)),
            "stops": (SECONDS, serving.following.follow_stop_file),
            "versions": (SECONDS, serving.following.open_versions),
            "compaction": (settings.serving.seal_seconds, serving.make_visible),
            "others": (FOLLOW_LOG_SECONDS, serving.others.follow),
            "cache": (FOLLOW_SECONDS, serving.follow_cache),
            "mirror": (settings.serving.seal_seconds, serving.load_mirror),
            "increments": (GROW_SECONDS, serving.grow),
            "lists": (LISTS_SECONDS, serving.follow_lists),
            "orders": (ORDERS_SECONDS, serving.renew_orders),
            "decisions": (0.25, serving.decision_log.flush),
            "shadows": (0.25, serving.shadow_log.flush),
            "traffic": (HOUR, serving.judge_behaviour),
            "retention": (HOUR, serving.enforce_retention),
        }
        with settled_memory():
            async with running(rounds), recalling_refusals(serving):
                yield serving
        await serving.others.finish()
        await serving.erasure.finish()
        await serving.decision_log.flush()


def _remember(serving: Serving) -> None:
    """Bring what was logged before into the lake, and let the newest of it count again."""
    try:
        serving.lake.compact()
    except LogDamaged as error:  # all other segments were taken; what is damaged must not keep the shop closed
        _log.error("log_damaged", error=str(error))
    except Unavailable as error:  # the next compaction goes on from there
        _log.error("lake_behind", error=str(error))
    if serving.lake.empty:
        return
    with contextlib.closing(serving.lake.warehouse()) as warehouse:
        now = serving.now()
        for event in newest_events(warehouse, now):
            serving.events.recall(event)
        seed_trending(serving.trending, warehouse, serving.catalogue, now)


async def _finish_shadows(close: Callable[[], None], log: QueuedLog[ShadowAnswer]) -> None:
    """Write what challengers answered last: their rows come until they are closed."""
    await asyncio.to_thread(close)
    await log.flush()


def _newest_events(lake: Lake, now: Now) -> list[Event]:
    with contextlib.closing(lake.warehouse()) as warehouse:
        return list(newest_events(warehouse, now()))


async def _assemble(settings: Settings, stack: contextlib.AsyncExitStack, now: Now) -> Serving:
    chosen, engines = settings.serving, settings.engines
    state = await asyncio.to_thread(open_state, settings.state_url)
    stack.callback(state.close)
    log = open_log(settings.folder(engines.log), stack)  # before the lake is read: nothing is missed in between
    live_log = log.live
    workers = Workers()
    stack.callback(workers.close)

    async def hear() -> None:
        await others.heard()

    telemetry, catalogue = Telemetry(time.time), Catalogue(sensitivity_of(settings))
    trending = Trending(settings.recommendations.trending_half_life_hours)
    consents, profiles = UserConsents(catalogue.group), open_profiles(settings, stack, hear)
    increments = LiveIncrements()
    lists = NightListFiles(settings.folder(engines.lists))
    recipe, shop_rules = changed(DEFAULT_PARAMS, settings.recommendations.recipe), ShopRules()
    system = RecommendationSystem(catalogue, trending, recipe, lists, shop_rules)
    decision_log: QueuedLog[DecisionRecord] = QueuedLog(live_log, DECISIONS)
    shadow_log: QueuedLog[ShadowAnswer] = QueuedLog(live_log, SHADOW_ANSWERS)
    limits = BreakerLimits(
        chosen.breaker_failures, chosen.breaker_share, chosen.breaker_window_seconds, chosen.breaker_open_seconds
    )
    lineup = Lineup(system, lambda: Breaker(limits, time.monotonic), chosen.wait_ms / 1000)
    first_arms = MemorySticky(most=chosen.sessions)
    arms = arms_of(settings, first_arms)
    shadows = Shadows(lineup, shadow_log.put, time.perf_counter, random.random)
    stack.push_async_callback(_finish_shadows, shadows.close, shadow_log)
    cache: AnswerCache[RecommendationAnswer] = AnswerCache(
        chosen.cache_entries, chosen.cache_hours * 3600, time.monotonic, random.random
    )
    decider: RecommendationDecider = Decider(
        lineup,
        cache,
        Surroundings(
            arms, workers, decision_log, telemetry, time.perf_counter, now, decision_ids().__next__,
        ),
        chosen.deadline_ms / 1000,
        shadows,
    )  # fmt: skip
    lake = Lake(settings.folder(engines.log), settings.folder(engines.lake), threads=1)
    quarantine = QuarantineFiles(settings.folder(engines.quarantine))
    models = settings.folder(engines.models)

    async def rehearse(form: RecommendationSystem) -> Pace:
        return await rehearsed(
            form,
            await asyncio.to_thread(form.rehearsals, now(), REHEARSED),
            workers,
            rests=0.0 if system.version is None else RESTS,
        )

    def on_swap(pace: Pace) -> None:
        lineup.champion.renew(pace)
        lineup.let_go()
        cache.clear()

    traits = UserTraits(catalogue.group)
    tables = LiveTables(
        live_log, state.tables, catalogue, consents, telemetry, time.perf_counter, traits, log.read_by_others
    )
    versions = OpenVersions(state.registry, system.name, models, time.monotonic)
    release = Release(state.registry, system, versions, rehearse, on_swap)
    following = Following(state.live_tests, StopFile(settings.workspace), state.stops, arms, lineup, system, versions)
    price_book = PriceBook()
    imports = ImportWatch(state.reports, tables, cache.clear)
    live_events = LiveEvents(
        live_log, catalogue, consents, profiles, trending, RecentIds(RECENT_IDS), telemetry, time.perf_counter,
        sequences=increments,
    )  # fmt: skip
    places = Places(
        log, lake, quarantine, state, models, lists, profiles, first_arms, increments, catalogue, release, cache.clear
    )
    erasure = Erasure(places)

    async def catch_up() -> None:
        await tables.reload()
        for n, event in enumerate(await asyncio.to_thread(_newest_events, lake, now)):
            live_events.recall(event)
            if n % 200 == 0:
                await asyncio.sleep(0)

    others = FollowedLog(log, live_events, tables, erasure, catch_up, now, time.monotonic)
    return Serving(
        settings=settings,
        now=now,
        state=state,
        lake=lake,
        analytics=Analytics(settings, lake),
        quarantine=quarantine,
        log=log,
        catalogue=catalogue,
        consents=consents,
        traits=traits,
        profiles=profiles,
        answers=shared_answers(settings, decider, lambda: str(imports.seen)),
        trending=trending,
        telemetry=telemetry,
        keys=KeyRing(state.keys, time.monotonic),
        events=live_events,
        increments=increments,
        joined_events=JoinedEvents(live_events),
        tables=tables,
        system=system,
        lists=lists,
        decider=decider,
        admission=Admission(chosen.wait_ms / 1000),
        decision_log=decision_log,
        shadow_log=shadow_log,
        arms=arms,
        following=following,
        rules=FollowedRules(state.rules, shop_rules),
        price_book=price_book,
        prices=FollowedPrices(state.prices, price_book, lambda: load_policy(settings.workspace).runs.cart_hours, now),
        aside=PricesAside(settings, state.registry),
        release=release,
        imports=imports,
        validators=Validators(
            catalogue,
            arrivals(settings),
            read_contracts(settings).rules(),
            settings.intake.future_seconds,
            chosen.batch_rows,
        ),
        erasure=erasure,
        others=others,
    )
