"""What the gate asks of prices: by switchback instead of by shopper, as no two shoppers may see two prices at once.

Each step asks for an approved run to go on with, as the run of the step before is too old by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Guardrail, Objective, RollbackCriterion
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Finding, Outcome, known, percent
from shopkeeper.rollout.price_evidence import PriceEffect, PriceEvidence, PriceRunSeen, PriceTestSeen, Promise

SURE: Final = 0.9
"""Chance with which a run must meet its margin targets."""


def price_validity(prices: PriceEvidence) -> Iterator[Finding]:
    """Yield whether shoppers saw the prices the coins drew; nothing in a step without a test."""
    test = prices.test
    if test is None:
        return
    figures = {"price_days": float(test.price_days), "wrong_days": float(test.wrong_days)}
    if test.reasons:
        words = (
            f"{test.test}: {'; '.join(test.reasons)}. No figure of it can be believed; take the rollout back and begin"
            " another once it cannot happen again."
        )
        yield Finding(check="prices as drawn", outcome="invalid", words=words, figures=figures)
        return
    words = f"{test.wrong_days:,} of {test.price_days:,} counted price days were not as {test.test} drew them."
    yield Finding(check="prices as drawn", outcome="passes", words=words, figures=figures)


def price_harm(objective: Objective, prices: PriceEvidence) -> Iterator[Finding]:
    """Yield a finding for each rollback criterion, by bounds that hold at every look there will be."""
    effects = {} if prices.test is None else {one.metric: one for one in prices.test.harm}
    for criterion in objective.rollback:
        effect = effects.get(criterion.metric)
        yield _harm(criterion, effect) if effect is not None else Finding(
            check=f"rollback: {criterion.metric}", outcome="passes",
            words=f"{criterion.metric} is not measured on clusters of goods, or nothing of it is over yet.",
        )  # fmt: skip


def price_steps(objective: Objective, evidence: Evidence, prices: PriceEvidence) -> Iterator[Finding]:
    """Yield what stands between the present step and the next."""
    if evidence.stage == "full":
        yield _everywhere(evidence.version, prices)
        return
    if evidence.stage == "shadow":
        yield from _promised(prices.run)
    elif prices.test is None:
        words = prices.in_the_way or "`shopkeeper work` begins the test of this step within a minute."
        yield Finding(check="price test", outcome="waits", words=words)
    else:
        yield from _tested(objective, evidence, prices.test)
    yield _next_run(evidence, prices)


def _everywhere(version: str, prices: PriceEvidence) -> Finding:
    shown = f"Prices of {version} hold everywhere (run {prices.published}); watched."
    words = shown if prices.published else prices.in_the_way or "`shopkeeper work` publishes its prices."
    if prices.mismatched:
        words += f" The shop shows another price for {prices.mismatched:,} of them: `shopkeeper price status`."
    return Finding(check="stage", outcome="waits", words=words, figures={"mismatched": float(prices.mismatched)})


def _promised(run: PriceRunSeen | None) -> Iterator[Finding]:
    """What the shadow run promises: surely less is taken back, a margin target that is surely missed waits."""
    named, promises = ("", ()) if run is None else (run.run, run.promises)
    for one in promises:
        words = f"Run {named} promises {one.objective} {_span(one.low, one.expected, one.high)}"
        words += f" over the prices that stand, {one.currency}, by what the model believes."
        figures = {"low": one.low, "expected": one.expected, "high": one.high}
        broken: Outcome = "breaks" if one.high < 0 else "passes"
        yield Finding(check=f"shadow: {one.objective}, {one.currency}", outcome=broken, words=words, figures=figures)
        yield _margin_kept(one)


def _margin_kept(one: Promise) -> Finding:
    kept = one.surest_miss >= SURE or one.margin_low >= 0
    words = (
        f"Margin targets are met with chance {one.surest_miss:.0%} or more, {SURE:.0%} are asked for; the margin"
        f" changes by {_span(one.margin_low, one.margin_expected, one.margin_high)} of revenue."
    )  # fmt: skip
    if not kept:
        words += " Lower the target or loosen a rule: `shopkeeper price whatif` shows what each costs."
    figures = {"chance": one.surest_miss, "margin_low": one.margin_low, "margin_high": one.margin_high}
    return Finding(
        check=f"shadow: margin, {one.currency}", outcome="passes" if kept else "waits", words=words, figures=figures
    )


def _tested(objective: Objective, evidence: Evidence, test: PriceTestSeen) -> Iterator[Finding]:
    figures = {"days": float(test.days_over), "needed": float(test.days)}
    words = f"{test.days_over} of the {test.days} days of {test.test} are over in every store."
    whole = test.days_over >= test.days
    if whole and not test.over:
        words += " The prices from before it do not all hold again yet."
    if test.over and not whole:
        words += " It was stopped before its end and proves nothing: take the rollout back."
    done = test.over and whole
    yield Finding(check="price test", outcome="passes" if done else "waits", words=words, figures=figures)
    if evidence.stage != "ramp":
        return
    share = test.cells_matured / test.cells if test.cells else 0.0
    effects = {one.metric: one for one in test.proof}
    yield _primary(objective, test, effects.get(objective.primary.metric), share)
    for guardrail in objective.guardrails:
        yield _guarded(guardrail, effects.get(guardrail.metric), share)


def _primary(objective: Objective, test: PriceTestSeen, effect: PriceEffect | None, share: float) -> Finding:
    metric = objective.primary.metric
    check = f"primary: {metric}"
    if effect is None or share < 1:
        words = (
            f"{metric} is looked at once, at the end: {test.cells_matured:,} of {test.cells:,} cells (a cluster in a"
            " period) are over with their returns in."
        )
        return Finding(check=check, outcome="waits", words=words, figures={"matured_share": share})
    low = _worst(effect)
    words = (
        f"{metric} {percent(_better(effect))} against the standing prices by the coins, at least"
        f" {'nobody knows what' if low is None else percent(low)}, in {test.cells:,} cells an arm."
    )
    won = low is not None and low > 0
    if not won:
        words += (
            " It was looked at, once, and is not proven: take the rollout back, or begin one planned for more cells."
        )
    figures = known(effect=_better(effect), matured_share=share, **({} if low is None else {"lower": low}))
    return Finding(check=check, outcome="passes" if won else "waits", words=words, figures=figures)


def _guarded(guardrail: Guardrail, effect: PriceEffect | None, share: float) -> Finding:
    """Non-inferior by the interval of the one look; a limit by the worst value that leaves beside the control's own."""
    name = guardrail.metric
    check = f"guardrail: {name}"
    if effect is None or share < 1:
        return Finding(check=check, outcome="waits", words=f"{name} is looked at at the end of the test.")
    low = _worst(effect)
    if low is None:
        reason = effect.reason or "its tiles are too few"
        return Finding(check=check, outcome="waits", words=f"Nothing can be said of {name}: {reason}.")
    figures, good, asked = {"effect": _better(effect), "lower": low}, True, []
    if guardrail.margin is not None:
        good = low > -guardrail.margin
        figures["margin"] = -guardrail.margin
        asked.append(f"no worse than {percent(-guardrail.margin)} must be proven")
    if guardrail.limit is not None:
        up = CATALOGUE[name].direction == "up"
        worst = effect.control * (1 + low) if up else effect.control * (1 - low)
        good = good and (worst >= guardrail.limit if up else worst <= guardrail.limit)
        figures |= {"value": effect.value, "worst": worst, "limit": guardrail.limit}
        asked.append(f"at worst {worst:.4g}, the limit is {guardrail.limit:g}")
    words = f"{name} {percent(_better(effect))}, at least {percent(low)}; {', '.join(asked)}."
    return Finding(check=check, outcome="passes" if good else "waits", words=words, figures=known(**figures))


