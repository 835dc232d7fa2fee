"""A simulated year of recommendations, with and without automated retraining. Every figure is simulated.

A retailer's history is imported and a first model trained. Then 52 weeks follow: each week's events are imported, the
data checked, and `shopkeeper retrain check` decides by the shipped rules, at the simulated hour. Runs are real training
runs judged next to the serving version; a blessed challenger is promoted at once (the rollout gate is not in play here,
so the year shows what retraining can bring at most). In week 18 tastes turn, in weeks 31 and 32 purchases come without
prices, from week 41 on users have a segment.

    python evaluations/retraining_year.py [--weeks 52] [--seed 1]

The last line of stdout is one JSON document. `kpi` is the chance that a list is clicked, by the truth of the simulated
market, over the same contexts for both arms; intervals are over contexts, paired, with this one world given.
`false_retrains` counts runs by drift or performance in weeks without a cause. `as_planned` says of each cause whether
it did exactly what it should: one run by drift after tastes turned and none else, one by the new field, none on a
broken feed, and one in every month that began, at its first look or the first one that nothing blocks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import VIEW
from shopkeeper.recommendations.learn import RecommendationLearning
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.promotions import price_ratios
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.sessions import browse
from shopkeeper.simulation.year import OPENING_DAYS, Happenings, market_in, week_end, write_opening, write_week
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.retraining import check_retraining
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

SYSTEM: Final = "recommendations"
START: Final = datetime(2025, 1, 6, tzinfo=UTC)
SCALE: Final = Scale(products=120, shoppers=500, days=OPENING_DAYS)
CONTEXTS: Final = 600
LIST: Final = 8
Z95: Final = 1.959963984540054
CAUSED_WEEKS: Final = 10
"""Weeks after a change in which a run by drift or performance has a cause."""


@dataclass(slots=True)
class Year:
    """What happened."""

    fired: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    blocked: list[int] = field(default_factory=list)
    kept: list[npt.NDArray[np.float64]] = field(default_factory=list)
    retrained: list[npt.NDArray[np.float64]] = field(default_factory=list)


def main() -> None:
    """Play the year and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.perf_counter()
    happenings = Happenings()
    market = make_market(chosen.seed, SCALE, PLANS[:1])
    with tempfile.TemporaryDirectory(prefix="retraining-year-") as folder:
        year = play(market, happenings, chosen.weeks, Path(folder))
    document = summary(year, happenings) | {
        "simulated": True, "weeks": chosen.weeks, "seed": chosen.seed,
        "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip
    print(msgspec.json.encode(document).decode())


def play(market: Market, happenings: Happenings, weeks: int, folder: Path) -> Year:
    """Import the opening, train the first model, and go through the weeks."""
    settings = open_shop(market, folder)
    year, first = Year(), champion(settings)
    for week in range(weeks):
        now, end = market_in(market, week, happenings), week_end(START, week)
        one_week(settings, now, week, happenings, end, folder)
        contexts = met(now, end, market.seed * 1_000 + week)
        year.kept.append(judged(settings, now, first, contexts))
        year.retrained.append(judged(settings, now, champion(settings), contexts))
        look(settings, week, end + timedelta(hours=23), year)
        say(f"week {week}: kept {year.kept[-1].mean():.4f}, retrained {year.retrained[-1].mean():.4f}")
    return year


def open_shop(market: Market, folder: Path) -> Settings:
    """Return a workspace with the history before the year and its first champion."""
    (history,) = write_opening(market, folder / "before", START)
    settings = create_workspace(folder / "shop")
    import_into(settings, history.folder, history.store)
    train_system(settings, SYSTEM, Asked(until=START), who="retraining_year", say=lambda _: None)
    return settings


def one_week(settings: Settings, now: Market, week: int, happenings: Happenings, end: datetime, folder: Path) -> None:
    """Import what the shop hands over at the end of a week, and check it."""
    (history,) = write_week(now, week, folder / f"week{week}", end, happenings)
    import_into(settings, history.folder, history.store)
    check_workspace(settings, history.store)


def look(settings: Settings, week: int, moment: datetime, year: Year) -> None:
    """Let the triggers decide, do the run that is due, and promote what was blessed."""
    checked = check_retraining(settings, SYSTEM, moment, who="retraining_year")
    decision = checked.decision
    if decision.fired:
        year.fired.append({"week": week, "fired": list(decision.fired), "action": decision.action})
    if decision.action == "blocked":
        year.blocked.append(week)
        say(f"week {week}: {decision.reason}")
    if checked.run is None:
        return
    result = train_system(settings, SYSTEM, Asked(until=decision.at), who="retraining_year", say=lambda _: None)
    year.runs.append({"week": week, "at": moment, "fired": list(decision.fired), "blessed": result.blessed})
    if result.blessed:
        with open_workspace_state(settings) as state:
            state.registry.point(SYSTEM, "champion", result.version, "retraining_year", "blessed")


def champion(settings: Settings) -> str:
    """Return the version that serves."""
    with open_workspace_state(settings) as state:
        version = state.registry.pointer(SYSTEM, "champion")
    if version is None:
        raise SystemExit("no version serves")
    return version


@dataclass(frozen=True, slots=True)
class Contexts:
    """Pages that shoppers looked at: who, what, and whether it went into the cart."""

    shopper: npt.NDArray[np.int64]
    product: npt.NDArray[np.int64]
    carted: npt.NDArray[np.int64]


def met(market: Market, end: datetime, seed: int) -> Contexts:
    """Draw contexts of one week by the truth of that week."""
    store = market.stores[0]
    rng = np.random.default_rng(seed)
    browsing = browse(store, 7, end, price_ratios(store.shelf, 7, rng), rng)
    real = np.flatnonzero(store.shelf.sellable[browsing.product])
    pages = rng.choice(real, size=min(CONTEXTS, len(real)), replace=False)
    return Contexts(
        browsing.shopper[browsing.session[pages]], browsing.product[pages], browsing.wanted[pages].astype(np.int64)
    )


def judged(settings: Settings, market: Market, version: str, contexts: Contexts) -> npt.NDArray[np.float64]:
    """Return how likely a version's list is clicked in each context, by the truth; shape (contexts,)."""
    store = market.stores[0]
    with open_workspace_state(settings) as state:
        known = state.registry.get(SYSTEM, version)
    bundle = open_bundle(settings.folder(settings.engines.models) / known.folder)
    lake = lake_of(settings)
    warehouse = lake.warehouse()
    try:
        model: RecommendationModel = RecommendationLearning(warehouse).open(bundle)
    finally:
        warehouse.close()
    numbers = np.array([store.number(product) for product in model.index.products])
    codes = {int(number): code for code, number in enumerate(numbers.tolist()) if number >= 0}
    items = np.array([codes.get(int(product), 0) for product in contexts.product], dtype=np.int32)
    n = len(items)
    batch = HistoryBatch(
        np.arange(n + 1, dtype=np.int64), items, np.full(n, VIEW, dtype=np.int8),
        np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int64),
    )  # fmt: skip
    scores = model.score_batch(batch) + 1e-6 * model.tie_break(np.zeros(n, dtype=np.int32))
    scores[np.arange(n), items] = -np.inf
    buyable = np.zeros(len(numbers), dtype=np.bool_)
    buyable[numbers >= 0] = store.shelf.sellable[numbers[numbers >= 0]]
    scores[:, ~buyable] = -np.inf
    shown = numbers[np.argsort(-scores, axis=1, kind="stable")[:, :LIST]]
    chance = store.chance_of_click(shown, contexts.shopper, contexts.product, contexts.carted)
    return np.asarray(chance, dtype=np.float64)


