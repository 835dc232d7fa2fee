"""Lists for all users by the session model and the blend, in blocks and one by one: one JSON object, last on stdout.

    python benchmarks/session_lists.py [--items N] [--users N] [--seed N]

Needs the extra `deep`. Data as in `benchmarks/train.py`, about 20 entries a shopper. The encoder has the shipped width
but is trained for one round on few shoppers; to ask it costs as much as to ask any other. `cpu_s_1000` is the CPU time
of the lists of 1,000 users on one thread as `shopkeeper export recommendations` computes them, `request_cpu_s_1000`
that of a request each in the same run, `worst` the greatest difference of a score between both. Exits 1 where blocks
are not five times as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

import numpy as np
import torch
from benchmarks.train import STORE, K, shop_of, synthetic

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.jobs.shards import read_only
from shopkeeper.recommendations.batch.answers import BatchAsk, BatchShard, recommend_shard
from shopkeeper.recommendations.batch.stock import pack_stock
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import assemble_model, bundle_arrays
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.mixture import LENGTHS, Mixture
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS
from shopkeeper.recommendations.recommend import recommend
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.session.fit import fit_session
from shopkeeper.recommendations.session.model import SessionParams

LEAST: Final = 5.0
_ENTRIES, _MINUTE = 20, 60
_TAUGHT = 500
_REQUESTS = 100


def models_of(data: Interactions, seed: int) -> dict[str, RecommendationModel]:
    """Return the models measured, by what the result calls them."""
    few = data.take(data.shoppers < _TAUGHT)
    session = fit_session(few, SessionParams(epochs=1, negatives=256), seed)
    knn = ItemKnn.fit(data, ItemKnnParams(), seed)
    sessions = SessionKnn.fit(data, SessionKnnParams(session_minutes=120), seed)

    def blend(models: tuple[RecommendationModel, ...], weights: list[float]) -> Blend:
        return Blend(models, Mixture("ranks", np.tile(weights, (len(LENGTHS), 1))), session.popular, 0.1)

    return {
        "session": session,
        "blend_of_two": blend((session, knn), [0.8, 0.2]),
        "blend_of_three": blend((session, knn, sessions), [0.7, 0.2, 0.1]),
    }


def measured(model: RecommendationModel, name: str, data: Interactions, stock: Stock, users: int) -> dict[str, float]:
    """Return the CPU seconds for 1,000 users both ways, and how far the lists lie apart."""
    pasts = ShopperPasts.build(data)
    arrays = bundle_arrays(model, pasts)
    shared = read_only({**arrays, **pack_stock(stock, stock.catalogue.declared[STORE])})
    now = datetime.fromtimestamp(int(data.times[-1]) // SECOND + 1, UTC)
    ask = BatchAsk(name, model.name, STORE, K, now)
    recommend_shard(BatchShard(ask, ()), shared)
    begun = time.process_time()
    lists = recommend_shard(BatchShard(ask, tuple(str(user) for user in range(users))), shared)
    blocks = (time.process_time() - begun) / users * 1_000
    loaded, scores = assemble_model(name, model.name, arrays), []
    begun = time.process_time()
    for user in range(_REQUESTS):
        body = RecommendationBody(store=STORE, user=str(user), k=K)
        request = RecommendationRequest(body, Shopper(STORE, user=str(user)), FULL_CONSENT, now)
        scores += [item.score for item in recommend(request, loaded, stock, DEFAULT_PARAMS).items]
    alone = (time.process_time() - begun) / _REQUESTS * 1_000
    return {
        "cpu_s_1000": round(blocks, 2),
        "request_cpu_s_1000": round(alone, 2),
        "times_as_fast": round(alone / blocks, 1),
        "one_by_one_share": round(lists.one_by_one / users, 4),
        "worst": float(np.abs(lists.scores[: len(scores)] - scores).max()),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    drawn = synthetic(25 * args.items, args.items, args.seed)
    data, stock = shop_of(replace(drawn, times=drawn.times * _MINUTE), 25 * args.items // _ENTRIES, args.seed)
    found = {name: measured(model, name, data, stock, args.users) for name, model in models_of(data, args.seed).items()}
    print(json.dumps({"simulated": True, "items": args.items, "users": args.users, **found, "seed": args.seed}))
    return 0 if all(one["times_as_fast"] >= LEAST for one in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
