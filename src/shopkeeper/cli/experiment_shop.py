"""A whole experiment in a simulated shop: history, training, weeks of shoppers over HTTP, analysis and report.

Everything but shoppers and time is what a shop runs: the server (asked in process, over ASGI), its assignment,
the decision log, the metrics' SQL and the report. Every figure is simulated.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec.structs import replace

from shopkeeper.errors import InputError
from shopkeeper.experiments.figures import Answered
from shopkeeper.experiments.foreseen import foreseen
from shopkeeper.experiments.log_record import KeptAnalysis
from shopkeeper.experiments.plan import Expected, ExperimentPlan, Period
from shopkeeper.experiments.plan_file import read_plan
from shopkeeper.experiments.report import Report
from shopkeeper.serving.ports import Scope
from shopkeeper.simulation.behaviour import HABITS, Habits
from shopkeeper.simulation.clock import ShopperClock
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.tally import Tally
from shopkeeper.simulation.trial import TrialPlan, browse_days
from shopkeeper.web.app import create_app
from shopkeeper.wiring.batch_recommendations import export_recommendations
from shopkeeper.wiring.experiment_figures import gathering
from shopkeeper.wiring.experiment_run import analyze, report_of, start, stop
from shopkeeper.wiring.experiments import checked, example_plan
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import CONFIG_FILE, Settings, load_settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_state import open_workspace_state

WHO: Final = "experiment simulate"
SCOPES: Final[tuple[Scope, ...]] = ("events", "decide")
SCALE: Final = Scale(products=150, shoppers=4_000, days=10)
CURIOUS: Final = 0.5
PATIENT_MS: Final = 2_000.0
MOST_UPLIFT: Final = 10.0
LISTED: Final = 8
"""Products of a list made overnight, as many as a page shows."""


@dataclass(frozen=True, slots=True)
class Trial:
    """How large a simulated experiment is.

    Attributes:
        days: With exposures.
        visits: A day, in one store.
        habits: What shoppers are like; the truth that an effect comes from.
        words: That truth, for the reader of the report.
        uplift: Smallest change worth having; larger than a real shop's, as there are fewer shoppers.
        expected: What planning assumes.
    """

    days: int
    visits: int
    habits: Habits
    words: str
    uplift: float
    expected: Expected


TRIALS: Final[dict[str, Trial]] = {
    "diversity": Trial(
        days=14,
        visits=300,
        habits=Habits(curiosity=CURIOUS),
        words="A list draws a simulated shopper one page further with chance 0.5 times the share of its products whose"
        " family is new to them in the visit; that is assumed, not found.",
        uplift=0.16,
        expected=Expected(units_per_day=180, value=220, deviation=260),
    ),
    "real-time": Trial(
        days=14,
        visits=300,
        habits=HABITS,
        words="A simulated shopper clicks what goes with the product just seen; that is assumed, not found.",
        uplift=0.16,
        expected=Expected(units_per_day=180, value=0.05, deviation=0.06),
    ),
}


@dataclass(slots=True)
class NightCost:
    """What making lists ahead came to, all nights together."""

    lists: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulated experiment came to."""

    workspace: Path
    report: Report
    analysis: KeptAnalysis
    tally: Tally
    nights: NightCost
    seconds: float

    def cost(self) -> dict[str, dict[str, float]]:
        """Return what each arm cost: server seconds for a thousand answers, and of nightly lists their making."""
        found = {}
        for arm in self.report.record.plan.arms:
            answered = self.analysis.analysis.answered.get(arm.name, Answered())
            own = {"answers": float(answered.requests), "seconds_per_1000_answers": answered.mean_ms}
            if arm.settings.get("lists") == "nightly":
                own |= {"lists_made": float(self.nights.lists), "seconds_for_lists": round(self.nights.seconds, 2)}
            found[arm.name] = own
        return found

    def document(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        said = {"simulated": True, "seconds": round(self.seconds, 1), "workspace": str(self.workspace)}
        visits = {"visits": len(self.tally.visits), "answers": self.tally.decisions, "failed": self.tally.failed}
        return {**said, **visits, "cost": self.cost(), **self.report.document()}


def simulate(
    name: str, folder: Path, seed: int, days: int | None, visits: int | None, say: Callable[[str], None]
) -> Simulated:
    """Run one of the ready experiments in a new workspace."""
    began = time.perf_counter()
    trial = TRIALS[name]
    days, visits = days or trial.days, visits or trial.visits
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days + 3)
    market = make_market(seed, SCALE, PLANS[:1], trial.habits)
    settings, sold_out = learn(folder, market, first, say)
    plan = planned(name, trial, first.date(), days, visits)
    with open_workspace_state(settings) as state:
        begun = start(state, checked(state, plan), WHO, first)
        keys = {store.name: state.keys.create(store.name, list(SCOPES), WHO)[1] for store in market.stores}
    say(f"{name} runs: {begun.units_per_arm:,} matured units in each arm are needed")
    tally = Tally()
    shop = TrialPlan(start=first, days=days, visits=visits, seed=seed, sold_out=sold_out)
    cost, nightly = NightCost(), any(arm.settings.get("lists") == "nightly" for arm in plan.arms)
    asyncio.run(_open_for_days(settings, market, keys, shop, tally, cost, nightly, say))
    with open_workspace_state(settings) as state:
        stop(state, name, WHO, "the planned end", first + timedelta(days=days))
        with gathering(settings, state) as gather:
            kept = analyze(state, name, gather, datetime.now(UTC))
        report = report_of(state, name)
    return Simulated(settings.workspace, report, kept, tally, cost, time.perf_counter() - began)


