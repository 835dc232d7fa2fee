"""Drift statistics give the figures that the test suites of other projects hold themselves to.

The cases were collected from Evidently, NannyML, frouros, feature-engine and TensorFlow Data Validation.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from scipy import stats
from tests.references.drift_inputs import Case, counted, histograms, number, samples

from shopkeeper.monitoring import distances, significance
from shopkeeper.monitoring.histogram import on_common_bins

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(os.environ.get("SHOPKEEPER_CASES") or ROOT.parent / "shared/data/stats-cases")
FILE: Final = FOLDER / "drift.json"
CASES: Final[list[dict[str, Any]]] = json.loads(FILE.read_text("utf-8"))["cases"] if FILE.is_file() else []
Answer = dict[str, float]
PERMUTATIONS: Final = 4_000


def _tested(found: significance.Tested) -> Answer:
    return {"p": found.p, "statistic": found.statistic, "distance": found.statistic}


def _distance(value: float) -> Answer:
    return {"distance": value, "divergence": value, "statistic": value, "value": value}


def _chi2(case: Case) -> Answer:
    both = counted(case)
    two = re.search(r"contingency|two[- ]sample|independence", case["meaning"].lower())
    return _tested((significance.chi_square_two if two else significance.chi_square)(both.reference, both.current))


def _g(case: Case) -> Answer:
    both = counted(case)
    return _tested(significance.g_test(both.reference, both.current))


def _fisher(case: Case) -> Answer:
    both = counted(case)
    found = significance.fisher(both.reference, both.current)
    return _tested(found) | {"odds_ratio": found.statistic}


def _of_samples(test: Callable[..., significance.Tested]) -> Callable[[Case], Answer]:
    def answer(case: Case) -> Answer:
        reference, current = samples(case)
        return _tested(test(reference.astype(np.float64), current.astype(np.float64)))

    return answer


def _mann_whitney(case: Case) -> Answer:
    """Evidently's figure is of one side, the nearer one; a case that is of both sides says so."""
    reference, current = (one.astype(np.float64) for one in samples(case))
    if re.search(r"two[- ]sided", case["meaning"].lower()):
        return _tested(significance.mann_whitney(reference, current))
    sides = [
        significance.mann_whitney(reference, current, "less"),
        significance.mann_whitney(reference, current, "greater"),
    ]
    return _tested(min(sides, key=lambda found: found.p))


def _of_counts(distance: Callable[..., float]) -> Callable[[Case], Answer]:
    def answer(case: Case) -> Answer:
        both = counted(case)
        return _distance(distance(both.reference, both.current))

    return answer


def _jensen_shannon(case: Case) -> Answer:
    base = case["input"].get("base", np.e if re.search(r"natural|base e\b|nats", case["meaning"].lower()) else 2)
    both = counted(case)
    value = distances.jensen_shannon(both.reference, both.current, np.e if base == "e" else number(base))
    return {"divergence": value, "distance": value**0.5}


def _js_histogram(case: Case) -> Answer:
    one, other = on_common_bins(*histograms(case))
    value = distances.jensen_shannon(one, other)
    return {"divergence": value, "distance": value**0.5}


def _psi(case: Case) -> Answer:
    both = counted(case)
    floor = number(case["input"].get("empty_bin", distances.EMPTY))
    return {"psi": distances.psi(both.reference, both.current, floor)}


def _wasserstein(case: Case) -> Answer:
    """Of samples exactly: every value is a bin of its own."""
    reference, current = (one.astype(np.float64) for one in samples(case))
    places = np.unique(np.concatenate([reference, current]))
    tallies = [np.bincount(np.searchsorted(places, one), minlength=len(places)) for one in (reference, current)]
    return _distance(distances.wasserstein(places, *tallies))


def _energy(case: Case) -> Answer:
    return _distance(float(stats.energy_distance(*samples(case))))


def _tvd(case: Case) -> Answer:
    both = counted(case)
    return _distance(distances.total_variation(both.reference, both.current))


def _tvd_permutation(case: Case) -> Answer:
    both = counted(case)
    codes = np.arange(len(both.reference))
    one, other = (np.repeat(codes, side.astype(int)).astype(np.float64) for side in (both.reference, both.current))

    def distance(left: significance.Sample, right: significance.Sample) -> float:
        return distances.total_variation(
            *(np.bincount(side.astype(int), minlength=len(codes)) for side in (left, right))
        )

    return _tested(significance.permutation_test(one, other, distance, rounds=PERMUTATIONS, seed=1))


