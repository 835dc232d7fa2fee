"""What a stranger is shown: popularity by what is known of the visit, against plain popularity.

    python evaluations/cold_context.py --data DIR [--share S] [--seed N]

Models learn from what happened before a cut. Each shopper's visits after it (what one shopper did in one store in a
day) are asked about as if nothing were known of the shopper; right is what they took. `group` is the popularity of all
stores together, `store` that of the store alone, `leaning` the store's shrunk to the group's, as it is served, and
`part_of_day` and `weekend` this one in the order of `visit_lifts`. `pays` names what of hour, device and referrer
training chooses before the cut, for the model popular. `landing` answers the second product of each visit from the
first alone by item-knn, beside `popular` for the same. NDCG@10 with 95% intervals by bootstrap over shoppers; `cold`
are shoppers who were not there before the cut.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from evaluations.folder_warehouse import FolderWarehouse
from evaluations.newest_visits import DAY, Visits, newest_visits, weekends
from evaluations.visited_shops import VISITED

from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.visit_facts import parts_of_day
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.visit_lifts import lifts_of
from shopkeeper.recommendations.models.visit_lifts_fit import fit_visit_lifts
from shopkeeper.training.comparison import intervals
from shopkeeper.training.split import moment_of

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
PLACES = 10
LED = 500
"""Products of a store, the most popular, that a time may bring into another order."""
MOST_LANDINGS = 4_000
DISCOUNTS: Values = 1.0 / np.log2(np.arange(2, PLACES + 2))


def ndcg(first: Codes, taken: npt.NDArray[Any]) -> float:
    """Return the NDCG@10 of a list where all that was taken is right alike."""
    hits = np.isin(first, taken)
    return float(DISCOUNTS[: len(hits)][hits].sum() / DISCOUNTS[: min(len(taken), PLACES)].sum())


def by_popularity(popular: Popular, visits: Visits, lifts: Values, values: Codes) -> Values:
    """Return the figure of each visit, answered by the store's popularity in the order of its time.

    Args:
        lifts: Of each item for each value; shape (values, items).
        values: Value of each visit; shape (n,).
    """
    found = []
    for store, value, taken in zip(visits.stores.tolist(), values.tolist(), visits.taken, strict=True):
        leaders = popular.leaders(popular.stores[store])
        if leaders is None:
            found.append(0.0)
            continue
        items = leaders.items[:LED].astype(np.int64)
        order = np.argsort(-leaders.scores[:LED] * lifts[value, items], kind="stable")
        found.append(ndcg(items[order[:PLACES]], taken))
    return np.array(found)


def landings(data: Interactions, cut: int) -> Codes:
    """Return the places in the sequences of the first entries of visits after the cut whose next entry is another's."""
    seen = data.sequences
    day = seen.times // DAY
    one, other = slice(None, -1), slice(1, None)
    follows = (seen.shoppers[other] == seen.shoppers[one]) & (day[other] == day[one])
    new = (seen.items[other] != seen.items[one]) & (seen.moments[other] != seen.moments[one])
    pairs = np.flatnonzero(follows & new & (seen.first_times[one] >= cut))
    _, firsts = np.unique(np.column_stack([seen.shoppers[pairs], day[pairs]]), axis=0, return_index=True)
    return pairs[firsts][:MOST_LANDINGS]


