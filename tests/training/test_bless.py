"""What a version must show: better than what serves, no slice hurt, in time, from good data."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from shopkeeper.objectives.built_in import built_in_objective
from shopkeeper.objectives.contract import Blessing as Rule
from shopkeeper.objectives.contract import Data, Objective, SliceLimit, Technical, Training
from shopkeeper.training.bless import Blessing, DataFacts, bless, holm
from shopkeeper.training.calibration import Calibration
from shopkeeper.training.comparison import Against, compare
from shopkeeper.training.evaluate import Evaluation
from shopkeeper.training.latency import Latency
from shopkeeper.training.ports import CaseScores

CASES = 1_200
BUILT_IN = built_in_objective("recommendations", "ndcg@10")
UNSURE = Calibration(0.0, ())
FAST = Latency(500, 1.0, 2.0, 3.0, 2)


def objective(*rules: Rule, slices: tuple[SliceLimit, ...] = (), **changes: object) -> Objective:
    training = Training(bless=rules or (Rule(metric="ndcg@10"),), slices=slices)
    return msgspec.structs.replace(BUILT_IN, training=training, **changes)


def shoppers(seed: int, hits: float, cases: int = CASES) -> CaseScores:
    """Return simulated ndcg@10 and hr@10 of shoppers of whom a share is served well."""
    draw = np.random.default_rng(seed)
    hit = draw.random(cases) < hits
    places = draw.integers(1, 11, cases)
    values = np.where(hit, 1.0 / np.log2(places + 1.0), 0.0)
    stores = np.arange(cases) % 4
    slices = {f"store {n}": stores == n for n in range(4)} | {"few": np.arange(cases) < 5}
    return CaseScores({"ndcg@10": values, "hr@10": hit.astype(float)}, {"coverage": hits}, slices, values, hit)


def worse(scores: CaseScores, seed: int, share: float, where: str | None = None) -> CaseScores:
    """Return the same shoppers, a share of whom (of one slice) lost what they had."""
    lost = np.random.default_rng([seed, 1]).random(len(scores.metrics["ndcg@10"])) < share
    if where is not None:
        lost &= scores.slices[where]
    return replace(scores, metrics={name: np.where(lost, 0.0, values) for name, values in scores.metrics.items()})


def beside(model: CaseScores, other: CaseScores, name: str) -> Against:
    return compare(model, other, "ndcg@10", name=name, how="as a test", resamples=200, seed=1)


def evaluation(model: CaseScores, champion: CaseScores | None = None, baseline: CaseScores | None = None) -> Evaluation:
    rules = baseline or shoppers(99, 0.05, len(model.metrics["ndcg@10"]))
    serving = None if champion is None else beside(model, champion, "v1")
    return Evaluation(
        "item-knn", "ndcg@10", len(model.metrics["ndcg@10"]), beside(model, rules, "popular"), UNSURE, {}, serving, FAST
    )


def refused(found: Blessing) -> str:
    """Return the rules that were not met."""
    assert found.blessed == (not found.refusals)
    return "; ".join(reason.rule for reason in found.refusals)


@pytest.mark.parametrize("seed", range(30))
def test_a_worse_version_is_refused_every_time_and_a_better_one_is_let_go_on(seed: int) -> None:
    good = shoppers(seed, 0.20)
    bad = worse(good, seed, 0.10)
    assert "ndcg@10 better than the champion" in refused(bless(evaluation(bad, good), objective()))
    assert bless(evaluation(good, bad), objective()).blessed


def test_a_version_that_is_as_good_is_hardly_ever_called_better() -> None:
    blessed = [bless(evaluation(shoppers(n, 0.2), shoppers(n + 1000, 0.2)), objective()).blessed for n in range(100)]
    assert sum(blessed) <= 100 * 0.025 + 3 * (100 * 0.025 * 0.975) ** 0.5


def test_the_same_version_again_is_refused() -> None:
    own = shoppers(1, 0.2)
    assert refused(bless(evaluation(own, own), objective())) == "ndcg@10 better than the champion"


def test_where_the_objective_says_so_not_worse_is_enough() -> None:
    good = shoppers(1, 0.20)
    rule = objective(Rule(metric="ndcg@10", rule="non-inferior", margin=0.10))
    assert bless(evaluation(good, good), rule).blessed
    assert bless(evaluation(worse(good, 1, 0.02), good), rule).blessed
    assert "not worse than the champion" in refused(bless(evaluation(worse(good, 1, 0.15), good), rule))


def test_every_metric_must_pass() -> None:
    good, better = shoppers(1, 0.20), shoppers(1, 0.20)
    better.metrics["ndcg@10"][:] = np.where(better.metrics["hr@10"] > 0, 1.0, 0.0)
    lost = np.arange(CASES) % 10 == 0
    better.metrics["hr@10"][lost] = 0.0
    rules = objective(Rule(metric="ndcg@10"), Rule(metric="hr@10", rule="non-inferior", margin=0.01))
    assert refused(bless(evaluation(better, good), rules)) == "hr@10 not worse than the champion"


def test_the_first_version_stands_against_the_baseline_alone() -> None:
    found = bless(evaluation(shoppers(1, 0.2)), objective())
    assert found.blessed
    assert [reason.rule for reason in found.reasons][:1] == ["ndcg@10 better than the baseline"]
    assert not bless(evaluation(shoppers(1, 0.05), baseline=shoppers(1, 0.05)), objective()).blessed


def test_a_version_that_beats_a_bad_champion_must_still_beat_the_baseline() -> None:
    bad, good = shoppers(1, 0.05), shoppers(1, 0.2)
    found = bless(evaluation(good, bad, baseline=good), objective())
    assert refused(found) == "ndcg@10 better than the baseline"


def test_a_slice_that_pays_for_the_others_is_named() -> None:
    good = shoppers(1, 0.20)
    model = worse(good, 1, 0.6, where="store 2")
    other = worse(good, 1, 0.6, where="store 1")
    other.metrics["ndcg@10"][good.slices["store 3"]] = 0.0
    rules = objective(slices=(SliceLimit(slice="store *", margin=0.1),))
    assert refused(bless(evaluation(model, other), rules)) == "store 2 not worse by more than 10%"


@pytest.mark.parametrize("seed", range(20))
def test_slices_that_differ_by_chance_refuse_nobody(seed: int) -> None:
    draw = np.random.default_rng(seed)
    good = shoppers(seed, 0.20)
    shuffled = {name: draw.permutation(values) for name, values in good.metrics.items()}
    rules = objective(
        Rule(metric="ndcg@10", rule="non-inferior", margin=0.9), slices=(SliceLimit(slice="store *", margin=0.1),)
    )
    assert bless(evaluation(replace(good, metrics=shuffled), good), rules).blessed


def test_a_slice_with_few_cases_says_that_it_says_nothing() -> None:
    good = shoppers(1, 0.2)
    found = bless(evaluation(good, worse(good, 1, 0.3)), objective(slices=(SliceLimit(slice="few", margin=0.1),)))
    assert any("few: 5 cases, 30 are needed" in reason.text for reason in found.reasons)
    assert found.blessed


def test_an_answer_that_takes_too_long_is_refused_and_one_that_was_not_timed_too() -> None:
    good = evaluation(shoppers(1, 0.2))
    limit = objective(technical=Technical(p99_latency_ms=2.5))
    slow = bless(good, limit)
    assert refused(slow) == "99% of answers within 2.5 ms"
    assert "p99 3.0 ms" in slow.refusals[0].text
    assert "not measured" in bless(replace(good, latency=None), limit).refusals[0].text


def test_a_metric_nobody_measured_is_not_met() -> None:
    found = bless(evaluation(shoppers(1, 0.2)), objective(Rule(metric="ndcg@10"), Rule(metric="wape")))
    assert refused(found) == "wape better than the baseline"
    assert "was not measured" in found.refusals[0].text


def test_a_total_is_compared_as_it_is_and_down_is_better_where_the_catalogue_says_so() -> None:
    good = shoppers(1, 0.2)
    sure = replace(good, totals={"coverage": 0.5, "calibration_error": 0.02})
    unsure = replace(worse(good, 1, 0.2), totals={"coverage": 0.5, "calibration_error": 0.03})
    rules = objective(Rule(metric="ndcg@10"), Rule(metric="calibration_error"))
    baseline = replace(shoppers(99, 0.05), totals={"coverage": 0.5, "calibration_error": 0.5})
    assert bless(evaluation(sure, unsure, baseline), rules).blessed
    narrow = objective(Rule(metric="calibration_error", rule="non-inferior", margin=0.4))
    assert not bless(evaluation(unsure, sure, baseline), narrow).blessed


def test_data_that_are_too_few_or_failed_their_check_are_refused() -> None:
    good = evaluation(shoppers(1, 0.2))
    rules = objective(data=Data(minimum_interactions=500, minimum_cases=5_000, checks=("prices",), quality="pass"))
    found = bless(good, rules, DataFacts(400, "warn", ("prices",)))
    assert refused(found) == ("at least 5000 cases; at least 500 interactions; data quality pass; prices passes")
    enough = objective(data=Data(checks=("prices",)))
    assert bless(good, enough, DataFacts(500, "warn", ("stock",))).blessed
    assert not bless(good, enough, DataFacts(500)).blessed


def test_holm_refutes_step_by_step() -> None:
    assert holm([0.01, 0.02, 0.04], 0.05) == [True, True, True]
    assert holm([0.01, 0.03, 0.04], 0.05) == [True, False, False]
    assert holm([0.04, 0.001], 0.05) == [True, True]
    assert holm([], 0.05) == []


def test_the_verdict_is_stored_with_every_reason() -> None:
    found = bless(evaluation(shoppers(1, 0.2)), objective())
    document = found.document()
    assert document["blessed"] is True
    assert [one["rule"] for one in document["reasons"]] == [one.rule for one in found.reasons]
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(document)), Blessing) == found
