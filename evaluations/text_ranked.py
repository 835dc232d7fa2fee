"""What V2 gains by sentences on real product texts: the group's verdict in training, and lists of the test.

    pip install -c constraints.txt -e '.[train,sentences]'
    python evaluations/text_ranked.py --data DIR

DIR is that of `text_neighbours.py`. The set says in which order things were taken, not when, so days are made up:
examples stand evenly over 150 days in the order of the files, what was had before a shopper's first example a week
apart before it. V2 learns from what lies before the first test example, with its defaults: with sentences, without,
and without but with as many axes of words as the encoder has. NDCG@10 of one question a shopper as in training
(`RecommendationExam`), with paired 95% intervals by bootstrap over shoppers. The last line of stdout is one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.columns import read
from evaluations.text_neighbours import facts_of

from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.evaluation.exam import RecommendationExam
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.training.comparison import intervals

DAY = 86_400
DAYS = 150
BEGUN = 1_500_000_000
PLAIN = HybridParams(sentences=False)
WAYS = {"with": HybridParams(), "without": PLAIN, "words on 256 axes": replace(PLAIN, axes=256)}


def purchases(data: Path) -> tuple[Interactions, int]:
    """Return what was taken, at days made up from its order, and the moment the test begins, microseconds."""
    parts = [read(data / f"{part}.parquet", ["user_id", "history_item_id", "item_id"]) for part in ("valid", "test")]
    step = DAYS * DAY / sum(len(part["item_id"]) for part in parts)
    cutoff = BEGUN + int(step * len(parts[0]["item_id"]))
    shoppers, rows = dict[str, int](), list[tuple[int, int, int]]()
    examples = (one for part in parts for one in zip(*part.values(), strict=True))
    for number, (user, history, taken) in enumerate(examples):
        at = BEGUN + int(step * number)
        if str(user) not in shoppers:
            shoppers[str(user)] = len(shoppers)
            before = range(len(history), 0, -1)
            rows += [
                (at - 7 * DAY * weeks, shoppers[str(user)], int(had))
                for weeks, had in zip(before, history, strict=True)
            ]
        rows.append((at, shoppers[str(user)], int(taken)))
    times, people, items = np.array(sorted(rows), dtype=np.int64).T
    none = np.zeros(len(rows), dtype=np.int32)
    products, _ = facts_of(data)
    found = replace(
        products, shoppers=people.astype(np.int32), items=items.astype(np.int32), stores=none,
        kinds=np.full(len(rows), PURCHASE, dtype=np.int8), times=times * SECOND, devices=none.astype(np.int8),
        shopper_keys=[shopper_key("us", "user", name) for name in shoppers],
    )  # fmt: skip
    return found, cutoff * SECOND


def figures(folder: Path, seed: int) -> dict[str, Any]:
    """Return everything that is printed."""
    data, cutoff = purchases(folder)
    past, exam = data.take(data.times < cutoff), RecommendationExam.of(data, cutoff, seed)
    models = {name: Hybrid.fit(past, params, seed) for name, params in WAYS.items()}
    ndcg = {name: exam.score(model).metrics["ndcg@10"] for name, model in models.items()}
    gains = np.column_stack([ndcg[name] - ndcg["without"] for name in WAYS])
    low, high = intervals(gains, resamples=1_000, seed=seed)
    return {
        "shoppers": len(gains),
        "ndcg@10": {name: float(one.mean()) for name, one in ndcg.items()},
        "over_without": {
            name: {"mean": float(gains[:, n].mean()), "interval": [float(low[n]), float(high[n])]}
            for n, name in enumerate(WAYS)
        },
        "verdicts": {
            name: {one.group: {"gain": one.gain, "error": one.error, "stays": one.stays} for one in model.verdicts}
            for name, model in models.items()
        },
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(json.dumps({"data": args.data.name, **figures(args.data, args.seed)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
