"""What an experiment's figures mean by the rules of its own plan: pure, so a stored verdict can be made again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from shopkeeper.experiments.analysis_record import Analysis, ArmVerdict, MetricEffect, Outcome, Verdict
from shopkeeper.experiments.figures import Answered
from shopkeeper.experiments.group_sequential import boundaries
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Guardrail

_FIRST: Final[tuple[Outcome, ...]] = ("invalid", "wins", "mixed", "running", "loses", "flat")
"""Which arm's outcome is the experiment's."""
_FULL: Final = 1 - 1e-9
_STEPS: Final = 100
"""Looks are at whole percents of the planned units, so however often somebody looks there are no more than these."""


def judged(
    plan: ExperimentPlan, analysis: Analysis, units_per_arm: int, earlier: Sequence[float], *, over: bool
) -> Verdict:
    """Return the verdict of an analysis.

    An arm wins when the primary metric lies beyond this look's boundary on the better side and every guardrail with a
    margin is shown to be no worse, by the same boundary; it is mixed when only the first holds at the end.

    Args:
        units_per_arm: Planned; all of alpha is spent there.
        earlier: Shares of the planned units at earlier looks that were judged, rising.
        over: No more units will mature.
    """
    share = min(min(analysis.matured.values(), default=0) / units_per_arm, 1.0) if units_per_arm else 0.0
    fraction = math.floor(share * _STEPS + 1e-9) / _STEPS
    critical = critical_value(plan, fraction, earlier, over=over)
    if not analysis.soundness.valid:
        words = f"Nothing can be believed: {'; '.join(analysis.soundness.reasons)}."
        arms = tuple(ArmVerdict(arm=arm.name, outcome="invalid", words=words) for arm in plan.others)
        return Verdict(outcome="invalid", words=words, fraction=fraction, critical=critical, arms=arms)
    ended = over or fraction >= _FULL
    arms = tuple(_of_arm(plan, analysis, arm.name, critical, ended=ended) for arm in plan.others)
    first = min(arms, key=lambda arm: _FIRST.index(arm.outcome))
    return Verdict(
        outcome=first.outcome, words=first.words, fraction=fraction, critical=critical, arms=arms,
        next_step=_next_step(plan, first.outcome),
    )  # fmt: skip


def ended_once(now: Verdict, before: Sequence[Verdict]) -> Verdict:
    """Return this look's verdict, or the one the test ended with: after that nothing is tested, as no alpha is left.

    Args:
        before: Of earlier looks, the oldest first. The first that won, lost, or came with all units ended the test.
    """
    ended = next((one for one in before if one.outcome in {"wins", "loses", "flat", "mixed"}), None)
    if ended is None or now.outcome == "invalid":
        return now
    words = f"{ended.words} The test ended with that look; later ones only inform."
    return structs.replace(now, outcome=ended.outcome, words=words, arms=ended.arms, next_step=ended.next_step)


def critical_value(plan: ExperimentPlan, fraction: float, earlier: Sequence[float], *, over: bool) -> float | None:
    """Return what |z| must exceed at this look; None while nobody may look.

    Alpha is split evenly over the arms. A test that ends before its planned units spends what is left at its last look.
    """
    alpha = plan.stopping.alpha / len(plan.others)
    look = 1.0 if over else fraction
    if look <= 0:
        return None
    if plan.stopping.rule == "fixed":
        return float(boundaries((1.0,), alpha, sides="two-sided")[-1]) if look >= _FULL else None
    before = tuple(one for one in earlier if 0 < one < look - 1e-9)
    return float(boundaries((*before, look), alpha, sides="two-sided")[-1])


def _of_arm(plan: ExperimentPlan, analysis: Analysis, arm: str, critical: float | None, *, ended: bool) -> ArmVerdict:
    effects = {one.metric: one for one in analysis.effects if one.arm == arm}
    primary = effects[plan.primary.metric]
    name, best = plan.primary.metric, primary.best
    if best.reason or critical is None:
        why = best.reason or "this plan is looked at once, at its end"
        return ArmVerdict(arm=arm, outcome="flat" if ended and best.reason else "running", words=f"{arm}: {why}.")
    low, high = best.relative - critical * best.error, best.relative + critical * best.error
    better = low > 0 if CATALOGUE[name].direction == "up" else high < 0
    worse = high < 0 if CATALOGUE[name].direction == "up" else low > 0
    guards = {guard.metric: _guarded(guard, effects.get(guard.metric), analysis.answered.get(arm), critical)
              for guard in plan.guardrails}  # fmt: skip
    open_ones = [metric for metric, shown in guards.items() if not shown]
    outcome: Outcome
    if worse:
        outcome, tail = "loses", "the whole interval is on the worse side"
    elif better and not open_ones:
        outcome, tail = "wins", "every guardrail is shown to hold"
    elif better:
        outcome, tail = "mixed" if ended else "running", f"but {', '.join(open_ones)} not shown to hold"
    elif ended:
        outcome, tail = "flat", "nothing is found"
    else:
        outcome, tail = "running", "nothing is decided yet"
    words = f"{arm}: {name} {best.relative:+.1%}, between {low:+.1%} and {high:+.1%}, n = {best.n:,}; {tail}."
    return ArmVerdict(arm=arm, outcome=outcome, words=words, low=low, high=high, guardrails=guards)


def _guarded(guard: Guardrail, effect: MetricEffect | None, answered: Answered | None, critical: float) -> bool:
    """Say whether a guardrail is shown to hold; without figures it is not."""
    metric = CATALOGUE[guard.metric]
    up = metric.direction == "up"
    if metric.place == "service":
        value = _service_value(guard.metric, answered)
        return value is not None and guard.limit is not None and (value >= guard.limit if up else value <= guard.limit)
    if effect is None or effect.best.reason:
        return False
    best = effect.best
    holds = True
    if guard.margin is not None:
        worst = (best.relative if up else -best.relative) - critical * best.error
        holds = math.isfinite(worst) and worst > -guard.margin
    if guard.limit is not None:
        holds = holds and (best.value >= guard.limit if up else best.value <= guard.limit)
    return holds


def _service_value(metric: str, answered: Answered | None) -> float | None:
    if answered is None or not answered.requests:
        return None
    shares = {"error_share": answered.errors, "fallback_share": answered.fallbacks}
    if metric in shares:
        return shares[metric] / answered.requests
    return answered.p99_ms if metric == "p99_latency" else 1.0 - answered.errors / answered.requests


def _next_step(plan: ExperimentPlan, outcome: Outcome) -> str:
    steps = {"wins": plan.consequences.wins, "loses": plan.consequences.loses, "flat": plan.consequences.flat}
    return steps.get(outcome, "")
