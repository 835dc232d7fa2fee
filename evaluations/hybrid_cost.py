"""What lists of the night, lists of the moment, and both together bring and cost, in simulated worlds.

    python evaluations/hybrid_cost.py [--seed 1] [--model item-knn]

Every figure is simulated. In a world of each mechanism one version serves the same shoppers with the same draws for
seven days in several ways: `live` (real time), `nightly` (batch: lists made after each day, whatever shoppers do), and
`hybrid` with a shopper live from 1, 2, 3 events of the last 24 hours on (`lively_events`). Cost is CPU time of this
process and its children: answers, intake of events, and for lists of the night their making; the world's own is left
out. Who has no account has no list of the night and gets what everybody new gets. The last line of stdout is one JSON
document; `hybrid` in it is the cheapest split that keeps nine tenths of what live lists add to nightly ones, else the
one that keeps most.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from shopkeeper.simulation.worlds.hashes import WORLDS
from shopkeeper.simulation.worlds.paired import Figure, joined, mean, ratio
from shopkeeper.simulation.worlds.visits import Takings
from shopkeeper.simulation.worlds.world import MECHANISMS

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.world_shop import Cost, meet_nightly, open_shop

SPLITS: Final = (1, 2, 3)
WAYS: Final[Mapping[str, dict[str, Any]]] = {
    "nightly": {"lists": "nightly"},
    **{f"hybrid {events}": {"lists": "hybrid", "lively_events": events} for events in SPLITS},
    "live": {"lists": "live"},
}
KEPT: Final = 0.9
"""Share of the gain that a cheaper split must keep."""


def main() -> int:
    """Run the evaluation and print its figures; 1 = a world was changed without its hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="item-knn")
    parser.add_argument("--trials", type=int, default=0, help="trials of tuning")
    parser.add_argument("--mechanisms", default=",".join(MECHANISMS))
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    started = time.perf_counter()
    met: dict[str, list[tuple[Takings, Cost]]] = {way: [] for way in WAYS}
    for mechanism in MECHANISMS:
        if mechanism not in chosen.mechanisms.split(","):
            continue
        with tempfile.TemporaryDirectory(prefix="hybrid-cost-") as folder:
            shop = open_shop(mechanism, chosen.seed * 1_000, (chosen.model,), chosen.trials, Path(folder))
            for way, recipe in WAYS.items():
                takings, cost = meet_nightly(shop, chosen.model, recipe)
                met[way].append((takings.of_those(takings.visits > 0), cost))
                print(f"{mechanism} {way}: {cost}", file=sys.stderr, flush=True)
    document = summary(met) | {
        "settings": vars(chosen),
        "hashes": WORLDS.current(),
        "as_committed": not WORLDS.changed(),
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(msgspec.json.encode(document).decode())
    return 0 if document["as_committed"] else 1


def summary(met: Mapping[str, Sequence[tuple[Takings, Cost]]]) -> dict[str, Any]:
    """Return KPI and cost of each way, and how much of what live lists add to nightly ones each keeps."""
    ctr = {way: _ctr([takings for takings, _ in found]) for way, found in met.items()}
    revenue = {way: mean(joined([takings.revenue for takings, _ in found])) for way, found in met.items()}
    ways: dict[str, Any] = {}
    for way, found in met.items():
        cost = Cost.total([cost for _, cost in found])
        ways[way] = {
            "ctr": ctr[way].document(),
            "revenue_per_visitor": revenue[way].document(),
            "ctr_over_nightly": ctr[way].uplift(ctr["nightly"]).document(),
            "revenue_less_nightly": revenue[way].less(revenue["nightly"]).document(),
            "share_of_gain": 0.0 if way == "nightly" else _share(ctr, way),
            "live_share": cost.live / cost.answers,
            "cpu_seconds": cost.serving + cost.lists,
            "cpu_seconds_lists": cost.lists,
            "cpu_seconds_per_1000_answers": 1_000 * (cost.serving + cost.lists) / cost.answers,
        }
    hybrid = [way for way in ways if way.startswith("hybrid")]
    enough = [way for way in hybrid if ways[way]["share_of_gain"] >= KEPT]
    best = (
        min(enough, key=lambda way: ways[way]["cpu_seconds_per_1000_answers"])
        if enough
        else max(hybrid, key=lambda way: ways[way]["share_of_gain"])
    )
    return {
        "simulated": True,
        "unit": "shopper; CTR is the share of shown lists that are clicked, by their true probability",
        "batch": ways["nightly"],
        "real_time": ways["live"],
        "hybrid": ways[best] | {"setting": WAYS[best]},
        "ways": ways,
        "blueprint": {"real_time_ctr_uplift": 0.15, "real_time_cost": 3.0},
    }


def _ctr(takings: Sequence[Takings]) -> Figure:
    return ratio(joined([one.clicked for one in takings]), joined([one.answers for one in takings]))


def _share(ctr: Mapping[str, Figure], way: str) -> float:
    gain = ctr["live"].value - ctr["nightly"].value
    return (ctr[way].value - ctr["nightly"].value) / gain if gain else 0.0


if __name__ == "__main__":
    sys.exit(main())
