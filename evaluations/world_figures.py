"""What the simulated worlds look like beside the public data they are calibrated to.

    python evaluations/world_figures.py [--data ../shared/data] [--seed 1]

Prints the figures of each world beside those of its public counterpart, as `figures.py` counts both. With `--data` the
public figures are computed anew from `diginetica-sessions`, `retailrocket-sessions`, `dunnhumby-complete-journey` and
`eshop-clothing-2008`; each set is cut to the size of a world (the products met most, the newest sessions), so that
catalogue and evidence compare. Without it they are read from `public_figures.json` beside the worlds, the only part of
those data in the repository. The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError
from shopkeeper.simulation.worlds.figures import (
    COUNTERPARTS,
    basket_figures,
    category_figures,
    most_met,
    public_figures,
    session_figures,
    world_figures,
)
from shopkeeper.simulation.worlds.history import live_history
from shopkeeper.simulation.worlds.world import MECHANISMS, make_world

PRODUCTS = 1_500
SESSIONS = 10_000
"""About as many sessions with two views and more as a world's history has."""

SMALL_SESSIONS = 750
"""So that a product of the small shop (217 of them, 54 in a category) has the 24 views one of the others has."""

Columns = dict[str, npt.NDArray[np.int64]]


def sessions(folder: Path) -> dict[str, float]:
    """Return the figures of the newest sessions of a set."""
    rows = read(folder / "train_sessions.parquet", "SELECT session, item_id FROM {} ORDER BY session, position")
    number, item = most_met(rows["session"], rows["item_id"], PRODUCTS)
    newest = np.unique(number)[-SESSIONS:]
    kept = number >= newest[0]
    return session_figures(number[kept], item[kept], PRODUCTS)


def baskets(folder: Path) -> dict[str, float]:
    """Return the figures of the baskets of the last 60 days of a year of groceries."""
    rows = read(
        folder / "transactions.parquet",
        "SELECT household_id, basket_id, product_id FROM {} WHERE transaction_timestamp >= (SELECT"
        " max(transaction_timestamp) - INTERVAL 60 DAY FROM {}) ORDER BY transaction_timestamp, basket_id",
    )
    names, codes, counts = np.unique(rows["product_id"], return_inverse=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    kept = rank[codes] < PRODUCTS
    return basket_figures(rows["household_id"][kept], rows["basket_id"][kept], rank[codes][kept], PRODUCTS)


def categories(folder: Path) -> dict[str, float]:
    """Return the figures of the newest sessions of a small shop whose categories are known, as many as a world's."""
    rows = read(
        folder / "clicks.parquet",
        "SELECT session_id, dense_rank() OVER (ORDER BY clothing_model) - 1 AS item, main_category FROM {}"
        ' ORDER BY date, session_id, "order"',
    )
    session = np.concatenate([[0], np.cumsum(rows["session_id"][1:] != rows["session_id"][:-1])])
    category = np.zeros(int(rows["item"].max()) + 1, dtype=np.int64)
    category[rows["item"]] = rows["main_category"]
    long = np.isin(session, np.flatnonzero(np.bincount(session) >= 2))
    newest = np.unique(session[long])[-SMALL_SESSIONS:]
    kept = long & (session >= newest[0])
    return category_figures(session[kept], rows["item"][kept], category)


def read(file: Path, text: str) -> Columns:
    """Return the columns of a query over one Parquet file."""
    if not file.is_file():
        raise InputError(f"There is no {file}.", "Name the folder of the public data with --data.")
    source = f"read_parquet('{str(file).replace(chr(39), chr(39) * 2)}')"
    with duckdb.connect() as connection:
        found = connection.execute(text.replace("{}", source)).fetchnumpy()
    return {name: np.asarray(values).astype(np.int64) for name, values in found.items()}


def main() -> int:
    """Run from the command line; 2 = the data are not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the public data; None = the committed figures")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        public = public_figures() if chosen.data is None else {
            "diginetica": sessions(chosen.data / "diginetica-sessions"),
            "retailrocket": sessions(chosen.data / "retailrocket-sessions"),
            "dunnhumby": baskets(chosen.data / "dunnhumby-complete-journey"),
            "eshop": categories(chosen.data / "eshop-clothing-2008"),
        }  # fmt: skip
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    document: dict[str, Any] = {"simulated": True, "seed": chosen.seed, "public": public, "worlds": {}}
    for name in MECHANISMS:
        world = make_world(name, chosen.seed)
        record, _ = live_history(world, datetime(2026, 1, 1, tzinfo=UTC))
        own = document["worlds"][name] = world_figures(record.views, record.baskets, world.goods.category)
        for other in COUNTERPARTS[name]:
            for figure, value in public[other].items():
                print(f"{name:11} {figure:16} world {own[figure]:.4f}  {other} {value:.4f}", file=sys.stderr)
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
