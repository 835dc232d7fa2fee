"""Whether a change is proven: the KPI beyond its group-sequential boundary, and every guardrail non-inferior."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.special import ndtr

from shopkeeper.experiments.group_sequential import Spending, boundaries
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Guardrail, Objective
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Finding, percent
from shopkeeper.rollout.strata import stratified

SPENDING = Spending("obrien-fleming")


@dataclass(frozen=True, slots=True)
class Look:
    """This look at the matured units.

    Attributes:
        fraction: Share of the planned units, at most 1.
        critical: What z must exceed.
    """

    fraction: float
    critical: float


def look_now(evidence: Evidence, per_arm: int) -> Look:
    """Return this look's boundary, given the looks before it. A look without new units has the last one's."""
    fraction = min(per_arm / evidence.plan.users_per_arm, 1.0)
    earlier = tuple(t for t in evidence.looks if t < fraction)
    if fraction <= 0:
        return Look(0.0, math.inf)
    return Look(fraction, float(boundaries((*earlier, fraction), evidence.plan.alpha, SPENDING)[-1]))


def proof(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield the finding about the primary KPI, then one for each guardrail; only matured units count."""
    yield _primary(objective, evidence)
    for guardrail in objective.guardrails:
        if guardrail.margin is not None:
            yield _non_inferior(guardrail, guardrail.margin, evidence)
        if guardrail.limit is not None:
            yield _within(guardrail, guardrail.limit, evidence)


def _primary(objective: Objective, evidence: Evidence) -> Finding:
    name = objective.primary.metric
    found = stratified(evidence.matured, name)
    if found is None or found.effect.error == 0:
        return Finding(check=f"primary: {name}", outcome="waits", words=f"No unit has matured yet for {name}.")
    look = look_now(evidence, found.per_arm)
    z = found.effect.value / found.effect.error
    low = found.effect.value - look.critical * found.effect.error
    figures = {
        "effect": found.effect.value, "lower": low, "z": z, "critical": look.critical, "fraction": look.fraction,
        "n": float(found.effect.n), "p_once": float(ndtr(-z)),
    }  # fmt: skip
    words = (
        f"{name} {percent(found.effect.value)} against the control in {found.effect.n:,} matured units, at least"
        f" {percent(low)}; {100 * look.fraction:.0f}% of the planned units are in."
    )
    return Finding(
        check=f"primary: {name}", outcome="passes" if z > look.critical else "waits", words=words, figures=figures
    )


def _non_inferior(guardrail: Guardrail, margin: float, evidence: Evidence) -> Finding:
    """Non-inferiority by repeated intervals: the lower end, at this look's boundary, lies above minus the margin."""
    check = f"guardrail: {guardrail.metric}"
    found = stratified(evidence.matured, guardrail.metric)
    if found is None or found.effect.error == 0:
        return Finding(check=check, outcome="waits", words=f"{guardrail.metric}: no unit has matured yet.")
    look = look_now(evidence, found.per_arm)
    low = found.effect.value - look.critical * found.effect.error
    figures = {"effect": found.effect.value, "lower": low, "margin": -margin, "n": float(found.effect.n)}
    words = (
        f"{guardrail.metric} {percent(found.effect.value)}, at least {percent(low)}; no worse than {percent(-margin)}"
        " must be proven."
    )
    return Finding(check=check, outcome="passes" if low > -margin else "waits", words=words, figures=figures)


def _within(guardrail: Guardrail, limit: float, evidence: Evidence) -> Finding:
    """A limit on the treatment's own value, such as a margin target or a share of answers by the rules."""
    check = f"guardrail: {guardrail.metric}"
    metric = CATALOGUE[guardrail.metric]
    value = _service_value(guardrail.metric, evidence) if metric.place == "service" else None
    if metric.place != "service":
        found = stratified(evidence.matured, guardrail.metric)
        value = None if found is None else found.effect.treatment
    if value is None:
        return Finding(check=check, outcome="waits", words=f"{guardrail.metric}: nothing measured yet.")
    good = value >= limit if metric.direction == "up" else value <= limit
    words = f"{guardrail.metric} is {value:.4g} in the treatment; the limit is {limit:g}."
    return Finding(
        check=check, outcome="passes" if good else "waits", words=words, figures={"value": value, "limit": limit}
    )


def _service_value(metric: str, evidence: Evidence) -> float | None:
    service = evidence.treatment
    if not service.requests:
        return None
    shares = {"error_share": service.errors, "fallback_share": service.fallbacks}
    if metric in shares:
        return shares[metric] / service.requests
    return service.p99_ms if metric == "p99_latency" else 1.0 - service.errors / service.requests
