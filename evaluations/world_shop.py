"""A world's shop on a workspace: its history imported, models trained by the pipeline, served to its shoppers."""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.batch.nightly import answered_live
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams, changed
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.serving.decide import Decision
from shopkeeper.simulation.worlds.history import STORE, live_history, write_dataset
from shopkeeper.simulation.worlds.mechanism import Minds, copied
from shopkeeper.simulation.worlds.served import Clock, OracleShop, ServedShop
from shopkeeper.simulation.worlds.visits import Shop, Takings, live
from shopkeeper.simulation.worlds.world import MechanismName, World, make_world
from shopkeeper.wiring.batch_recommendations import export_recommendations
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_state import open_workspace_state

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
SYSTEM: Final = "recommendations"
PATIENT_MS: Final = 60_000.0
"""How long a model may take: the clock of shoppers stands still meanwhile, and a busy machine is no part of a world."""
NIGHT_LENGTH: Final = 50
SELDOM_SECONDS: Final = 3_600.0


@dataclass(frozen=True)
class WorldShop:
    """A world at the end of its history.

    Attributes:
        minds: What is on everybody's mind then.
        bought: What each shopper had bought by then.
        workspace: What the shop knows.
        trained: CPU seconds of each training.
    """

    world: World
    minds: Minds
    bought: dict[int, set[int]]
    workspace: Path
    trained: dict[str, float]

    @property
    def opening(self) -> datetime:
        """When the history ended."""
        return START + timedelta(days=self.world.plan.shop.history_days)

    @property
    def days(self) -> range:
        """The days of the trial."""
        shop = self.world.plan.shop
        return range(shop.history_days, shop.history_days + shop.trial_days)


def open_shop(name: MechanismName, seed: int, models: Sequence[str], trials: int, folder: Path) -> WorldShop:
    """Make a world, let it live through its history, and train models on what its shop saw of it."""
    world = make_world(name, seed)
    record, minds = live_history(world, START)
    write_dataset(world, record, folder / "history")
    bought: dict[int, set[int]] = {}
    for shopper, products in record.baskets:
        bought.setdefault(shopper, set()).update(products)
    settings = create_workspace(folder / "shop")
    import_into(settings, folder / "history", None)
    shutil.rmtree(folder / "history")
    shop = WorldShop(world, minds, bought, settings.workspace, {})
    for model in models:
        before = cpu_seconds()
        asked = Asked(
            model, until=shop.opening, seed=seed, trials=trials, folds=0, ignore_quality="a simulated history"
        )
        train_system(_plain(settings), SYSTEM, asked, who="shopper_market", say=lambda _: None)
        shop.trained[model] = cpu_seconds() - before
    return shop


def meet(shop: WorldShop, model: str, recipe: dict[str, Any] | None = None) -> tuple[Takings, ServedShop]:
    """Let the shoppers of the trial meet a model, on a copy of the workspace so that no arm profits from another."""
    copy = shop.workspace.with_name(f"{shop.workspace.name}-{model}")
    shutil.copytree(shop.workspace, copy)
    try:
        settings = _plain(load_settings(copy), {"repurchase": shop.world.plan.repurchase, **(recipe or {})})
        _make_champion(settings, model)
        return asyncio.run(_served(shop, settings))
    finally:
        shutil.rmtree(copy)


def meet_oracle(shop: WorldShop) -> Takings:
    """Let the shoppers of the trial meet the best lists by the truth."""
    bought = {shopper: set(products) for shopper, products in shop.bought.items()}
    return _lived(shop, OracleShop(shop.world, bought))


@dataclass(frozen=True)
class Cost:
    """What serving cost.

    Attributes:
        answers: Lists shown.
        live: Of them those made with all that was known.
        serving: CPU seconds of answers and of taking events in.
        lists: CPU seconds of making lists overnight.
    """

    answers: int
    live: int
    serving: float
    lists: float

    @staticmethod
    def total(costs: Sequence[Cost]) -> Cost:
        """Return the cost of several worlds."""
        return Cost(
            sum(one.answers for one in costs),
            sum(one.live for one in costs),
            sum(one.serving for one in costs),
            sum(one.lists for one in costs),
        )


