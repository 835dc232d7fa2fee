"""What shoppers take in the four weeks after a moment, each model told nothing but what lies before it.

The temporal protocol of `next_item.py`. At a cut, the same for everybody, each shopper who comes in the weeks after it
is one question; right is every product they take then. Everything that was learnt, and all a model is told of the
shopper, lies before the cut; a shopper without a past is cold, and told of by record alone. Where people buy things
again (grocery), repeats compete and count; elsewhere what a shopper met before does neither. Where few come, the weeks
before are asked as well, with models fitted anew. Parameters are chosen on the weeks before the first cut. Shoppers are
the units of the bootstrap.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
from evaluations.folder_warehouse import FolderWarehouse
from evaluations.next_weeks_figures import by_shopper, differences, judged
from evaluations.next_weeks_models import CHANCE, MODELS, SPACES, base
from evaluations.next_weeks_questions import DAY, DAYS, Weeks, plan

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.errors import UnknownModel
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.evaluation.metrics import coverage
from shopkeeper.training.comparison import intervals
from shopkeeper.training.ports import Parameters, Trial
from shopkeeper.training.split import moment_of
from shopkeeper.training.trying import one_by_one
from shopkeeper.training.tune import best_of


def search(name: str, weeks: Weeks, trials: int, seed: int, device: str) -> Sequence[Trial]:
    """Search a model's parameters on the weeks before the test."""
    space, defaults = SPACES[name]

    def judge(parameters: Parameters, give_up: Callable[[float], bool]) -> float:  # noqa: ARG001 - a fit is the cost
        model = MODELS[name](weeks.past, {**parameters, **base(name, weeks.repeats)}, seed, device)
        return float(judged(model, weeks)[0]["ndcg@10"].mean())

    def told(trial: Trial) -> None:
        value = trial.error if trial.value is None else f"{trial.value:.4f}"
        print(f"{name}: trial {trial.number} {value} in {trial.seconds:.0f} s", file=sys.stderr)

    start = {one: defaults[one] for one in space}
    return OptunaTuner().search(space, start, one_by_one(judge), trials=trials, seconds=None, seed=seed, on_trial=told)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Ask every model everything and return the document."""
    begun, seeds = time.perf_counter(), [int(seed) for seed in args.seeds.split(",")]
    names = [name.strip() for name in args.models.split(",") if name.strip()]
    if unknown := [name for name in names if name not in MODELS]:
        raise UnknownModel(f"There is no model {unknown[0]!r} here.", f"The models are: {', '.join(MODELS)}.")
    tests, validation = plan(extract_interactions(FolderWarehouse(args.data)))
    shoppers = np.concatenate([one.shoppers for one in tests])
    models: dict[str, Any] = {}
    values: dict[str, npt.NDArray[np.float64]] = {}
    trials: dict[str, list[dict[str, Any]]] = {}
    skipped: list[str] = []
    for name in names:
        if models and (time.perf_counter() - begun) / 60.0 > args.budget_minutes:
            skipped.append(name)
            continue
        tried = search(name, validation, args.trials, seeds[0], args.device) if args.trials and name in SPACES else ()
        trials[name] = [asdict(trial) for trial in tried]
        chosen = {
            **(best_of(tried).parameters if tried else {}),
            **base(name, validation.repeats),
            **args.parameters.get(name, {}),
        }
        models[name], values[name] = _asked(name, tests, shoppers, chosen, seeds, args.device)
        print(f"{name}: ndcg@10 {models[name]['ndcg@10']:.4f} hr@10 {models[name]['hr@10']:.4f}", file=sys.stderr)
    cold = np.concatenate([one.cold for one in tests])
    return {
        "data": args.data.name,
        "protocol": args.protocol,
        "days": min(DAYS, (tests[0].cut - validation.cut) / DAY / len(tests)),
        "cut_dates": [moment_of(one.cut).isoformat() for one in tests],
        "validation_cut_date": moment_of(validation.cut).isoformat(),
        "validation_cases": len(validation.taken),
        "cases": len(shoppers),
        "users": len(np.unique(shoppers)),
        "cold_cases": int(cold.sum()),
        "repeats_count": validation.repeats,
        "items": len(tests[0].past.index),
        "train_interactions": len(tests[0].past),
        "seeds": seeds,
        "device": args.device,
        "seconds": round(time.perf_counter() - begun, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "skipped_for_budget": skipped,
        "models": models,
        "differences": differences(models, values, seeds[0]),
        "trials": trials,
    }


def _asked(
    name: str,
    tests: Sequence[Weeks],
    shoppers: npt.NDArray[np.int64],
    parameters: Parameters,
    seeds: Sequence[int],
    device: str,
) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Return a model's figures, those of several seeds averaged question by question, and each shopper's NDCG@10."""
    fit_seconds, begun, shown = 0.0, time.process_time(), []
    made: dict[str, Any] = {}
    tried: list[dict[str, Any]] = []
    each: list[dict[str, npt.NDArray[np.float64]]] = []
    for seed in seeds if name in CHANCE else seeds[:1]:
        parts = []
        for weeks in tests:
            started = time.process_time()
            model = MODELS[name](weeks.past, parameters, seed, device)
            fit_seconds += time.process_time() - started
            found, places = judged(model, weeks)
            parts.append(found)
            shown.append(places)
            made = getattr(model, "parameters", {})
            tried += [asdict(one) for one in getattr(model, "verdicts", ())]
        each.append({metric: np.concatenate([part[metric] for part in parts]) for metric in parts[0]})
    whole = {metric: np.mean([one[metric] for one in each], axis=0) for metric in each[0]}
    means = {metric: by_shopper(one, shoppers) for metric, one in whole.items()}
    low, high = intervals(np.column_stack(list(means.values())), resamples=1_000, seed=seeds[0])
    cold = np.concatenate([one.cold for one in tests])
    first = np.concatenate(shown[: len(tests)])
    return {
        **{metric: float(one.mean()) for metric, one in means.items()},
        "coverage": coverage(first[first >= 0], len(tests[0].past.index)),
        "train_seconds": round(fit_seconds, 3),
        "rank_seconds": round(time.process_time() - begun - fit_seconds, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "intervals": {m: [float(a), float(b)] for m, a, b in zip(means, low, high, strict=True)},
        "seeds": {m: [float(by_shopper(one[m], shoppers).mean()) for one in each] for m in ("hr@10", "ndcg@10")},
        "ndcg@10_cold": float(whole["ndcg@10"][cold].mean()) if cold.any() else None,
        "ndcg@10_warm": float(whole["ndcg@10"][~cold].mean()) if (~cold).any() else None,
        "groups_tried": tried,
        "parameters": made,
    }, means["ndcg@10"]
