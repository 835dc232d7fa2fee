"""What the simulated price markets look like beside public data and published ranges.

    python evaluations/price_figures.py [--seed 1] [--data FILE]

Prints the figures of one world of each mechanism beside those of orange juice in shops of a chain and the published
mean of elasticities. With `--data` (`orange_juice.parquet`, licensed for research and tests only) the former are
computed anew; without it they are read from `public_figures.json` beside the worlds: rounded, and all of those data
there is in the repository. The last line of stdout is one JSON document. All figures of worlds are simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError
from shopkeeper.simulation.prices.figures import public_figures, world_figures
from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.plan import MECHANISMS
from shopkeeper.simulation.prices.world import make_world

BRANDS: Final = range(1, 12)
Floats = npt.NDArray[np.float64]


def orange_juice(file: Path) -> dict[str, float]:
    """Return the figures of the 11 brands: log units on log prices of all, promotion, trend and season, by store."""
    if not file.is_file():
        raise InputError(f"There is no {file}.", "Name orange_juice.parquet with --data, or leave it out.")
    prices = ", ".join(f"price{brand}" for brand in BRANDS)
    text = f"SELECT brand, store, week, logmove, feat, deal, {prices} FROM read_parquet(?) ORDER BY store, week"  # noqa: S608 - no value of anybody's is in it
    with duckdb.connect() as connection:
        found = connection.execute(text, [str(file)]).fetchnumpy()
    table = {name: np.asarray(values, dtype=np.float64) for name, values in found.items()}
    own, pull, deviation, promoted, luck = [], [], [], [], []
    for brand in BRANDS:
        rows = {name: values[table["brand"] == brand] for name, values in table.items()}
        slopes, rest = _slopes(rows)
        own.append(slopes[brand - 1])
        pull.append(slopes[:11].sum() - slopes[brand - 1])
        deviation.append(float(np.log(rows[f"price{brand}"]).std()))
        promoted.append(float(rows["feat"].mean()))
        luck.append(float(_means(rows["week"], rest).std()))
    middle = float(np.median(own))
    return {
        "own_least": float(min(own)),
        "own_median": middle,
        "own_most": float(max(own)),
        "others_pull": float(np.median(pull)) / -middle,
        "price_deviation": float(np.mean(deviation)),
        "promoted": float(np.mean(promoted)),
        "luck_of_product": float(np.median(luck)),
    }


def _slopes(rows: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Return the slopes of the log prices of all brands, in their order, and what is not explained."""
    turn = 2 * np.pi * rows["week"] / 52
    columns = [np.log(rows[f"price{brand}"]) for brand in BRANDS]
    columns += [rows["feat"], rows["deal"], rows["week"], np.sin(turn), np.cos(turn)]
    inner = np.column_stack([each - _means(rows["store"], each) for each in columns])
    units = rows["logmove"] - _means(rows["store"], rows["logmove"])
    slopes = np.asarray(np.linalg.lstsq(inner, units, rcond=None)[0], dtype=np.float64)
    return slopes, units - inner @ slopes


def _means(group: Floats, values: Floats) -> Floats:
    """Return each row's mean over its group."""
    number = np.unique(group, return_inverse=True)[1]
    return np.asarray((np.bincount(number, values) / np.bincount(number))[number])


def main() -> int:
    """Run from the command line; 2 = the data are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="orange_juice.parquet; None = the committed figures")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        public = public_figures() | ({"orange_juice": orange_juice(chosen.data)} if chosen.data else {})
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    worlds = {
        letter: world_figures(live_past(make_world(name, chosen.seed))) for letter, name in MECHANISMS.items()
    }  # fmt: skip
    for figure in worlds["a"]:
        beside = {source: found[figure] for source, found in public.items() if figure in found}
        shown = "  ".join(f"{letter} {found[figure]:.3f}" for letter, found in worlds.items())
        print(f"{figure:20} {shown}  {beside or ''}", file=sys.stderr)
    print(json.dumps({"simulated": True, "seed": chosen.seed, "public": public, "worlds": worlds}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
