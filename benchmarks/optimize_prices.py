"""What choosing prices costs, how near the best it comes, and what a general solver does with the same prices.

    python benchmarks/optimize_prices.py [--pairs N] [--big N] [--points N] [--seed N] [--peer-seconds N]

A made-up shelf of products in eight stores and forty categories, the policy that ships, revenue to be made large,
margins to be half a point above today's. All seconds are CPU seconds of the optimizer with its
posterior and its lift; last on stdout is one JSON line.

`pass_seconds`: one look at every price and candidate: value at a shadow price, best of each row.
`seconds_one_target`, `passes_one_target`, `gap_one_target`: one target, for all together; a bound certifies the gap.
`seconds_320_targets`, ...: that, and one for each store's category.
`hard_violations`: prices chosen that a rule forbids, of all runs; `offer_seconds`: candidates and masks.
`agreement_2000`: relative distance from what HiGHS finds for 2,000 prices as a mixed integer program, negative where
    ours is better; `referee_gap_2000` is how far HiGHS itself got.
`peer_seconds`: HiGHS on the linear relaxation of one target at full size, null where it did not end in the time given.
`seconds_coupled_one`, `passes_coupled_321`, ...: the same where a tenth of the prices belongs together
    (`coupled_prices.py`), with one target and with 321; `couplings_broken`: couplings their answers break.
`agreement_coupled_2000`: as `agreement_2000`, with couplings.
`reprice_ms`: one product in its eight stores priced again at fixed shadow prices, median wall milliseconds.
`big_seconds`, `big_memory_gb`: `--big` prices, one target, whole process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from scipy import optimize, sparse

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.coupled_prices import TOGETHER, constraints_of, coupled_shelf, couplings_broken, demand_moved

from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import Meter, best_choices
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import Plan, optimise, program_of
from shopkeeper.pricing.policy.policy_file import default_policy, read_policy
from shopkeeper.pricing.reprice import reprice
from shopkeeper.pricing.rules.coupling import Coupling, coupling_of
from shopkeeper.pricing.rules.offer import Offer, make_offer
from shopkeeper.pricing.shelf import NO_PARENT, Shelf

DAY = date(2026, 3, 2)
STORES, CATEGORIES = 8, 40
ABOVE = 0.005


def shelf_of(pairs: int, rng: np.random.Generator) -> Shelf:
    """Return a shelf of products in eight stores."""
    products = -(-pairs // STORES)
    product, store = np.divmod(np.arange(pairs), STORES)
    base = np.exp(rng.normal(2.7, 0.8, products))
    current = np.round(base[product] * rng.uniform(0.95, 1.05, pairs), 2)
    cost = current * (1 - np.clip(rng.normal(0.35, 0.08, pairs), 0.08, 0.7)) / 1.2
    rival = np.where(rng.random(pairs) < 0.95, current * rng.uniform(0.9, 1.15, pairs), np.nan)
    nothing = np.full(pairs, np.nan)
    return Shelf(
        product=product, store=store, category=rng.integers(0, CATEGORIES, products)[product],
        price_list=np.zeros(pairs, np.int64), parent=np.full(pairs, NO_PARENT), current=current,
        week_ago=np.round(current * rng.choice([0.95, 1.0, 1.0, 1.05], pairs), 2),
        changed_days=rng.integers(1, 60, pairs).astype(np.float64), tax=np.full(pairs, 0.2), cost=cost,
        cost_days=rng.integers(0, 30, pairs).astype(np.float64), cost_before=cost * rng.uniform(0.97, 1.03, pairs),
        rival_lowest=rival * 0.97, rival_median=rival, rival_days=rng.integers(0, 5, pairs).astype(np.float64),
        advertised=np.where(rng.random(pairs) < 0.05, current, np.nan), prior=nothing,
        announced=np.zeros(pairs, np.bool_), year_ago=current * rng.uniform(0.95, 1.05, pairs),
        key_value=rng.random(pairs) < 0.03, opinion=rng.random(pairs) < 0.95,
        products=tuple(f"p{one}" for one in range(products)), stores=tuple(f"s{one}" for one in range(STORES)),
        categories=tuple(f"c{one}" for one in range(CATEGORIES)), price_lists=("retail",), currency=("EUR",) * STORES,
    )  # fmt: skip


def demand_of(shelf: Shelf, rng: np.random.Generator) -> Demand:
    """Return demand with long-tailed volumes and elasticities around -2.4."""
    pairs = shelf.pairs
    return Demand(
        units=np.exp(rng.normal(0.5, 1.5, pairs)), reference=shelf.current / 1.2,
        elasticity=-np.exp(rng.normal(np.log(2.4), 0.35, pairs)), elasticity_sd=rng.uniform(0.3, 0.8, pairs),
        level_sd=np.full(pairs, 0.15), stock=np.full(pairs, np.inf), family=shelf.category,
    )  # fmt: skip


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=80_000)
    parser.add_argument("--big", type=int, default=800_000, help="0 leaves it out")
    parser.add_argument("--points", type=int, default=21)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer-seconds", type=float, default=60.0)
    parser.add_argument("--referee", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.referee:
        print(json.dumps(referee(asked.referee, whole=asked.whole)))
    elif asked.alone:
        print(json.dumps(big(asked.big, asked.points, asked.seed)))
    else:
        print(json.dumps(run(asked)))


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    result: dict[str, Any] = {"pairs": asked.pairs, "points": asked.points, "seed": asked.seed}
    shelf, demand, offer, choices, seconds = made(asked.pairs, asked.points, asked.seed)
    result |= {"offer_seconds": seconds, "pass_seconds": pass_seconds(choices, demand), "stuck": int(offer.stuck.sum())}
    result["free_points_per_price"] = round(float(offer.allowed.sum(axis=1).mean()), 2)
    broken = 0
    for name, each in (("one_target", False), ("320_targets", True)):
        plan, seconds = timed(choices, demand, targets_of(shelf, choices, demand, each=each))
        broken += violations(offer, plan)
        result |= {f"seconds_{name}": seconds, f"passes_{name}": round(plan.solution.passes, 1)}
        result |= {f"gap_{name}": plan.solution.gap, f"bound_{name}": plan.solution.bound}
        result |= {f"unmet_{name}": int(plan.solution.unmet.sum()), f"least_chance_{name}": float(plan.chance.min())}
        result |= {f"portfolio_chance_{name}": plan.portfolio_chance, f"lift_{name}": plan.lift.expected}
        print(json.dumps(result), file=sys.stderr)
    of_coupled, wrong = coupled(asked)
    broken += wrong
    result |= of_coupled
    print(json.dumps(result), file=sys.stderr)
    result["reprice_ms"] = reprice_ms(choices, demand, targets_of(shelf, choices, demand, each=True), plan)
    result |= judged(asked, choices, demand, shelf)
    if asked.big:
        told = child(
            ["--alone", "--big", str(asked.big), "--points", str(asked.points), "--seed", str(asked.seed)], 600
        )
        result |= told or {"big_seconds": None}
        broken += (told or {}).get("big_violations", 0)
    return result | {"hard_violations": broken}


def coupled(asked: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Return the figures where a tenth of the prices belongs together, and the hard rules broken."""
    shelf, demand, offer, choices, coupling, seconds = made_coupled(asked.pairs, asked.points, asked.seed)
    result: dict[str, Any] = {"offer_seconds_coupled": seconds, "stuck_coupled": int(offer.stuck.sum())}
    result["coupled_share"] = round(float(coupling.coupled()[coupling.node].mean()), 3)
    broken, together = 0, 0
    for name, each in (("coupled_one", False), ("coupled_321", True)):
        plan, seconds = timed(choices, demand, targets_of(shelf, choices, demand, each=each), coupling)
        broken += violations(offer, plan)
        together += couplings_broken(coupling, offer, plan)
        result |= {f"seconds_{name}": seconds, f"passes_{name}": round(plan.solution.passes, 1)}
        result |= {f"gap_{name}": plan.solution.gap, f"unmet_{name}": int(plan.solution.unmet.sum())}
        result |= {f"lift_{name}": plan.lift.expected}
    return result | {"couplings_broken": together}, broken


