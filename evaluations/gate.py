"""What the gate gets wrong, and how often: simulated tests with a known truth through the real `decide()`.

    python evaluations/gate.py --runs 20000 --seed 1 [--part aa --part harm ...]

The shipped objective of the recommendations is asked whole: its KPI, four guardrails and eight rollback criteria, one
verdict a day, up the ramp (15%, then 50%), with units that mature in 14 days. Prices are judged by their own design, so
of those the coverage of switchback intervals is measured. All figures are simulated; those after +- are two standard
errors of the simulation. Progress and a table go to stderr, one JSON document to the last line of stdout. The exit
status is 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec
import numpy as np

from shopkeeper.experiments.moments import Array, Sums
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.evidence import ArmSums, MetricSums
from shopkeeper.rollout.strata import stratified
from shopkeeper.simulation.gate_scenarios import QUESTIONS, plan_for
from shopkeeper.simulation.gate_walk import Outcomes, walk_tests
from shopkeeper.simulation.live_tests import Scenario
from shopkeeper.simulation.price_test import interval_coverage
from shopkeeper.simulation.shopper_sums import Crowd, Shoppers
from shopkeeper.wiring.objectives import example_objective

CHUNK = 200
SWITCHBACKS = 2_000
PARTS = (*QUESTIONS, "switchback", "cuped")
FALSE_PROMOTE, FALSE_ROLLBACK, FOUND = 0.025, 0.05, 0.8


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure beside what it must be.

    Attributes:
        key: In the JSON document.
        slack: Two standard errors at the limit, allowed where a chance must not be exceeded.
    """

    key: str
    words: str
    value: float
    runs: int
    rule: Literal["at most", "at least", "between", "reported"]
    limit: tuple[float, ...] = ()
    slack: float = 0.0

    @property
    def held(self) -> bool:
        """True where the bar is held."""
        if self.rule == "at most":
            return self.value <= self.limit[0] + self.slack
        if self.rule == "at least":
            return self.value >= self.limit[0]
        return self.rule == "reported" or self.limit[0] <= self.value <= self.limit[1]


def main() -> None:
    """Run the evaluation and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000, help="simulated tests of each main scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be given again")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    started, cpu = time.perf_counter(), _cpu_seconds()
    bars, details = measure(chosen.part or PARTS, chosen.runs, chosen.seed, chosen.workers)
    for bar in bars:
        say(_line(bar))
    document: dict[str, Any] = {bar.key: bar.value for bar in bars} | {
        "simulated": True,
        "runs": chosen.runs,
        "seed": chosen.seed,
        "held": all(bar.held for bar in bars),
        "bars": [asdict(bar) | {"held": bar.held} for bar in bars],
        "details": details,
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(_cpu_seconds() - cpu, 1),
    }
    print(msgspec.json.encode(document).decode())
    sys.exit(0 if document["held"] else 1)


def measure(parts: Sequence[str], runs: int, seed: int, workers: int) -> tuple[list[Bar], dict[str, Any]]:
    """Return the bars of the parts asked for, and what stands behind each."""
    bars, details = list[Bar](), dict[str, Any]()
    for part in (part for part in PARTS if part in parts):
        began, cpu = time.perf_counter(), _cpu_seconds()
        if part in QUESTIONS:
            found = many(part, max(round(runs * QUESTIONS[part].share), 1), seed, workers)
            bars += _bars(part, found)
            details[part] = _detail(part, found, seed)
        elif part == "switchback":
            bars.append(switchback(min(runs, SWITCHBACKS), seed))
        else:
            bars += cuped(min(runs, 4_000), seed)
        took = {"seconds": round(time.perf_counter() - began, 1), "cpu_seconds": round(_cpu_seconds() - cpu, 1)}
        details[part] = details.get(part, {}) | took
        say(f"{part}: {details[part]}")
    return bars, details


@lru_cache(maxsize=1)
def objective() -> Objective:
    """Return the shipped objective of the recommendations."""
    return read_objective(example_objective("recommendations"), "recommendations.yaml")


@lru_cache(maxsize=1)
def prepared(part: str, seed: int) -> tuple[Scenario, tuple[Crowd, Crowd]]:
    """Return a scenario with its crowds; made before the workers are forked, so they share them."""
    scenario = QUESTIONS[part].scenario(objective(), seed)
    return scenario, (crowd(scenario.control, seed), crowd(scenario.treatment, seed))


@lru_cache(maxsize=2)
def crowd(shoppers: Shoppers, seed: int) -> Crowd:
    """Return shoppers ready to be drawn."""
    return Crowd.of(shoppers, seed)


def some(part: str, tests: int, seed: int, chunk: int) -> Outcomes:
    """Walk one chunk of tests; its random numbers depend on the seed, the part and the chunk alone."""
    scenario, crowds = prepared(part, seed)
    return walk_tests(scenario, objective(), crowds, tests, [seed, PARTS.index(part), chunk])


def many(part: str, tests: int, seed: int, workers: int) -> Outcomes:
    """Walk many tests over processes; the figures do not depend on how many there are."""
    prepared(part, seed)
    sizes = [min(CHUNK, tests - start) for start in range(0, tests, CHUNK)]
    total = Outcomes()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        waiting = [pool.submit(some, part, size, seed, chunk) for chunk, size in enumerate(sizes)]
        for place, one in enumerate(waiting):
            total = total.merged(one.result())
            if place % 20 == 19:
                say(f"  {part}: {total.tests:,} of {tests:,} tests")
    return total


def _bars(part: str, found: Outcomes) -> Iterator[Bar]:
    """Yield what a scenario is judged by."""
    n = found.tests
    promoted, back, crossed = found.promoted / n, found.rolled_back / n, found.crossed / n
    if part == "aa":
        yield _at_most("aa_false_promote", "A/A, 28 daily verdicts: promoted", promoted, n, FALSE_PROMOTE)
        yield _at_most("aa_false_rollback", "A/A, 28 daily verdicts: rolled back", back, n, FALSE_ROLLBACK)
        yield _at_most("aa_kpi_crossed", "A/A: KPI beyond its boundary at some look", crossed, n, FALSE_PROMOTE)
    elif part == "kpi":
        words = "KPI alike, guardrails far better, 28 looks and 4 days of overrun: promoted"
        yield _at_most("kpi_false_promote", words, promoted, n, FALSE_PROMOTE)
    elif part == "edge":
        words = "every criterion exactly at its bound, 28 daily verdicts: rolled back"
        yield _at_most("edge_false_rollback", words, back, n, FALSE_ROLLBACK)
    elif part == "harm":
        words = "-5% conversion (base 3%), 20,000 users an arm a day: rolled back in 28 days"
        yield Bar("harm_found", words, back, n, "at least", (FOUND,))
    elif part == "harm-ramp":
        yield Bar("harm_found_on_ramp", "the same, 6,000 an arm a day in week 1", back, n, "reported")
    elif part == "uplift":
        words = "planned uplift, test of the planned size: promoted"
        yield Bar("uplift_promoted", words, promoted, n, "at least", (FOUND,))
    elif part == "srm":
        words = "50.5 : 49.5 with a true gain, over 1M users: promoted"
        yield Bar("srm_promoted", words, promoted, n, "at most", (0.0,))
    else:
        yield Bar("srm_small_promoted", "the same, 0.4M to 0.9M users: promoted", promoted, n, "reported")


def _at_most(key: str, words: str, value: float, n: int, limit: float) -> Bar:
    return Bar(key, words, value, n, "at most", (limit,), 2 * math.sqrt(limit * (1 - limit) / n))


def _detail(part: str, found: Outcomes, seed: int) -> dict[str, Any]:
    """Return what stands behind the figures of a scenario, by day and by criterion."""
    days = sorted(found.days.elements())
    detail: dict[str, Any] = {
        "tests": found.tests,
        "promoted": found.promoted / found.tests,
        "rolled_back": found.rolled_back / found.tests,
        "verdicts": found.verdicts,
        "ever_invalid": found.invalid / found.tests,
        "broke": {name: count / found.tests for name, count in found.by.most_common()},
        "day_by_share": {f"{share:.0%}": days[math.ceil(share * len(days)) - 1] for share in (0.1, 0.5, 0.9) if days},
    }
    if part == "uplift":
        plan = plan_for(objective(), seed)
        detail["plan"] = {
            "units_per_arm": plan.units_per_arm, "units_needed": plan.units_needed, "days": plan.days,
            "power": plan.power, "governed_by": plan.governed_by,
        }  # fmt: skip
    return detail


def switchback(runs: int, seed: int) -> Bar:
    """Return how often a switchback's 95% interval holds the true effect."""
    share = interval_coverage(runs, seed)
    words = "95% switchback intervals that hold the truth"
    return Bar("switchback_coverage", words, share, runs, "between", (0.93, 0.97))


