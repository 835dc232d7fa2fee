"""What recommendations do in three worlds of different mechanism: rules, V1, V2, V3 and the best lists there are.

    python evaluations/shopper_market.py [--worlds 2] [--seed 1] [--keep FOLDER]

Every figure is simulated. In each world a shop lives 60 days without Shopkeeper; for each version its history is
imported anew and the version trained on it by the pipeline, tuned on its own validation part. Then the same shoppers,
in the same moods, with the same draws, meet each version for seven days, served by the serving code in this process
(`served.py` says what of it is left out: HTTP). Versions that this Shopkeeper cannot train are left out and said so.

Clicks, revenue and orders are judged by their true probabilities given what shoppers met; the unit is the shopper, and
differences are paired (`paired.py`). `share_of_oracle` is the share of the uplift over the rule baseline that the best
lists by the truth would bring; the oracle looks one page ahead. Seeds 1 to 99 are for building, 101 to 199 for judging.
Progress goes to stderr, one JSON document to the last line of stdout. With `--keep` what a version took in a world is
kept, and the next run with that folder goes on from there; a change of code or settings needs another folder.
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
import numpy as np
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
    """One version to be judged in one world.

    Attributes:
        keep: Folder in which what it took is kept; None = nowhere.
    """

    mechanism: MechanismName
    seed: int
    version: str
    trials: int
    keep: Path | None

    @property
    def file(self) -> Path | None:
        """Where what it took is kept."""
        return self.keep and self.keep / f"{self.mechanism}-{self.seed}-{self.version}.json"


class Judged(msgspec.Struct):
    """What one version took in one world.

    Attributes:
        takings: Sums of every shopper, see `Takings`.
        seconds: CPU seconds by step.
    """

    takings: dict[str, list[float]]
    fallbacks: dict[str, int]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Met:
    """What one world showed.

    Attributes:
        takings: By version, of the same shoppers in the same order, those who came at all.
        seconds: CPU seconds by step.
    """

    mechanism: MechanismName
    seed: int
    takings: Mapping[str, Takings]
    fallbacks: Mapping[str, Mapping[str, int]]
    seconds: Mapping[str, float]


def main() -> int:
    """Run the evaluation and print its figures; 1 = a world was changed without its hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2, help="worlds of each mechanism, each with a seed of its own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=8, help="trials of tuning of each version")
    parser.add_argument("--workers", type=int, default=2, help="versions at a time")
    parser.add_argument("--keep", type=Path, help="folder in which what is done is kept for the next run")
    parser.add_argument("--versions", default=",".join(VERSIONS), help="which of them, the baseline always")
    parser.add_argument("--mechanisms", default=",".join(MECHANISMS))
    chosen = parser.parse_args()
    started = time.perf_counter()
    wanted = {BASELINE, *chosen.versions.split(",")}
    versions = {name: model for name, model in VERSIONS.items() if name in wanted and model in LEARNABLE}
    skipped = {name: f"no model {VERSIONS[name]!r} yet" for name in VERSIONS if name in wanted and name not in versions}
    worlds = [
        (mechanism, chosen.seed * 1_000 + number)
        for number in range(chosen.worlds)
        for mechanism in MECHANISMS
        if mechanism in chosen.mechanisms.split(",")
    ]
    cases = [
        Case(*world, version, chosen.trials, chosen.keep)
        for version in (*reversed(versions), ORACLE)  # the newest takes longest
        for world in worlds
    ]
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        judged = dict(zip(cases, pool.map(judge, cases), strict=True))
    met = [
        together(*world, {case: one for case, one in judged.items() if (case.mechanism, case.seed) == world})
        for world in worlds
    ]
    changed = WORLDS.changed()
    document = summary(met) | {
        "skipped": skipped,
        "settings": {name: str(value) if isinstance(value, Path) else value for name, value in vars(chosen).items()},
        "seeds": purpose(chosen.seed),
        "hashes": WORLDS.current(),
        "as_committed": not changed,
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(msgspec.json.encode(document).decode())
    return 1 if changed else 0


def judge(case: Case) -> Judged:
    """Make a world, train the version on its history, and let its shoppers meet it; or return what was kept of that."""
    if case.file is not None and case.file.is_file():
        return msgspec.json.decode(case.file.read_bytes(), type=Judged)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    models = () if case.version == ORACLE else (VERSIONS[case.version],)
    with tempfile.TemporaryDirectory(prefix="shopper-market-") as folder:
        shop = open_shop(case.mechanism, case.seed, models, case.trials, Path(folder))
        begun, fallbacks = cpu_seconds(), Counter[str]()
        if models:
            takings, served = meet(shop, *models)
            fallbacks = served.fallbacks
        else:
            takings = meet_oracle(shop)
        seconds = {f"train {model}": spent for model, spent in shop.trained.items()}
        seconds[f"meet {case.version}"] = cpu_seconds() - begun
    found = Judged(
        {name: getattr(takings, name).tolist() for name in Takings.__dataclass_fields__}, dict(fallbacks), seconds
    )
    if case.file is not None:
        case.file.parent.mkdir(parents=True, exist_ok=True)
        case.file.write_bytes(msgspec.json.encode(found))
    ctr = float(takings.clicked.sum() / takings.answers.sum())
    spent = ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())
    print(f"{case.mechanism} {case.seed} {case.version}: CTR {ctr:.4f}, CPU s: {spent}", file=sys.stderr, flush=True)
    return found


def together(mechanism: MechanismName, seed: int, judged: Mapping[Case, Judged]) -> Met:
    """Return what all versions took in one world."""
    takings = {
        case.version: Takings(*(np.array(one.takings[name]) for name in Takings.__dataclass_fields__))
        for case, one in judged.items()
    }
    came = takings[BASELINE].visits > 0
    return Met(
        mechanism,
        seed,
        {name: found.of_those(came) for name, found in takings.items()},
        {case.version: one.fallbacks for case, one in judged.items() if case.version != ORACLE},
        {step: spent for one in judged.values() for step, spent in one.seconds.items()},
    )


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
            mechanism: figures([one for one in met if one.mechanism == mechanism])
            for mechanism in dict.fromkeys(one.mechanism for one in met)
        },
        "blueprint": PUBLISHED,
        "worlds": [
            {
                "mechanism": one.mechanism,
                "seed": one.seed,
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