def meet_nightly(shop: WorldShop, model: str, recipe: dict[str, Any]) -> tuple[Takings, Cost]:
    """Let the shoppers of the trial meet a model with lists made after each day, where the recipe asks for them."""
    copy = shop.workspace.with_name(f"{shop.workspace.name}-{model}")
    shutil.copytree(shop.workspace, copy)
    try:
        settings = _plain(load_settings(copy), {"repurchase": shop.world.plan.repurchase, **recipe})
        _make_champion(settings, model)
        return asyncio.run(_nightly(shop, settings, recipe))
    finally:
        shutil.rmtree(copy)


async def _nightly(shop: WorldShop, settings: Settings, recipe: dict[str, Any]) -> tuple[Takings, Cost]:
    clock, minds, lists = Clock(shop.opening), copied(shop.minds), 0.0
    async with open_serving(settings, clock.now) as serving:
        counted = Counted(serving, changed(DEFAULT_PARAMS, settings.recommendations.recipe))
        loop = asyncio.get_running_loop()
        served = ServedShop(shop.world, START, clock, counted, counted.take, _waiter(loop))
        days = []
        for day in shop.days:
            await serving.make_visible()
            if recipe["lists"] != "live":
                before = cpu_seconds()
                await asyncio.to_thread(_make_lists, settings, START + timedelta(days=day))
                await serving.follow_lists()
                lists += cpu_seconds() - before
            days.append(await asyncio.to_thread(live, shop.world, minds, range(day, day + 1), served))
    return _all_days(days), Cost(served.answers, counted.live, counted.seconds, lists)


def _all_days(days: Sequence[Takings]) -> Takings:
    return Takings(*(np.sum([getattr(day, name) for day in days], axis=0) for name in Takings.__dataclass_fields__))


def _make_lists(settings: Settings, now: datetime) -> None:
    folder = settings.folder(settings.engines.lists)
    folder.mkdir(parents=True, exist_ok=True)
    export_recommendations(settings, STORE, NIGHT_LENGTH, folder / f"{STORE}.parquet", now=now)


class Counted:
    """A server whose CPU time is counted, user and system, of all its threads; the world stands still meanwhile.

    Attributes:
        seconds: CPU seconds of answers and of taking events in.
        live: Answers made with all that was known.
    """

    def __init__(self, serving: Serving, params: RecommendParams) -> None:
        self._serving, self._params = serving, params
        self.seconds = 0.0
        self.live = 0

    async def recommend(self, body: RecommendationBody) -> Decision[RecommendationAnswer]:
        """Answer one request."""
        shopper = Shopper(STORE, body.user, body.visitor, body.session)
        profile = (await self._serving.profiles.read(shopper)).profile
        request = RecommendationRequest(body, shopper, FULL_CONSENT, self._serving.now(), profile)
        self.live += answered_live(request, self._params)
        before = time.process_time()
        decision = await self._serving.recommend(body)
        self.seconds += time.process_time() - before
        return decision

    async def take(self, events: Sequence[Event]) -> None:
        """Take events in."""
        before = time.process_time()
        await self._serving.events.take(events)
        self.seconds += time.process_time() - before


def cpu_seconds() -> float:
    """Return what this process and its ended children have computed, user and system."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def _served(shop: WorldShop, settings: Settings) -> tuple[Takings, ServedShop]:
    clock = Clock(shop.opening)
    async with open_serving(settings, clock.now) as serving:
        wait = _waiter(asyncio.get_running_loop())
        served = ServedShop(shop.world, START, clock, serving, serving.events.take, wait)
        return await asyncio.to_thread(_lived, shop, served), served


def _waiter(loop: asyncio.AbstractEventLoop) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result()


def _lived(shop: WorldShop, served: Shop) -> Takings:
    return live(shop.world, copied(shop.minds), shop.days, served)


def _plain(settings: Settings, recipe: dict[str, Any] | None = None) -> Settings:
    """Return settings for judging: no experiment log, no haste, background work that does not get in the way."""
    serving = settings.serving.model_copy(update={"deadline_ms": PATIENT_MS, "seal_seconds": SELDOM_SECONDS})
    engines = settings.engines.model_copy(update={"mlflow_url": ""})
    made = settings.recommendations.model_copy(update={"recipe": recipe or {}})
    return settings.model_copy(update={"serving": serving, "engines": engines, "recommendations": made})


def _make_champion(settings: Settings, model: str) -> None:
    with open_workspace_state(settings) as state:
        newest = next(one.version for one in state.registry.versions(SYSTEM) if one.model == model)
        state.registry.point(SYSTEM, "champion", newest, "shopper_market", f"judge {model}")
