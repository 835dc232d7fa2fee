"""The one function that decides every step of every change. Pure: the same evidence gives the same verdict.

Invalid beats rollback beats hold beats promote. Inconclusive means hold, never ship.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from shopkeeper.objectives.contract import Objective
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Finding, Verdict, Word
from shopkeeper.rollout.harm import harm
from shopkeeper.rollout.price_gate import price_harm, price_steps, price_validity
from shopkeeper.rollout.proof import proof
from shopkeeper.rollout.shadow import shadow_checks
from shopkeeper.rollout.validity import usable, validity


def decide(objective: Objective, evidence: Evidence) -> Verdict:
    """Return the verdict about a change at one moment."""
    findings: tuple[Finding, ...] = tuple(validity(objective, evidence))
    if evidence.prices is not None:
        findings = (*findings, *price_validity(evidence.prices))
    if usable(findings):
        findings = (*findings, *_harm(objective, evidence), *_proof(objective, evidence))
    invalid = [finding for finding in findings if finding.outcome == "invalid"]
    broken = [finding for finding in findings if finding.outcome == "breaks"]
    waiting = [finding for finding in findings if finding.outcome == "waits"]
    word: Word = "invalid" if invalid else "rollback" if broken else "hold" if waiting else "promote"
    decisive = invalid or broken or waiting
    why = decisive[0].words if decisive else _won(findings, evidence)
    if len(decisive) > 1:
        why += f" And {len(decisive) - 1} more."
    days = _days_needed(evidence, waiting) if word == "hold" else None
    return Verdict(word=word, why=why, findings=findings, objective=objective.digest, days_needed=days)


def _harm(objective: Objective, evidence: Evidence) -> Sequence[Finding]:
    """Harm is watched wherever somebody is treated; in shadow nobody is."""
    if evidence.stage == "shadow":
        return ()
    return tuple(harm(objective, evidence) if evidence.prices is None else price_harm(objective, evidence.prices))


def _proof(objective: Objective, evidence: Evidence) -> Sequence[Finding]:
    """Return what stands between this stage and the next."""
    found = [_time(evidence)]
    if evidence.freeze:
        found.append(Finding(check="calendar", outcome="waits", words=f"Nothing moves now: {evidence.freeze}."))
    blocked = "Nothing can move yet, so no look is spent." if any(one.outcome == "waits" for one in found) else ""
    if evidence.prices is not None:
        found += price_steps(objective, evidence, evidence.prices)
    elif evidence.stage == "shadow":
        found += shadow_checks(objective, evidence)
    elif evidence.stage == "ramp":
        found += proof(objective, evidence, blocked)
    elif evidence.stage == "full":
        found.append(Finding(check="stage", outcome="waits", words="It serves everybody outside the holdout; watched."))
    return found


def _time(evidence: Evidence) -> Finding:
    needed = float(evidence.plan.minimum_days.get(evidence.stage, 0.0))
    passed = (evidence.at - evidence.stage_since) / timedelta(days=1)
    words = f"{passed:.1f} days in this stage; at least {needed:g} are asked for."
    figures = {"days": passed, "needed": needed}
    return Finding(check="time", outcome="passes" if passed >= needed else "waits", words=words, figures=figures)


def _won(findings: Sequence[Finding], evidence: Evidence) -> str:
    primary = next((finding.words for finding in findings if finding.check.startswith("primary")), None)
    return primary or f"Everything asked of the stage {evidence.stage} holds, and nothing says it does harm."


def _days_needed(evidence: Evidence, waiting: Sequence[Finding]) -> float | None:
    """Return the longest of the waits that can be foreseen: the stage's least time, and the units still to mature."""
    waits: list[float] = []
    for finding in waiting:
        if finding.check in ("time", "price test") and finding.figures:
            waits.append(finding.figures["needed"] - finding.figures["days"])
        elif finding.check.startswith("primary") and evidence.plan.users_per_day > 0:
            missing = (1 - finding.figures.get("matured_share", 0.0)) * evidence.plan.users_per_arm
            if missing > 0:
                waits.append(missing / evidence.plan.users_per_day)
    return max(waits, default=None)
