"""What the plan of a price test must hold, beyond the form every plan has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shopkeeper.experiments.live_test import CONTROL
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.objectives.wrong import Wrong

MEASURED: Final = ("revenue", "margin", "units", "margin_rate", "refund_share")
"""Metrics that are measured on a cluster in a period."""
SHARES: Final = ("margin_rate", "refund_share")
"""Of these, those that guard and never decide."""
PRICING: Final = "pricing"


def broken_price_rules(plan: ExperimentPlan) -> Iterator[Wrong]:
    """Yield what a plan by switchback, or one that names prices, does not hold."""
    if plan.prices is None:
        if plan.unit == "switchback":
            yield Wrong("prices", "is missing in a test by switchback", "Name the run: `prices: {run: ID}`.")
        return
    if plan.unit != "switchback" or plan.system != PRICING:
        reason = f"is given for {plan.system} by {plan.unit}"
        yield Wrong("prices", reason, "Prices are tested with `system: pricing` and `unit: switchback`, never by user.")
    yield from _form(plan)
    prices, block = plan.prices, days_of_tile(plan)
    if prices.washout_days >= prices.period_days:
        reason = f"is {prices.washout_days}, which leaves nothing of periods of {prices.period_days} days"
        yield Wrong("prices.washout_days", reason, "Take longer periods, or a shorter washout.")
    if plan.period.days < block:
        reason = f"ends after {plan.period.days} days; every cluster takes both arms in {block}"
        yield Wrong("period.end", reason, "Run longer, or switch more often.")


def _form(plan: ExperimentPlan) -> Iterator[Wrong]:
    others = [arm for arm in plan.arms if arm.name != CONTROL]
    if len(plan.arms) != 2:
        yield Wrong("arms", f"are {len(plan.arms)}", "A test of prices has the control and one other arm.")
    for place, arm in enumerate(plan.arms):
        if arm.version is not None or arm.settings:
            remedy = "Leave out `version` and `settings`; the run's prices are the other arm."
            yield Wrong(f"arms[{place}]", f"{arm.name} is more than prices", remedy)
    if plan.kind != "ab" and others:
        yield Wrong("kind", f"is {plan.kind}", "Test a run that moves no price; its arms are then the same.")
    if plan.stopping.rule != "fixed":
        reason = f"is {plan.stopping.rule}: randomisation over a few hundred tiles is looked at once"
        yield Wrong("stopping.rule", reason, "Write `stopping: {rule: fixed}`.")
    if plan.segments:
        yield Wrong("segments", "tell shoppers apart", "Leave them out: the units are clusters of products.")
    named = [("primary.metric", plan.primary.metric)]
    named += [(f"secondary[{place}].metric", one.metric) for place, one in enumerate(plan.secondary)]
    named += [(f"guardrails[{place}].metric", one.metric) for place, one in enumerate(plan.guardrails)]
    for path, metric in named:
        if metric not in MEASURED:
            yield Wrong(path, f"is {metric}, which is not measured by cluster", f"One of {', '.join(MEASURED)}.")
    if plan.primary.metric in SHARES:
        yield Wrong("primary.metric", f"is {plan.primary.metric}", "Let margin or revenue decide and shares guard.")


def days_of_tile(plan: ExperimentPlan) -> int:
    """Return the days in which every cluster takes both arms once; 1 in a plan without prices."""
    return 1 if plan.prices is None else 2 * plan.prices.apart * plan.prices.period_days
