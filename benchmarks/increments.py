"""What live increments of the item-kNN cost: the last line of stdout is one JSON object.

    python benchmarks/increments.py [--interactions N] [--items N] [--share S] [--seed N]

Of synthetic interactions (see `train.py`) the newest `--share` come as live events, 2,000 at a time, to a version
trained on the others. `cpu_us_per_event` is the processor time of hearing an event, taking it into the cells and
letting answers see it, `take_us_per_event` of taking it alone; `most_round_ms` is the longest round of 2,000, which
yields to others after each 200 events. `cells` is what lies beside the table at the end, `cells_mb` its size.
`answer_us` is one question of 50 entries before anything came, and `grown_answer_us` with all of it, asked by turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.train import STORE, synthetic

from shopkeeper.commerce.event import Event
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.recommendations.loaded import LoadedModel, assemble_model, bundle_arrays
from shopkeeper.recommendations.models.increments import Increments
from shopkeeper.recommendations.models.item_knn import Counted, ItemKnn, ItemKnnParams

_ROUND = 2_000
_ASKED = 200


def main() -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    data = synthetic(args.interactions, args.items, args.seed)
    keys = [shopper_key(STORE, "visitor", str(code)) for code in range(len(data.shopper_keys))]
    data = replace(data, shopper_keys=keys)
    old = np.arange(len(data)) < (1 - args.share) * len(data)
    known, live = data.take(old), data.take(~old)
    model = ItemKnn.fit(known, ItemKnnParams(), args.seed)
    pasts, counted = ShopperPasts.build(known), Counted.of(known)
    version = assemble_model("v", model.name, bundle_arrays(model, pasts))
    alone = Increments(model.params, counted.entries, counted.until, pasts.newest)
    rows = list(
        zip([keys[code] for code in live.shoppers], live.items.tolist(), (live.times // SECOND).tolist(), strict=True)
    )
    begun = time.process_time()
    cells = [alone.take(*row) for row in rows]
    taking = time.process_time() - begun
    rounds = asyncio.run(live_rounds(LiveIncrements(), version, events_of(live)))
    (knn,) = version.knns
    if knn.grown is None:
        raise SystemExit("Nothing was learnt: raise --share.")
    answers = by_turns(knn, questions(known))
    figures = {
        "interactions": len(known), "events": len(rows), "additions_per_event": round(float(np.mean(cells)), 2),
        "most_additions": max(cells), "take_us_per_event": round(1e6 * taking / len(rows), 1),
        "cpu_us_per_event": round(1e6 * sum(rounds) / len(rows), 1), "most_round_ms": round(1e3 * max(rounds), 1),
        "cells": len(knn.grown.keys), "cells_mb": round(16e-6 * len(knn.grown.keys), 1),
        "answer_us": round(1e6 * answers[0], 1), "grown_answer_us": round(1e6 * answers[1], 1),
    }  # fmt: skip
    print(json.dumps(figures))
    return 0


def events_of(live: Interactions) -> list[Event]:
    """Return interactions as the events of devices."""
    columns = zip(live.shoppers.tolist(), live.items.tolist(), (live.times // SECOND).tolist(), strict=True)
    return [
        Event(
            event_id=str(place), ts=datetime.fromtimestamp(second, UTC), store=STORE, type="view",
            product=live.index.products[item], visitor=str(shopper),
        )
        for place, (shopper, item, second) in enumerate(columns)
    ]  # fmt: skip


async def live_rounds(increments: LiveIncrements, version: LoadedModel, events: Sequence[Event]) -> list[float]:
    """Return the processor seconds of each round."""
    found = []
    for start in range(0, len(events), _ROUND):
        begun = time.process_time()
        increments.record(STORE, events[start : start + _ROUND])
        await increments.grow([version])
        found.append(time.process_time() - begun)
    return found


def questions(data: Interactions) -> list[Asked]:
    """Return questions of shoppers who did as much as a model reads."""
    found = []
    for start in range(0, _ASKED * 50, 50):
        none = np.zeros(50, dtype=np.int64)
        items = data.items[start : start + 50].astype(np.int64)
        found.append(Asked(STORE, 0, items, np.ones(50), none.astype(np.int8), none, none.astype(np.bool_)))
    return found


def by_turns(knn: ItemKnn, asked: Sequence[Asked]) -> tuple[float, float]:
    """Return the median processor seconds of a question without increments and with them."""
    grown = knn.grown
    found: tuple[list[float], list[float]] = ([], [])
    for one in asked:
        for place, state in enumerate((None, grown)):
            knn.grown = state
            begun = time.process_time()
            knn.score(replace(one))
            found[place].append(time.process_time() - begun)
    return median(found[0]), median(found[1])


if __name__ == "__main__":
    sys.exit(main())
