"""An objective in words, for people who do not read YAML."""

from __future__ import annotations

from collections.abc import Sequence

from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Guardrail, Objective, RetrainingBudget, RollbackCriterion


def objective_words(objective: Objective) -> str:
    """Return what an objective says, one thing a line."""
    cost, budget, technical = objective.cost_of_inaction, objective.budget, objective.technical
    time, retraining = objective.timeline, objective.retraining
    lines = [
        f"{objective.system}: {objective.name}",
        *_listed("problem", [objective.business_problem]),
        *_listed("left as it is", [f"{cost.amount:,.0f} {cost.currency} ({cost.per}) {cost.why}"]),
        *_listed("owner", [f"{objective.owner.name}, with {', '.join(one.name for one in objective.stakeholders)}"]),
        *_listed("time", [f"{time.start} to {time.decide_by}"]),
        *_listed("budget", [f"{budget.amount:,.0f} {budget.currency} ({budget.per}) {budget.why}"]),
        *_listed("made for", [f"{objective.primary.metric} {shown_uplift(objective)} or better"]),
        *_listed("reported", [one.metric for one in objective.secondary]),
        *_listed("never spoilt", [_guard(one) for one in objective.guardrails]),
        *_listed("service", [
            f"p99 {technical.p99_latency_ms:g} ms, errors {technical.error_rate:.2%}, uptime {technical.uptime:.2%},"
            f" data no older than {technical.freshness}"
        ]),
        *_listed("taken back", [_criterion(one) for one in objective.rollback]),
        *_listed("final after", [
            f"{objective.maturation_days:g} day(s); attributed within {objective.attribution_days:g}"
        ]),
        *_listed("blessed if", [f"{one.metric} {one.rule}" for one in objective.blessings]),
        *_listed("retrained", [f"{retraining.schedule}, {_budget(retraining.budget)}, {retraining.approval}"]),
        *_listed("digest", [objective.digest]),
    ]  # fmt: skip
    return "\n".join(lines)


def shown_uplift(objective: Objective) -> str:
    """Return the minimum uplift with the sign of the better direction, such as +15%."""
    sign = "+" if objective.primary.direction == "up" else "-"
    return f"{sign}{objective.primary.minimum_uplift:.0%}"


def _guard(one: Guardrail) -> str:
    bounds = []
    if one.margin is not None:
        bounds.append(f"no more than {one.margin:.1%} worse than the control")
    if one.limit is not None:
        bounds.append(f"never {_side(one.metric)} {one.limit:g}")
    return f"{one.metric}: {' and '.join(bounds)}"


def _criterion(one: RollbackCriterion) -> str:
    if one.against == "limit":
        return f"{one.metric} {_side(one.metric)} {one.bound:g} (alpha {one.alpha:g})"
    harm = f"more than {one.bound:.1%} worse" if one.bound else "worse"
    return f"{one.metric} {harm} than the control (alpha {one.alpha:g})"


def _side(metric: str) -> str:
    return "below" if CATALOGUE[metric].direction == "up" else "above"


def _budget(budget: RetrainingBudget) -> str:
    limits = []
    if budget.runs_per_month is not None:
        limits.append(f"{budget.runs_per_month} runs")
    if budget.amount_per_month is not None:
        limits.append(f"{budget.amount_per_month:g} {budget.currency}")
    return f"at most {' and '.join(limits)} a month"


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [f"  {title if number == 0 else '':<15}{line}".rstrip() for number, line in enumerate(lines)]
