"""What trying prices out costs and brings in the simulated price markets. All figures are simulated.

    python evaluations/price_exploration.py [--mechanism a|b|c] [--seed 1] [--worlds 1] [--past confounded|still]
        [--weeks 13] [--budget 0.003]

Each world is lived through twice from the same past with the same luck, by the optimizer as it is and with tries: 26
weeks, all of them counted. `cost` is the true expected revenue given up, a share of revenue; `share` the part of the
oracle's lift over the tuned rules. `quiet` are the fifth of the pairs whose prices moved least in the past: `rmse` of
their slopes from the true answers of the moment, and the mean deviation `sd` that is believed of them, at the end.

The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.market_slopes import answers
from evaluations.optimizer_policy import Optimizer

from shopkeeper.pricing.policy.exploration import Exploration
from shopkeeper.simulation.prices.history import Past, live_past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.oracle import play_oracle
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS, MECHANISMS, SCORED_WEEKS
from shopkeeper.simulation.prices.ports import Flags, Floats
from shopkeeper.simulation.prices.rules import Rules
from shopkeeper.simulation.prices.takings import Takings, takings_of
from shopkeeper.simulation.prices.tuning import tuned
from shopkeeper.simulation.prices.world import make_world

QUIET: Final = 0.2


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", choices=sorted(MECHANISMS), help="one of them; None = all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=1)
    parser.add_argument("--past", choices=("confounded", "still"), default="confounded", help="still = no price moved")
    parser.add_argument("--weeks", type=float, default=Exploration().weeks, help="within which a try must pay")
    parser.add_argument("--budget", type=float, default=Exploration().budget)
    chosen = parser.parse_args()
    letters = [chosen.mechanism] if chosen.mechanism else sorted(MECHANISMS)
    explore = Exploration(weeks=chosen.weeks, budget=chosen.budget)
    found = [
        _world(letter, seed, chosen.past, explore)
        for seed in range(chosen.seed, chosen.seed + chosen.worlds)
        for letter in letters
    ]
    print(json.dumps({"simulated": True, "settings": vars(chosen), "worlds": found}))
    return 0


def _world(letter: str, seed: int, told: str, explore: Exploration) -> dict[str, Any]:
    past = live_past(make_world(MECHANISMS[letter], seed, past="still" if told == "still" else "confounded"))
    regular = past.market.record.regular[:HISTORY_WEEKS]
    truth, moved = answers(past.market.world, past.market.record.regular), np.log(regular).std(axis=0)
    quiet = moved <= np.quantile(moved, QUIET)
    base = _scored(past, Rules(tuned(past)))
    best = takings_of(play_oracle(past.market, SCORED_WEEKS, past.target), past.market.week, _end(past))
    found: dict[str, Any] = {"mechanism": letter, "seed": seed}
    for name, policy in (("without", Optimizer(seed)), ("with", Optimizer(seed, explore))):
        taken = _scored(past, policy)
        found[name] = _figures(taken, base, best, past) | _slopes(policy, truth, quiet)
        shown = {key: round(value, 4) for key, value in found[name].items()}
        print(f"{letter} {seed} {name}: {shown} (simulated)", file=sys.stderr, flush=True)
    return found


def _figures(taken: Takings, base: Takings, best: Takings, past: Past) -> dict[str, float]:
    lift = taken.total_revenue / base.total_revenue - 1
    return {
        "lift": lift, "share": lift / (best.total_revenue / base.total_revenue - 1),
        "cost": float(taken.explored.sum()) / taken.total_revenue, "margin_ok": taken.held(past.target),
    }  # fmt: skip


def _slopes(policy: Optimizer, truth: Floats, quiet: Flags) -> dict[str, float]:
    slopes = policy.slopes
    error = slopes.slope - truth
    return {
        "rmse": float(np.sqrt((error**2).mean())), "rmse_quiet": float(np.sqrt((error[quiet] ** 2).mean())),
        "sd": float(slopes.sd.mean()), "sd_quiet": float(slopes.sd[quiet].mean()), "tries": policy.tries,
        "own_quiet": float(np.mean([slopes.support[row] == "own" for row in np.flatnonzero(quiet)])),
    }  # fmt: skip


def _scored(past: Past, policy: Optimizer | Rules) -> Takings:
    return takings_of(play(past.market, policy, SCORED_WEEKS, past.target), past.market.week, _end(past))


def _end(past: Past) -> int:
    return past.market.week + SCORED_WEEKS


if __name__ == "__main__":
    sys.exit(main())