def by_landing(knn: ItemKnn, data: Interactions, places: Codes) -> dict[str, Values]:
    """Return the figures of item-knn and popularity for the entry after each of `places`, told that one alone."""
    parts = [_by_landing(knn, data, part) for part in np.array_split(places, max(len(places) // 200, 1))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _by_landing(knn: ItemKnn, data: Interactions, places: Codes) -> dict[str, Values]:
    seen, count = data.sequences, len(places)
    seconds = seen.times[places] // SECOND
    batch = HistoryBatch(
        np.arange(count + 1), seen.items[places], seen.kinds[places], seconds, seen.stores[places], seconds
    )  # fmt: skip
    order = knn.tie_break(seen.stores[places])
    filled = knn.score_batch(batch) + 1e-6 * order / max(float(order.max(initial=0.0)), 1.0)
    figures = {}
    for name, table in (("landing", filled), ("popular", order)):
        table[np.arange(count), seen.items[places]] = -1.0
        best = np.argsort(-table, axis=1, kind="stable")[:, :PLACES]
        rows = zip(best, places.tolist(), strict=True)
        figures[name] = np.array([ndcg(row, seen.items[[place + 1]]) for row, place in rows])
    return figures


def means(values: Values, shoppers: npt.NDArray[Any]) -> Values:
    """Return the mean of each shopper."""
    _, owners = np.unique(shoppers, return_inverse=True)
    found: Values = np.bincount(owners, weights=values) / np.bincount(owners)
    return found


def told(values: Values, shoppers: npt.NDArray[Any], seed: int) -> dict[str, Any]:
    """Return a mean over shoppers with its interval."""
    whole = means(values, shoppers)
    low, high = intervals(whole[:, None], resamples=1_000, seed=seed)
    return {"mean": float(whole.mean()), "interval": [float(low[0]), float(high[0])]}


def asked(past: Interactions, visits: Visits, seed: int) -> dict[str, Values]:
    """Return the figure of each visit by each popularity."""
    plain, alone = PopularParams(), replace(PopularParams(), group_views=0.0)
    leaning, one_store = Popular.fit(past, plain, seed), np.zeros_like(past.stores)
    together = Popular.fit(replace(past, stores=one_store, store_names=("all",)), alone, seed)
    parts = parts_of_day(past.times, past.stores, past.time_zones)
    begun = parts_of_day(visits.times, visits.stores, past.time_zones)
    nothing, zeros = np.ones((1, len(past.index))), np.zeros(len(visits.shoppers), dtype=np.int64)
    return {
        "group": by_popularity(together, replace(visits, stores=np.zeros_like(visits.stores)), nothing, zeros),
        "store": by_popularity(Popular.fit(past, alone, seed), visits, nothing, zeros),
        "leaning": by_popularity(leaning, visits, nothing, zeros),
        "part_of_day": by_popularity(leaning, visits, lifts_of(past, parts, 6), begun),
        "weekend": by_popularity(leaning, visits, lifts_of(past, weekends(past.times), 2), weekends(visits.times)),
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Ask everything and return the document."""
    begun = time.perf_counter()
    data = extract_interactions(FolderWarehouse(args.data, VISITED))
    cut = int(data.times[int((1.0 - args.share) * len(data))])
    past, visits = data.take(data.times < cut), newest_visits(data, cut, args.seed)
    figures = asked(past, visits, args.seed)
    cold = ~np.isin(visits.shoppers, np.unique(past.shoppers))
    slices = {"all": np.ones(len(cold), dtype=np.bool_), "cold": cold}
    pairs = (("store", "group"), ("leaning", "store"), ("part_of_day", "leaning"), ("weekend", "leaning"))
    document: dict[str, Any] = {
        "data": args.data.name, "cut": moment_of(cut).isoformat(), "seed": args.seed, "visits": len(visits.shoppers),
        "shoppers": len(np.unique(visits.shoppers)), "cold_visits": int(cold.sum()), "stores": len(data.store_names),
        "pays": list(fit_visit_lifts(Popular.fit(past, PopularParams(), args.seed), past, args.seed).tables),
    }  # fmt: skip
    for name, rows in slices.items():
        if rows.any():
            owners = visits.shoppers[rows]
            document[name] = {one: told(found[rows], owners, args.seed) for one, found in figures.items()}
            document[f"differences_{name}"] = {
                f"{better} over {worse}": told((figures[better] - figures[worse])[rows], owners, args.seed)
                for better, worse in pairs
            }
    places = landings(data, cut)
    found = by_landing(ItemKnn.fit(past, ItemKnnParams(), args.seed), data, places)
    owners = data.sequences.shoppers[places]
    document["landings"] = len(places)
    document["second_product"] = {one: told(values, owners, args.seed) for one, values in found.items()}
    document["landing over popular"] = told(found["landing"] - found["popular"], owners, args.seed)
    document["seconds"] = round(time.perf_counter() - begun, 1)
    return document


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--share", type=float, default=0.15, help="share of the interactions, the newest, that is asked"
    )
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(run(parser.parse_args())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
