"""Whether anything can be concluded at all: the arms' sizes, the data, their age, and the objective."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from shopkeeper.experiments.srm import ALERT, Counts, mismatch_p, mismatch_repeated
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import ArmSums, Epoch, Evidence, MetricSums, Service
from shopkeeper.rollout.findings import Finding, Outcome

CROSSERS: Final = 0.01
"""Share of units seen in both arms above which the arms are not apart."""
FIGURES: Final = "figures"
_OF_PRODUCTS: Final = ("products_shown",)
"""Metrics whose units are not those that were exposed."""
_ROUNDING = 1 + 1e-6


def validity(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each thing that must hold before a figure means anything."""
    figures = _figures(objective, evidence)
    yield figures
    yield _objective(objective, evidence)
    yield _data(objective, evidence)
    yield _age(objective, evidence)
    if evidence.epochs and figures.outcome == "passes":
        yield _sample_ratio(evidence)
        yield _crossers(evidence)


def usable(findings: Sequence[Finding]) -> bool:
    """Return whether the figures can be computed with at all."""
    return all(one.outcome != "invalid" for one in findings if one.check == FIGURES)


def _figures(objective: Objective, evidence: Evidence) -> Finding:
    """Sums that no units can have come from a fault on the way; nothing is computed from them."""
    wrong = next(_wrong_in(objective, evidence), None)
    if wrong is None:
        return Finding(check=FIGURES, outcome="passes", words="Every sum is a number that units can have.")
    words = f"{wrong}. The evidence was put together wrongly, so nothing was computed from it; report it as a fault."
    return Finding(check=FIGURES, outcome="invalid", words=words)


def _wrong_in(objective: Objective, evidence: Evidence) -> Iterator[str]:
    bounds = (one.metric for part in (objective.guardrails, objective.rollback) for one in part)
    deciding = {objective.primary.metric, *bounds}
    if evidence.plan.users_per_arm < 1 or not 0 < evidence.plan.alpha < 0.5:
        yield f"The plan has {evidence.plan.users_per_arm} units per arm and alpha {evidence.plan.alpha:g}"
    if not all(math.isfinite(look) and look > 0 for look in evidence.looks):
        yield f"Earlier looks are {evidence.looks}"
    shadow = () if evidence.shadow is None else (evidence.shadow.answered,)
    for service in (evidence.control, evidence.treatment, *shadow):
        if not _service_counts(service):
            yield f"{service.requests} requests hold {service.errors} errors and {service.fallbacks} fallbacks"
    for epoch in evidence.epochs:
        if min(*epoch.exposed, epoch.crossers) < 0:
            yield f"An epoch has {epoch.exposed} units and {epoch.crossers} crossers"
        for part in (*epoch.matured, *epoch.so_far):
            if part.metric in deciding:
                yield from _wrong_sums(part, epoch)


def _service_counts(service: Service) -> bool:
    counts = (service.errors, service.fallbacks, service.slow, service.too_slow)
    return all(0 <= count <= service.requests for count in counts) and math.isfinite(service.p99_ms)


def _wrong_sums(part: MetricSums, epoch: Epoch) -> Iterator[str]:
    size = (2 if CATALOGUE[part.metric].form == "ratio" else 1) * (2 if part.covariate else 1)
    for arm, exposed in ((part.control, epoch.exposed[0]), (part.treatment, epoch.exposed[1])):
        if not 0 <= arm.n <= exposed and part.metric not in _OF_PRODUCTS:
            yield f"{part.metric} has sums over {arm.n:,} units where {exposed:,} were exposed"
        if not _sums_of_units(arm, size):
            yield f"{part.metric} has sums that are no numbers, or of another shape than {size} figures"


