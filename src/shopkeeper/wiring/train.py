"""A training run put together from the settings of a workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shopkeeper import __version__
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import open_state
from shopkeeper.recommendations.learn import RecommendationLearning
from shopkeeper.registry.ports import ALIASES, ModelVersion
from shopkeeper.training.run import Rails, TrainingPlan, TrainingResult, check_name, train
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics

SYSTEMS = (RecommendationLearning.name,)


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A registered version and the aliases that point to it."""

    version: ModelVersion
    aliases: tuple[str, ...]


def train_system(
    settings: Settings,
    system: str,
    *,
    model: str | None = None,
    until: datetime | None = None,
    seed: int | None = None,
    who: str = "shopkeeper train",
    say: Callable[[str], None] = print,
) -> TrainingResult:
    """Train one system on everything the workspace has taken in.

    Raises:
        InputError: there is no such system or model.
        NotEnoughData: too little to learn from or to judge with.
    """
    check_name(system, SYSTEMS)
    lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
    lake.compact()
    state = open_state(settings.state_url)
    try:
        rails = Rails(
            registry=state.registry,
            reports=state.reports,
            models=settings.folder(settings.engines.models),
            code_version=__version__,
            clock=lambda: datetime.now(UTC),
            who=who,
            say=say,
        )
        with Analytics(settings, lake).reading() as warehouse:
            return train(RecommendationLearning(warehouse), plan_of(settings, model, until, seed), rails)
    finally:
        state.close()


def plan_of(settings: Settings, model: str | None, until: datetime | None, seed: int | None) -> TrainingPlan:
    """Return the plan of a run: what was asked, else what the settings say."""
    training = settings.training
    return TrainingPlan(
        model=model,
        until=until,
        seed=training.seed if seed is None else seed,
        test_share=training.test_share,
        resamples=training.bootstrap,
        minimum_interactions=training.minimum_interactions,
    )


def list_versions(settings: Settings) -> list[ListedVersion]:
    """Return every registered version, newest first, with its aliases."""
    state = open_state(settings.state_url)
    try:
        versions = state.registry.versions()
        pointers = {
            (system, alias): state.registry.pointer(system, alias)
            for system in {version.system for version in versions}
            for alias in ALIASES
        }
    finally:
        state.close()
    return [
        ListedVersion(one, tuple(alias for alias in ALIASES if pointers[one.system, alias] == one.version))
        for one in versions
    ]