def made_coupled(pairs: int, points: int, seed: int) -> tuple[Shelf, Demand, Offer, Choices, Coupling, float]:
    """Return what `made` does, with a tenth of the prices coupled."""
    rng = np.random.default_rng(seed)
    alone = shelf_of(pairs, rng)
    shelf, traits = coupled_shelf(alone, 0.1)
    demand = demand_moved(demand_of(alone, rng), alone, shelf)
    policy = read_policy(default_policy().replace("points: 21", f"points: {points}"))
    begun = time.process_time()
    coupling = coupling_of(msgspec.structs.replace(policy, together=TOGETHER), shelf, traits)
    if coupling is None:
        raise SystemExit("Of so few prices a tenth is no line: ask for 1,000 --pairs or more.")
    offer = make_offer(policy, shelf, DAY, coupling)
    seconds = round(time.process_time() - begun, 3)
    choices = Choices(price=offer.price, allowed=offer.allowed, place=offer.place, tax=shelf.tax, cost=shelf.cost)
    return shelf, demand, offer, choices, coupling, seconds


def made(pairs: int, points: int, seed: int) -> tuple[Shelf, Demand, Offer, Choices, float]:
    """Return a shelf with its demand and what its prices may become, and the seconds the last took."""
    rng = np.random.default_rng(seed)
    shelf = shelf_of(pairs, rng)
    demand = demand_of(shelf, rng)
    policy = read_policy(default_policy().replace("points: 21", f"points: {points}"))
    begun = time.process_time()
    offer = make_offer(policy, shelf, DAY)
    seconds = time.process_time() - begun
    choices = Choices(price=offer.price, allowed=offer.allowed, place=offer.place, tax=shelf.tax, cost=shelf.cost)
    return shelf, demand, offer, choices, round(seconds, 3)