def _sums_of_units(arm: ArmSums, size: int) -> bool:
    """Return whether the sums have the right shape, are finite, and may be those of some units (Cauchy, Schwarz)."""
    if len(arm.totals) != size or len(arm.products) != size:
        return False
    if not math.isfinite(sum(arm.totals) + sum(map(sum, arm.products))):  # one that is no number makes the sum none
        return False
    for place, (total, row) in enumerate(zip(arm.totals, arm.products, strict=True)):
        square = row[place] if len(row) == size else -1.0
        if not square >= 0 or total * total > arm.n * square * _ROUNDING:
            return False
        for other in range(place):
            product, turned = row[other], arm.products[other][place]
            most = square * arm.products[other][other] * _ROUNDING
            if product * product > most or not math.isclose(product, turned, rel_tol=1e-6):
                return False
    return True


def _objective(objective: Objective, evidence: Evidence) -> Finding:
    if objective.digest == evidence.plan.objective == evidence.objective:
        return Finding(check="objective", outcome="passes", words="The objective is the one the test was planned for.")
    return Finding(
        check="objective",
        outcome="invalid",
        words="The objective changed after the test was planned. A changed objective starts a new test with new alpha.",
    )


def _data(objective: Objective, evidence: Evidence) -> Finding:
    state, enough = evidence.data, ("pass",) if objective.data.quality == "pass" else ("pass", "warn")
    broken = [name for name in objective.data.checks if name in state.failing]
    if state.quality in enough and not broken:
        return Finding(
            check="data quality", outcome="passes", words=f"The last check of the data says {state.quality}."
        )
    named = ", ".join(broken or state.failing[:3]) or "none is stored"
    return Finding(
        check="data quality",
        outcome="invalid",
        words=f"The last check of the data says {state.quality} ({named}); `shopkeeper check` shows what to mend.",
    )


def _age(objective: Objective, evidence: Evidence) -> Finding:
    limit = objective.technical.freshness_seconds
    if evidence.data.newest is None:
        return Finding(
            check="freshness", outcome="invalid", words="No row was counted, so nothing is known of its age."
        )
    age = (evidence.at - evidence.data.newest) / timedelta(seconds=1)
    figures = {"age_seconds": age, "limit_seconds": float(limit)}
    outcome: Outcome = "invalid" if age > limit else "passes"
    words = f"The newest row is {age / 3_600:.1f} h old; {limit / 3_600:g} h are allowed."
    return Finding(check="freshness", outcome=outcome, words=words, figures=figures)


def _sample_ratio(evidence: Evidence) -> Finding:
    """The arms of every epoch should be of one size; the p value holds however often it is looked at."""
    counts = [Counts(tuple(map(float, epoch.exposed)), (0.5, 0.5)) for epoch in evidence.epochs]
    p = mismatch_repeated(counts)
    once = min(mismatch_p(epoch.users, epoch.weights) for epoch in counts)
    control, treatment = (sum(epoch.exposed[arm] for epoch in evidence.epochs) for arm in (0, 1))
    figures = {"p": p, "p_once": once, "control": float(control), "treatment": float(treatment)}
    words = (
        f"{control:,} units in the control, {treatment:,} in the treatment, planned 1 : 1; p {p:.2g}, limit {ALERT:g}."
    )
    if p < ALERT:
        words += " Units are lost or doubled in one arm, so no difference between them can be believed."
    return Finding(check="sample ratio", outcome="invalid" if p < ALERT else "passes", words=words, figures=figures)


def _crossers(evidence: Evidence) -> Finding:
    seen = sum(sum(epoch.exposed) for epoch in evidence.epochs)
    crossed = sum(epoch.crossers for epoch in evidence.epochs)
    share = crossed / seen if seen else 0.0
    words = (
        f"{crossed:,} of {seen:,} units ({100 * share:.2f}%) were seen in both arms; {100 * CROSSERS:g}% are allowed."
    )
    outcome: Outcome = "invalid" if share > CROSSERS else "passes"
    return Finding(check="crossers", outcome=outcome, words=words, figures={"share": share, "limit": CROSSERS})
