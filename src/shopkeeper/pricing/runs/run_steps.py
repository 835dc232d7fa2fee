"""The steps of a price run, pure: each returns the run as it is after, or says why it may not be taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet, InputError, NotAllowed
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.proposal import Beside
from shopkeeper.pricing.runs.approval import PEOPLE, measured, risk_of, same_person
from shopkeeper.pricing.runs.gates import anomaly_gate, freshness_gate
from shopkeeper.pricing.runs.price_run import RULE, Finding, PriceRun, RunPrice, RunStatus, RunStep

FINDINGS_KEPT: Final = 200


def gated(
    run: PriceRun, prices: Sequence[RunPrice], policy: RunPolicy, at: datetime, beside: Sequence[Beside] = ()
) -> tuple[PriceRun, list[RunPrice]]:  # fmt: skip
    """Return the run after both gates (`blocked`, `waiting`, or approved by rule), and its prices, absurd ones held.

    Args:
        beside: The other prices of its stores, where `prices` are not all of them.
    """
    kept, found = anomaly_gate(prices, policy, beside)
    found = [*freshness_gate(prices, run.feeds, policy, beside), *found]
    moved, share, largest = measured(kept, beside)
    held = sum(bool(price.held_back) for price in kept)
    risk = risk_of(moved, share, largest, policy)
    run = replace(
        run, risk=risk, moved=moved, share=share, largest=largest, held=held,
        findings=tuple(sorted(found, key=lambda one: not one.blocks)[:FINDINGS_KEPT]),
    )  # fmt: skip
    blocking = [one for one in found if one.blocks]
    if blocking:
        return _to(run, "blocked", RULE, _listed(blocking), at), kept
    run = _to(run, "waiting", RULE, "both gates passed", at)
    if not PEOPLE[risk]:
        why = "no price changes" if risk == "none" else f"no move above {policy.small_move:.1%}"
        run = _to(run, "approved", RULE, why, at)
    return run, kept


def approve(run: PriceRun, who: str, why: str, policy: RunPolicy, at: datetime) -> PriceRun:
    """Return the run with one more approval; it waits on for another person, or is approved once as many did as its
    risk takes.

    Raises:
        NotAllowed: whoever began the run, or approved it already, wants to.
        InputError: it waits for no approval.
    """
    _must_be(run, ("waiting",), "approved")
    if not policy.own_runs and same_person(run.who, who):
        raise NotAllowed(
            f"{who} began run {run.id} and may not approve it.",
            "Let somebody else approve it; `runs: {own_runs: true}` in price-policy.yaml would allow it.",
        )
    if any(same_person(one, who) for one in run.approvers):
        raise NotAllowed(f"{who} approved run {run.id} already.", "It takes a second person.")
    if len(run.approvers) + 1 < PEOPLE[run.risk]:
        return _to(run, "waiting", who, why, at)
    return _to(run, "approved", who, why, at)


def reject(run: PriceRun, who: str, why: str, at: datetime) -> PriceRun:
    """Return the run as one whose prices never come to hold. Raises InputError where they do already."""
    _must_be(run, ("waiting", "approved", "scheduled"), "rejected")
    return _to(run, "rejected", who, why, at)


def schedule(run: PriceRun, who: str, why: str, publish_at: datetime, policy: RunPolicy, at: datetime) -> PriceRun:
    """Return the run with the moment its prices begin to hold. Raises InputError unless it is approved."""
    _must_be(run, ("approved", "scheduled"), "scheduled")
    if publish_at - run.at > timedelta(hours=policy.good_hours):
        raise InputError(
            f"{publish_at:%Y-%m-%d %H:%M} UTC is more than {policy.good_hours:g} hours after run {run.id}.",
            "Publish it sooner, or start another run closer to that time.",
        )
    return _to(replace(run, publish_at=publish_at), "scheduled", who, why, at)


def publish(run: PriceRun, who: str, why: str, policy: RunPolicy, at: datetime) -> PriceRun:
    """Return the run as one whose prices hold.

    Raises:
        InputError: it is not approved.
        ContractNotMet: it waited too long; what it rests on is old.
    """
    _must_be(run, ("approved", "scheduled"), "published")
    if at - run.at > timedelta(hours=policy.good_hours):
        raise ContractNotMet(
            f"Run {run.id} was computed more than {policy.good_hours:g} hours ago: its prices rest on old feeds.",
            "Start another run.",
        )
    return _to(replace(run, publish_at=run.publish_at or at), "published", who, why, at)


def into_test(run: PriceRun, who: str, why: str, starts: datetime, policy: RunPolicy, at: datetime) -> PriceRun:
    """Return the run as one whose prices hold by turns, in a test of prices.

    Raises:
        InputError: it is not approved, or too old when the test starts.
    """
    _must_be(run, ("approved",), "tested")
    if starts - run.at > timedelta(hours=policy.good_hours):
        raise InputError(
            f"The test starts {starts:%Y-%m-%d %H:%M} UTC, more than {policy.good_hours:g} hours after run {run.id}.",
            "Start it sooner, or test a run that is computed closer to its first day.",
        )
    return _to(run, "in_test", who, why, at)


def out_of_test(run: PriceRun, who: str, why: str, at: datetime) -> PriceRun:
    """Return the run as one that was taken back: its test is over. Raises InputError unless it is in one."""
    _must_be(run, ("in_test",), "taken out of a test")
    return _to(run, "reverted", who, why, at)


def approve_turn(run: PriceRun, why: str, at: datetime) -> PriceRun:
    """Return the run of a test's turn as approved: whoever approved the tested run did so for all of its turns.

    Raises:
        InputError: a gate blocked it.
    """
    _must_be(run, ("waiting", "approved"), "approved")
    return run if run.status == "approved" else _to(run, "approved", RULE, why, at)


def revert(run: PriceRun, who: str, why: str, at: datetime) -> PriceRun:
    """Return the run as one that was taken back. Raises InputError unless its prices hold."""
    _must_be(run, ("published",), "reverted")
    return _to(run, "reverted", who, why, at)


def _to(run: PriceRun, status: RunStatus, who: str, why: str, at: datetime) -> PriceRun:
    return replace(run, status=status, steps=(*run.steps, RunStep(status, who, why, at)))


def _must_be(run: PriceRun, wanted: tuple[RunStatus, ...], word: str) -> None:
    if run.status in wanted:
        return
    why = "; ".join(one.text for one in run.findings if one.blocks)[:500] if run.status == "blocked" else ""
    raise InputError(
        f"Run {run.id} is {run.status} and cannot be {word}." + (f" {why}" if why else ""),
        "See it with `shopkeeper price show`; start another with `shopkeeper price run`.",
    )


def _listed(found: Sequence[Finding]) -> str:
    return "; ".join(one.text for one in found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