def _threshold(case: Case) -> Answer:
    held = case["input"]
    p = number(held.get("p_value", held.get("p", 0.001)))
    return {"threshold": significance.psi_threshold(int(held["bins"]), held["n_reference"], held["n_current"], p)}


def _sampling_error(case: Case) -> Answer:
    held, rows = case["input"], case["input"]["chunk_size"]
    rng = np.random.RandomState(held["seed"])
    rng.random_sample(rows)  # the chunk, drawn first
    true, said = rng.random_sample(held["reference_size"]), rng.random_sample(held["reference_size"])
    squared, logged = (true - said) ** 2, (np.log1p(true) - np.log1p(said)) ** 2
    of_mean = {"mae": np.abs(true - said), "mape": np.abs(true - said) / true, "mse": squared, "msle": logged}
    metric = held["metric"]
    if metric in of_mean:
        return {"sampling_error": significance.sampling_error(of_mean[metric], rows)}
    return {"sampling_error": significance.root_sampling_error({"rmse": squared, "rmsle": logged}[metric], rows)}


KINDS: Final[dict[str, Callable[[Case], Answer]]] = {
    "drift_chi2": _chi2,
    "drift_g": _g,
    "drift_fisher": _fisher,
    "drift_anderson_darling": _of_samples(significance.anderson_darling),
    "drift_mann_whitney": _mann_whitney,
    "drift_ks": _of_samples(significance.kolmogorov_smirnov),
    "drift_cramer_von_mises": _of_samples(significance.cramer_von_mises),
    "drift_tvd": _tvd,
    "drift_tvd_permutation": _tvd_permutation,
    "drift_linf": _of_counts(distances.l_infinity),
    "drift_hellinger": _of_counts(distances.hellinger),
    "drift_bhattacharyya": _of_counts(distances.bhattacharyya),
    "drift_kl": _of_counts(distances.kullback_leibler),
    "drift_wasserstein": _wasserstein,
    "drift_energy": _energy,
    "drift_js": _jensen_shannon,
    "drift_js_histogram": _js_histogram,
    "drift_psi": _psi,
    "psi_threshold": _threshold,
    "performance_sampling_error": _sampling_error,
}
ALIASES: Final = {
    "drift_jensen_shannon": "drift_js", "drift_js_distance": "drift_js", "drift_js_divergence": "drift_js",
    "drift_chi_square": "drift_chi2", "drift_chi2_contingency": "drift_chi2", "drift_emd": "drift_wasserstein",
    "drift_cvm": "drift_cramer_von_mises", "drift_energy_distance": "drift_energy", "drift_g_test": "drift_g",
    "drift_kolmogorov_smirnov": "drift_ks", "drift_kullback_leibler": "drift_kl", "drift_l_infinity": "drift_linf",
    "drift_psi_threshold": "psi_threshold", "drift_mwu": "drift_mann_whitney", "drift_ad": "drift_anderson_darling",
}  # fmt: skip


def answer_of(case: Case) -> Answer:
    """Return what we say of a case; a kind nobody implemented is an error, never a skip."""
    kind = ALIASES.get(case["kind"], case["kind"])
    if kind not in KINDS:
        raise NotImplementedError(f"{case['id']} is of the kind {case['kind']!r}, which nothing here computes")
    return KINDS[kind](case)


@pytest.mark.skipif(not CASES, reason=f"no reference cases: {FILE} is not there; name their folder in SHOPKEEPER_CASES")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_statistic_is_what_another_project_says(case: dict[str, Any]) -> None:
    found = answer_of(case)
    assert case["expected"], "a case without a figure shows nothing"
    for name, expected in case["expected"].items():
        key = "p" if name in ("p_value", "pvalue") else name
        assert key in found, f"{case['id']} wants {name!r}, which is none of {sorted(found)}"
        bounds = {"rtol": 0.0, "atol": 0.0} | case["tolerance"]
        assert np.isclose(found[key], number(expected), **bounds), f"{name}: {found[key]!r} is not {expected!r}"


def test_a_kind_that_nobody_implemented_fails() -> None:
    with pytest.raises(NotImplementedError, match="drift_by_feeling"):
        answer_of({"id": "x", "kind": "drift_by_feeling", "input": {}, "meaning": ""})
