"""What recommendations do in three worlds of different mechanism: rules, V1, V2, V3 and the best lists there are.

    python evaluations/shopper_market.py [--worlds 2] [--seed 1]

Every figure is simulated. In each world a shop lives through 60 days without Shopkeeper, its history is imported, and
each version is trained by the pipeline, tuned on its own validation part. Then the same shoppers, in the same moods,
with the same draws, meet each version for seven days, served by the serving code in this process (`served.py` says
what of it is left out: HTTP). Versions that this Shopkeeper cannot train are left out and said so.

Clicks, revenue and orders are judged by their true probabilities given what shoppers met; the unit is the shopper, and
differences are paired (`paired.py`). `share_of_oracle` is the share of the uplift over the rule baseline that the best
lists by the truth would bring; the oracle looks one page ahead. Seeds 1 to 99 are for building, 101 to 199 for judging.
Progress goes to stderr, one JSON document to the last line of stdout.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from shopkeeper.recommendations.learn import LEARNABLE
from shopkeeper.simulation.frozen import purpose
from shopkeeper.simulation.worlds.hashes import WORLDS
from shopkeeper.simulation.worlds.paired import Figure, joined, mean, ratio
from shopkeeper.simulation.worlds.visits import Takings
from shopkeeper.simulation.worlds.world import MECHANISMS, MechanismName

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.world_shop import cpu_seconds, meet, meet_oracle, open_shop

BASELINE, ORACLE = "baseline", "oracle"
VERSIONS: Final[Mapping[str, str]] = {BASELINE: "rules", "v1": "item-knn", "v2": "hybrid", "v3": "blend"}
"""What each version is called in training."""
PUBLISHED: Final = {
    "v1": {"ctr_uplift": 0.12},
    "v2": {"ctr_uplift": 0.23},
    "v3": {"ctr_uplift": 0.34, "aov_uplift": 0.26},
}
"""What the blueprint reports; printed beside, not required."""


@dataclass(frozen=True)
class Case:
    """One world to be judged in."""

    mechanism: MechanismName
    seed: int
    versions: Mapping[str, str]
    trials: int


@dataclass(frozen=True)
class Met:
    """What one world showed.

    Attributes:
        takings: By version, of the same shoppers in the same order, those who came at all.
        seconds: CPU seconds by step.
    """

    case: Case
    takings: Mapping[str, Takings]
    fallbacks: Mapping[str, Counter[str]]
    seconds: Mapping[str, float]


def main() -> int:
    """Run the evaluation and print its figures; 1 = a world was changed without its hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2, help="worlds of each mechanism, each with a seed of its own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=8, help="trials of tuning of each version")
    parser.add_argument("--workers", type=int, default=2, help="worlds at a time")
    parser.add_argument("--versions", default=",".join(VERSIONS), help="which of them, the baseline always")
    parser.add_argument("--mechanisms", default=",".join(MECHANISMS))
    chosen = parser.parse_args()
    started = time.perf_counter()
    wanted = {BASELINE, *chosen.versions.split(",")}
    versions = {name: model for name, model in VERSIONS.items() if name in wanted and model in LEARNABLE}
    skipped = {name: f"no model {VERSIONS[name]!r} yet" for name in VERSIONS if name in wanted and name not in versions}
    cases = [
        Case(mechanism, chosen.seed * 1_000 + number, versions, chosen.trials)
        for number in range(chosen.worlds)
        for mechanism in MECHANISMS
        if mechanism in chosen.mechanisms.split(",")
    ]
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        met = list(pool.map(run_world, cases))
    changed = WORLDS.changed()
    document = summary(met) | {
        "skipped": skipped,
        "settings": vars(chosen),
        "seeds": purpose(chosen.seed),
        "hashes": WORLDS.current(),
        "as_committed": not changed,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(msgspec.json.encode(document).decode())
    return 1 if changed else 0


def run_world(case: Case) -> Met:
    """Make one world, train every version, and let its shoppers meet each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    takings: dict[str, Takings] = {}
    fallbacks: dict[str, Counter[str]] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="shopper-market-") as folder:
        shop = open_shop(case.mechanism, case.seed, tuple(case.versions.values()), case.trials, Path(folder))
        seconds |= {f"train {model}": spent for model, spent in shop.trained.items()}
        for version, model in case.versions.items():
            before = cpu_seconds()
            takings[version], served = meet(shop, model)
            fallbacks[version] = served.fallbacks
            seconds[f"meet {model}"] = cpu_seconds() - before
        takings[ORACLE] = meet_oracle(shop)
    came = takings[BASELINE].visits > 0
    met = Met(case, {name: found.of_those(came) for name, found in takings.items()}, fallbacks, seconds)
    shown = {name: round(float(one.clicked.sum() / one.answers.sum()), 4) for name, one in met.takings.items()}
    print(f"{case.mechanism} {case.seed}: CTR {shown}, {sum(seconds.values()):.0f} CPU s", file=sys.stderr, flush=True)
    return met


def summary(met: Sequence[Met]) -> dict[str, Any]:
    """Return all figures, over all worlds and by mechanism; numbers at the top are of the newest version there is."""
    every = figures(met)
    newest = [name for name in VERSIONS if name in every["versions"]][-1]
    best = every["versions"][newest]
    ctr = {name: every["versions"][name]["ctr"]["value"] if name in every["versions"] else None for name in VERSIONS}
    return {
        "simulated": True,
        "unit": "shopper; CTR is the share of shown lists that are clicked, by their true probability",
        **ctr,
        "oracle": every["oracle"]["ctr"]["value"],
        "version": newest,
        "ctr_uplift": best["ctr_uplift"]["value"] if "ctr_uplift" in best else None,
        "revenue_per_visitor": best["revenue_per_visitor"]["value"],
        "share_of_oracle": best["share_of_oracle"]["value"] if "share_of_oracle" in best else None,
        "intervals": every,
        "mechanisms": {
            mechanism: figures([one for one in met if one.case.mechanism == mechanism])
            for mechanism in dict.fromkeys(one.case.mechanism for one in met)
        },
        "blueprint": PUBLISHED,
        "worlds": [
            {
                "mechanism": one.case.mechanism,
                "seed": one.case.seed,
                "ctr": {name: float(found.clicked.sum() / found.answers.sum()) for name, found in one.takings.items()},
                "fallbacks": one.fallbacks,
                "cpu_seconds": {name: round(spent, 1) for name, spent in one.seconds.items()},
            }
            for one in met
        ],
    }


def figures(met: Sequence[Met]) -> dict[str, Any]:
    """Return CTR, revenue per visitor and order value of every version, and what each adds to the one before it."""
    names = [name for name in VERSIONS if name in met[0].takings]
    ctr = {name: _over(met, name, "clicked", "answers") for name in (*names, ORACLE)}
    revenue = {name: mean(joined([one.takings[name].revenue for one in met])) for name in (*names, ORACLE)}
    orders = {name: _over(met, name, "spent", "orders") for name in (*names, ORACLE)}
    found: dict[str, Any] = {"visitors": sum(len(one.takings[ORACLE].visits) for one in met), "versions": {}}
    for place, name in enumerate(names):
        found["versions"][name] = own = _own(ctr[name], revenue[name], orders[name])
        if place:
            base = names[0]
            own["ctr_uplift"] = ctr[name].uplift(ctr[base]).document()
            own["revenue_uplift"] = revenue[name].uplift(revenue[base]).document()
            own["aov_uplift"] = orders[name].uplift(orders[base]).document()
            own["share_of_oracle"] = _share(ctr[name], ctr[base], ctr[ORACLE])
            own["revenue_share_of_oracle"] = _share(revenue[name], revenue[base], revenue[ORACLE])
            before = names[place - 1]
            own[f"ctr_less_{before}"] = ctr[name].less(ctr[before]).document()
            own[f"revenue_less_{before}"] = revenue[name].less(revenue[before]).document()
    found["oracle"] = _own(ctr[ORACLE], revenue[ORACLE], orders[ORACLE])
    found["oracle"]["ctr_uplift"] = ctr[ORACLE].uplift(ctr[names[0]]).document()
    return found


def _own(ctr: Figure, revenue: Figure, orders: Figure) -> dict[str, Any]:
    return {"ctr": ctr.document(), "revenue_per_visitor": revenue.document(), "aov": orders.document()}


def _over(met: Sequence[Met], name: str, above: str, below: str) -> Figure:
    return ratio(
        joined([getattr(one.takings[name], above) for one in met]),
        joined([getattr(one.takings[name], below) for one in met]),
    )


def _share(version: Figure, base: Figure, oracle: Figure) -> dict[str, float]:
    """Return which share of the oracle's gain over the baseline a version brings."""
    return version.less(base).over(oracle.less(base)).document()


if __name__ == "__main__":
    sys.exit(main())
