"""The work of a training run, put together from the settings of a workspace."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import JobCancelled, NotEnoughData, ShopkeeperError, Unavailable
from shopkeeper.intake.ports import REPORT_KIND as IMPORT_REPORT
from shopkeeper.jobs.ports import Document, Steps, Work
from shopkeeper.objectives.contract import Objective
from shopkeeper.pricing.learn import PriceLearning
from shopkeeper.pricing.learn import offline_learning as offline_pricing
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.verdict import QualityVerdict, latest_verdict
from shopkeeper.recommendations.behaviour.extract_sentences import SentenceEncoder
from shopkeeper.recommendations.learn import RecommendationLearning, offline_learning
from shopkeeper.training.environment import environment
from shopkeeper.training.plan import Rails
from shopkeeper.training.ports import LearningSystem, Tuner
from shopkeeper.training.reproduce import reproduce
from shopkeeper.training.run import as_plan, check_name, train
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.drift import drift_reference
from shopkeeper.wiring.experiment_log import open_experiment_log
from shopkeeper.wiring.features import refresh_features
from shopkeeper.wiring.objectives import held_objectives
from shopkeeper.wiring.sentences import sentence_encoder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.sharding import open_shards
from shopkeeper.wiring.training_record import recorded
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

TRAINING: Final = "training"
SYSTEMS: Final = (RecommendationLearning.name, PriceLearning.name)
MODELS: Final[Mapping[str, tuple[str, ...]]] = {one.name: one.models for one in (RecommendationLearning, PriceLearning)}
"""System -> the models it can fit."""
OFFLINE: Final[Mapping[str, Callable[[], LearningSystem[Any, Any]]]] = {
    RecommendationLearning.name: offline_learning,
    PriceLearning.name: offline_pricing,
}
"""System -> what makes it without sources; it knows its models' parameters."""


def learning_system(
    settings: Settings,
    system: str,
    warehouse: Warehouse,
    stores: Sequence[Store] = (),
    encoder: SentenceEncoder | None = None,
) -> LearningSystem[Any, Any]:
    """Return a system as a training run learns it under the settings. Raises InputError.

    Args:
        stores: The stores there are; what is learnt by store asks them for clock, money and tax.
        encoder: What makes vectors of the texts of products; a model that is only asked needs none.
    """
    if check_name(system, SYSTEMS) == PriceLearning.name:
        return PriceLearning(warehouse, stores, settings.pricing.retail_price_lists)
    return RecommendationLearning(warehouse, settings.privacy.fewest_buyers, encoder)


def training_work(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Work:
    """Return what is done for a job of kind `training`: its subject is the system, its order a plan and who asked.

    Args:
        say: Takes progress for people in this process; others read it from the run.
    """

    def work(steps: Steps, subject: str, order: Document) -> Document:
        lake = lake_of(settings)
        lake.compact()
        with open_workspace_state(settings) as state, Analytics(settings, lake).reading() as warehouse:
            rails = _rails(settings, state, subject, str(order["who"]), say)
            plan = as_plan(order["plan"])
            encoder = sentence_encoder(settings) if subject == RecommendationLearning.name else None
            system = learning_system(settings, subject, warehouse, stores_of(state), encoder)
            rails.log.begin(steps.run, subject, order["plan"], {"who": rails.who})
            try:
                if plan.reproduces:
                    repeated = reproduce(system, plan, rails, steps)
                    rails.log.end(steps.run, "done")
                    shutil.rmtree(steps.folder, ignore_errors=True)
                    return repeated.document()
                result = train(system, plan, rails, steps)
            except ShopkeeperError as error:
                rails.log.end(steps.run, "cancelled" if isinstance(error, JobCancelled) else "failed")
                shutil.rmtree(steps.folder, ignore_errors=True)  # it ends here and is not taken up again
                raise
            result = recorded(settings, state, rails.log, result)
        shutil.rmtree(steps.folder, ignore_errors=True)
        return result.document()

    return work


def stores_of(state: State) -> list[Store]:
    """Return the stores of a workspace."""
    return [cast("Store", found.row) for found in state.tables.scan(STORES)]


def _rails(settings: Settings, state: State, system: str, who: str, say: Callable[[str], None]) -> Rails:
    def refresh(at: datetime) -> Mapping[str, Any]:
        if system != RecommendationLearning.name:  # prices are learnt from weeks of products, not from features
            return {}
        done = refresh_features(settings, at)
        return {"at": done.at, "days_done": done.days_done, "rows": dict(done.rows)}

    def reference(before: datetime) -> bytes | None:
        try:
            return drift_reference(settings, system, before).encode()
        except NotEnoughData:
            return None

    return Rails(
        registry=state.registry,
        reports=state.reports,
        models=settings.folder(settings.engines.models),
        environment=environment(),
        verdicts=lambda newest: _verdicts(settings, state, newest),
        refresh_features=refresh,
        drift_reference=reference,
        objective=written_objective(settings, system),
        note=lambda action, detail: state.audit.write(who, action, detail),
        tuner=_tuner,
        shards=partial(open_shards, settings),
        clock=lambda: datetime.now(UTC),
        who=who,
        say=say,
        log=open_experiment_log(settings),
    )


def _tuner() -> Tuner:
    """Return what searches parameters; loaded only by a run that asks, as it takes a second."""
    try:
        engine = importlib.import_module("shopkeeper.engines.optuna_tuner")
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"Parameters cannot be searched: {error.name} is not installed.",
            "Install what training needs: pip install 'shopkeeper[train]'; or train without `--trials`.",
        ) from error
    tuner: Tuner = engine.OptunaTuner()
    return tuner


def _verdicts(settings: Settings, state: State, newest: datetime | None) -> Sequence[QualityVerdict]:
    """Return the verdict on each store, checked anew where what is kept does not know of the newest day or import."""
    stores = [one.store for one in stores_of(state)]
    imported = {store: state.reports.latest(IMPORT_REPORT, limit=1, store=store) for store in stores}
    found = []
    for store in stores:
        verdict = latest_verdict(state.reports, store)
        came = [kept.created_at for kept in imported[store]]
        if verdict is None or any(at > verdict.checked_at for at in came) or _older_day(verdict, newest):
            check_workspace(settings, store)
            verdict = latest_verdict(state.reports, store)
        if verdict is not None:
            found.append(verdict)
    return found


def _older_day(verdict: QualityVerdict, newest: datetime | None) -> bool:
    return newest is not None and verdict.checked_at.date() < newest.date()


def written_objective(settings: Settings, system: str) -> Objective | None:
    """Return what the house wrote down for a system; an example as it was shipped binds nobody."""
    for held in held_objectives(settings):
        if held.system == system and held.status == "written":
            return held.objective
    return None
