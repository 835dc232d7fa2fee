"""Price slopes of a retailer's whole shelf: 80,000 pairs of product and store over 104 weeks, 8.3 million rows.

    python benchmarks/elasticities.py [--products 10000] [--stores 8] [--weeks 104] [--seed 1]

The history is simulated: 40 categories, a fifth of weeks without a sale, prices that move by 6%. One JSON document on
the last line of stdout: `seconds` and `cpu_seconds` of the estimate, `limit_seconds` (one exponential and one sum over
all cells, twenty times: what five Newton steps of four coefficients read), `memory_mb` at its peak, and errors against
the truth.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.elasticity import estimate
from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]

CATEGORIES: Final = 40
PASSES: Final = 20


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--stores", type=int, default=8)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    panel, slope = history(args.products, args.stores, args.weeks, args.seed)
    limit = _passes(panel)
    start, cpu = time.perf_counter(), time.process_time()
    told = estimate(panel)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    pooled = np.asarray([told.categories[c].slope for c in panel.category.tolist()])
    document = {
        "rows": panel.units.size, "pairs": panel.pairs, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2),
        "limit_seconds": round(limit, 2), "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "zero_share": float((panel.units == 0).mean()), "mean": float(told.slope.mean()),
        "true_mean": float(slope.mean()),
        "rmse": _rmse(told.slope, slope), "rmse_pooled": _rmse(pooled, slope), "rmse_raw": _rmse(told.raw, slope),
        "coverage": float(((told.low <= slope) & (slope <= told.high)).mean()),
        "wrong_sign_share": float((told.raw > 0).mean()), "within_25_s": bool(seconds <= 25),
    }  # fmt: skip
    print(f"{panel.units.size:,} rows in {seconds:.1f} s ({cpu:.1f} of CPU)", file=sys.stderr)
    sys.stdout.write(json.dumps(document) + "\n")


def history(products: int, stores: int, weeks: int, seed: int) -> tuple[PricePanel, Floats]:
    """Return a simulated panel and the true slope of each pair."""
    rng = np.random.default_rng(seed)
    product, store = np.repeat(np.arange(products), stores), np.tile(np.arange(stores), products)
    category = product % CATEGORIES
    pairs = len(product)
    slope = -np.exp(np.log(rng.uniform(1.5, 3.2, CATEGORIES))[category] + rng.normal(0, 0.33, products)[product])
    slope *= np.exp(rng.normal(0, 0.12, pairs))
    base = rng.normal(1.0, 1.3, products)[product] + rng.normal(0, 0.3, pairs)
    season = 0.2 * np.sin(np.arange(weeks) / 52 * 2 * np.pi + rng.uniform(0, 6, CATEGORIES)[:, None])
    units, price = np.empty((pairs, weeks), np.float32), np.empty((pairs, weeks), np.float32)
    promo = np.empty((pairs, weeks), np.float32)
    for start in range(0, pairs, 4_000):
        cut = slice(start, start + 4_000)
        rows = len(product[cut])
        log_price = np.repeat(rng.normal(0, 0.06, (rows, weeks // 6 + 1)), 6, axis=1)[:, :weeks]
        promo[cut] = rng.random((rows, weeks)) < 0.05
        log_price -= 0.1 * promo[cut]
        mean = base[cut, None] + season[category[cut]] + slope[cut, None] * log_price + 0.3 * promo[cut]
        units[cut] = rng.poisson(np.exp(mean) * rng.gamma(5, 0.2, (rows, weeks)))
        price[cut] = 10 * np.exp(log_price)
    ones = np.ones((pairs, weeks), np.float32)
    return PricePanel(product, store, category, units, price, ones, promo=promo), slope


def _passes(panel: PricePanel) -> float:
    """Return seconds of the least that any such estimate does."""
    cells = panel.price.astype(np.float64)
    start = time.perf_counter()
    for _ in range(PASSES):
        np.einsum("pt,pt->p", np.exp(cells * -0.1), cells)
    return time.perf_counter() - start


def _rmse(found: Floats, true: Floats) -> float:
    return float(np.sqrt(np.mean((found - true) ** 2)))


if __name__ == "__main__":
    main()
