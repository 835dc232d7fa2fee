"""How a rollout begins: by a written objective, with a plan made before the first unit is seen, one at a time."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.experiments.live_test import Unit
from shopkeeper.experiments.planner import ComparedStep, Design, Traffic, plan_test
from shopkeeper.experiments.sizing import planned_metrics
from shopkeeper.objectives.contract import Objective
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.rollout.evidence import Plan
from shopkeeper.rollout.ports import Foreseeing
from shopkeeper.rollout.stages import give_up
from shopkeeper.rollout.state import Allocation, RolloutState
from shopkeeper.wiring.objectives import held_objective, usable
from shopkeeper.wiring.pricing.version import PRICING
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

UNITS: Final[dict[str, Unit]] = {"recommendations": "user", "pricing": "switchback", "content": "product"}
"""What a test of each system is assigned by."""
ALPHA: Final = 0.025


@dataclass(frozen=True, slots=True)
class Start:
    """What is asked for.

    Attributes:
        version: None = the challenger.
        why: Reason, kept with the rollout.
        units_per_arm: Matured units of an arm at which the test ends, of prices cells (a cluster in a period); None =
            planned from the last weeks.
        unblessed: Why a version goes to shoppers that training did not bless; empty = it is refused.
        forced: Arm by unit, for testers.
    """

    version: str | None = None
    why: str = ""
    units_per_arm: int | None = None
    unblessed: str = ""
    forced: dict[str, str] = field(default_factory=dict)


def start_rollout(
    settings: Settings,
    system: str,
    asked: Start,
    person: str,
    foreseeing: Foreseeing,
    now: datetime | None = None,
) -> RolloutState:
    """Begin a rollout and return it; in its first step, shadow, no shopper sees the version.

    A rollout of the system that serves everybody is finished by this, and one whose objective changed is stopped: a
    changed objective starts a new test with new alpha.

    Raises:
        ConfigError: the objective is missing, broken, or the example as it was shipped.
        UnknownModel: there is no such version.
        InputError: the version serves already, is not blessed, or another rollout is under way.
        NotEnoughData: too little is known to plan; ContractNotMet: the test would take too long.
    """
    at = now or datetime.now(UTC)
    objective = written(settings, system)
    with open_workspace_state(settings) as state:
        version = _version(state, system, asked)
        ends = _makes_room(state, system, objective, person, at)
        champion = state.registry.pointer(system, "champion") or ""
        if champion == version.version:
            raise InputError(f"{champion} serves {system} already.", "Name another version: `shopkeeper models`.")
        plan = _planned(settings, state, objective, asked.units_per_arm, foreseeing, at)
        begun = RolloutState(
            id=f"{system}-{at:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}", system=system, version=version.version,
            control_version=champion, objective=objective, plan=plan, ramp=settings.rollout.steps,
            unit=UNITS[system], holdout=_holdout(settings, system), started_at=at, started_by=person,
            why=asked.unblessed or asked.why or "asked for", stage_since=at, forced=asked.forced,
            epochs=(_first(settings, at),),
        )  # fmt: skip
        state.rollouts.begin(begun, person, ends)
        if asked.unblessed:
            detail = {"rollout": begun.id, "version": begun.version, "why": asked.unblessed}
            state.audit.write(person, "rollout.unblessed", detail)
    return begun


def _holdout(settings: Settings, system: str) -> float:
    """Return the share of shoppers kept out for ever; of prices nobody can be, as everybody sees the same."""
    return 0.0 if system == PRICING else settings.rollout.holdout


def _planned(
    settings: Settings, state: State, objective: Objective, asked: int | None, foreseeing: Foreseeing, at: datetime
) -> Plan:
    units = asked or settings.rollout.units_per_arm
    if objective.system != PRICING:
        return _given(settings, objective, units) if units else planned(settings, objective, foreseeing, at)
    # Only a process that begins a rollout of prices loads what tests of prices are drawn with.
    from shopkeeper.wiring.rollouts.price_plan import planned_cells, refuse_unmeasured  # noqa: PLC0415

    refuse_unmeasured(objective)
    if units:
        return _given(settings, objective, units)
    return _plan(settings, objective, *planned_cells(settings, state, objective, at))


def written(settings: Settings, system: str) -> Objective:
    """Return the objective the house wrote for a system; the example as it was shipped binds nobody."""
    held = held_objective(settings, system)
    objective = usable(held)
    if held.status == "example":
        raise ConfigError(
            f"objectives/{system}.yaml is the example as it was shipped.",
            "Put your own figures, margins and owner into it; what goes to shoppers is held to them.",
        )
    return objective


def planned(settings: Settings, objective: Objective, foreseeing: Foreseeing, at: datetime) -> Plan:
    """Return how many units the test needs for the joint event, by what the last weeks say.

    Raises NotEnoughData; ContractNotMet where it would take longer than the settings allow.
    """
    foresight = foreseeing.foresee(objective, at)
    compared = tuple(
        ComparedStep(step.share, math.ceil(step.minimum_days))
        for step in settings.rollout.steps
        if step.stage in ("ab", "ramp")
    )
    traffic = Traffic(foresight.arrivals, math.ceil(objective.maturation_days), settings.rollout.holdout)
    design = Design(
        alpha=ALPHA, power=settings.rollout.power, maximum_weeks=settings.rollout.maximum_weeks, ramp=compared
    )
    test = plan_test(planned_metrics(objective, foresight.baselines), traffic, design)
    if not test.reached:
        raise ContractNotMet(
            f"A test that finds {objective.primary.minimum_uplift:+.0%} {objective.primary.metric} with chance"
            f" {design.power:.0%} needs {test.units_needed:,.0f} units an arm; {test.weeks} weeks bring"
            f" {test.units_per_arm:,}. {test.governed_by} needs most.",
            "Plan for a larger uplift, widen the margin of the guardrail named, or allow more weeks"
            " (`rollout.maximum_weeks`); or name the units yourself with `--units-per-arm`.",
        )
    return _plan(settings, objective, test.units_per_arm, test.units_per_day)


def _given(settings: Settings, objective: Objective, units: int) -> Plan:
    if units < 1:
        raise InputError(f"--units-per-arm is {units}.", "Name a whole number of units, 1 or more.")
    return _plan(settings, objective, units, 0.0)


def _plan(settings: Settings, objective: Objective, units: int, per_day: float) -> Plan:
    return Plan(
        objective=objective.digest,
        users_per_arm=units,
        users_per_day=per_day,
        minimum_days={step.stage: step.minimum_days for step in settings.rollout.steps},
        minimum_shadow_requests=settings.rollout.minimum_shadow_requests,
        alpha=ALPHA,
    )


def _first(settings: Settings, at: datetime) -> Allocation:
    step = settings.rollout.steps[0]
    return Allocation(number=0, stage=step.stage, share=step.share, since=at)


def _version(state: State, system: str, asked: Start) -> ModelVersion:
    name = asked.version or state.registry.pointer(system, "challenger")
    if name is None:
        raise InputError(
            f"{system} has no challenger: no version newer than the one that serves was blessed.",
            f"Train one: `shopkeeper train {system}`; or name a version of `shopkeeper models`.",
        )
    version = state.registry.get(system, name)
    if version.status == "pruned":
        raise InputError(f"The files of {name} were pruned.", f"Train it again: `shopkeeper train {system}`.")
    if not version.blessed and not asked.unblessed:
        raise ContractNotMet(
            f"Training did not bless {name}: it is not shown to be better.",
            f"`shopkeeper models show {name}` says why; `--unblessed REASON` sends it all the same, and is kept.",
        )
    return version


def _makes_room(state: State, system: str, objective: Objective, person: str, at: datetime) -> RolloutState | None:
    """Return the rollout under way as it is once it has made room; None where there is none or it must not."""
    under_way = next((one for one in state.rollouts.newest(system, 1) if one.alive), None)
    if under_way is None:
        return None
    if under_way.stage == "full":
        return give_up(under_way, person, "a newer version begins", at)
    if under_way.objective.digest != objective.digest:
        return give_up(under_way, person, "the objective changed, so a new test with new alpha begins", at)
    return None  # `begin` refuses a second one and says what to do
