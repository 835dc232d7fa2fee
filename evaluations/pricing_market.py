"""What a price policy does in simulated markets of three mechanisms: against tuned rules, the oracle, and the truth.

    python evaluations/pricing_market.py [--mechanism a|b|c] [--worlds 20] [--seed 1] [--policy NAME]

Every figure is simulated. Each world has 104 weeks of history by rules whose keeper sees demand coming; then every
policy lives through the same 26 weeks with the same luck, all of them scored, learning included. Policies see what a
shop sees; the oracle knows true mean demand. The baseline is the rules without faults, tuned with hindsight on the last
26 weeks of history. Without `--policy` it is the optimizer that is judged.

`lift` is revenue against the baseline, the mean over worlds; `share_of_oracle` the sum of lifts over the sum of the
oracle's; over 1 is possible, for the oracle looks one week ahead. `margin_ok_share` counts weeks of stores whose margin
is not below target less .2 points, with the same of every other policy beside: `hold` shows what luck alone does.
Worlds with faults in the rules print what each does; negative controls what should be nothing. Seeds 1 to 99 are for
building, 101 to 199 for judging. Progress goes to stderr, one JSON document to the last line of stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from shopkeeper.simulation.frozen import purpose
from shopkeeper.simulation.prices.controls import CONTROLS
from shopkeeper.simulation.prices.hashes import MARKET
from shopkeeper.simulation.prices.plan import MECHANISMS
from shopkeeper.simulation.prices.takings import Takings

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.price_worlds import BASELINE, OPTIMIZER, ORACLE, POLICIES, REFERENCES, Case, Met, meet

RESAMPLES: Final = 5_000
BLUEPRINT: Final = {"lift": 0.18}
"""What the blueprint reports; printed beside, not required."""
Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def main() -> int:
    """Run the evaluation and print its figures; 1 = a world or the baseline was changed without its hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", choices=sorted(MECHANISMS), help="one of them; None = all")
    parser.add_argument("--worlds", type=int, default=20, help="worlds of each mechanism, each with a seed of its own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policy", choices=sorted({*REFERENCES, *POLICIES}), help="which is judged")
    parser.add_argument("--workers", type=int, default=2, help="worlds at a time")
    chosen = parser.parse_args()
    started = time.perf_counter()
    policy = chosen.policy or OPTIMIZER
    seeds = [chosen.seed * 1_000 + number for number in range(chosen.worlds)]
    letters = [chosen.mechanism] if chosen.mechanism else sorted(MECHANISMS)
    cases = [Case(letter, seed, policy) for seed in seeds for letter in letters]
    controls = [
        Case("a", seed, policy, name) for seed in seeds[: -(-len(seeds) // 4)] for name in (*CONTROLS, "still", "war")
    ]
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        met = []
        for one in pool.map(meet, cases + controls):
            met.append(one)
            print(_line(one), file=sys.stderr, flush=True)
    changed = MARKET.changed()
    document = summary([one for one in met if not one.case.control], policy) | {
        "controls": controls_of([one for one in met if one.case.control], policy),
        "settings": vars(chosen),
        "seeds": purpose(chosen.seed),
        "hashes": MARKET.current(),
        "as_committed": not changed,
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(sum(one.seconds for one in met), 1),
    }
    print(json.dumps(document))
    return 1 if changed else 0


def summary(met: Sequence[Met], policy: str) -> dict[str, Any]:
    """Return all figures: over all worlds at the top, and by mechanism."""
    return {
        "simulated": True,
        "policy": policy,
        **figures(met, policy),
        "mechanisms": {
            letter: figures([one for one in met if one.case.mechanism == letter], policy)
            for letter in dict.fromkeys(one.case.mechanism for one in met)
        },
        "blueprint": BLUEPRINT,
        "worlds": [
            {
                "mechanism": one.case.mechanism,
                "seed": one.case.seed,
                "lift": _lift(one, policy),
                "oracle_lift": _lift(one, ORACLE),
                "cpu_seconds": round(one.seconds, 1),
            }
            for one in met
        ],
    }


def figures(met: Sequence[Met], policy: str) -> dict[str, Any]:
    """Return the figures of some worlds; intervals are over worlds, by bootstrap."""
    lifts, best = (np.array([_lift(one, name) for one in met]) for name in (policy, ORACLE))
    explored = sum(float(one.takings[policy].explored.sum()) for one in met)
    revenue = sum(one.takings[policy].total_revenue for one in met)
    return {
        "lift": float(lifts.mean()),
        "oracle_lift": float(best.mean()),
        "share_of_oracle": float(lifts.sum() / best.sum()),
        "margin_ok_share": _margin_ok(met, policy),
        "worst_decile_lift": float(np.quantile(lifts, 0.1)),
        "exploration_cost": explored / revenue,
        "hard_violations": sum(one.takings[policy].broken for one in met),
        "intervals": {
            "lift": interval(lifts),
            "oracle_lift": interval(best),
            "share_of_oracle": interval(lifts, best),
        },
        "policies": {name: _policy(met, name) for name in met[0].takings},
        "faults": {name: _fault(met, name, policy) for name in met[0].faulty},
        "worlds_in_it": len(met),
    }


def controls_of(met: Sequence[Met], policy: str) -> dict[str, Any]:
    """Return what each negative control showed: lifts of policy and oracle over the rules of its world.

    In `equal` and `unit` there is nothing to earn. In `still` there is, but the past says nothing of it: what counts is
    how far prices are moved on no evidence. In `war` a rival goes below us whatever we ask: lifts are over rules that
    are in the war too, and the margin shows whether a policy follows it down.
    """
    found: dict[str, Any] = {}
    for name in dict.fromkeys(one.case.control for one in met):
        worlds = [one for one in met if one.case.control == name]
        lifts, best = (np.array([_lift(one, each) for one in worlds]) for each in (policy, ORACLE))
        found[str(name)] = {
            "lift": float(lifts.mean()),
            "interval": interval(lifts),
            "oracle_lift": float(best.mean()),
            "changed": float(np.mean([one.takings[policy].changed.mean() for one in worlds])),
            "margin_less_target": float(np.mean([_over_target(one, one.takings[policy]) for one in worlds])),
        }
    return found


def interval(values: Numbers, over: Numbers | None = None) -> dict[str, float] | None:
    """Return the 95% bootstrap interval of a mean, or of a sum over another's; None for one world."""
    if len(values) < 2:
        return None
    drawn = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    below = np.ones(len(values)) if over is None else over
    low, high = np.quantile(values[drawn].sum(axis=1) / below[drawn].sum(axis=1), [0.025, 0.975])
    return {"low": float(low), "high": float(high)}


def _policy(met: Sequence[Met], name: str) -> dict[str, float]:
    """Return what one policy took, against the baseline's, and how it held margins."""
    takings = [one.takings[name] for one in met]
    base = [one.takings[BASELINE] for one in met]
    return {
        "lift": _gain(takings, base),
        "profit_lift": float(
            np.mean([each.profit / than.profit - 1 for each, than in zip(takings, base, strict=True)])
        ),
        "margin_less_target": float(np.mean([_over_target(one, one.takings[name]) for one in met])),
        "margin_ok_share": _margin_ok(met, name),
        "margin_week_deviation": float(np.mean([each.margin.std(axis=0).mean() for each in takings])),
        "changed": float(np.mean([each.changed.mean() for each in takings])),
        "in_stock": float(np.mean([each.available.mean() for each in takings])),
        "wasted": float(np.mean([each.wasted.sum() / each.total_revenue for each in takings])),
    }


def _fault(met: Sequence[Met], name: str, policy: str) -> dict[str, float]:
    """Return what a fault takes from the rules, and by how much policy and oracle are above the faulty rules."""
    faulty = [one.faulty[name] for one in met]
    base, judged, best = ([one.takings[each] for one in met] for each in (BASELINE, policy, ORACLE))
    return {
        "revenue_lost": -_gain(faulty, base),
        "profit_lost": float(np.mean([1 - each.profit / than.profit for each, than in zip(faulty, base, strict=True)])),
        "margin_less_target": float(np.mean([_over_target(one, each) for one, each in zip(met, faulty, strict=True)])),
        "lift": _gain(judged, faulty),
        "oracle_lift": _gain(best, faulty),
    }


def _gain(takings: Sequence[Takings], than: Sequence[Takings]) -> float:
    """Return the mean over worlds by what share one takes more revenue than another."""
    return float(np.mean([one.total_revenue / two.total_revenue - 1 for one, two in zip(takings, than, strict=True)]))


def _margin_ok(met: Sequence[Met], name: str) -> float:
    return float(np.mean([one.takings[name].held(one.target) for one in met]))


def _lift(one: Met, name: str) -> float:
    return one.takings[name].total_revenue / one.takings[BASELINE].total_revenue - 1


def _over_target(one: Met, takings: Takings) -> float:
    """Return by how much the margin of all stores is above what they have to hold."""
    by_store = takings.revenue.sum(axis=0)
    return takings.total_margin - float((one.target * by_store).sum() / by_store.sum())


def _line(one: Met) -> str:
    shown = {name: round(_lift(one, name), 4) for name in one.takings}
    kind = f"{one.case.mechanism} {one.case.control or ''}".strip()
    return f"{kind} {one.case.seed}: lift over the rules {shown}, {one.seconds:.0f} CPU s (simulated)"


if __name__ == "__main__":
    sys.exit(main())
