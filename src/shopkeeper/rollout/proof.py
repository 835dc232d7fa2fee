"""Whether a change is proven: the KPI beyond its group-sequential boundary, and every guardrail non-inferior."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import scipy

from shopkeeper.experiments.mixtures import rate_at_most
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Guardrail, Objective
from shopkeeper.rollout.evidence import Evidence, Service
from shopkeeper.rollout.findings import Finding, known, percent
from shopkeeper.rollout.harm import TUNED_REQUESTS
from shopkeeper.rollout.looks import Look, look_now
from shopkeeper.rollout.strata import Stratified, stratified

FEWEST_TIMED: Final = 10_000
"""Answers from which a p99 rests on a hundred slow ones at least."""


def proof(objective: Objective, evidence: Evidence, blocked: str = "") -> Iterator[Finding]:
    """Yield the finding about the primary KPI, then one for each guardrail; only matured units count.

    Args:
        blocked: Why nothing could be promoted now in any case; then figures are shown and no look is taken.
    """
    found = stratified(evidence.matured, objective.primary.metric)
    look = look_now(evidence, 0 if found is None else found.per_arm, blocked)
    yield _primary(objective.primary.metric, found, look)
    for guardrail in objective.guardrails:
        if guardrail.margin is not None:
            yield _non_inferior(guardrail, guardrail.margin, evidence, look)
        if guardrail.limit is not None:
            yield _within(guardrail, guardrail.limit, evidence, look)


def _primary(name: str, found: Stratified | None, look: Look) -> Finding:
    check = f"primary: {name}"
    if found is None:
        return Finding(check=check, outcome="waits", words=f"No unit has matured yet for {name}.")
    z, low = found.z(), found.bounds(look.critical)[0]
    figures = known(
        effect=found.value, lower=low, z=z, critical=look.critical, matured_share=look.share, n=found.n,
        p_once=float(scipy.special.ndtr(-z)),
    )  # fmt: skip
    if not look.closed:
        figures["fraction"] = look.share
    words = (
        f"{name} {percent(found.value)} against the control in {found.n:,} matured units, at least {percent(low)};"
        f" {100 * look.share:.0f}% of the planned units are in."
    )
    won = not look.closed and low > 0
    return Finding(check=check, outcome="passes" if won else "waits", words=_said(look, words), figures=figures)


def _said(look: Look, words: str) -> str:
    return f"{look.closed} {words}" if look.closed else words


def _non_inferior(guardrail: Guardrail, margin: float, evidence: Evidence, look: Look) -> Finding:
    """Non-inferiority by repeated intervals: the lower end, at this look's boundary, lies above minus the margin."""
    check = f"guardrail: {guardrail.metric}"
    found = stratified(evidence.matured, guardrail.metric)
    if found is None:
        return Finding(check=check, outcome="waits", words=f"{guardrail.metric}: no unit has matured yet.")
    low = found.bounds(look.critical)[0]
    figures = known(effect=found.value, lower=low, margin=-margin, n=found.n)
    words = (
        f"{guardrail.metric} {percent(found.value)}, at least {percent(low)}; no worse than {percent(-margin)}"
        " must be proven."
    )
    good = not look.closed and low > -margin
    return Finding(check=check, outcome="passes" if good else "waits", words=words, figures=figures)


def _within(guardrail: Guardrail, limit: float, evidence: Evidence, look: Look) -> Finding:
    """A limit on the treatment's own value is held when the whole interval lies on its good side."""
    check = f"guardrail: {guardrail.metric}"
    metric = CATALOGUE[guardrail.metric]
    if metric.place == "service":
        value, worst = _service_value(guardrail.metric, evidence.treatment, evidence.plan.alpha)
    else:
        found = stratified(evidence.matured, guardrail.metric)
        value, worst = (None, None) if found is None else _own_value(found, look, metric.direction == "up")
    if value is None:
        return Finding(check=check, outcome="waits", words=f"{guardrail.metric}: nothing measured yet.")
    good = worst is not None and (worst >= limit if metric.direction == "up" else worst <= limit)
    shown = "not surely known yet" if worst is None else f"at worst {worst:.4g}"
    words = f"{guardrail.metric} is {value:.4g} in the treatment, {shown}; the limit is {limit:g}."
    figures = {"value": value, "limit": limit} | ({} if worst is None else {"worst": worst})
    return Finding(check=check, outcome="passes" if good else "waits", words=words, figures=figures)


def _own_value(found: Stratified, look: Look, up: bool) -> tuple[float, float | None]:
    if look.closed:
        return found.treatment, None
    slack = look.critical * found.treatment_error
    return found.treatment, found.treatment - slack if up else found.treatment + slack


def _service_value(metric: str, service: Service, alpha: float) -> tuple[float | None, float | None]:
    """Return how the treatment was answered, and the worst that may be the truth."""
    n = service.requests
    if not n:
        return None, None
    if metric == "p99_latency":
        return service.p99_ms, service.p99_ms if n >= FEWEST_TIMED else None
    counted = service.fallbacks if metric == "fallback_share" else service.errors
    share, most = counted / n, rate_at_most(counted, n, alpha, TUNED_REQUESTS)
    return (1.0 - share, 1.0 - most) if metric == "uptime" else (share, most)
