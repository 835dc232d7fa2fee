"""How demand answers to price, from a file of sales; or, without a file, how well that is found where it is known.

    python evaluations/elasticity.py --data FILE --product C [--store C] [--time C] --units C --price C [--promo C]
        [--cost C] [--stock C] [--category C] [--period auto|day|week|month] [--out FILE.csv]
    python evaluations/elasticity.py [--seed 1]

Reads Parquet, CSV or JSONL, one row a sale, a day, a week or a month. Daily rows are added up to weeks. What was
found out about the file (units of time, logarithms, returns, periods without sales) goes to stderr, and to `reading`.

The last line of stdout is one JSON document: `pooled` (one slope for all, best sellers counting most, corrected for
prices that react to demand, with its 90% interval), `mean_slope` (of all pairs), `wrong_sign_share` (of pairs' own
slopes before any sharing and before the sign constraint), `free_wrong_sign_share` (after sharing, before the
constraint), `constraint_moved` (how far it moves slopes, in points: mean and largest), `coverage`, `slopes` (a pair
each, at most 2,000, those with most evidence), `products` (each with the mean of its pairs) and diagnostics of each
category. `--out` writes all pairs.

`coverage` on real data is out of sample: the share of pairs whose slope over the later half of the time, told by
itself, falls into the 90% interval that the earlier half foretells. Nothing there knows the truth.

Without `--data` histories are simulated (all figures are), with prices that react to demand and with their twins that
do not; the exit status is 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.elasticity_rows import Named, sale_rows
from evaluations.elasticity_truth import against_truth

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.rows import Reading, panel_of

Floats = npt.NDArray[np.float64]

LISTED: Final = 2_000
NINETY: Final = 1.6449


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="Parquet, CSV or JSONL; simulated histories where left out")
    for role, words in {
        "product": "what is sold", "store": "where; one store where left out", "time": "date, or number of the period",
        "units": "units sold", "price": "price paid or shown, net of tax", "promo": "0 to 1, or yes and no",
        "cost": "purchase cost of one unit", "stock": "share of the time in stock", "category": "one where left out",
    }.items():  # fmt: skip
        parser.add_argument(f"--{role}", metavar="C", help=words)
    parser.add_argument("--period", choices=("auto", "day", "week", "month"), default="auto")
    parser.add_argument("--out", type=Path, help="where all pairs are written, as CSV")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated histories")
    args = parser.parse_args(argv)
    if args.data is None:
        document, good = against_truth(args.seed)
        sys.stdout.write(json.dumps(document) + "\n")
        return 0 if good else 1
    if not (args.product and args.units and args.price):
        parser.error("--data needs --product, --units and --price")
    named = Named(
        args.product, args.store, args.units, args.price, args.time, args.category, args.promo, args.cost, args.stock,
        args.period,
    )  # fmt: skip
    try:
        document = on_file(args.data, named, args.out)
    except (ValueError, InputError, NotEnoughData, duckdb.Error, OSError) as error:
        print(f"{args.data}: {error}", file=sys.stderr)
        return 2
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def on_file(file: Path, named: Named, out: Path | None = None) -> dict[str, Any]:
    """Return the document of one file, and say it to a person on stderr."""
    rows, found = sale_rows(file, named)
    reading = panel_of(rows)
    start = time.process_time()
    told = estimate(reading.panel)
    seconds = time.process_time() - start
    document = {**_figures(reading.panel, told), "reading": _reading(reading, found), "cpu_seconds": round(seconds, 2)}
    document["coverage"] = foretold(reading.panel)
    document["slopes"] = _pairs(reading.panel, told, np.argsort(-told.evidence, kind="stable")[:LISTED])
    if out is not None:
        _written(out, _pairs(reading.panel, told, np.arange(reading.panel.pairs)))
    _say(document, found)
    return document


def foretold(panel: PricePanel) -> float | None:
    """Return how often a pair's slope over the later half lies where the earlier half says it should, at 90%.

    Rows without time are split by turns. None where a half has too little to tell.
    """
    half = panel.periods // 2
    cuts = (slice(0, half), slice(half, None)) if panel.ordered else (slice(0, None, 2), slice(1, None, 2))
    try:
        earlier, later = (estimate(panel.of_periods(cut)) for cut in cuts)
    except NotEnoughData:
        return None
    both = (np.asarray(later.support) == "own") & (np.asarray(earlier.support) != "none")
    if both.sum() < 10:
        return None
    # The later slope is raw, so the earlier bias correction has no place in the comparison.
    distance = np.abs(later.raw - earlier.free - _correction(panel, earlier))[both]
    return round(float((distance <= NINETY * np.hypot(earlier.free_sd, later.raw_error)[both]).mean()), 4)


def _correction(panel: PricePanel, told: Elasticities) -> Floats:
    return np.asarray([told.categories[c].reaction if c in told.categories else 0.0 for c in panel.category.tolist()])


def _figures(panel: PricePanel, told: Elasticities) -> dict[str, Any]:
    own = np.asarray(told.support) != "none"
    own &= np.isfinite(told.raw_error)
    measured = own if own.any() else np.isfinite(told.raw_error)
    moved = np.abs(told.slope - told.free)
    categories = [
        {
            "category": panel.categories[number], "slope": c.slope, "sd": c.sd, "first": c.first,
            "first_error": c.first_error, "reaction": c.reaction, "reaction_sd": c.reaction_sd,
            "instrument_f": c.instrument, "cross": c.cross, "rival": c.rival, "carry_over": c.carry_over,
            "promo": c.promo, "overdispersion": c.overdispersion, "opinion": c.opinion,
        }
        for number, c in told.categories.items()
    ]  # fmt: skip
    weights = np.bincount(panel.category, minlength=max(told.categories) + 1)
    sizes = np.asarray([weights[number] for number in told.categories], dtype=np.float64)
    slopes = np.asarray([c.first - c.reaction for c in told.categories.values()])
    sds = np.asarray([np.hypot(c.first_error, c.reaction_sd) for c in told.categories.values()])
    pooled, error = float(sizes @ slopes / sizes.sum()), float(np.sqrt((sizes**2) @ sds**2) / sizes.sum())
    return {
        "pooled": pooled, "pooled_low": pooled - NINETY * error, "pooled_high": pooled + NINETY * error,
        "mean_slope": float(told.slope.mean()), "log_log": log_log(panel),
        "wrong_sign_share": float((told.raw[measured] > 0).mean()),
        "free_wrong_sign_share": float((told.free[measured] > 0).mean()),
        "constraint_moved": {"mean": float(moved.mean()), "largest": float(moved.max())},
        "raw_quantiles": _quantiles(told.raw[measured]), "slope_quantiles": _quantiles(told.slope),
        "pairs": panel.pairs, "periods": panel.periods, "period_days": panel.period_days,
        "products": _products(panel, told), "categories": categories,
        "support": {word: int((np.asarray(told.support) == word).sum()) for word in ("own", "category", "none")},
        "spreads": {
            "pair": told.spreads.pair, "product": told.spreads.product, "store": told.spreads.store,
            "relative": told.spreads.relative,
        },
    }  # fmt: skip


def log_log(panel: PricePanel) -> float | None:
    """Return the plainest estimate, of log units on log price with a level for each pair, to compare with."""
    cells = panel.counted() & (panel.units > 0)
    logs = [np.log(np.where(cells, values, 1.0).astype(np.float64)) for values in (panel.units, panel.price)]
    count = np.maximum(cells.sum(axis=1, keepdims=True), 1)
    units, price = (np.where(cells, v - np.where(cells, v, 0).sum(axis=1, keepdims=True) / count, 0) for v in logs)
    return float((units * price).sum() / (price**2).sum()) if (price**2).sum() > 0 else None


def _quantiles(values: Floats) -> dict[str, float]:
    return {f"{q:g}": round(float(np.quantile(values, q)), 4) for q in (0.05, 0.25, 0.5, 0.75, 0.95)}


def _products(panel: PricePanel, told: Elasticities) -> list[dict[str, Any]]:
    """Return each product's mean over its pairs, the best-selling 200 first."""
    pairs = np.bincount(panel.product)
    sold = np.bincount(panel.product, panel.units.sum(axis=1))
    weight = np.where(np.isfinite(told.raw_error), 1 / np.where(told.raw_error > 0, told.raw_error, 1.0) ** 2, 0.0)
    total = np.bincount(panel.product, weight)
    raw = np.bincount(panel.product, weight * told.raw) / np.where(total > 0, total, 1.0)
    means = {
        k: np.bincount(panel.product, v) / pairs
        for k, v in (("slope", told.slope), ("low", told.low), ("high", told.high))
    }
    return [
        {
            "product": panel.products[n], "pairs": int(pairs[n]),
            "raw": round(float(raw[n]), 4) if total[n] > 0 else None,
            **{k: round(float(v[n]), 4) for k, v in means.items()},
        }
        for n in np.argsort(-sold, kind="stable")[:200].tolist()
    ]  # fmt: skip


