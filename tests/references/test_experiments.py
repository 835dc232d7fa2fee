"""Statistics of experiments give the figures that the test suites of other projects hold themselves to.

The cases were collected from GrowthBook, tea-tasting, Spotify Confidence, confseq, statsmodels, R packages and manuals.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments import ldbounds, power, proportions
from shopkeeper.experiments.arms import Arm, mean_arm, proportion_arm, ratio_arm
from shopkeeper.experiments.cuped import arms_theta, pooled_theta
from shopkeeper.experiments.effect import (
    Alternative,
    Effect,
    Judged,
    adjusted_effect,
    effect_of,
    pooled_effect,
    relative_difference,
    t_test,
)
from shopkeeper.experiments.group_sequential import Sides, Spending
from shopkeeper.experiments.mixtures import (
    BetaBinomial,
    GammaExponential,
    GammaPoisson,
    Mixture,
    OneSidedNormal,
    TwoSidedNormal,
    boundary,
    one_sided_rho,
    rate_sequence,
    two_sided_rho,
)
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.multiplicity import adjusted
from shopkeeper.experiments.noninferiority import equivalence, non_inferior
from shopkeeper.experiments.quantiles import quantile_difference_p
from shopkeeper.experiments.sequential import half_width, rho_for, sequence
from shopkeeper.experiments.srm import mismatch_p, two_arm_p

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(os.environ.get("SHOPKEEPER_CASES") or ROOT.parent / "shared/data/stats-cases")
FILES: Final = (
    "means", "proportions", "srm", "ratio", "cuped", "sequential", "power", "noninferiority", "multiplicity",
    "nonparametric", "burnrate",
)  # fmt: skip
Case = dict[str, Any]
Answer = dict[str, Any]
CASES: Final[list[Case]] = [
    case
    for name in FILES
    if (FOLDER / f"{name}.json").is_file()
    for case in json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["cases"]
]


def _number(value: object) -> float:
    return float(value)  # type: ignore[arg-type]  # numbers, or text such as inf


def _sums(arm: Case) -> Sums:
    squares: Any = arm.get("sum_squares", arm["sum"])  # without squares the units are ones and zeros
    return Sums.of_figures(arm["n"], [arm["sum"]], [[squares]])


def _alpha(held: Case) -> float:
    return float(held["alpha"]) if "alpha" in held else 1 - float(held.get("confidence", 0.95))


def _side(held: Case) -> Alternative:
    named = str(held.get("alternative", "two-sided"))
    sides: dict[str, Alternative] = {"larger": "greater", "greater": "greater", "smaller": "less", "less": "less"}
    return sides.get(named, "two-sided")


def _both(held: Case, arm: Callable[[Case], Arm]) -> tuple[Arm, Arm]:
    return arm(held["control"]), arm(held["treatment"])


def _shown(found: Judged) -> Answer:
    return {
        "effect": found.effect.value, "se": found.effect.error, "p": found.p, "ci": [found.low, found.high],
        "ci_lower": found.low, "ci_upper": found.high, "bound": found.low if math.isfinite(found.low) else found.high,
        "mean_control": found.effect.control, "mean_treatment": found.effect.treatment,
        "unadjusted_mean_control": found.effect.control, "unadjusted_mean_treatment": found.effect.treatment,
        "ratio_control": found.effect.control, "ratio_treatment": found.effect.treatment,
        "rel_effect": relative_difference(found.effect.control, found.effect.treatment),
        "t": found.effect.value / found.effect.error if found.effect.error else math.nan,
    }  # fmt: skip


def _mean(case: Case) -> Answer:
    held = case["input"]
    arms = _both(held, lambda arm: mean_arm(_sums(arm)))
    return _shown(t_test(effect_of(*arms, held["difference"]), _side(held), _alpha(held)))


def _relative(case: Case) -> Answer:
    return {"relative": relative_difference(case["input"]["mean_control"], case["input"]["mean_treatment"])}


def _proportion_t(case: Case) -> Answer:
    held = case["input"]
    arms = _both(held, lambda arm: proportion_arm(arm["sum"], arm["n"]))
    return _shown(t_test(effect_of(*arms, held["difference"]), _side(held), _alpha(held)))


def _counts(held: Case) -> tuple[float, float, float, float]:
    if "count1" in held:
        return held["count1"], held["nobs1"], held["count2"], held["nobs2"]
    return held["treatment"]["sum"], held["treatment"]["n"], held["control"]["sum"], held["control"]["n"]


DIFFERENCES: Final[dict[str, Callable[..., tuple[float, float]]]] = {
    "agresti-caffo": proportions.agresti_caffo,
    "newcombe": proportions.newcombe,
    "miettinen": proportions.miettinen_nurminen,
    "mee": proportions.mee,
    "wald": proportions.wald,
    "score": proportions.miettinen_nurminen,
}


def _difference_ci(case: Case) -> Answer:
    words = f"{case['meaning']} {case['id']}".lower()
    method = next(interval for name, interval in DIFFERENCES.items() if name in words)
    return {"ci": list(method(*_counts(case["input"]), _alpha(case["input"])))}


def _ratio_ci(case: Case) -> Answer:
    words = case["meaning"].lower()
    method = proportions.katz if "katz" in words or "log" in words else proportions.koopman
    return {"ci": list(method(*_counts(case["input"]), _alpha(case["input"])))}


def _chi2(case: Case) -> Answer:
    held = case["input"]
    counts = _counts(held)
    low, high = proportions.wald(*counts, _alpha(held))
    base = held["control"]["sum"] / held["control"]["n"] if held.get("difference") == "relative" else 1.0
    yates = "yates" in case["meaning"].lower() and "without" not in case["meaning"].lower()
    difference = counts[0] / counts[1] - counts[2] / counts[3]
    return {
        "difference": difference / base, "effect": difference / base, "ci": [low / base, high / base],
        "p": proportions.chi_square_p(*counts, yates=yates),
    }  # fmt: skip


def _exact(case: Case) -> Answer:
    x1, n1, x2, n2 = (int(count) for count in _counts(case["input"]))
    words = case["meaning"].lower()
    method = proportions.barnard_p if "barnard" in words else proportions.boschloo_p if "boschloo" in words else None
    return {"p": proportions.fisher_p(x1, n1, x2, n2) if method is None else method(x1, n1, x2, n2)}


def _proportion_z(case: Case) -> Answer:
    held = case["input"]
    found = proportions.z_test(
        *_counts(held), _side(held), _alpha(held), pooled=held.get("pooled", False),
        corrected=held.get("correction", False),
    )  # fmt: skip
    return {"effect": found.effect, "ci": [found.low, found.high], "p": found.p}


def _ratio_sums(arm: Case) -> Arm:
    if "num_sum" in arm:
        cross = arm["num_den_sum_products"]
        products = [[arm["num_sum_squares"], cross], [cross, arm["den_sum_squares"]]]
        return ratio_arm(Sums.of_figures(arm["n"], [arm["num_sum"], arm["den_sum"]], products))
    cov = next(value for key, value in arm.items() if key.startswith("cov_"))
    n, top, bottom = arm["n"], arm["mean_orders"], arm["mean_sessions"]
    spread = np.array([[arm["var_orders"], cov], [cov, arm["var_sessions"]]])
    means = np.array([top, bottom])
    return ratio_arm(Sums(n, means * n, spread * (n - 1) + n * np.outer(means, means)))


def _ratio(case: Case) -> Answer:
    held = case["input"]
    arms = _both(held, _ratio_sums)
    effect = (
        pooled_effect(*arms) if held.get("equal_variance") else effect_of(*arms, held.get("difference", "absolute"))
    )
    return _shown(t_test(effect, _side(held), _alpha(held)))


def _variance(case: Case) -> Answer:
    held = case["input"]
    if held.get("relative"):
        figures = ("mean_a", "var_a", "n_a", "mean_b", "var_b", "n_b")
        return {"variance": power.relative_variance(*(held[name] for name in figures))}
    return {"variance": held["var_a"] / held["n_a"] + held["var_b"] / held["n_b"]}


def _pre_sums(arm: Case) -> Sums:
    cross = arm["post_pre_sum_products"]
    products = [[arm["post_sum_squares"], cross], [cross, arm["pre_sum_squares"]]]
    return Sums.of_figures(arm["n"], [arm["post_sum"], arm["pre_sum"]], products)


def _cuped_mean(case: Case) -> Answer:
    held = case["input"]
    sums = [_pre_sums(held[name]) for name in ("control", "treatment")]
    theta = held["theta"] if "theta" in held else pooled_theta(sums)
    control, treatment = map(mean_arm, sums)
    effect = adjusted_effect(control, treatment, theta, held.get("difference", "absolute"), "unadjusted")
    return _shown(t_test(effect, _side(held), _alpha(held))) | {"theta": theta}


def _cuped_theta(case: Case) -> Answer:
    return {"theta": pooled_theta([Sums.of_rows(np.column_stack([case["input"]["post"], case["input"]["pre"]]))])}


FOUR: Final = ("m_post", "d_post", "m_pre", "d_pre")


def _four_sums(arm: Case) -> Sums:
    if isinstance(arm["m_post"], list):
        return Sums.of_rows(np.column_stack([arm[name] for name in FOUR]))
    products = np.empty((4, 4))
    for row, one in enumerate(FOUR):
        for column, other in enumerate(FOUR):
            keys = (f"{one}2",) if row == column else (f"{one}_{other}", f"{other}_{one}")
            products[row, column] = next(arm[key] for key in keys if key in arm)
    return Sums(arm["n"], np.array([arm[name] for name in FOUR], dtype=np.float64), products)


def _cuped_ratio_effect(held: Case) -> Effect:
    arms = [ratio_arm(_four_sums(held[name])) for name in ("control", "treatment")]
    theta = held["theta"] if "theta" in held else arms_theta(arms)
    return adjusted_effect(arms[0], arms[1], theta, held.get("difference", "relative"))


def _cuped_ratio(case: Case) -> Answer:
    return _shown(t_test(_cuped_ratio_effect(case["input"]), _side(case["input"]), _alpha(case["input"])))


def _sequence_effect(held: Case) -> Effect:
    control = held["control"]
    if "m_post" in control:
        return _cuped_ratio_effect(held)
    if "num_sum" in control:
        return effect_of(*_both(held, _ratio_sums), held["difference"])
    if "post_sum" in control:
        sums = [_pre_sums(held[name]) for name in ("control", "treatment")]
        return adjusted_effect(
            mean_arm(sums[0]), mean_arm(sums[1]), pooled_theta(sums), held["difference"], "unadjusted"
        )
    if "sum_squares" in control:
        return effect_of(*_both(held, lambda arm: mean_arm(_sums(arm))), held["difference"])
    return effect_of(*_both(held, lambda arm: proportion_arm(arm["sum"], arm["n"])), held["difference"])


def _asymptotic(case: Case) -> Answer:
    held = case["input"]
    return _shown(sequence(_sequence_effect(held), _side(held), _alpha(held), held["tuning_n"]))


def _mixture(case: Case) -> tuple[Mixture, float]:
    held, words = case["input"], f"{case['id']} {case['meaning']}".lower()
    alpha = held.get("alpha_opt", held["alpha"])
    rho = one_sided_rho(held["v_opt"], alpha)
    if "gamma" in case["kind"]:
        of = GammaPoisson if "poisson" in case["kind"] or "poisson" in words else GammaExponential
        return of(rho, held["c"]), rho
    if "beta_binomial" in case["kind"]:
        one_sided = bool(held.get("one_sided", held.get("is_one_sided", "one-sided" in words)))
        return BetaBinomial.tuned(held["v_opt"], alpha, held["g"], held["h"], one_sided), rho
    if re.search(r"one[- ]sided|-1s", words):
        return OneSidedNormal(rho), rho
    rho = two_sided_rho(held["v_opt"], alpha)
    return TwoSidedNormal(rho), rho


def _confseq(case: Case) -> Answer:
    held = case["input"]
    mixture, rho = _mixture(case)
    found: Answer = {"best_rho": rho}
    if "s" in held:
        found["log_mixture"] = mixture.log_value(held["s"], held["v"])
    return found | {"bound": boundary(mixture, held["v"], held["alpha"])}


def _bernoulli(case: Case) -> Answer:
    held = case["input"]
    alpha_opt = held.get("alpha_opt", 0.05)
    return {"ci": list(rate_sequence(held["successes"], held["trials"], held["alpha"], held["t_opt"], alpha_opt))}


def _integers(words: str | list[float]) -> list[float]:
    if isinstance(words, list):
        return words
    span = re.fullmatch(r"integers (-?\d+)\.\.(-?\d+)", words)
    assert span is not None, words
    return list(range(int(span[1]), int(span[2]) + 1))


def _quantile_ab(case: Case) -> Answer:
    held = case["input"]
    a, b = _integers(held["a"]), _integers(held["b"])
    return {"p": quantile_difference_p(a, b, held["quantile"], held["t_opt"], held["alpha_opt"])}


def _bounds(case: Case) -> Answer:
    held = case["input"]
    spending = Spending("power", held.get("phi", held.get("rho", 2)))
    sides: Sides = "two-sided" if held.get("sides", 2) == 2 else "one-sided"
    return {"bounds": ldbounds.published_boundaries(held["information_fractions"], held["alpha"], spending, sides)}


def _power_side(held: Case) -> power.Side:
    named: dict[str, power.Side] = {"larger": "larger", "greater": "larger", "smaller": "smaller", "less": "smaller"}
    return named.get(str(held.get("alternative", "two-sided")), "two-sided")


def _t_power(case: Case) -> Answer:
    held = case["input"]
    n1 = held.get("n1", held.get("n"))
    n2 = None if case["kind"].endswith("1sample") else held.get("n2", n1 * held.get("ratio", 1))
    return {"power": power.t_power(held["d"], n1, n2, held["alpha"], _power_side(held))}


def _z_power(case: Case) -> Answer:
    held = case["input"]
    n1 = held.get("n", held.get("n1"))
    error = math.sqrt(1 / n1 + 1 / (n1 * held.get("ratio", 1)))
    return {"power": power.z_power(held["d"], error, held["alpha"], _power_side(held))}


def _shares(held: Case) -> list[float]:
    if "allocation" in held:
        return list(held["allocation"])
    if "weights" in held:
        return list(held["weights"])
    return [1 / held.get("arms", 2)] * int(held.get("arms", 2))


def _sample_size(case: Case) -> Answer:
    held = case["input"]
    if "baseline" in held:
        p, q = held["baseline"], held["baseline"] + held["mde_absolute"]
        other = held["baseline"] - held["mde_absolute"]
        sizes = [
            power.units_needed(
                held["mde_absolute"], [p * (1 - p), x * (1 - x)], _shares(held), held["alpha"], held["power"]
            )
            for x in (q, other)
        ]
        return {"n_total": sum(sizes) / 2}
    difference = held["mde_absolute"] if "mde_absolute" in held else held["mde_relative"] * held["mean"]
    pair = [held["variance"]] * 2
    return {"n_total": power.units_needed(difference, pair, _shares(held), held["alpha"], held["power"])}


def _size_non_inferior(case: Case) -> Answer:
    held = case["input"]
    margin, pair = held["nim_relative"] * held["mean"], [held["variance"]] * 2
    sized = [
        power.units_needed(margin, pair, shares, held["alpha"], held["power"], "one-sided")
        for shares in (held["weights"], [1.0, 1.0])
    ]
    return {"n_total": sized[0], "n_total_optimal": sized[1]}


def _relative_power(case: Case) -> Answer:
    held = case["input"]
    n_arm, inflation = held["n_total"] / held.get("arms", 2), 1.0
    if "tuning_n" in held:
        pair = 2 * n_arm
        z = float(stats.norm.isf(held["alpha"] / 2))
        inflation = half_width(pair, held["alpha"], rho_for(held["alpha"], held["tuning_n"])) * math.sqrt(pair) / z
    return {
        "power": power.relative_power(
            held["mean"], held["variance"], held["mde_relative"], n_arm, held["alpha"], inflation=inflation
        )
    }


def _mde(case: Case) -> Answer:
    held = case["input"]
    n_arm = held["n_total"] / held.get("arms", 2)
    found = power.smallest_lift(held["mean"], held["variance"], n_arm, held["alpha"], held["power"])
    return {"mde_relative": found}


def _duration(case: Case) -> Answer:
    held = case["input"]
    per_arm = [held["users_per_week"] * week / held["arms"] for week in range(1, held["weeks"] + 1)]
    rate, lift = held["conversion"]["rate"], held["conversion"]["effect"]
    conversion = [power.relative_power(rate, rate * (1 - rate), lift, n, held["alpha"]) for n in per_arm]
    money = held["revenue"]
    revenue = [
        power.relative_power(money["mean"], money["variance"], money["effect"], n, held["alpha"]) for n in per_arm
    ]

    def reached(powers: list[float]) -> int | None:
        return next((week for week, found in enumerate(powers, 1) if found >= 0.8), None)

    return {
        "power_conversion": conversion, "power_revenue": revenue,
        "weeks_to_80_conversion": reached(conversion), "weeks_to_80_revenue": reached(revenue),
    }  # fmt: skip


def _power_from_aggregates(case: Case) -> Answer:
    held = case["input"]
    n = held["n_total"] / (1 + held.get("ratio", 1))
    effect = held["mean"] * held["rel_effect"] / math.sqrt(held["variance"])
    return {"power": power.t_power(effect, n, held["n_total"] - n, held["alpha"], _power_side(held))}


def _non_inferior(case: Case) -> Answer:
    held = case["input"]
    better: Any = "up" if held["preferred"] == "increase" else "down"
    arms = _both(held, lambda arm: mean_arm(_sums(arm)))
    found = non_inferior(*arms, held["margin_relative"], better, _alpha(held))
    return _shown(found.tested) | {
        "difference": found.tested.effect.value,
        "decision": "non-inferior" if found.proven else "not non-inferior",
        "p_greater_than": lambda limit: found.tested.p > limit,
        "p_less_than": lambda limit: found.tested.p < limit,
    }


def _tost(case: Case) -> Answer:
    held = case["input"]
    found = equivalence(held["x"], held["y"], held["margin"], held["variance"], held["alpha"])
    return {"p": found.p, "ci90": [found.low, found.high], "ci": [found.low, found.high]}


def _tost_power(case: Case) -> Answer:
    held = case["input"]
    found = [power.equivalence_power(held["lower"], held["upper"], held["n"], held["alpha"], p) for p in held["p_alt"]]
    return {"power": [one[0] for one in found], "reject_interval": [found[0][1], found[0][2]]}


METHODS: Final[dict[str, Any]] = {
    "sidak_ss": "sidak", "sidak_sd": "holm-sidak", "holm_sidak": "holm-sidak", "benjamini-hochberg": "bh",
    "fdr_bh": "bh", "fdr_by": "by", "benjamini-yekutieli": "by", "sidakss": "sidak", "sidaksd": "holm-sidak",
}  # fmt: skip


def _p_adjust(case: Case) -> Answer:
    method = case["input"]["method"].lower()
    return {"adjusted": adjusted(case["input"]["p"], METHODS.get(method, method))}


def _mann_whitney(case: Case) -> Answer:
    control, treatment = case["input"]["control"], case["input"]["treatment"]
    found = stats.mannwhitneyu(treatment, control, alternative=case["input"].get("alternative", "two-sided"))
    pairs = len(control) * len(treatment)
    share = float(found.statistic) / pairs
    return {"u": float(found.statistic), "p": float(found.pvalue), "prob_superiority": 2 * share - 1, "effect": share}


def _srm(case: Case) -> Answer:
    return {"p": mismatch_p(case["input"]["users"], case["input"]["weights"])}


def _srm_two(case: Case) -> Answer:
    held = case["input"]
    counts = (held["control"], held["treatment"])
    if "binomial" in case["meaning"].lower():
        return {"p": two_arm_p(*counts, held["ratio"])}
    share = held["ratio"] / (1 + held["ratio"])
    gap = abs(counts[1] - sum(counts) * share) - (0.5 if "correction" in case["meaning"].lower() else 0.0)
    return {"p": 2 * float(stats.norm.sf(gap / math.sqrt(sum(counts) * share * (1 - share))))}


def _burn_rate(case: Case) -> Answer:
    seconds = {"m": 60, "h": 3_600, "d": 86_400}
    window = case["input"]["slo_days"] * seconds["d"]
    return {
        "factors": [
            budget / 100 * window / (int(long[:-1]) * seconds[long[-1]])
            for _, _, long, budget in case["input"]["alerts"]
        ]
    }


KINDS: Final[dict[str, Callable[[Case], Answer]]] = {
    "mean_ttest": _mean,
    "mean_ttest_degenerate": _mean,
    "relative_difference": _relative,
    "proportion_ttest": _proportion_t,
    "proportion_diff_ci": _difference_ci,
    "proportion_ratio_ci": _ratio_ci,
    "proportion_chi2": _chi2,
    "proportion_exact": _exact,
    "proportion_ztest": _proportion_z,
    "srm_chi2": _srm,
    "srm_two_arm": _srm_two,
    "ratio_ttest": _ratio,
    "variance_of_difference": _variance,
    "cuped_mean": _cuped_mean,
    "cuped_theta": _cuped_theta,
    "cuped_ratio": _cuped_ratio,
    "sequential_asymptotic_cs": _asymptotic,
    "confseq_normal_mixture": _confseq,
    "confseq_gamma_exponential": _confseq,
    "confseq_gamma_poisson": _confseq,
    "confseq_beta_binomial": _confseq,
    "confseq_bernoulli": _bernoulli,
    "confseq_quantile_ab": _quantile_ab,
    "group_sequential_bounds": _bounds,
    "power_ttest_2sample": _t_power,
    "power_ttest_1sample": _t_power,
    "power_z_2sample": _z_power,
    "sample_size_mean": _sample_size,
    "sample_size_proportion": _sample_size,
    "sample_size_non_inferiority": _size_non_inferior,
    "power_relative_mean": _relative_power,
    "power_relative_mean_sequential": _relative_power,
    "mde_relative_mean": _mde,
    "duration_planner": _duration,
    "power_mean_from_aggregates": _power_from_aggregates,
    "non_inferiority_z": _non_inferior,
    "tost": _tost,
    "power_tost_proportion": _tost_power,
    "p_adjust": _p_adjust,
    "mann_whitney": _mann_whitney,
    "burn_rate": _burn_rate,
}


def answer_of(case: Case) -> Answer:
    """Return what we say of a case; a kind nobody implemented is an error, never a skip."""
    if case["kind"] not in KINDS:
        raise NotImplementedError(f"{case['id']} is of the kind {case['kind']!r}, which nothing here computes")
    return KINDS[case["kind"]](case)


@pytest.mark.skipif(not CASES, reason=f"no reference cases: {FOLDER} has none; name their folder in SHOPKEEPER_CASES")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_statistic_is_what_another_project_says(case: Case) -> None:
    found = answer_of(case)
    assert case["expected"], "a case without a figure shows nothing"
    bounds = {"rtol": 0.0, "atol": 0.0} | case["tolerance"]
    for name, expected in case["expected"].items():
        assert name in found, f"{case['id']} wants {name!r}, which is none of {sorted(found)}"
        said = found[name]
        if callable(said):
            assert said(expected), f"{name}: {expected!r} does not hold"
        elif expected is None or (isinstance(expected, str) and not re.fullmatch(r"[-+]?(inf|nan)", expected)):
            assert said == expected
        else:
            wanted = np.array([_number(one) for one in (expected if isinstance(expected, list) else [expected])])
            assert np.allclose(np.atleast_1d(np.asarray(said, dtype=np.float64)), wanted, **bounds), (
                f"{name}: {said!r} is not {expected!r}"
            )
