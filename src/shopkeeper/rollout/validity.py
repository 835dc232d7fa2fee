"""Whether anything can be concluded at all: the arms' sizes, the data, their age, and the objective."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from shopkeeper.experiments.srm import ALERT, Counts, mismatch_p, mismatch_repeated
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Finding, Outcome

CROSSERS = 0.01
"""Share of units seen in both arms above which the arms are not apart."""


def validity(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield a finding for each thing that must hold before a figure means anything."""
    yield _objective(objective, evidence)
    yield _data(objective, evidence)
    yield _age(objective, evidence)
    if evidence.epochs:
        yield _sample_ratio(evidence)
        yield _crossers(evidence)


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
