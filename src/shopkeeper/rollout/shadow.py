"""Whether a challenger may be shown: it kept up with live traffic, and nothing says it is worse."""

from __future__ import annotations

from collections.abc import Iterator

from shopkeeper.experiments.mixtures import rate_sequence
from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence, Shadow
from shopkeeper.rollout.findings import Finding, Outcome, percent
from shopkeeper.rollout.harm import SLOW_SHARE, TUNED_REQUESTS

ALPHA = 0.05


def shadow_checks(objective: Objective, evidence: Evidence) -> Iterator[Finding]:
    """Yield what must hold before the first shopper sees the challenger."""
    seen = evidence.shadow
    needed = evidence.plan.minimum_shadow_requests
    done = 0 if seen is None else seen.answered.requests
    outcome: Outcome = "passes" if done >= needed else "waits"
    words = f"The challenger computed {done:,} answers beside live traffic; {needed:,} are needed."
    yield Finding(
        check="shadow requests", outcome=outcome, words=words, figures={"n": float(done), "needed": float(needed)}
    )
    if seen is None or not done:
        return
    limits = (
        ("shadow errors", seen.answered.errors, objective.technical.error_rate),
        ("shadow latency", seen.answered.slow, SLOW_SHARE),
    )
    for check, counted, limit in limits:
        yield _rate(check, counted, done, limit)
    yield _expected(seen)


def _rate(check: str, counted: int, n: int, limit: float) -> Finding:
    """A rate surely above its limit stops the challenger; one that is only not surely below it waits for more."""
    low, high = rate_sequence(counted, n, ALPHA, TUNED_REQUESTS)
    share = counted / n
    outcome: Outcome = "breaks" if low > limit else "passes" if share <= limit else "waits"
    words = f"{counted:,} of {n:,}: {100 * share:.3f}% ({100 * low:.3f}% to {100 * high:.3f}%); limit {100 * limit:g}%."
    return Finding(check=check, outcome=outcome, words=words, figures={"share": share, "lower": low, "limit": limit})


def _expected(seen: Shadow) -> Finding:
    """What the KPI would be, off-policy. Not identified is said and is no obstacle: the A/B test will tell."""
    if seen.expected_low is None or seen.expected_high is None:
        reason = seen.not_identified or "the logged answers hold no exploration"
        return Finding(check="shadow expected KPI", outcome="passes", words=f"Not identified: {reason}.")
    words = f"Expected against the control: {percent(seen.expected_low)} to {percent(seen.expected_high)}."
    outcome: Outcome = "breaks" if seen.expected_high < 0 else "passes"
    figures = {"low": seen.expected_low, "high": seen.expected_high}
    return Finding(check="shadow expected KPI", outcome=outcome, words=words, figures=figures)
