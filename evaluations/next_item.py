"""Next product on public data: how often, and how high, each model ranks what a shopper really took next.

    python evaluations/next_item.py --data DIR --protocol leave-one-out|session|temporal --models popular,item-knn

leave-one-out: `interactions.parquet` (user_id, position, item_id, split); models learn from `train` rows alone, history
= train and valid rows, which do not compete; full ranking. session: `train_sessions.parquet` (session, position,
item_id) and `test_examples.parquet` (history, target); the history competes. temporal: `next_weeks.py`. Ties share
their middle rank. The first two know no times, so hybrid runs there as `next_item_hybrid.py` says. The last line of
stdout is one JSON object.

Whatever is chosen (parameters by `--trials N`, weights of the blend) is chosen on the valid rows, on the newest
sessions, or on the newest fifth of the training part; the latter two are then fitted again on all of it. The test part
is asked once, at the end. `--seeds 1,2,3` repeats what draws by chance and averages the figures of each question.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.next_item_models import CHANCE, PARTS, SEARCHED, Workshop, averaged
from evaluations.protocols import PROTOCOLS

from evaluations import next_weeks
from shopkeeper.errors import InputError, ShopkeeperError, UnknownModel
from shopkeeper.recommendations.evaluation.metrics import coverage, of_ranks
from shopkeeper.recommendations.evaluation.ranking import rank_targets
from shopkeeper.training.comparison import intervals

TEMPORAL = "temporal"
MODELS = ("popular", "item-knn", "session-knn", "ease", "als", "hybrid", "session", "blend")


def evaluate(workshop: Workshop, name: str, seeds: list[int]) -> dict[str, Any]:
    """Fit one model, once for each seed if it draws by chance, and ask it everything."""
    case = workshop.case
    begun, spent = time.perf_counter(), time.process_time()
    models = [workshop.fit(name, seed) for seed in (seeds if name in CHANCE else seeds[:1])]
    fitted, fit_spent = time.perf_counter(), time.process_time()
    told = workshop.told(name)
    rankings = [rank_targets(model, case.questions, fill=case.fill, told=told) for model in models]
    each = [of_ranks(ranking.ranks) for ranking in rankings]
    found = averaged(each)
    low, high = intervals(np.column_stack(list(found.values())), resamples=500, seed=seeds[0])
    shown = rankings[0].shown
    return {
        **{metric: float(values.mean()) for metric, values in found.items()},
        "coverage": coverage(shown[shown >= 0], len(models[0].index)),
        "train_seconds": round(fitted - begun, 3),
        "train_cpu_seconds": round(fit_spent - spent, 3),
        "rank_seconds": round(time.perf_counter() - fitted, 3),
        "rank_cpu_seconds": round(time.process_time() - fit_spent, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "intervals": {m: [float(a), float(b)] for m, a, b in zip(found, low, high, strict=True)},
        "seeds": {metric: [float(one[metric].mean()) for one in each] for metric in ("hr@10", "ndcg@10", "mrr@20")},
        "parameters": models[0].parameters,
    }


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate every model asked for and return the document."""
    if args.protocol == TEMPORAL:
        return next_weeks.run(args)
    begun = time.perf_counter()
    names = [name.strip() for name in args.models.split(",") if name.strip()]
    if unknown := [name for name in names if name not in MODELS]:
        raise UnknownModel(f"There is no model {unknown[0]!r} yet.", f"The models are: {', '.join(MODELS)}.")
    seeds = [int(seed) for seed in args.seeds.split(",")]
    case = PROTOCOLS[args.protocol](args.data, seeds[0])
    workshop = Workshop(case, args.protocol, args.device, args.keep, dict(args.parameters))
    needed = {*names, *(PARTS[args.protocol] if "blend" in names else ())}
    trials = {
        name: workshop.search(name, args.trials, seeds[0])
        for name in SEARCHED
        if args.trials and name in needed and name not in workshop.tuned
    }
    models: dict[str, Any] = {}
    skipped: list[str] = []
    for name in names:
        if models and (time.perf_counter() - begun) / 60.0 > args.budget_minutes:
            skipped.append(name)
            continue
        models[name] = evaluate(workshop, name, seeds)
        print(f"{name}: ndcg@10 {models[name]['ndcg@10']:.4f} hr@10 {models[name]['hr@10']:.4f}", file=sys.stderr)
    return {
        "data": args.data.name,
        "protocol": args.protocol,
        "device": args.device,
        "cases": len(case.questions),
        "items": len(case.train.index),
        "train_interactions": len(case.train),
        "history_masked": case.questions.mask,
        "seeds": seeds,
        "seconds": round(time.perf_counter() - begun, 3),
        "cpu_seconds": round(time.process_time(), 3),
        "skipped_for_budget": skipped,
        "models": models,
        "trials": {name: [asdict(trial) for trial in found] for name, found in trials.items()},
    }


def main() -> int:
    """Run from the command line; 2 = wrong input, 1 = failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--protocol", choices=[*PROTOCOLS, TEMPORAL], default="leave-one-out")
    parser.add_argument("--models", default="popular,item-knn")
    parser.add_argument("--budget-minutes", type=float, default=50.0, help="No further model is begun after so many.")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="Where the session model is trained.")
    parser.add_argument(
        "--trials", type=int, default=0, help="Search the parameters of item-knn and session-knn first."
    )
    parser.add_argument("--parameters", type=json.loads, default={}, help="JSON of {model: {parameter: value}}.")
    parser.add_argument("--keep", type=Path, help="Folder in which trained encoders are kept for the next run.")
    parser.add_argument("--seeds", default="1", help="Such as 1,2,3.")
    try:
        document = run(parser.parse_args())
    except ShopkeeperError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