def _harm(criterion: RollbackCriterion, effect: PriceEffect) -> Finding:
    check, metric = f"rollback: {criterion.metric}", CATALOGUE[criterion.metric]
    best = _best(effect)
    if best is None:
        words = f"{criterion.metric}: {effect.reason or 'so few tiles prove no harm'}."
        return Finding(check=check, outcome="passes", words=words)
    figures = {"effect": _better(effect), "upper": best, "alpha": effect.alpha / 2}
    if criterion.against == "control":
        broken = best < -criterion.bound
        words = (
            f"{criterion.metric} {percent(_better(effect))} against the standing prices, at best {percent(best)}; harm"
            f" begins below {percent(-criterion.bound)}."
        )
    else:
        up = metric.direction == "up"
        value = effect.control * (1 + best) if up else effect.control * (1 - best)
        broken = value < criterion.bound if up else value > criterion.bound
        words = f"{criterion.metric} is {effect.value:.4g}, at best {value:.4g}; the limit is {criterion.bound:g}."
        figures |= {"value": effect.value, "best": value, "limit": criterion.bound}
    return Finding(check=check, outcome="breaks" if broken else "passes", words=words, figures=known(**figures))


def _next_run(evidence: Evidence, prices: PriceEvidence) -> Finding:
    """A step is taken with an approved run that moves something and is not old: by it prices change."""
    run, version = prices.run, evidence.version
    order = f"`shopkeeper price run --version {version}` begins one now."
    outcome: Outcome = "waits"
    if run is None:
        since = "" if prices.test is None or prices.test.over else " One can be computed once its test is over."
        words = f"There is no run of {version} to go on with yet; `shopkeeper work` orders one.{since} {order}"
    elif run.status == "waiting":
        words = f"Run {run.run} waits for approval: `shopkeeper price approve {run.run} --why ...`."
    elif run.status != "approved":
        words = f"Run {run.run} is {run.status.replace('_', ' ')}: {run.why}. {order}"
    elif not run.moved:
        words = f"Run {run.run} moves no price: {version} has nothing to change. Take the rollout back."
    elif evidence.at > run.good_until:
        words = f"Run {run.run} is too old to go on with; `shopkeeper work` orders another. {order}"
    else:
        outcome = "passes"
        words = f"Run {run.run} is approved and moves {run.moved:,} of {run.prices:,} prices."
    return Finding(check="next prices", outcome=outcome, words=words)


def _better(effect: PriceEffect) -> float:
    return effect.relative if CATALOGUE[effect.metric].direction == "up" else -effect.relative


def _worst(effect: PriceEffect) -> float | None:
    if CATALOGUE[effect.metric].direction == "up":
        return effect.low
    return None if effect.high is None else -effect.high


def _best(effect: PriceEffect) -> float | None:
    if CATALOGUE[effect.metric].direction == "up":
        return effect.high
    return None if effect.low is None else -effect.low


def _span(low: float, expected: float, high: float) -> str:
    return f"{percent(expected)} ({percent(low)} to {percent(high)})"
