"""Whether a ranker learns better from clicks when what is seldom looked at counts more. All figures are simulated.

    python evaluations/position_bias.py [--lists N] [--exponent E] [--seed N]

Shoppers look at the product on place p of twenty with the chance `p ** -exponent` and click it by how much they want
it, which three features tell. The lists were ordered by a policy that heeds the features wrongly; on `--explored` of
them chance moved a product, as `exploration` does, and the exponent is estimated from those alone. The ranker of V2 is
then learnt from the clicks of the others four ways: as they are; weighed by the estimate; weighed by the true exponent;
and with the place as one more feature, which is 1 for all when it is asked. Each orders new lists, judged by NDCG@10
with what shoppers want as the gain, as a share of what is possible; differences are paired over lists, with 95%
intervals.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.examination import Shown, place_weights, position_exponent
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_lists import RankLists
from shopkeeper.recommendations.hybrid.ranker import Ranker, learn_ranker, try_ranker
from shopkeeper.recommendations.variety.exploration import odds
from shopkeeper.training.comparison import intervals

Array = npt.NDArray[np.float64]
COLUMNS = ("behaviour.entries", "behaviour.knn_of_best", "popularity.store_of_best", "content.likeness")
PLACED = (*COLUMNS, "behaviour.place")
WANTED, HEEDED = np.array([1.2, 0.3, 0.8]), np.array([0.3, 1.2, 0.2])
"""How much each feature says of what shoppers want, and how much the policy that made the lists heeded it."""
LONG, SPARE, FIRST = 20, 10, 10
SHARE = 0.2
"""Chance that an explored list is changed."""


def world(lists: int, draw: np.random.Generator) -> tuple[Array, Array, npt.NDArray[np.int64]]:
    """Return features, chances that who looks clicks, and places from 1; shapes (lists, 20, 3), twice (lists, 20)."""
    features = draw.normal(size=(lists, LONG, 3))
    wanted = 1.0 / (1.0 + np.exp(3.0 - features @ WANTED))
    order = np.argsort(-(features @ HEEDED + 0.5 * draw.normal(size=(lists, LONG))), axis=1)
    places = np.argsort(order, axis=1) + 1
    return features, wanted, places


def explored(lists: int, exponent: float, draw: np.random.Generator) -> Shown:
    """Return what stood at each place of lists that chance had a part in, and whether it was clicked."""
    _, wanted, places = world(lists, draw)
    rows = []
    for chances, place in zip(wanted, places, strict=True):
        base = [str(item) for item in np.argsort(place)]
        what = odds(base[: LONG - SPARE], base[LONG - SPARE :], (), share=SHARE, reserved=0)
        for at, one in enumerate(what.draw(int(draw.integers(2**62))), start=1):
            rows.append((at, one.chance, draw.random() < chances[int(one.product)] * at**-exponent))
    table = np.array(rows, dtype=np.float64)
    return Shown(table[:, 0].astype(np.int64), table[:, 1], table[:, 2] > 0)


def learnt(
    features: Array,
    clicks: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float32],
    columns: tuple[str, ...],
    seed: int,
) -> Ranker:
    """Return the ranker learnt from clicked lists."""
    some = clicks.any(axis=1)
    count = int(some.sum())
    grades = clicks[some].ravel().astype(np.int32)
    rows = np.concatenate([np.ones((count * LONG, 1)), features[some].reshape(count * LONG, -1)], axis=1)
    lists = RankLists(
        rows.astype(np.float32), grades, grades, np.zeros(count * LONG, dtype=np.bool_), np.full(count, LONG),
        np.zeros(count, dtype=np.int32), (np.arange(count) >= count // 2).astype(np.int32), weights[some].ravel(),
    )  # fmt: skip
    params = HybridParams(trees=60, leaves=8, fewest=50)
    return learn_ranker(lists, columns, params, seed, try_ranker(lists, columns, params, seed))


def judged(ranker: Ranker, features: Array, wanted: Array) -> Array:
    """Return the NDCG@10 of each list, with what shoppers want as the gain; shape (lists,)."""
    rows = np.concatenate([np.ones((*wanted.shape, 1)), features], axis=2).reshape(wanted.size, -1)
    scores = ranker.scores(rows.astype(np.float32)).reshape(wanted.shape)
    discounts = 1.0 / np.log2(np.arange(2, FIRST + 2))
    shown = np.take_along_axis(wanted, np.argsort(-scores, axis=1, kind="stable")[:, :FIRST], axis=1)
    best = -np.sort(-wanted, axis=1)[:, :FIRST]
    found: Array = (shown @ discounts) / (best @ discounts)
    return found


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate, learn and judge; return the document."""
    begun, draw = time.perf_counter(), np.random.default_rng(args.seed)
    estimate = position_exponent(explored(args.explored, args.exponent, draw))
    features, wanted, places = world(args.lists, draw)
    clicks = draw.random(wanted.shape) < wanted * places.astype(np.float64) ** -args.exponent
    fresh, truly, _ = world(2_000, draw)
    plain = np.ones(places.shape, dtype=np.float32)
    placed = np.concatenate([features, places[:, :, None]], axis=2)
    asked_first = np.concatenate([fresh, np.ones((*truly.shape, 1))], axis=2)
    ways = {
        "as_clicked": judged(learnt(features, clicks, plain, COLUMNS, args.seed), fresh, truly),
        "weighed": judged(learnt(features, clicks, place_weights(places, estimate), COLUMNS, args.seed), fresh, truly),
        "weighed_by_truth": judged(
            learnt(features, clicks, place_weights(places, args.exponent), COLUMNS, args.seed), fresh, truly
        ),
        "place_as_feature": judged(learnt(placed, clicks, plain, PLACED, args.seed), asked_first, truly),
    }
    gains = np.column_stack([found - ways["as_clicked"] for found in ways.values()])
    low, high = intervals(gains, resamples=1_000, seed=args.seed)
    return {
        "simulated": True,
        "lists": args.lists,
        "clicks": int(clicks.sum()),
        "explored_lists": args.explored,
        "exponent": args.exponent,
        "estimated_exponent": estimate,
        "ndcg@10": {name: float(found.mean()) for name, found in ways.items()},
        "over_as_clicked": {
            name: {"mean": float(gains[:, n].mean()), "interval": [float(low[n]), float(high[n])]}
            for n, name in enumerate(ways)
        },
        "seed": args.seed,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=6_000)
    parser.add_argument("--explored", type=int, default=10_000)
    parser.add_argument("--exponent", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(run(parser.parse_args())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