def targets_of(shelf: Shelf, choices: Choices, demand: Demand, *, each: bool) -> Targets:
    """Return targets half a point above today's margins: of all together, and where asked of each store's category."""
    group = shelf.store * CATEGORIES + shelf.category
    curves, rows = curves_of(choices, demand), np.arange(shelf.pairs)
    revenue, profit = curves.revenue[rows, choices.place], curves.profit[rows, choices.place]
    own = np.bincount(group, profit, STORES * CATEGORIES) / np.bincount(group, revenue, STORES * CATEGORIES) + ABOVE
    margin = own if each else np.full(STORES * CATEGORIES, np.nan)
    return Targets(group=group, margin=margin, portfolio=float(profit.sum() / revenue.sum()) + ABOVE * 1.5)


def timed(
    choices: Choices, demand: Demand, targets: Targets, coupling: Coupling | None = None
) -> tuple[Plan, float]:  # fmt: skip
    """Return the chosen prices and the CPU seconds they took."""
    begun = time.process_time()
    plan = optimise(choices, demand, targets, coupling=coupling)
    return plan, round(time.process_time() - begun, 3)


def pass_seconds(choices: Choices, demand: Demand) -> float:
    """Return the median CPU seconds of one look at all candidates."""
    curves = curves_of(choices, demand)
    value, spent = np.where(choices.allowed, curves.revenue, -np.inf), []
    for price in (0.1, 0.2, 0.5, 1.0, 2.0):
        begun = time.process_time()
        best_choices(value + price * curves.profit, curves.profit, Meter(value.size))
        spent.append(time.process_time() - begun)
    return round(float(np.median(spent)), 4)


def reprice_ms(choices: Choices, demand: Demand, targets: Targets, plan: Plan) -> float:
    """Return how long one product in all stores takes at the shadow prices of a run."""
    spent = []
    for product in range(50):
        rows = slice(product * STORES, (product + 1) * STORES)
        few = Choices(**{name: getattr(choices, name)[rows] for name in choices.__slots__})
        told = demand.of_pairs(rows)
        begun = time.perf_counter()
        reprice(few, told, replace(targets, group=targets.group[rows]), plan.prices)
        spent.append((time.perf_counter() - begun) * 1_000)
    return round(float(np.median(spent)), 3)


def violations(offer: Offer, plan: Plan) -> int:
    """Return how many prices a rule forbids, of those that could follow all rules; held ones must be as they were."""
    price, current = plan.price[:, None], offer.current
    kept = np.logical_and.reduce([bound.allows(price, current)[:, 0] for bound in offer.bounds])
    return int((~kept & ~offer.stuck).sum() + (offer.stuck & (plan.price != current)).sum())


def judged(asked: argparse.Namespace, choices: Choices, demand: Demand, shelf: Shelf) -> dict[str, Any]:
    """Return what HiGHS finds: 2,000 prices as whole choices, and all of them as a linear program in the time given."""
    found: dict[str, Any] = {}
    _, few_demand, _, few, _ = made(2_000, asked.points, asked.seed + 1)
    few_shelf = shelf_of(2_000, np.random.default_rng(asked.seed + 1))
    sure = Demand(**{name: getattr(few_demand, name) for name in few_demand.__slots__} | {
        "elasticity_sd": np.zeros(2_000), "level_sd": np.zeros(2_000)})  # fmt: skip
    targets = targets_of(few_shelf, few, sure, each=False)
    plan = optimise(few, sure, targets)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "few.npz"
        posed(file, few, sure, targets)
        told = child(["--referee", str(file), "--whole"], 300)
        if told:
            found["agreement_2000"] = (told["value"] - plan.solution.value) / told["value"]
            found |= {"referee_gap_2000": told["gap"], "referee_seconds_2000": told["seconds"]}
        found["gap_2000"] = plan.solution.gap
        found |= judged_coupled(asked, file)
        posed(file, choices, demand, targets_of(shelf, choices, demand, each=False))
        told = child(["--referee", str(file)], asked.peer_seconds)
        found |= {"peer_seconds": told["seconds"] if told else None, "peer_limit_seconds": asked.peer_seconds}
    return found


