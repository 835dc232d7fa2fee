"""What a serving process holds, and how it answers; `wiring.serve` puts it together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_aside import compact_aside, worth_a_process
from shopkeeper.engines.night_lists import NightListFiles
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import State
from shopkeeper.intake.consent import UserConsents, effective
from shopkeeper.pricing.runs.price_book import PriceBook
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.recommendations.recommend import parents_of
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.admission import Admission
from shopkeeper.serving.arms import LiveArms
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.decide import Decider, Decision
from shopkeeper.serving.joined_events import JoinedEvents
from shopkeeper.serving.key_ring import KeyRing
from shopkeeper.serving.lineup import Page
from shopkeeper.serving.live_events import LiveEvents
from shopkeeper.serving.live_tables import LiveTables
from shopkeeper.serving.ports import EMPTY_PROFILE, Recalled
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.queued_log import QueuedLog
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.user_traits import UserTraits
from shopkeeper.wiring.content_truth import TextTruth
from shopkeeper.wiring.erasure import Erasure
from shopkeeper.wiring.following import Following
from shopkeeper.wiring.following_log import FollowedLog
from shopkeeper.wiring.following_prices import FollowedPrices
from shopkeeper.wiring.following_rules import FollowedRules
from shopkeeper.wiring.import_watch import ImportWatch
from shopkeeper.wiring.pricing.aside import PricesAside
from shopkeeper.wiring.release import Release
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.shared_cache import RecommendationAnswers
from shopkeeper.wiring.shared_log import SharedLog
from shopkeeper.wiring.validators import Validators
from shopkeeper.wiring.warehouse import Analytics

RECENT_REQUESTS = 200
"""Requests kept in memory, without their shoppers, to try rules on."""

RecommendationDecider = Decider[RecommendationRequest, RecommendationAnswer]
RecommendationPage = Page[RecommendationRequest, RecommendationAnswer]
Now = Callable[[], datetime]


@dataclass(slots=True)
class Serving:
    """Everything a request may need.

    Attributes:
        others: What other serving processes of the workspace took in.
        asked: The last requests, without their shoppers.
        draining: The server is going down: it finishes what it has and takes nothing new.
        truth: What was found out of published texts.
    """

    settings: Settings
    state: State
    lake: Lake
    analytics: Analytics
    quarantine: QuarantineFiles
    log: SharedLog
    catalogue: Catalogue
    consents: UserConsents
    traits: UserTraits
    profiles: Profiles
    answers: RecommendationAnswers | None
    trending: Trending
    telemetry: Telemetry
    keys: KeyRing
    events: LiveEvents
    increments: LiveIncrements
    joined_events: JoinedEvents
    tables: LiveTables
    system: RecommendationSystem
    lists: NightListFiles
    decider: RecommendationDecider
    admission: Admission
    decision_log: QueuedLog[DecisionRecord]
    shadow_log: QueuedLog[ShadowAnswer]
    arms: LiveArms
    following: Following
    rules: FollowedRules
    price_book: PriceBook
    prices: FollowedPrices
    aside: PricesAside
    release: Release
    imports: ImportWatch
    validators: Validators
    erasure: Erasure
    others: FollowedLog
    now: Now
    asked: deque[RecommendationBody] = field(default_factory=lambda: deque(maxlen=RECENT_REQUESTS))
    draining: bool = False
    truth: TextTruth = field(default_factory=TextTruth)

    async def recommend(
        self, body: RecommendationBody, page: RecommendationPage | None = None
    ) -> Decision[RecommendationAnswer]:
        """Answer one request for products.

        Args:
            page: Page it is a list of; one version answers all of them.

        Raises:
            UnknownStore: nobody declared the store.
        """
        store = self.catalogue.known_store(body.store)
        self._note(body)
        consent = effective(body.consent, self.consents.of(body.store, body.user), store)
        shopper = Shopper(store.group, body.user, body.visitor, body.session)
        known, now = shopper if consent.personalise else Shopper(store.group), self.now()
        traits = self.traits.of(body.store, body.user) if consent.personalise else None
        if self.answers is None:
            profile = (await self.profiles.read(known)).profile if consent.personalise else EMPTY_PROFILE
            return await self.decider.decide(RecommendationRequest(body, shopper, consent, now, profile, traits), page)
        request = RecommendationRequest(body, shopper, consent, now, traits=traits)
        return await self._shared(request, known, self.answers, page)

    def recommended(self, body: RecommendationBody) -> Decision[RecommendationAnswer] | None:
        """Return what `recommend` would from the cache of this process alone, without waiting; None where it would wait
        for anything else, or refuse."""
        store = self.catalogue.store(body.store)
        if store is None or self.answers is not None or self.profiles.shared is not None:
            return None
        consent = effective(body.consent, self.consents.of(body.store, body.user), store)
        shopper = Shopper(store.group, body.user, body.visitor, body.session)
        traits = self.traits.of(body.store, body.user) if consent.personalise else None
        profile = self.profiles.local.read(shopper) if consent.personalise else EMPTY_PROFILE
        decision = self.decider.kept(RecommendationRequest(body, shopper, consent, self.now(), profile, traits))
        if decision is not None:
            self._note(body)
        return decision

    def _note(self, body: RecommendationBody) -> None:
        """Let people who try something out see what was asked of late, without who asked."""
        self.asked.append(msgspec.structs.replace(body, user=None, visitor=None, session=None))

    async def recommend_page(self, body: RecommendationBody) -> list[Decision[RecommendationAnswer]]:
        """Answer the list of a body and those of its slots, each as a decision of its own, no product in two of them,
        all of one version.

        Raises:
            UnknownStore: nobody declared the store.
        """
        plain = msgspec.structs.replace(body, slots=())
        page: RecommendationPage = Page()
        decisions, shown = [await self.recommend(plain, page)], list(body.exclude)
        for slot in body.slots:
            listed = [item.product for item in decisions[-1].answer.items]
            shown += [*listed, *sorted(parents_of(listed, self.catalogue, body.store))]
            products = body.products if slot.products is None else slot.products
            filters = body.filters if slot.filters is None else slot.filters
            asked = msgspec.structs.replace(
                plain, surface=slot.surface, k=slot.k, products=products, filters=filters, exclude=tuple(shown),
                relevance=None, page=body.page or body.surface,
            )  # fmt: skip
            decisions.append(await self.recommend(asked, page))
        return decisions

    async def _shared(
        self,
        first: RecommendationRequest,
        known: Shopper,
        answers: RecommendationAnswers,
        page: RecommendationPage | None,
    ) -> Decision[RecommendationAnswer]:
        """Answer with what other processes know: the profile, first arms, and the answer one of them may have given."""
        arm, turn = self.decider.arm(first, page), self.arms.turn
        asked = answers.name(first, page)
        recalled = await self.profiles.read(known, asked) if first.personal or asked else Recalled()
        request = replace(first, profile=recalled.profile)
        if recalled.arms and request.names:
            self.arms.recall(request.names, recalled.arms)
        named = self.arms.turn == turn and self.decider.arm(request, page) == arm  # else the name was another arm's
        if recalled.answer is not None and named:
            answers.take_over(request, recalled.answer, page)
        decision = await self.decider.decide(request, page)
        packed = answers.pack(decision)
        if asked and packed is not None and named and self.arms.turn == turn:
            self.profiles.keep(known, asked, recalled.profile.version, *packed)
        if decision.test is not None and decision.test not in recalled.arms and known.unit is not None:
            self.profiles.keep_arm(known, decision.test, decision.variant)
        return decision

    async def make_visible(self) -> None:
        """Seal this process's segment, and compact where that is its duty, so that SQL sees what was logged."""
        await self.log.seal()
        if not self.log.duty.mine():
            return
        engines = self.settings.engines
        log_folder = self.settings.folder(engines.log)
        if await asyncio.to_thread(worth_a_process, log_folder):
            await compact_aside(log_folder, self.settings.folder(engines.lake))
        else:
            await asyncio.to_thread(self.lake.compact)

    async def follow_cache(self) -> None:
        """See whether a shared cache that was away is back."""
        if self.profiles.shared is not None:
            await self.profiles.shared.follow()

    async def follow_lists(self) -> None:
        """Read lists that were made overnight, where there are new ones."""
        await asyncio.to_thread(self.lists.follow)

    async def grow(self) -> None:
        """Let every version that answers know what shoppers did until now."""
        await self.increments.grow(self.following.answering())

    async def renew_orders(self) -> None:
        """Bring up to date what rules read of large shelves."""
        await asyncio.to_thread(self.system.renew_orders)

    async def load_mirror(self) -> None:
        """Send what was compacted to the warehouse that mirrors the lake, where there is one."""
        try:
            if self.log.duty.mine():
                await asyncio.to_thread(self.analytics.load)
        finally:
            await asyncio.to_thread(self.analytics.look_behind)

    async def judge_behaviour(self) -> None:
        """Find machines among the sessions that came since the last pass."""
        from shopkeeper.wiring.classifying import classify_traffic  # noqa: PLC0415 - once an hour

        if self.log.duty.mine():
            await asyncio.to_thread(classify_traffic, self.settings, self.analytics, self.state)

    async def enforce_retention(self) -> None:
        """Delete what has been kept long enough, and the keys of addresses of days before today."""
        from shopkeeper.wiring.retention import enforce_retention  # noqa: PLC0415 - once an hour

        if self.log.duty.mine():
            await asyncio.to_thread(enforce_retention, self.settings, self.lake)
