"""How well slopes are found in the simulated price markets, where they are known. All figures are simulated.

    python evaluations/market_slopes.py [--mechanism a|b|c] [--seed 11] [--worlds 3]

Each world has its history, whose keeper sees demand coming, and its twin's, moved by something else. The truth of a
pair is its answer of the moment: what true mean demand does as its price alone goes 5% up and down, the mean over the
history as units weigh. In b no slope is constant, and an answer wears off while a price stays: the slopes of a new
price (`Elasticities.of_age`) are judged, beside those of the category, which are moved as far. `all_moves` has the same
of the slopes over all moves, which decide prices.

The last line of stdout is one JSON document: by mechanism the worlds' `coverage` (of 90% intervals), `rmse_of_pooled`,
`free_sign_accuracy`, `bias` (mean slope less the truth) of history and twin, and `gap` between the two, with means.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.elasticity_truth import figures_of
from evaluations.optimizer_policy import panel_of, rivals_seen
from evaluations.price_panels import History

from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.market import Market, play
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS, MECHANISMS
from shopkeeper.simulation.prices.ports import Choice, Offer, Seen
from shopkeeper.simulation.prices.world import Past, World, make_world

Floats = npt.NDArray[np.float64]

STEP: Final = 0.05
EVERY: Final = 4
"""Weeks between the moments at which the truth is asked."""
SAID: Final = ("coverage", "rmse_of_pooled", "free_sign_accuracy")


class Repeated:
    """A policy that sets the prices of a past anew.

    Args:
        regular: Those prices, shape (weeks, pairs).
    """

    def __init__(self, regular: Floats) -> None:
        self._regular = regular

    def decide(self, seen: Seen, offer: Offer) -> Choice:  # noqa: ARG002 - a policy is asked with it
        """Return the prices of that week."""
        price = self._regular[seen.week]
        return Choice(price, price)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", choices=sorted(MECHANISMS), help="one of them; None = all")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--worlds", type=int, default=3)
    chosen = parser.parse_args()
    letters = [chosen.mechanism] if chosen.mechanism else sorted(MECHANISMS)
    seeds = range(chosen.seed, chosen.seed + chosen.worlds)
    document = {letter: _mechanism(letter, seeds) for letter in letters}
    print(json.dumps({"simulated": True, "seeds": list(seeds), "mechanisms": document}))
    return 0


def _mechanism(letter: str, seeds: range) -> dict[str, Any]:
    worlds = [_world(letter, seed) for seed in seeds]
    means = {
        past: {name: float(np.mean([world[past][name] for world in worlds])) for name in (*SAID, "bias")}
        for past in ("confounded", "twin")
    }
    return {"gap": float(np.mean([world["gap"] for world in worlds])), **means, "worlds": worlds}


def _world(letter: str, seed: int) -> dict[str, Any]:
    found: dict[str, Any] = {"seed": seed}
    pasts: tuple[Past, Past] = ("confounded", "twin")
    for past in pasts:
        history = told_history(make_world(MECHANISMS[letter], seed, past=past))
        told = estimate(history.panel)
        found[past] = _said(history, of_new_prices(told)) | {"all_moves": _said(history, told)}
        shown = {name: round(value, 3) for name, value in found[past].items() if name != "all_moves"}
        print(f"{letter} {seed} {past}: {shown} (simulated)", file=sys.stderr, flush=True)
    found["gap"] = found["confounded"]["slope"] - found["twin"]["slope"]
    return found


def of_new_prices(told: Elasticities) -> Elasticities:
    """Return the slopes in the first week of a new price, those of categories included."""
    categories = {n: replace(each, slope=each.slope + told.ends[0]) for n, each in told.categories.items()}
    return replace(told, slope=told.of_age()[0], categories=categories)


def _said(history: History, told: Elasticities) -> dict[str, float]:
    figures = figures_of(history, told)
    found = {name: figures[name] for name in SAID}
    return found | {"slope": figures["slope"], "bias": figures["slope"] - figures["true"]}


def told_history(world: World) -> History:
    """Return the past of a world with the true answers of its pairs."""
    market = live_past(world).market
    seen = market.seen(np.zeros(world.plan.size.stores))
    return History(panel_of(seen, rivals_seen(seen)[:-1]), answers(world, market.record.regular), np.nan)


def answers(world: World, regular: Floats) -> Floats:
    """Return each pair's answer of the moment, the mean over a past as units weigh, shape (pairs,).

    Args:
        regular: Prices of that past, shape (weeks, pairs).
    """
    market, slopes, weights = Market(world), [], []
    while market.week + EVERY <= HISTORY_WEEKS:
        market = play(market, Repeated(regular), EVERY, np.zeros(world.plan.size.stores))
        truth, price = market.foresight(), regular[market.week - 1]
        units = truth.demand.response(truth.moment, price, price[:, None] * np.array([1 - STEP, 1.0, 1 + STEP])).units
        slopes.append(np.log(units[:, 2] / units[:, 0]) / np.log((1 + STEP) / (1 - STEP)))
        weights.append(units[:, 1])
    return np.asarray(np.average(slopes, axis=0, weights=weights))


if __name__ == "__main__":
    sys.exit(main())
