"""How well slopes are found in simulated histories, where they are known. All figures are simulated."""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
from evaluations.price_panels import History, Market, simulated

from shopkeeper.pricing.demand.elasticity import Elasticities, estimate

HISTORIES: Final = {
    "prices by chance": Market(confounding=0.0, slow_movers=False),
    "rules react to season and sales": Market(),
    "rules also know unseen demand": Market(insight=0.2),
}
"""The third cannot be told from the data but by moves of cost."""
REPEATED: Final = 3
"""Histories of each kind; the gap to the twins is their mean."""
SLACK: Final = 0.022
"""Two standard errors of a share of 95% over 400 products, whose pairs depend on each other."""


def against_truth(seed: int) -> tuple[dict[str, Any], bool]:
    """Return figures of each kind of history with its twin, and whether all bars hold."""
    said = {
        name: [_compared(name, market, seed + n + len(HISTORIES) * again) for again in range(REPEATED)]
        for n, (name, market) in enumerate(HISTORIES.items())
    }
    both = [figures for kind in said.values() for world in kind for figures in (world["history"], world["twin"])]
    slopes = {name: [world["history"]["slope"] for world in kind] for name, kind in said.items()}
    document = {
        "simulated": True, "pooled": float(np.mean([f["slope"] for f in both])),
        "wrong_sign_share": float(np.mean([f["wrong_sign_share"] for f in both])),
        "coverage": float(np.mean([f["coverage"] for f in both])), "slopes": slopes,
        "rmse_of_pooled": max(f["rmse_of_pooled"] for f in both),
        "free_sign_accuracy": min(f["free_sign_accuracy"] for f in both),
        "twin_gap": max(abs(np.mean([world["gap"] for world in kind])) for kind in said.values()), "histories": said,
    }  # fmt: skip
    covered = all(0.85 - SLACK <= f["coverage"] <= 0.95 + SLACK for f in both)
    good = document["rmse_of_pooled"] <= 0.8 and covered
    return document, bool(good and document["twin_gap"] <= 0.15 and document["free_sign_accuracy"] >= 0.99)


def _compared(name: str, market: Market, seed: int) -> dict[str, Any]:
    histories = [simulated(market, seed), simulated(market, seed, twin=True)]
    told = [estimate(history.panel) for history in histories]
    figures = [figures_of(history, slopes) for history, slopes in zip(histories, told, strict=True)]
    by_category = [_by_category(history, slopes) for history, slopes in zip(histories, told, strict=True)]
    gap = figures[0]["slope"] - figures[1]["slope"]
    print(
        f"{name}: correlation of price with demand {figures[0]['reaction']:.2f}, mean slope {figures[0]['slope']:.2f}, "
        f"of the twin {figures[1]['slope']:.2f}, true {figures[0]['true']:.2f}; error of pooled "
        f"{figures[0]['rmse_of_pooled']:.2f} and {figures[1]['rmse_of_pooled']:.2f}; "
        f"coverage {figures[0]['coverage']:.3f} and {figures[1]['coverage']:.3f}",
        file=sys.stderr,
    )
    for number, (own, twin) in enumerate(zip(*by_category, strict=True)):
        print(f"  category {number}: {own:.2f}, twin {twin:.2f}, apart {own - twin:+.2f}", file=sys.stderr)
    apart = [round(own - twin, 3) for own, twin in zip(*by_category, strict=True)]
    return {"history": figures[0], "twin": figures[1], "gap": gap, "gap_by_category": apart}


def figures_of(history: History, told: Elasticities) -> dict[str, float]:
    """Return errors against the truth, those of one slope a category beside."""
    category = history.panel.category.tolist()
    pooled = np.asarray([told.categories[c].slope for c in category])
    measured = np.isfinite(told.raw_error)

    def rmse(found: np.ndarray[Any, np.dtype[np.float64]]) -> float:
        return float(np.sqrt(np.mean((found - history.slope) ** 2)))

    return {
        "slope": float(told.slope.mean()), "true": float(history.slope.mean()), "reaction": history.reaction,
        "rmse": rmse(told.slope), "rmse_pooled": rmse(pooled), "rmse_raw": rmse(told.raw),
        "rmse_of_pooled": rmse(told.slope) / rmse(pooled),
        "coverage": float(((told.low <= history.slope) & (history.slope <= told.high)).mean()),
        "wrong_sign_share": float((told.raw[measured] > 0).mean()), "free_sign_accuracy": float((told.free < 0).mean()),
    }  # fmt: skip


def _by_category(history: History, told: Elasticities) -> list[float]:
    return [float(told.slope[history.panel.category == number].mean()) for number in told.categories]
