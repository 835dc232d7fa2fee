"""Analyse any finished test from its raw rows, one row a unit; or tests of which only sums at checkpoints are kept.

    python evaluations/experiment.py --data FILE --unit C --arm C --metrics C,... [--covariate C] [--control ARM]
        [--weights ARM=SHARE,...]
    python evaluations/experiment.py --data FILE --unit C --metrics C,... --aa 500
    python evaluations/experiment.py --data FILE --summaries

Reads Parquet, CSV or JSONL. A unit with several rows is an error: its values have to be added up first. The last line
of stdout is one JSON document: units of each arm, `srm_p`, `valid`, and for each metric and arm the relative effect
with a fixed and an always-valid 95% interval, p values raw and by Holm, on raw and on winsorised values.

With `--aa N` no arm is read: units are split at random N times and each metric analysed row by row, so its p values
must lie evenly; where they do not, what is split is not what is analysed. Here a unit may have several rows.

With `--summaries` (Parquet) a row is one checkpoint of one metric of one arm, sums since the start, in the layout of
the ASOS Digital Experiments: experiment_id, variant_id, metric_id, time_since_start (days), count_c, count_t, mean_c,
mean_t, variance_c, variance_t. It says how many comparisons would have stopped and when: by the interval that holds at
any look (`any_time`), by boundaries of planned looks (`planned_looks`) and by one look at the end. `agreement` is the
largest distance of an interval's end from a second implementation of the same formulas in SQL.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.experiments.aa_check import aa_check
from shopkeeper.experiments.finished import Finished, analyse

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.columns import numbers, read
from evaluations.summaries import summed_up

SUSPECT: Final = 0.01
"""p value of the arms' sizes below which a person should look, though the verdict stands."""


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--summaries", action="store_true", help="rows are sums at checkpoints; see above")
    parser.add_argument("--aa", type=int, metavar="N", help="resplits of an A/A check, 500 or more; see above")
    parser.add_argument("--seed", type=int, default=0, help="of the resplits")
    parser.add_argument("--unit", help="column that names a unit, such as user")
    parser.add_argument("--arm", help="column that names its arm")
    parser.add_argument("--metrics", help="columns of what is compared, separated by commas")
    parser.add_argument("--covariate", help="column of a figure from before exposure")
    parser.add_argument("--control", help="arm the others are compared with; the first by name")
    parser.add_argument("--weights", help="planned shares, such as control=0.5,treatment=0.5; equal by default")
    args = parser.parse_args(argv)
    if not args.summaries and not (args.unit and args.metrics and (args.arm or args.aa)):
        parser.error("rows of units need --unit, --metrics and --arm, or --aa in place of --arm")
    try:
        document = _document(args)
    except (ValueError, InputError, NotEnoughData, duckdb.Error, OSError) as error:
        print(f"{args.data}: {error}", file=sys.stderr)
        return 2
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def _document(args: argparse.Namespace) -> dict[str, Any]:
    if args.summaries:
        return summed_up(args.data)
    return resplit(args) if args.aa else told(analysed(args))


def resplit(args: argparse.Namespace) -> dict[str, Any]:
    """Return the A/A check of each metric, and say it to a person on stderr."""
    metrics = [name.strip() for name in args.metrics.split(",") if name.strip()]
    rows = read(args.data, [args.unit, *metrics])
    found = {}
    for name in metrics:
        check = aa_check(numbers(rows[name], name), rows[args.unit], resplits=args.aa, seed=args.seed)
        print(f"{name}: {check.words}", file=sys.stderr)
        found[name] = asdict(check)
    return {"aa": found, "passed": all(one["passed"] for one in found.values())}


def analysed(args: argparse.Namespace) -> Finished:
    """Read the rows and analyse them.

    Raises:
        ValueError: a column is missing, a unit has several rows, or a value is no number.
    """
    metrics = [name.strip() for name in args.metrics.split(",") if name.strip()]
    columns = [args.unit, args.arm, *metrics, *([args.covariate] if args.covariate else [])]
    rows = read(args.data, columns)
    units = rows[args.unit]
    if len(np.unique(units)) != len(units):
        raise ValueError(
            f"{len(units) - len(np.unique(units)):,} rows repeat a {args.unit}; add them up to one row each"
        )
    weights = dict(_share(pair) for pair in args.weights.split(",")) if args.weights else None
    values = {name: numbers(rows[name], name) for name in metrics}
    covariate = numbers(rows[args.covariate], args.covariate) if args.covariate else None
    return analyse(rows[args.arm].astype(str), values, covariate, args.control, weights)


def _share(pair: str) -> tuple[str, float]:
    name, _, share = pair.partition("=")
    return name.strip(), float(share)


def _srm_word(found: Finished) -> str:
    if not found.valid:
        return ": INVALID, no difference between these arms can be believed"
    return ": SUSPECT, look for units lost in one arm" if found.srm_p < SUSPECT else ""


def told(found: Finished) -> dict[str, Any]:
    """Say it to a person on stderr, and return it as JSON holds it."""
    print(f"units: {found.users}; SRM p {found.srm_p:.4g}{_srm_word(found)}", file=sys.stderr)
    for one in found.estimates:
        print(
            f"{one.metric} {one.arm}: {one.control:.5g} -> {one.value:.5g}, {100 * one.relative:+.2f}%"
            f" ({100 * one.low:+.2f}% to {100 * one.high:+.2f}%), p {one.p:.3g}",
            file=sys.stderr,
        )
    return found.document()


if __name__ == "__main__":
    raise SystemExit(main())