def _pairs(panel: PricePanel, told: Elasticities, chosen: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    def said(value: float) -> float | None:
        return round(value, 4) if np.isfinite(value) else None

    return [
        {
            "product": panel.products[panel.product[n]], "store": panel.stores[panel.store[n]],
            "raw": said(float(told.raw[n])), "raw_error": said(float(told.raw_error[n])),
            "slope": said(float(told.slope[n])), "sd": said(float(told.sd[n])), "low": said(float(told.low[n])),
            "high": said(float(told.high[n])), "evidence": said(float(told.evidence[n])), "support": told.support[n],
        }
        for n in chosen.tolist()
    ]  # fmt: skip


def _reading(reading: Reading, found: list[str]) -> dict[str, Any]:
    return {
        "rows": reading.rows, "left_out": reading.left_out, "sale_only": reading.sale_only, "zeros": reading.zeros,
        "pauses": reading.pauses, "netted": reading.netted, "found": found,
    }  # fmt: skip


def _written(out: Path, pairs: list[dict[str, Any]]) -> None:
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(pairs[0]))
        writer.writeheader()
        writer.writerows(pairs)


def _say(document: dict[str, Any], found: list[str]) -> None:
    for line in found:
        print(line, file=sys.stderr)
    d = document
    print(
        f"{d['pairs']} pairs over {d['periods']} periods: pooled slope {d['pooled']:.3f} "
        f"(90%: {d['pooled_low']:.3f} to {d['pooled_high']:.3f}), plain log-log {d['log_log']:.3f}; own slopes of "
        f"the wrong sign {d['wrong_sign_share']:.1%}, after sharing {d['free_wrong_sign_share']:.1%}; "
        f"coverage {d['coverage']}",
        file=sys.stderr,
    )
    for product in d["products"][:12]:
        print(
            f"  {product['product'][:40]:40} {product['pairs']:5} pairs  own {product['raw']}  "
            f"slope {product['slope']:.2f} ({product['low']:.2f} to {product['high']:.2f})", file=sys.stderr,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
