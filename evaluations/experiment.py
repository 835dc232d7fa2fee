"""Analyse any finished test from its raw rows, one row a unit.

    python evaluations/experiment.py --data FILE --unit C --arm C --metrics C,... [--covariate C] [--control ARM]
        [--weights ARM=SHARE,...]

Reads Parquet, CSV or JSONL. A unit with several rows is an error: its values have to be added up first. The last line
of stdout is one JSON document: units of each arm, `srm_p`, `valid`, and for each metric and arm the relative effect
with a fixed and an always-valid 95% interval, p values raw and by Holm, on raw and on winsorised values.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from shopkeeper.experiments.finished import Finished, analyse


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--unit", required=True, help="column that names a unit, such as user")
    parser.add_argument("--arm", required=True, help="column that names its arm")
    parser.add_argument("--metrics", required=True, help="columns of what is compared, separated by commas")
    parser.add_argument("--covariate", help="column of a figure from before exposure")
    parser.add_argument("--control", help="arm the others are compared with; the first by name")
    parser.add_argument("--weights", help="planned shares, such as control=0.5,treatment=0.5; equal by default")
    args = parser.parse_args()
    try:
        found = analysed(args)
    except (ValueError, duckdb.Error, OSError) as error:
        print(f"{args.data}: {error}", file=sys.stderr)
        return 2
    told(found)
    sys.stdout.write(json.dumps(found.document()) + "\n")
    return 0


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


def read(file: Path, columns: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Return columns of a file as arrays."""
    reader = {".parquet": "read_parquet", ".csv": "read_csv"}.get(file.suffix, "read_json")
    named = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    connection = duckdb.connect()
    try:
        return dict(connection.execute(f"SELECT {named} FROM {reader}(?)", [str(file)]).fetchnumpy())  # noqa: S608 - names are quoted
    finally:
        connection.close()


def numbers(values: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a column as numbers. Raises ValueError for one with gaps or text."""
    found = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    if np.isnan(found).any():
        row = int(np.flatnonzero(np.isnan(found))[0]) + 1
        raise ValueError(f"{name} has no number in row {row}; fill it, or leave the unit out in both arms")
    return found


def _share(pair: str) -> tuple[str, float]:
    name, _, share = pair.partition("=")
    return name.strip(), float(share)


def told(found: Finished) -> None:
    """Say it to a person on stderr."""
    print(f"units: {found.users}; SRM p {found.srm_p:.4g}{'' if found.valid else ': INVALID'}", file=sys.stderr)
    for one in found.estimates:
        print(
            f"{one.metric} {one.arm}: {one.control:.5g} -> {one.value:.5g}, {100 * one.relative:+.2f}%"
            f" ({100 * one.low:+.2f}% to {100 * one.high:+.2f}%), p {one.p:.3g}",
            file=sys.stderr,
        )


if __name__ == "__main__":
    raise SystemExit(main())
