"""A plan and what it needs in words, for people who do not read YAML."""

from __future__ import annotations

from collections.abc import Sequence

from shopkeeper.experiments.foreseen_record import Chance, Foreseen
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.objectives.catalogue import CATALOGUE


def plan_words(plan: ExperimentPlan) -> list[str]:
    """Return what a plan says, one thing a line."""
    sign = "+" if CATALOGUE[plan.primary.metric].direction == "up" else "-"
    lines = [
        f"{plan.name}: {plan.title}",
        f"  hypothesis     {plan.hypothesis}",
        f"  owner          {plan.owner.name}",
        f"  where          {plan.system} in {', '.join(plan.stores) or 'all stores'}, by {plan.unit}",
        f"  when           {plan.period.start} to {plan.period.end} ({plan.period.days} days)",
    ]
    for arm in (plan.control, *plan.others):
        lines.append(f"  arm            {arm.name} {arm.share:.1%}: {arm.words or arm.settings or 'as it is now'}")
    lines += [
        f"  made for       {plan.primary.metric} {sign}{plan.primary.minimum_uplift:.1%} or better",
        *([f"  reported       {', '.join(one.metric for one in plan.secondary)}"] if plan.secondary else []),
        *(
            f"  never spoilt   {one.metric}"
            + (f", at most {one.margin:.1%} worse" if one.margin is not None else "")
            + (f", limit {one.limit:g}" if one.limit is not None else "")
            for one in plan.guardrails
        ),
        *([f"  looked at in   {', '.join(plan.segments)}"] if plan.segments else []),
        f"  final after    {plan.maturation_days:g} day(s); attributed within {plan.attribution_days:g}",
        f"  stops by       {plan.stopping.rule}, alpha {plan.stopping.alpha:g}, power {plan.stopping.power:.0%}",
        f"  if it wins     {plan.consequences.wins}",
        f"  if it loses    {plan.consequences.loses}",
        f"  if it is flat  {plan.consequences.flat}",
        f"  plan           {plan.digest}",
    ]
    return lines


def foreseen_words(plan: ExperimentPlan, found: Foreseen) -> list[str]:
    """Return what a plan needs, one thing a line."""
    needs = f"{found.units_per_arm:,} matured units in each arm: {found.days} days of exposure"
    lines = [
        f"  it needs       {needs}; decided by {found.decided_on}",
        f"                 (looking early costs {found.looks_factor - 1:.1%} more units, the time before saves"
        f" {1 - found.cuped_factor:.1%})",
    ]
    if not found.enough:
        lines.append(
            f"  TOO SHORT      the plan has {found.planned_days} days: end it on {plan.period.start} plus {found.days}"
            " days, plan for a larger uplift, or give the arms more shares"
        )
    lines += [
        f"  by day {one.day:<8}{one.date}: it has won with chance {one.planned:.0%}, with half the uplift"
        f" {one.half:.0%} ({one.units:,} units an arm)"
        for one in _some(found.chances)
    ]
    return lines


def _some(chances: Sequence[Chance]) -> Sequence[Chance]:
    """Return about six of the looks, the last among them."""
    step = max(1, len(chances) // 6)
    return [*chances[step - 1 : -1 : step], chances[-1]]
