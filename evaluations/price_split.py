"""Why prices are not tested by splitting products: what a split and switchbacks say of a change whose truth is known.

    python evaluations/price_split.py [--mechanism a|b] [--worlds 20] [--change -0.1] [--seed 1]

Every figure is simulated. In each world all prices change by `change`; the truth is the revenue of 24 weeks with that
over the revenue without, with the same luck. The split puts half of the products of each category at the changed prices
for all of the 24 weeks and reads their growth since before over that of the other half. In the switchbacks clusters, a
category in a store, switch every two weeks (short; the first is not counted) or every six (long; the first three are
not). Shoppers of mechanism b stock up on a price below the one they remember; those of mechanism a do not. Bias and
errors are shares of revenue. Progress goes to stderr, one JSON document to the last line of stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from shopkeeper.simulation.frozen import purpose
from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.plan import MECHANISMS
from shopkeeper.simulation.prices.splits import Learnt, Told, learn
from shopkeeper.simulation.prices.world import make_world

SUBSTITUTES = ("a", "b")
"""Mechanisms whose worlds have categories of goods that replace each other, in stores enough to switch."""


def main() -> int:
    """Run the evaluation and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", choices=SUBSTITUTES, help="one of them; None = both")
    parser.add_argument("--worlds", type=int, default=20, help="worlds of each mechanism, each with a seed of its own")
    parser.add_argument("--change", type=float, default=-0.1, help="of all prices, relative")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.process_time()
    found = {
        letter: figures(_worlds(letter, chosen.worlds, chosen.change, chosen.seed))
        for letter in ([chosen.mechanism] if chosen.mechanism else SUBSTITUTES)
    }
    document = {
        "simulated": True, "mechanisms": found, "settings": vars(chosen), "seeds": purpose(chosen.seed),
        "cpu_seconds": round(time.process_time() - began, 1),
    }  # fmt: skip
    print(json.dumps(document))
    return 0


def _worlds(letter: str, worlds: int, change: float, seed: int) -> list[Learnt]:
    learnt = []
    for number in range(worlds):
        world = seed * 1_000 + number
        learnt.append(learn(live_past(make_world(MECHANISMS[letter], world)).market, change, world))
        one = learnt[-1]
        words = f"truth {one.truth:+.1%}, split {one.split.effect:+.1%}, short {one.short.effect:+.1%}"
        words += f", long {one.long.effect:+.1%}"
        print(f"{letter} {world}: {words}", file=sys.stderr, flush=True)
    return learnt


def figures(learnt: Sequence[Learnt]) -> dict[str, Any]:
    """Return what each way said against the truth, over worlds."""
    truth = np.array([one.truth for one in learnt])
    return {
        "worlds": len(learnt),
        "truth": float(truth.mean()),
        "split": _against([one.split for one in learnt], truth),
        "switchback_short": _against([one.short for one in learnt], truth),
        "switchback_long": _against([one.long for one in learnt], truth),
    }


def _against(told: Sequence[Told], truth: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    said = np.array([one.effect for one in told])
    wrong = said - truth
    return {
        "effect": float(said.mean()),
        "bias": float(wrong.mean()),
        "bias_error": float(wrong.std(ddof=1) / np.sqrt(len(wrong))) if len(wrong) > 1 else float("nan"),
        "rmse": float(np.sqrt((wrong**2).mean())),
        "width": float(np.mean([one.high - one.low for one in told])),
        "coverage": float(np.mean([one.holds(real) for one, real in zip(told, truth.tolist(), strict=True)])),
        "wrong_sign": float(np.mean(np.sign(said) != np.sign(truth))),
    }


if __name__ == "__main__":
    sys.exit(main())