def planned(name: str, trial: Trial, first: date, days: int, visits: int) -> ExperimentPlan:
    """Return the ready plan in the time and size of a simulation."""
    plan = read_plan(example_plan(name), name, name)
    share = visits / trial.visits
    fewer = math.sqrt(trial.days / days / share)  # the effect that so many shoppers show shrinks with their root
    expected = replace(trial.expected, units_per_day=trial.expected.units_per_day * share)
    plan = replace(
        plan,
        hypothesis=f"{plan.hypothesis} Simulated: {trial.words}",
        period=Period(start=first, end=first + timedelta(days=days - 1)),
        primary=replace(plan.primary, minimum_uplift=trial.uplift * fewer),
        expected=expected,
    )
    while not foreseen(plan, expected).enough:  # a larger effect also spreads more, which asks for some more of it
        uplift = min(1.1 * plan.primary.minimum_uplift, MOST_UPLIFT)
        if uplift == plan.primary.minimum_uplift:
            raise InputError(f"{visits} visits a day for {days} days show no effect at all.", "Give more of either.")
        plan = replace(plan, primary=replace(plan.primary, minimum_uplift=uplift))
    return plan


def learn(
    folder: Path, market: Market, until: datetime, say: Callable[[str], None]
) -> tuple[Settings, dict[str, frozenset[str]]]:
    """Make a workspace, import the history of a market that ends at `until`, and train the champion on it."""
    create_workspace(folder)
    config = folder / CONFIG_FILE
    # The shop of a simulation shares its process with all its shoppers, so no answer is late.
    config.write_text(
        config.read_text("utf-8").replace("[serving]\n", f"[serving]\ndeadline_ms = {PATIENT_MS}\n"), "utf-8"
    )
    settings = load_settings(folder)
    say("a history is written, imported and learned from")
    histories = write_history(market, folder / "history", until)
    for history in histories:
        import_into(settings, history.folder, history.store)
    asked = Asked("item-knn", folds=0, until=until, ignore_quality="A simulated history is as it is.")
    train_system(settings, "recommendations", asked, who=WHO, say=lambda _: None)
    return settings, {history.store: history.sold_out for history in histories}


async def _open_for_days(
    settings: Settings,
    market: Market,
    keys: dict[str, str],
    plan: TrialPlan,
    tally: Tally,
    cost: NightCost,
    nightly: bool,
    say: Callable[[str], None],
) -> None:
    clock = ShopperClock(plan.start)
    app = create_app(settings, clock.now)

    async def night(day: date) -> None:
        if nightly:
            await asyncio.to_thread(_write_lists, settings, list(keys), day, cost)
        say(f"{day}: {len(tally.visits):,} visits so far, {tally.decisions:,} answers, {tally.failed} failed")

    if nightly:
        _write_lists(settings, list(keys), (plan.start - timedelta(days=1)).date(), cost)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            await browse_days(market, http, keys, plan, clock, tally, night)


def _write_lists(settings: Settings, stores: Sequence[str], day: date, cost: NightCost) -> None:
    """Make tonight's lists of every store, for the day that follows."""
    folder = settings.folder(settings.engines.lists)
    folder.mkdir(parents=True, exist_ok=True)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    began = time.process_time()
    for store in stores:
        made = export_recommendations(settings, store, LISTED, folder / f"{store}.parquet", now=midnight)
        cost.lists += made.users
    cost.seconds += time.process_time() - began
