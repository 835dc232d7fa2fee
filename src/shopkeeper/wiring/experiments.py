"""The experiments of a workspace: plan files, and what the log keeps of those that were started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError, FieldProblem, InputError
from shopkeeper.experiments.foreseen import foreseen
from shopkeeper.experiments.foreseen_record import Foreseen
from shopkeeper.experiments.library import Entry, Search, entry, found
from shopkeeper.experiments.live_test import TEXTS
from shopkeeper.experiments.log_record import ExperimentRecord
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.plan_file import read_plan
from shopkeeper.experiments.starting import beside, collisions
from shopkeeper.objectives.document import SUFFIX, read_text
from shopkeeper.objectives.wrong import meant
from shopkeeper.wiring.settings import Settings

FOLDER: Final = "experiments"
EXAMPLES: Final = ("diversity", "real-time", "prices", "wording")
WORDING: Final = "wording"
"""The one setting that arms of texts have."""


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """A plan that can be read, beside what is known of the workspace.

    Attributes:
        foreseen: None where the file says nothing of what is expected.
        in_the_way: Tests that share units with it, in words; with any it cannot start.
        beside: Tests of other layers that run beside it.
        aa: What is known of an A/A test of its system.
        simulated: Every store it runs in is made up.
    """

    plan: ExperimentPlan
    foreseen: Foreseen | None
    in_the_way: tuple[str, ...]
    beside: tuple[str, ...]
    aa: str
    simulated: bool


def plans_folder(settings: Settings) -> Path:
    """Return the folder of the plans of a workspace."""
    return settings.workspace.resolve() / FOLDER


def example_plan(name: str) -> str:
    """Return the text of one of `EXAMPLES`. Raises ConfigError for another name."""
    if name not in EXAMPLES:
        raise ConfigError(f"There is no example called {name!r}.", meant(name, EXAMPLES))
    return resources.files("shopkeeper.experiments").joinpath(f"examples/{name}{SUFFIX}").read_text("utf-8")


def plan_names(settings: Settings) -> list[str]:
    """Return the names of the plan files there are."""
    folder = plans_folder(settings)
    return [path.stem for path in sorted(folder.glob(f"*{SUFFIX}"))] if folder.is_dir() else []


def read_plan_file(settings: Settings, name: str) -> ExperimentPlan:
    """Return the plan of `experiments/NAME.yaml`. Raises ConfigError where it is missing or has mistakes."""
    path = plans_folder(settings) / f"{name}{SUFFIX}"
    text = read_text(path)
    if text is not None:
        return read_plan(text, f"{FOLDER}/{path.name}", name)
    there = plan_names(settings)
    remedy = meant(name, there) if there else "`shopkeeper experiment example` prints one to start from."
    raise ConfigError(f"There is no {FOLDER}/{name}{SUFFIX}.", remedy)


def checked_plan(settings: Settings, state: State, name: str) -> CheckedPlan:
    """Return the plan of a file beside what runs and what is known. Raises ConfigError where it cannot be used here."""
    return checked(state, read_plan_file(settings, name), settings.content.wordings)


def checked(state: State, plan: ExperimentPlan, wordings: Iterable[str] = ()) -> CheckedPlan:
    """Return a plan beside what runs and what is known.

    Args:
        wordings: Those an arm of texts may show beside the house's own.

    Raises:
        ConfigError: it cannot be used here.
        InputError: it tests prices, which `wiring.price_tests` draws and starts.
    """
    if plan.prices is not None:
        raise InputError(
            f"{plan.name} tests prices: its goods switch over time, and no shopper is assigned.",
            f"Start it on a machine with the workspace, as it reads half a year of sales: `shopkeeper experiment plan"
            f" {plan.name}`, then `experiment start {plan.name}`. A version of the pricing model is tested step by step"
            " by its rollout: `shopkeeper rollout start pricing`, or `POST /v1/rollouts`.",
        )
    running = state.live_tests.running()
    stores = [row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store)]
    _refuse_strangers(plan, stores, state, [*wordings])
    own = [store for store in stores if not plan.stores or store.store in plan.stores]
    return CheckedPlan(
        plan,
        foreseen(plan, plan.expected) if plan.expected is not None else None,
        tuple(collisions(plan, running)),
        tuple(beside(plan, running)),
        aa_words(plan, state.experiments.all(), state),
        bool(own) and all(store.simulated for store in own),
    )


def _refuse_strangers(plan: ExperimentPlan, stores: Sequence[Store], state: State, wordings: Sequence[str]) -> None:
    known = [store.store for store in stores]
    problems = [
        FieldProblem(f"stores[{place}]", f"{name!r} is not a known store.", meant(name, known))
        for place, name in enumerate(plan.stores)
        if name not in known
    ]
    versions = [one.version for one in state.registry.versions(plan.system)]
    problems += [
        FieldProblem(f"arms[{place}].version", f"{arm.version!r} is not registered.", meant(arm.version, versions))
        for place, arm in enumerate(plan.arms)
        if arm.version and arm.version not in versions
    ]
    problems += _wrong_wordings(plan, wordings) if plan.system == TEXTS else []
    if problems:
        raise ConfigError(f"{FOLDER}/{plan.name}{SUFFIX} cannot be used here.", "Mend what is named.", tuple(problems))


def _wrong_wordings(plan: ExperimentPlan, wordings: Sequence[str]) -> Iterator[FieldProblem]:
    """Yield what of a plan for texts cannot be shown: arms differ by wording alone, shopper by shopper."""
    if plan.unit != "user":
        yield FieldProblem("unit", f"{plan.unit!r} is none of texts.", "Write `unit: user`: each shopper has an arm.")
    for place, arm in enumerate(plan.arms):
        if arm.version is not None:
            yield FieldProblem(f"arms[{place}].version", "Texts have no versions of models.", "Name a wording instead.")
        for name, value in arm.settings.items():
            if name != WORDING:
                yield FieldProblem(f"arms[{place}].settings", f"{name!r} is none of texts.", f"Use {WORDING!r}.")
            elif value not in wordings:
                remedy = meant(str(value), wordings) if wordings else "Name it in [content.wordings.NAME]."
                yield FieldProblem(f"arms[{place}].settings.{WORDING}", f"There is no wording {value!r}.", remedy)


def aa_words(plan: ExperimentPlan, records: Sequence[ExperimentRecord], state: State) -> str:
    """Return what is known of an A/A test of the plan's system and stores; without one, that it was not made."""
    for record in records:
        other = record.plan
        if other.kind == "aa" and other.system == plan.system and set(plan.stores) <= set(other.stores or plan.stores):
            kept = state.experiments.analyses(other.name, 1)
            verdict = kept[0].analysis.verdict if kept else None
            said = f"{verdict.outcome}, {kept[0].analysis.at:%Y-%m-%d}" if verdict is not None else "not analysed"
            return f"A/A test {other.name}: {said}."
    return "No A/A test was made here: that assignment and logging are right is taken on trust."


def library(state: State, search: Search | None = None) -> list[Entry]:
    """Return the experiments that fit a search, newest first."""
    every = []
    for record in state.experiments.all():
        kept = state.experiments.analyses(record.name, 1)
        newest = kept[0].analysis if kept else None
        every.append(entry(record, newest, state.experiments.resolutions(record.name)))
    return every if search is None else found(every, search)