def judged_coupled(asked: argparse.Namespace, file: Path) -> dict[str, Any]:
    """Return what HiGHS finds for 2,000 prices of which a tenth belongs together."""
    shelf, demand, _, choices, coupling, _ = made_coupled(2_000, asked.points, asked.seed + 1)
    sure = replace(demand, elasticity_sd=np.zeros(2_000), level_sd=np.zeros(2_000))
    targets = targets_of(shelf, choices, sure, each=False)
    plan = optimise(choices, sure, targets, coupling=coupling)
    posed(file, choices, sure, targets, coupling)
    told = child(["--referee", str(file), "--whole"], 300)
    found: dict[str, Any] = {"gap_coupled_2000": plan.solution.gap}
    if told:
        found["agreement_coupled_2000"] = (told["value"] - plan.solution.value) / told["value"]
        found |= {"referee_gap_coupled_2000": told["gap"], "referee_seconds_coupled_2000": told["seconds"]}
    return found


def posed(
    file: Path, choices: Choices, demand: Demand, targets: Targets, coupling: Coupling | None = None
) -> None:  # fmt: skip
    """Write a program of one target for the referee."""
    program = program_of(choices, curves_of(choices, demand), targets, "revenue")
    row, point = np.nonzero(np.isfinite(program.value))
    line, pair, weight = (np.zeros(0, np.int64),) * 3 if coupling is None else constraints_of(coupling, choices)
    np.savez(
        file, row=row, value=program.value[row, point], brings=program.brings[row, point], line=line, pair=pair,
        weight=weight, price=choices.price[row, point],
    )  # fmt: skip


def child(arguments: list[str], seconds: float) -> dict[str, Any] | None:
    """Return what this script says when run with arguments, None where it takes too long: HiGHS minds no time limit."""
    command = [sys.executable, str(Path(__file__).resolve()), *arguments]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None
    answer: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    return answer


def referee(file: Path, *, whole: bool) -> dict[str, Any]:
    """Return what HiGHS finds."""
    held = np.load(file)
    row, value, brings = held["row"], held["value"], held["brings"]
    columns, rows = np.arange(len(row)), int(row.max()) + 1
    one = sparse.csr_matrix((np.ones(len(row)), (row, columns)), shape=(rows, len(row)))
    begun = time.process_time()
    limits = [optimize.LinearConstraint(one, 1, 1), optimize.LinearConstraint(brings[None, :], 0, np.inf)]
    if len(held["line"]):
        lines = sparse.csr_matrix((held["weight"], (held["line"], held["pair"])), shape=(held["line"].max() + 1, rows))
        of_pair = sparse.csr_matrix((held["price"], (row, columns)), shape=(rows, len(row)))
        limits.append(optimize.LinearConstraint(sparse.csr_matrix(lines @ of_pair), -np.inf, 1e-6))
    found = optimize.milp(
        -value, integrality=np.full(len(row), int(whole)), bounds=optimize.Bounds(0, 1), constraints=limits,
        options={"mip_rel_gap": 1e-7, "time_limit": 240},
    )  # fmt: skip
    seconds = round(time.process_time() - begun, 2)
    return {"value": -float(found.fun or 0.0), "gap": float(found.mip_gap or 0.0), "seconds": seconds}


def big(pairs: int, points: int, seed: int) -> dict[str, Any]:
    """Return seconds and memory of many prices in a process of their own."""
    shelf, demand, offer, choices, _ = made(pairs, points, seed)
    plan, seconds = timed(choices, demand, targets_of(shelf, choices, demand, each=False))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "big_pairs": pairs, "big_seconds": seconds, "big_gap": plan.solution.gap, "big_memory_gb": round(memory, 2),
        "big_passes": round(plan.solution.passes, 1), "big_violations": violations(offer, plan),
    }  # fmt: skip


if __name__ == "__main__":
    main()
