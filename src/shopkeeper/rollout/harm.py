"""Whether a change does harm: every rollback criterion by a bound that holds whatever minute somebody looks."""

from __future__ import annotations

from collections.abc import Iterator

from shopkeeper.experiments.mixtures import rate_sequence
from shopkeeper.experiments.sequential import sequence
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective, RollbackCriterion
from shopkeeper.rollout.evidence import Evidence, Service
from shopkeeper.rollout.findings import Finding, percent
from shopkeeper.rollout.strata import stratified

SLOW_SHARE = 0.01
"""Share of answers that may take longer than a p99 bound: by what p99 means."""
TUNED_REQUESTS = 20_000


def harm(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each rollback criterion; a stage in which nobody is treated has none of shoppers."""
    for criterion in objective.rollback:
        metric = CATALOGUE[criterion.metric]
        if criterion.against == "limit" and metric.place == "service":
            yield _service(criterion, evidence.treatment)
        elif criterion.against == "control":
            yield _against_control(criterion, evidence)
        else:
            yield _against_limit(criterion, evidence)


def _name(criterion: RollbackCriterion) -> str:
    return f"rollback: {criterion.metric}"


def _against_control(criterion: RollbackCriterion, evidence: Evidence) -> Finding:
    """Harm is proven when the whole one-sided sequence lies on the bad side of the bound."""
    found = stratified(evidence.so_far, criterion.metric)
    if found is None:
        return Finding(check=_name(criterion), outcome="passes", words=f"{criterion.metric}: nothing measured yet.")
    tuned = 2.0 * evidence.plan.users_per_arm
    bound = sequence(found.effect, "less", criterion.alpha, tuned).high
    broken = bound < -criterion.bound
    figures = {
        "effect": found.effect.value, "upper": bound, "bound": -criterion.bound, "n": float(found.effect.n),
        "alpha": criterion.alpha,
    }  # fmt: skip
    words = (
        f"{criterion.metric} {percent(found.effect.value)} against the control in {found.effect.n:,} units; at best"
        f" {percent(bound)}, harm begins below {percent(-criterion.bound)}."
    )
    return Finding(check=_name(criterion), outcome="breaks" if broken else "passes", words=words, figures=figures)


def _service(criterion: RollbackCriterion, service: Service) -> Finding:
    """A rate of requests breaks its limit when the lower end of its sequence lies above it."""
    counted, limit, named = {
        "error_share": (service.errors, criterion.bound, "errors"),
        "fallback_share": (service.fallbacks, criterion.bound, "answers by the rules"),
        "p99_latency": (service.slow, SLOW_SHARE, "answers slower than the limit"),
        "uptime": (service.errors, 1.0 - criterion.bound, "requests without an answer"),
    }[criterion.metric]
    if not service.requests:
        return Finding(check=_name(criterion), outcome="passes", words=f"{criterion.metric}: no request yet.")
    low, _ = rate_sequence(counted, service.requests, 2 * criterion.alpha, TUNED_REQUESTS)
    share = counted / service.requests
    figures = {"share": share, "lower": low, "limit": limit, "n": float(service.requests), "alpha": criterion.alpha}
    words = (
        f"{counted:,} of {service.requests:,} {named} ({100 * share:.3f}%), at least {100 * low:.3f}%;"
        f" {100 * limit:g}% are allowed."
    )
    return Finding(check=_name(criterion), outcome="breaks" if low > limit else "passes", words=words, figures=figures)


def _against_limit(criterion: RollbackCriterion, evidence: Evidence) -> Finding:
    """A metric of shoppers breaks a limit when the whole sequence of the treatment's own value lies beyond it."""
    found = stratified(evidence.so_far, criterion.metric)
    if found is None or found.effect.control == 0:
        return Finding(check=_name(criterion), outcome="passes", words=f"{criterion.metric}: nothing measured yet.")
    up = CATALOGUE[criterion.metric].direction == "up"
    wanted = (criterion.bound / found.effect.control - 1) * (1 if up else -1)
    bound = sequence(found.effect, "less", criterion.alpha, 2.0 * evidence.plan.users_per_arm).high
    figures = {"value": found.effect.treatment, "limit": criterion.bound, "n": float(found.effect.n)}
    words = f"{criterion.metric} is {found.effect.treatment:.4g} in the treatment; the limit is {criterion.bound:g}."
    return Finding(
        check=_name(criterion), outcome="breaks" if bound < wanted else "passes", words=words, figures=figures
    )
