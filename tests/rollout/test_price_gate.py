"""The gate about prices: a run to go on with, a test by coins looked at once, harm at every block, and what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from tests.rollout.cases import NOW, evidence

from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.evidence import Evidence
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.price_evidence import PriceEffect, PriceEvidence, PriceRunSeen, PriceTestSeen, Promise
from shopkeeper.rollout.recompute import recompute
from shopkeeper.rollout.record import VerdictRecord, written
from shopkeeper.rollout.verdict import decide
from shopkeeper.wiring.objectives import example_objective

OBJECTIVE: Objective = read_objective(example_objective("pricing"), "pricing.yaml")
RUN = PriceRunSeen(
    run="r1", at=NOW - timedelta(hours=9), status="approved", good_until=NOW + timedelta(hours=9), prices=100, moved=40,
    promises=(Promise(currency="EUR", objective="revenue", low=0.01, expected=0.03, high=0.05),),
)  # fmt: skip
WON = {"revenue": 0.06, "margin_rate": 0.0, "units": 0.01, "refund_share": 0.0, "margin": 0.05}


def effect(metric: str, relative: float, half: float = 0.005) -> PriceEffect:
    control = {"margin_rate": 0.4, "refund_share": 0.1}.get(metric, 100.0)
    return PriceEffect(
        metric=metric, control=control, value=control * (1 + relative), relative=relative, low=relative - half,
        high=relative + half, alpha=0.05,
    )  # fmt: skip


def seen(lifts: dict[str, float] | None = None, **changes: Any) -> PriceTestSeen:  # noqa: ANN401
    effects = tuple(effect(*one) for one in (WON | (lifts or {})).items())
    seen = PriceTestSeen(
        test="pricing-1-2", over=True, days=112, days_over=112, cells=40, cells_matured=40, price_days=900,
        wrong_days=0, proof=effects, harm=effects,
    )  # fmt: skip
    return replace(seen, **changes)


def asked(stage: str, **fields: Any) -> Evidence:  # noqa: ANN401
    found = evidence(OBJECTIVE, stage=stage, epochs=(), shadow=None)
    return replace(found, prices=PriceEvidence(**({"run": RUN} | fields)))


def said(stage: str, **fields: Any) -> Verdict:  # noqa: ANN401
    return decide(OBJECTIVE, asked(stage, **fields))


def outcome(verdict: Verdict, check: str) -> str:
    return next(one.outcome for one in verdict.findings if one.check == check)


def test_a_shadow_run_that_is_approved_and_promises_no_loss_goes_on() -> None:
    assert said("shadow").word == "promote"
    assert said("shadow", run=replace(RUN, status="waiting")).why.startswith("Run r1 waits for approval: `shopkeeper")
    assert said("shadow", run=replace(RUN, status="blocked", why="costs missing")).word == "hold"
    assert "orders another" in said("shadow", run=replace(RUN, good_until=NOW - timedelta(hours=1))).why
    assert said("shadow", run=None).word == "hold"
    assert said("shadow", run=replace(RUN, moved=0)).word == "hold"


def test_a_promise_that_is_surely_a_loss_is_taken_back_and_a_missed_margin_target_waits() -> None:
    (promise,) = RUN.promises
    loss = replace(RUN, promises=(replace(promise, low=-0.05, expected=-0.03, high=-0.01),))
    assert said("shadow", run=loss).word == "rollback"
    missed = replace(promise, surest_miss=0.5, margin_low=-0.01)
    assert outcome(said("shadow", run=replace(RUN, promises=(missed,))), "shadow: margin, EUR") == "waits"
    assert said("shadow", run=replace(RUN, promises=(replace(missed, margin_low=0.0),))).word == "promote"


def test_a_step_with_a_test_waits_for_all_of_its_days_and_for_prices_to_go_on_with() -> None:
    going = seen(over=False, days_over=40)
    found = said("ab", test=going)
    assert (found.word, found.days_needed) == ("hold", 112 - 40)
    assert said("ab", test=seen()).word == "promote", "no proof is asked for at 15%"
    assert said("ab", test=seen(days_over=60)).why.count("stopped before its end") == 1
    assert said("ab", test=seen(), run=None).word == "hold"
    assert said("ab", test=None, in_the_way="Too few clusters.").why.startswith("Too few clusters.")


def test_at_half_of_the_cells_the_one_look_at_the_end_proves_the_objective_or_nothing_does() -> None:
    assert said("ramp", test=seen()).word == "promote"
    early = said("ramp", test=seen(cells_matured=20))
    assert (early.word, outcome(early, "primary: revenue")) == ("hold", "waits")
    flat = said("ramp", test=seen({"revenue": 0.004}))
    assert (flat.word, outcome(flat, "primary: revenue")) == ("hold", "waits")
    assert "looked at, once, and is not proven" in flat.why
    assert outcome(said("ramp", test=seen({"units": -0.05})), "guardrail: units") == "waits"
    assert outcome(said("ramp", test=seen({"refund_share": 0.2})), "guardrail: refund_share") == "waits"
    low = said("ramp", test=seen({"margin_rate": -0.006}))
    assert outcome(low, "guardrail: margin_rate") == "waits", "1% worse is not ruled out: -0.6% - 0.5%"


def test_a_margin_target_is_held_by_the_worst_the_interval_leaves() -> None:
    below = seen()
    proof = tuple(replace(one, control=0.321) if one.metric == "margin_rate" else one for one in below.proof)
    found = said("ramp", test=replace(below, proof=proof))
    assert outcome(found, "guardrail: margin_rate") == "waits", ".321 x (1 - .005) is below the target of .32"


def test_harm_takes_it_back_in_any_step_and_wrong_prices_make_it_invalid_first() -> None:
    lossy = seen({"margin": -0.04}, over=False, days_over=60)
    assert said("ab", test=lossy).word == "rollback"
    assert outcome(said("ab", test=lossy), "rollback: margin") == "breaks"
    assert outcome(said("ab", test=lossy), "rollback: conversion") == "passes", (
        "not measured on clusters, and it says so"
    )
    wrong = replace(lossy, wrong_days=3, reasons=("on 3 of 900 price days another price held",))
    assert said("ab", test=wrong).word == "invalid"
    assert outcome(said("ab", test=seen({"margin_rate": -0.3})), "rollback: margin_rate") == "breaks", ".28 of .3"


def test_tiles_too_few_for_an_interval_prove_neither_harm_nor_gain() -> None:
    few = tuple(replace(one, low=None, high=None, reason="4 tiles are too few") for one in seen().proof)
    assert said("ab", test=seen(harm=few)).word == "promote"
    assert said("ramp", test=seen(proof=few, harm=few)).word == "hold"


def test_a_verdict_about_prices_is_made_again_bit_for_bit() -> None:
    given = asked("ramp", test=seen({"units": -0.05}))
    verdict = decide(OBJECTIVE, given)
    record = VerdictRecord(
        id="r1/1", rollout="r1", at=NOW, stage="ramp", word=verdict.word, why=verdict.why, effect="nothing",
        digest=verdict.objective, objective=written(OBJECTIVE), evidence=written(given), verdict=written(verdict),
    )  # fmt: skip
    assert recompute(record).same
