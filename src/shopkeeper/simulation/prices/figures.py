"""What a price world looks like, in figures that public data have too."""

from __future__ import annotations

from importlib import resources
from typing import Final

import msgspec
import numpy as np

from shopkeeper.simulation.prices.history import Past

STEP: Final = 0.03
"""Price change on either side by which an elasticity is told."""
YEAR: Final = 52


def public_figures() -> dict[str, dict[str, float]]:
    """Return the committed figures: rounded ones of orange juice, and published ones.

    Source:
        own_mean: Bijmolt, van Heerde and Pieters (2005), 1,851 price elasticities.
        orange_juice: ours, on the bayesm set: log-log by brand with store effects, rounded; no row is kept.
        oracle_lift: ours, a static sweep of constant elasticities at moves of 10 to 20% (docs/decisions/0027).
    """
    file = resources.files("shopkeeper.simulation.prices").joinpath("public_figures.json")
    return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, float]])


def world_figures(past: Past) -> dict[str, float]:
    """Return the figures of a world at the end of its history.

    Own elasticities are those of the true demand at the prices there are, rivals' answers included. `others_pull` is
    the share of what a pair's cut brings that others lose, in revenue; of data it is the sum of the slopes by the other
    brands' prices over the own slope.
    """
    market, record = past.market, past.market.record
    truth, paid = market.foresight(), record.regular[market.week - 1]
    answer = truth.demand.response(truth.moment, paid, paid[:, None] * np.array([1 - STEP, 1.0, 1 + STEP]))
    own = np.log(answer.units[:, 2] / answer.units[:, 0]) / np.log((1 + STEP) / (1 - STEP))
    units = answer.units[:, 1]
    gained = float(((answer.units[:, 0] - units) * paid).sum())
    year = slice(market.week - YEAR, market.week)
    return {
        "own_least": float(np.quantile(own, 0.02)),
        "own_median": float(np.median(own)),
        "own_most": float(np.quantile(own, 0.98)),
        "own_mean": float(own.mean()),
        "own_mean_of_units": float((own * units).sum() / units.sum()),
        "others_pull": float(-answer.other_revenue[:, 0].sum() / gained),
        "price_deviation": float(np.log(record.price[year]).std(axis=0).mean()),
        "promoted": float(record.promoted[year].mean()),
        "luck_of_product": market.world.plan.shocks.product,
        "slow_pairs": float((record.units[year].mean(axis=0) < 7).mean()),
        "weeks_without_sale": float((record.units[year] == 0).mean()),
        "in_stock": float(record.in_stock[year].mean()),
        "prices_changed": float((np.diff(record.regular[year], axis=0) != 0).mean()),
        "margin": float(past.target.mean()),
    }
