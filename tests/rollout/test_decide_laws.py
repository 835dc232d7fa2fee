"""Laws of the one function that decides: order, precedence, direction, and what it does with evidence that is none."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.rollout.cases import NOW, evidence, lifted, metric

from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.evidence import ArmSums, DataState, Epoch, Evidence, MetricSums, Plan, Service, Shadow
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.verdict import decide
from shopkeeper.wiring.objectives import example_objective

OBJECTIVE: Objective = read_objective(example_objective("recommendations"), "recommendations.yaml")
PRIMARY = OBJECTIVE.primary.metric
WATCHED = [one.metric for one in OBJECTIVE.rollback if one.against == "control"]
RANK = {"invalid": 3, "rollback": 2, "hold": 1, "promote": 0}
FIGURES = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e-300, 1e300])


def two_epochs(objective: Objective, n: int, lifts: dict[str, float]) -> tuple[Epoch, Epoch]:
    first, second = lifted(objective, n // 4, lifts), lifted(objective, n, lifts)
    return (
        Epoch(stage="ab", share=0.15, exposed=(n // 4, n // 4), matured=first, so_far=first),
        Epoch(stage="ramp", share=0.5, exposed=(n, n), matured=second, so_far=second),
    )


lifts = st.dictionaries(st.sampled_from([PRIMARY, *WATCHED]), st.floats(-0.3, 0.3), max_size=4)


@settings(max_examples=60, deadline=None)
@given(lifts, st.integers(2_000, 80_000), st.sampled_from(["ab", "ramp", "full"]), st.booleans(), st.booleans())
def test_a_word_is_what_the_worst_finding_says(
    lifts: dict[str, float], n: int, stage: str, failing: bool, frozen: bool
) -> None:
    quality = DataState(quality="fail" if failing else "pass", newest=NOW)
    found = decide(
        OBJECTIVE,
        evidence(OBJECTIVE, n=n, lifts=lifts, stage=stage, data=quality, freeze="sale" if frozen else ""),
    )
    outcomes = {one.outcome for one in found.findings}
    worst = next(
        (
            word
            for outcome, word in (("invalid", "invalid"), ("breaks", "rollback"), ("waits", "hold"))
            if outcome in outcomes
        ),
        "promote",
    )
    assert found.word == worst


@settings(max_examples=40, deadline=None)
@given(lifts, st.integers(4_000, 80_000), st.randoms(use_true_random=False))
def test_the_order_in_which_metrics_and_epochs_are_told_changes_nothing(
    lifts: dict[str, float], n: int, random: Random
) -> None:
    epochs = list(two_epochs(OBJECTIVE, n, lifts))
    told = decide(OBJECTIVE, evidence(OBJECTIVE, epochs=tuple(epochs)))
    random.shuffle(epochs)
    shuffled = tuple(
        replace(
            one,
            matured=tuple(random.sample(one.matured, len(one.matured))),
            so_far=tuple(random.sample(one.so_far, len(one.so_far))),
        )
        for one in epochs
    )
    again = decide(OBJECTIVE, evidence(OBJECTIVE, epochs=shuffled))
    assert again.word == told.word
    assert [(one.check, one.outcome) for one in again.findings] == [(one.check, one.outcome) for one in told.findings]


@settings(max_examples=40, deadline=None)
@given(st.integers(2_000, 80_000), st.floats(-0.2, 0.2), st.floats(0.001, 0.2))
def test_more_of_the_kpi_never_makes_a_verdict_worse(n: int, lift: float, more: float) -> None:
    less, greater = (
        decide(OBJECTIVE, evidence(OBJECTIVE, n=n, lifts={PRIMARY: value})).word for value in (lift, lift + more)
    )
    assert RANK[greater] <= RANK[less]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3_000), st.integers(1, 3_000), st.sampled_from(["errors", "fallbacks", "too_slow"]))
def test_more_failed_answers_never_make_a_verdict_better(count: int, more: int, figure: str) -> None:
    def word(failed: int) -> str:
        treatment = Service(requests=100_000, **{figure: failed})
        return decide(OBJECTIVE, evidence(OBJECTIVE, lifts={PRIMARY: 0.2}, treatment=treatment)).word

    assert RANK[word(count + more)] >= RANK[word(count)]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(WATCHED), st.floats(-0.2, 0.2), st.floats(0.001, 0.2), st.integers(2_000, 80_000))
def test_more_harm_never_makes_a_verdict_better(name: str, lift: float, worse: float, n: int) -> None:
    sign = -1 if name == "refund_share" else 1
    less, greater = (
        decide(OBJECTIVE, evidence(OBJECTIVE, n=n, lifts={name: sign * value})).word for value in (lift, lift - worse)
    )
    assert RANK[greater] >= RANK[less]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([PRIMARY, *WATCHED]), st.sampled_from(["control", "treatment"]), st.booleans(), FIGURES, FIGURES)
def test_figures_that_no_units_can_have_never_crash_and_never_promote(
    name: str, arm: str, in_products: bool, figure: float, other: float
) -> None:
    good = evidence(OBJECTIVE, lifts={PRIMARY: 0.2})
    assert decide(OBJECTIVE, good).word == "promote"

    def spoilt(part: MetricSums) -> MetricSums:
        if part.metric != name:
            return part
        sums: ArmSums = getattr(part, arm)
        size = len(sums.totals)
        wrong = (
            replace(sums, products=((figure,) * size,) * size)
            if in_products
            else replace(sums, totals=(figure, *(other for _ in range(size - 1))))
        )
        return replace(part, **{arm: wrong})

    epochs = tuple(
        replace(one, matured=tuple(map(spoilt, one.matured)), so_far=tuple(map(spoilt, one.so_far)))
        for one in good.epochs
    )
    found = decide(OBJECTIVE, replace(good, epochs=epochs))
    if not math.isfinite(figure) or (in_products and figure < 0):
        assert found.word == "invalid"
    assert _stored(found) == found


def _stored(verdict: Verdict) -> Verdict:
    return msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)


NOTHING = ArmSums(0, (0.0, 0.0), ((0.0, 0.0), (0.0, 0.0)))


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": ()},
        {"epochs": (Epoch(stage="ramp", share=0.5, exposed=(0, 0)),)},
        {"epochs": (Epoch(stage="ramp", share=0.5, exposed=(9, 9), matured=(MetricSums("ctr", NOTHING, NOTHING),)),)},
        {"treatment": Service(), "control": Service()},
        {"data": DataState()},
        {"plan": Plan(objective=OBJECTIVE.digest, users_per_arm=0)},
        {"plan": Plan(objective=OBJECTIVE.digest, users_per_arm=50_000, alpha=0.0)},
        {"looks": (math.nan,)},
        {"looks": (0.0,)},
        {"treatment": Service(requests=10, errors=11)},
        {"epochs": (Epoch(stage="ramp", share=0.5, exposed=(-5, 5)),)},
    ],
)
@pytest.mark.parametrize("stage", ["shadow", "ab", "ramp", "full"])
def test_evidence_that_is_empty_or_none_never_crashes_and_proves_nothing(stage: str, changes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"shadow": Shadow(answered=Service()), "stage": stage} | changes
    found = decide(OBJECTIVE, evidence(OBJECTIVE, lifts={PRIMARY: 0.2}, **fields))
    assert found.word != "promote" or stage == "ab"
    assert _stored(found) == found


def test_sums_over_more_units_than_were_exposed_are_invalid() -> None:
    good = lifted(OBJECTIVE, 50_000, {PRIMARY: 0.2})
    epoch = Epoch(stage="ramp", share=0.5, exposed=(50_000, 49_999), matured=good, so_far=good)
    found = decide(OBJECTIVE, evidence(OBJECTIVE, epochs=(epoch,)))
    assert found.word == "invalid"
    assert "sums over 50,000 units where 49,999 were exposed" in found.why


def test_a_metric_that_decides_nothing_spoils_nothing() -> None:
    good = lifted(OBJECTIVE, 50_000, {PRIMARY: 0.2})
    shown = metric("products_shown", 90_000, 0.0)  # its units are products, so there may be more than shoppers
    strange = replace(metric("conversion", 100, 0.0), metric="smiles")
    epoch = Epoch(stage="ramp", share=0.5, exposed=(50_000, 50_000), matured=good, so_far=(*good, shown, strange))
    assert decide(OBJECTIVE, evidence(OBJECTIVE, epochs=(epoch,))).word == "promote"


def test_a_limit_that_is_only_just_held_is_not_proven() -> None:
    def guarded(fallbacks: int) -> str:
        treatment = Service(requests=20_000, fallbacks=fallbacks)
        found = decide(OBJECTIVE, evidence(OBJECTIVE, lifts={PRIMARY: 0.2}, treatment=treatment))
        return next(one.outcome for one in found.findings if one.check == "guardrail: fallback_share")

    assert guarded(190) == "waits", "190 of 20,000 is 0.95%, below 1%, but 1% cannot be ruled out"
    assert guarded(100) == "passes"


def test_answers_slower_than_the_criterion_count_against_its_own_bound() -> None:
    slow, too_slow = Service(requests=50_000, slow=2_000), Service(requests=50_000, slow=2_000, too_slow=1_500)
    assert decide(OBJECTIVE, evidence(OBJECTIVE, treatment=slow)).word == "hold"
    found = decide(OBJECTIVE, evidence(OBJECTIVE, treatment=too_slow))
    assert found.word == "rollback"
    assert "slower than 150 ms" in found.why


def test_a_verdict_of_plain_figures_is_the_same_every_time() -> None:
    told: Evidence = evidence(OBJECTIVE, epochs=two_epochs(OBJECTIVE, 40_000, {PRIMARY: 0.05}))
    assert len({msgspec.json.encode(decide(OBJECTIVE, told)) for _ in range(3)}) == 1