def cuped(runs: int, seed: int, correlation: float = 0.6, n: int = 500) -> Iterator[Bar]:
    """Yield the variance CUPED leaves, of a mean and of a ratio, over what theory says: 1 - r^2."""
    rng = np.random.default_rng([seed, len(PARTS)])
    for key, metric in (("cuped_mean", "revenue_per_user"), ("cuped_ratio", "ctr")):
        plain, adjusted = list[float](), list[float]()
        for _ in range(runs):
            arms = [_units(metric, n, correlation, rng) for _ in range(2)]
            width = arms[0].shape[1] // 2
            plain.append(_effect(metric, [rows[:, :width] for rows in arms], covariate=False))
            adjusted.append(_effect(metric, arms, covariate=True))
        left = float(np.var(adjusted) / np.var(plain)) / (1 - correlation**2)
        yield Bar(key, f"CUPED of {metric}: variance left over 1 - r^2", left, runs, "between", (0.9, 1.1))


def _units(metric: str, n: int, correlation: float, rng: np.random.Generator) -> Array:
    """Return units with what they did before; what is noise in both is correlated as said."""
    before = rng.standard_normal(n)
    now = correlation * before + math.sqrt(1 - correlation**2) * rng.standard_normal(n)
    if metric != "ctr":
        return np.column_stack([50 + 10 * now, 50 + 10 * before])
    seen, seen_before = 5.0 + rng.poisson(10.0, (2, n))
    return np.column_stack([0.3 * seen + now, seen, 0.3 * seen_before + before, seen_before])


def _effect(metric: str, arms: Sequence[Array], *, covariate: bool) -> float:
    sums = [Sums.of_rows(rows) for rows in arms]
    control, treatment = (
        ArmSums(one.n, tuple(one.totals.tolist()), tuple(map(tuple, one.products.tolist()))) for one in sums
    )
    found = stratified((MetricSums(metric, control, treatment, covariate),), metric)
    return math.nan if found is None else found.value


def _line(bar: Bar) -> str:
    limit = "" if bar.rule == "reported" else f"{bar.rule} {' and '.join(f'{one:g}' for one in bar.limit)}"
    if bar.slack:
        limit += f" +- {bar.slack:.4f}"
    mark = "    " if bar.rule == "reported" else "ok  " if bar.held else "MISS"
    return f"{mark} {bar.value:8.4f}  {bar.words} ({bar.runs:,} tests; {limit or 'reported'})"


def _cpu_seconds() -> float:
    """Return CPU seconds of this process and of the workers that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def say(text: str) -> None:
    """Tell a person how it goes."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
