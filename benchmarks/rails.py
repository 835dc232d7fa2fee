"""What the rails of a training run cost beside its work: the last line of stdout is one JSON object.

    python benchmarks/rails.py [--products N] [--shoppers N] [--days N] [--trials N] [--folds N] [--seed N]

A simulated shop is imported, and `shopkeeper train recommendations` is run on it as a user does, in its own process.
`whole_s` is from its start to its end. `work_s` is extraction, features, tuning, cross-validation, fit, evaluation and
the judging of a first champion's baseline. `rails_s` is all else: start of the process, durable steps, the quality
verdict, blessing, registration, experiment log, reports, and what tuning does between trials.
`limit_s`: 10 seconds. `share_of_five_minutes`: `rails_s` of a run of 300 s; the limit is .05.

`trial_s` is the median of a trial. `between_trials_ms` is the median of what lies between the end of one trial and the
begin of the next: it is kept durably, told to the experiment log and to who follows the run, and Optuna draws the next.
`between_share`: all of that of all time in trials. `bare_draw_ms`: the median of drawing alone, by the same tuner over
the same trials without any of the rest; `storage_ms`: what the rest adds to a trial. Seconds of a busy machine are long
for work and rails alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.recommendations.learn import LEARNABLE
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.year import write_opening
from shopkeeper.training.in_hand import WORK
from shopkeeper.training.ports import Trial
from shopkeeper.training.trying import one_by_one
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

LIMIT_S = 10.0
FIVE_MINUTES = 300.0
END = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it was seen from outside.

    Attributes:
        said: When each trial was told of, by its number from 0; seconds of this process's clock.
        cpu_s: Processor seconds of the process and its children.
    """

    whole_s: float
    cpu_s: float
    result: dict[str, Any]
    said: dict[int, float]
    trials: tuple[Trial, ...]


def make_shop(folder: Path, scale: Scale, seed: int) -> Settings:
    """Import a simulated history of one store, and check it."""
    (history,) = write_opening(make_market(seed, scale, PLANS[:1]), folder / "history", END)
    settings = create_workspace(folder / "shop")
    import_into(settings, history.folder, history.store)
    check_workspace(settings)
    return settings


def train(settings: Settings, trials: int, folds: int) -> Run:
    """Run the command and note when it tells of each trial."""
    command = [
        sys.executable, "-m", "shopkeeper", "train", "recommendations", "--json", "--ignore-quality", "a benchmark",
        "--trials", str(trials), "--folds", str(folds), "--workspace", str(settings.workspace),
    ]  # fmt: skip
    before, begun = os.times(), time.perf_counter()
    said = {}
    with (settings.workspace / "result.json").open("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        for line in process.stderr or ():
            words = line.split()
            if words[:1] == ["Trial"] and words[2:3] == ["of"]:
                said[int(words[1]) - 1] = time.perf_counter()
        if process.wait():
            raise SystemExit(f"the run ended with {process.returncode}")
        out.seek(0)
        result = json.loads(out.read().splitlines()[-1])
    whole, after = time.perf_counter() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    with open_workspace_state(settings) as state:
        body = state.reports.latest("training", 1)[0].body
    return Run(whole, cpu, result, said, msgspec.convert(body["trials"], tuple[Trial, ...]))


def between(run: Run) -> list[float]:
    """Return the seconds between the end of each trial and the begin of the next."""
    return [run.said[n] - run.said[n - 1] - run.trials[n].seconds for n in range(1, len(run.trials))]


def bare_draws(run: Run, seed: int) -> list[float]:
    """Return the seconds of drawing each trial alone, told the same trials before it."""
    model = LEARNABLE[run.result["model"]]
    found = []
    for number in range(1, len(run.trials)):
        begun = time.perf_counter()
        drawn: list[float] = []

        def judge(*_: object, begun: float = begun, drawn: list[float] = drawn) -> float:
            drawn.append(time.perf_counter() - begun)
            return 0.0

        OptunaTuner().search(
            model.space, model.defaults, one_by_one(judge), trials=number + 1, seconds=None, seed=seed,
            earlier=run.trials[:number],
        )  # fmt: skip
        found += drawn
    return found


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=600)
    parser.add_argument("--shoppers", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rails-") as folder:
        settings = make_shop(Path(folder), Scale(args.products, args.shoppers, args.days), args.seed)
        run = train(settings, args.trials, args.folds)
        draws = bare_draws(run, settings.training.seed)
    beside = between(run)
    tried = sum(trial.seconds for trial in run.trials)
    work = sum(seconds for step, seconds in run.result["seconds"].items() if step in WORK) - sum(beside)
    rails = run.whole_s - work
    document = {
        "simulated": True,
        "interactions": run.result["interactions"],
        "whole_s": round(run.whole_s, 2),
        "whole_cpu_s": round(run.cpu_s, 2),
        "work_s": round(work, 2),
        "rails_s": round(rails, 2),
        "limit_s": LIMIT_S,
        "share_of_five_minutes": round(rails / FIVE_MINUTES, 4),
        "trials": len(run.trials),
        "trial_s": round(median(trial.seconds for trial in run.trials), 3),
        "between_trials_ms": round(1_000 * median(beside), 1),
        "between_share": round(sum(beside) / tried, 4),
        "bare_draw_ms": round(1_000 * median(draws), 1),
        "storage_ms": round(1_000 * (median(beside) - median(draws)), 1),
        "load": round(os.getloadavg()[0], 1),
        "seed": args.seed,
    }
    print(json.dumps(document))
    return 0 if rails <= min(LIMIT_S, 0.05 * FIVE_MINUTES) else 1


if __name__ == "__main__":
    sys.exit(main())
