"""Whether a change does harm: every rollback criterion by a bound that holds whatever minute somebody looks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from shopkeeper.experiments.mixtures import rate_at_least
from shopkeeper.experiments.sequential import one_sided_width, rho_for
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective, RollbackCriterion
from shopkeeper.rollout.evidence import Evidence, Plan, Service
from shopkeeper.rollout.findings import Finding, known, percent
from shopkeeper.rollout.strata import Stratified, stratified

SLOW_SHARE: Final = 0.01
"""Share of answers that may take longer than a p99 bound: by what p99 means."""
TUNED_REQUESTS: Final = 20_000
TUNED_DAYS: Final = 14.0
"""Harm is to be found within weeks, however long the proof of a gain takes: bounds are narrowest after this time."""


def harm(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each rollback criterion; a stage in which nobody is treated has none of shoppers."""
    for criterion in objective.rollback:
        if CATALOGUE[criterion.metric].place == "service":
            yield _service(criterion, evidence.treatment)
        else:
            yield _of_units(criterion, evidence)


def tuned_units(plan: Plan) -> float:
    """Return the units of one arm at which bounds of harm are narrowest, fixed by the plan before the first unit."""
    foreseen = TUNED_DAYS * plan.users_per_day
    return min(float(plan.users_per_arm), foreseen) if foreseen > 0 else float(plan.users_per_arm)


def _name(criterion: RollbackCriterion) -> str:
    return f"rollback: {criterion.metric}"


def _of_units(criterion: RollbackCriterion, evidence: Evidence) -> Finding:
    """A metric of units, against the control or against a figure of its own."""
    found = stratified(evidence.so_far, criterion.metric)
    if found is None:
        return Finding(check=_name(criterion), outcome="passes", words=f"{criterion.metric}: nothing measured yet.")
    units = tuned_units(evidence.plan)
    if criterion.against == "control":
        return _against_control(criterion, found, _reach(found.n, criterion.alpha, 2 * units))
    return _against_limit(criterion, found, _reach(found.n / 2, criterion.alpha, units))


def _reach(n: float, alpha: float, tuned: float) -> float:
    """Return how many standard errors the bound of a one-sided sequence lies from the estimate."""
    return math.sqrt(n) * one_sided_width(n, alpha, rho_for(2 * alpha, tuned))


def _against_control(criterion: RollbackCriterion, found: Stratified, reach: float) -> Finding:
    """Harm is proven when the whole one-sided sequence lies on the bad side of the bound."""
    _, upper = found.bounds(reach)
    figures = known(
        effect=found.value, upper=upper, bound=-criterion.bound, n=found.n, alpha=criterion.alpha, reach=reach
    )
    words = (
        f"{criterion.metric} {percent(found.value)} against the control in {found.n:,} units; at best {percent(upper)},"
        f" harm begins below {percent(-criterion.bound)}."
    )
    broken = upper < -criterion.bound
    return Finding(check=_name(criterion), outcome="breaks" if broken else "passes", words=words, figures=figures)


def _against_limit(criterion: RollbackCriterion, found: Stratified, reach: float) -> Finding:
    """A metric breaks a limit when the whole sequence of the treatment's own value lies beyond it."""
    slack = reach * found.treatment_error
    up = CATALOGUE[criterion.metric].direction == "up"
    best = found.treatment + (slack if up else -slack)
    broken = best < criterion.bound if up else best > criterion.bound
    figures = known(value=found.treatment, best=best, limit=criterion.bound, n=found.n, alpha=criterion.alpha)
    words = (
        f"{criterion.metric} is {found.treatment:.4g} in the treatment, at best {best:.4g}; the limit is"
        f" {criterion.bound:g}."
    )
    return Finding(check=_name(criterion), outcome="breaks" if broken else "passes", words=words, figures=figures)


def _service(criterion: RollbackCriterion, service: Service) -> Finding:
    """A rate of requests breaks its limit when the lower end of its sequence lies above it."""
    counted, limit, named = {
        "error_share": (service.errors, criterion.bound, "errors"),
        "fallback_share": (service.fallbacks, criterion.bound, "answers by the rules"),
        "p99_latency": (service.too_slow, SLOW_SHARE, f"answers slower than {criterion.bound:g} ms"),
        "uptime": (service.errors, 1.0 - criterion.bound, "requests without an answer"),
    }[criterion.metric]
    if not service.requests:
        return Finding(check=_name(criterion), outcome="passes", words=f"{criterion.metric}: no request yet.")
    low = rate_at_least(counted, service.requests, criterion.alpha, TUNED_REQUESTS)
    share = counted / service.requests
    figures = known(share=share, lower=low, limit=limit, n=service.requests, alpha=criterion.alpha)
    words = (
        f"{counted:,} of {service.requests:,} {named} ({100 * share:.3f}%), at least {100 * low:.3f}%;"
        f" {100 * limit:g}% are allowed."
    )
    return Finding(check=_name(criterion), outcome="breaks" if low > limit else "passes", words=words, figures=figures)