def summary(year: Year, happenings: Happenings) -> dict[str, Any]:
    """Return the year's figures."""
    kept, retrained = np.concatenate(year.kept), np.concatenate(year.retrained)
    causes = [week for week in (happenings.taste, happenings.new_field) if week is not None]
    unscheduled = [run for run in year.runs if set(run["fired"]) & {"drift", "performance"}]
    false = [run for run in unscheduled if not any(0 <= run["week"] - cause < CAUSED_WEEKS for cause in causes)]
    return {
        "kpi": "chance that a list is clicked, by the simulated truth",
        "without": mean(kept),
        "with": mean(retrained),
        "difference": mean(retrained - kept),
        "uplift": float(retrained.mean() / kept.mean() - 1),
        "runs": len(year.runs),
        "blessed": sum(run["blessed"] for run in year.runs),
        "refused": sum(not run["blessed"] for run in year.runs),
        "runs_by_trigger": Counter(kind for run in year.runs for kind in run["fired"]),
        "false_retrains": len(false),
        "as_planned": as_planned(year, happenings, causes),
        "blocked_weeks": year.blocked,
        "fired": year.fired,
        "history": year.runs,
    }


def as_planned(year: Year, happenings: Happenings, causes: Sequence[int]) -> dict[str, bool]:
    """Return of each cause whether it led to the runs that it should, and to no other."""
    weeks = len(year.kept)
    by = {kind: [run["week"] for run in year.runs if kind in run["fired"]] for kind in ("drift", "new_features")}
    turned = [] if happenings.taste is None or happenings.taste + 2 > weeks else [happenings.taste]
    came = [] if happenings.new_field is None or happenings.new_field + 1 > weeks else [happenings.new_field]
    caused = {(run["at"].year, run["at"].month) for run in year.runs}
    opened = {START + timedelta(days=day) for day in range(1, 7 * weeks) if (START + timedelta(days=day)).day == 1}
    return {
        "taste": len(by["drift"]) == len(turned) and _soon(by["drift"], turned),
        "new_field": len(by["new_features"]) == len(came) and _soon(by["new_features"], came),
        "broken_feed": not {run["week"] for run in year.runs} & set(happenings.broken_feed)
        and all(week >= min(happenings.broken_feed, default=0) for week in year.blocked),
        "months": all((month.year, month.month) in caused for month in opened),
        "performance": not any("performance" in run["fired"] for run in year.runs if not _soon([run["week"]], causes)),
    }


def _soon(weeks: Sequence[int], causes: Sequence[int]) -> bool:
    return all(any(0 <= week - cause < CAUSED_WEEKS for cause in causes) for week in weeks)


def mean(values: npt.NDArray[np.float64]) -> Mapping[str, float]:
    """Return a mean with its 95% interval over contexts."""
    half = Z95 * float(values.std(ddof=1)) / len(values) ** 0.5
    value = float(values.mean())
    return {"value": value, "low": value - half, "high": value + half}


def say(text: str) -> None:
    """Tell a person how it goes."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
