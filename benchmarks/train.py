"""Time to learn item-to-item similarities and factors from synthetic data: the last line of stdout is one JSON object.

    python benchmarks/train.py [--scale S] [--interactions N] [--items N] [--seed N]

`--scale` is the share of 50 million interactions with 100,000 products that is measured; what ends in `_50m` is
extrapolated from it in proportion to the interactions. Items are drawn with Zipf popularity inside clusters of 50 that
belong together; a shopper makes about 20 interactions.
`peak_mb` is the peak of the process once the similarities are learnt, `data_mb` what it was before; memory does not
grow in proportion and is not extrapolated. `limit_sort_s` is one stable sort of as many 64-bit numbers on the same
machine, the yardstick to compare machines by.
`peer_cpu_s` is the item-item cosine of `implicit` (extra `bench`) on the same interactions, with as many neighbours and
one thread; it knows no order, so it does less. null where the package is not installed.

`als_cpu_s` is the model `als` with 64 factors: `ALS_ROUNDS` rounds were timed, the figure is for 15.

`top20_cpu_s_2m` is the CPU time of everybody's list of 20 products for 2 million shoppers, as `shopkeeper export
recommendations` computes it in shards: what was bought, and the twentieth of the products that is sold out, are left
out; short lists are filled by rules. It is extrapolated from `top20_share` of the shoppers, with two workers to set up.
`peer_top20_cpu_s_2m` is `implicit`'s item-item `recommend` for the same shoppers, with as many neighbours and its
filter of what was had; `peer_als_top20_cpu_s_2m` is its `recommend` of a factor model (64 factors) beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.jobs.shards import read_only
from shopkeeper.recommendations.batch.answers import BatchAsk, BatchShard, recommend_shard
from shopkeeper.recommendations.batch.stock import pack_stock
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.models.als import Als, AlsParams
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.serving.catalogue import Catalogue

try:
    from implicit import nearest_neighbours
    from implicit.als import AlternatingLeastSquares
except ImportError:
    nearest_neighbours = None

STORE = "shop"
USERS, K = 2_000_000, 20
SHARDS, PER_SHARD = 2, 20_000
ROUNDS = 5
FACTORS, ALS_USERS = 64, 2_000
WHOLE = 50_000_000
"""Interactions at scale 1."""
ALS_ROUNDS = 2
_CLUSTER = 50
_ENTRIES = 20


def synthetic(interactions: int, items: int, seed: int) -> Interactions:
    """Return random interactions in the order of time."""
    draw = np.random.default_rng(seed)
    shoppers = draw.integers(0, max(interactions // _ENTRIES, 1), interactions, dtype=np.int32)
    ranks = np.minimum(draw.zipf(1.3, interactions), items) - 1
    tastes = (shoppers.astype(np.int64) * 2_654_435_761) % max(items // _CLUSTER, 1)
    inside = tastes * _CLUSTER + draw.integers(0, _CLUSTER, interactions)
    codes: npt.NDArray[np.int32] = np.where(draw.random(interactions) < 0.6, inside, ranks).astype(np.int32) % items
    return Interactions(
        shoppers=shoppers,
        items=codes,
        stores=np.zeros(interactions, dtype=np.int32),
        kinds=np.zeros(interactions, dtype=np.int8),
        times=np.arange(interactions, dtype=np.int64) * SECOND,
        devices=np.zeros(interactions, dtype=np.int8),
        index=single_group([str(code) for code in range(items)], STORE),
        categories=[()] * items,
        shopper_keys=[""] * (int(shoppers.max()) + 1),
        store_names=(STORE,),
    )


def peer_seconds(data: Interactions, neighbours: int) -> float | None:
    """Return the CPU seconds of the peer's item-item cosine on one thread; None where it is not installed."""
    if nearest_neighbours is None:
        return None
    counts = _counts(data)
    begun = time.process_time()
    nearest_neighbours.CosineRecommender(K=neighbours, num_threads=1).fit(counts, show_progress=False)
    return time.process_time() - begun


def als_seconds(data: Interactions, seed: int) -> float | None:
    """Return the CPU seconds of the factor model, 15 rounds of it; None where its library is not installed."""
    if nearest_neighbours is None:
        return None
    begun = time.process_time()
    Als.beside(data, Popular.fit(data, PopularParams(), seed), AlsParams(factors=FACTORS, iterations=ALS_ROUNDS), seed)
    return (time.process_time() - begun) * AlsParams().iterations / ALS_ROUNDS


def shop_of(data: Interactions, users: int, seed: int) -> tuple[Interactions, Stock]:
    """Return what the first shoppers did, a tenth of it purchases, and a shelf on which every 20th product is gone."""
    few = data.take(data.shoppers < users)
    bought = np.random.default_rng(seed).random(len(few)) < 0.1
    kinds = np.where(bought, PURCHASE, few.kinds).astype(np.int8)
    keys = [shopper_key(STORE, "user", str(user)) for user in range(users)]
    catalogue, moment = Catalogue(), datetime(1970, 1, 1, tzinfo=UTC)
    stocks = (0.0 if number % 20 == 0 else 5.0 for number in range(len(data.index)))
    products = [Product(product=name, stock=left) for name, left in zip(data.index.products, stocks, strict=True)]
    catalogue.apply(SourcedRow(row, moment) for row in (Store(store=STORE), *products))
    return replace(few, kinds=kinds, shopper_keys=keys), Stock(catalogue, Shelf(catalogue), Trending())


def own_lists(model: ItemKnn, data: Interactions, stock: Stock) -> tuple[Callable[[], int], float]:
    """Return what makes the lists of all users once and says how many rules filled up, and CPU seconds of a worker's
    start."""
    store = stock.catalogue.declared[STORE]
    arrays = {**bundle_arrays(model, ShopperPasts.build(data)), **pack_stock(stock, store)}
    shared, now = read_only(arrays), datetime.fromtimestamp(int(data.times[-1]) // SECOND + 1, UTC)
    ask = BatchAsk("measured", model.name, STORE, K, now)
    setup = cpu_seconds(lambda: recommend_shard(BatchShard(ask, ()), shared))
    users = [str(user) for user in range(SHARDS * PER_SHARD)]
    shards = [BatchShard(ask, tuple(users[low : low + PER_SHARD])) for low in range(0, len(users), PER_SHARD)]
    return lambda: sum(recommend_shard(shard, shared).one_by_one for shard in shards), setup


def peer_lists(data: Interactions, neighbours: int) -> Callable[[], object]:
    """Return what makes the peer's lists of the same users once, by item-item cosine."""
    counts, users = _counts(data), np.arange(SHARDS * PER_SHARD)
    knn = nearest_neighbours.CosineRecommender(K=neighbours, num_threads=1)
    knn.fit(counts, show_progress=False)
    asked = counts[users]
    return lambda: knn.recommend(users, asked, N=K)


def peer_factor_lists(data: Interactions, seed: int) -> Callable[[], object]:
    """Return what makes the peer's lists of a few users once, by a factor model."""
    counts, users = _counts(data), np.arange(ALS_USERS)
    draw = np.random.default_rng(seed)
    als = AlternatingLeastSquares(factors=FACTORS, num_threads=1)
    als.user_factors = draw.standard_normal((ALS_USERS, FACTORS), dtype=np.float32)
    als.item_factors = draw.standard_normal((counts.shape[1], FACTORS), dtype=np.float32)
    asked = counts[users]
    return lambda: als.recommend(users, asked, N=K)


def top_lists(model: ItemKnn, data: Interactions, seed: int, neighbours: int) -> dict[str, float | list[float] | None]:
    """Return the CPU seconds of lists for all users, extrapolated, beside the peer's: both in turn, `ROUNDS` times."""
    own, setup = own_lists(model, *shop_of(data, SHARDS * PER_SHARD, seed))
    filled, more = own(), USERS / (SHARDS * PER_SHARD)
    there = nearest_neighbours is not None
    peer = peer_lists(data, neighbours) if there else None
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(cpu_seconds(own) * more + SHARDS * setup)
        theirs.append(cpu_seconds(peer) * more if peer else math.nan)
    factors = cpu_seconds(peer_factor_lists(data, seed)) / ALS_USERS * USERS if there else None
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    return {
        "top20_cpu_s_2m": round(median(mine), 1),
        "top20_share": 1.0 / more,
        "top20_setup_s": round(setup, 2),
        "top20_filled_share": round(filled / (SHARDS * PER_SHARD), 4),
        "peer_top20_cpu_s_2m": round(median(theirs), 1) if there else None,
        "peer_als_top20_cpu_s_2m": None if factors is None else round(factors, 1),
        "top20_of_peer": round(median(ratios), 3) if there else None,
        "top20_of_peer_rounds": [round(one, 3) for one in ratios] if there else None,
        "top20_of_peer_als": None if factors is None else round(median(mine) / factors, 3),
    }


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _counts(data: Interactions) -> csr_matrix:
    shape = (int(data.shoppers.max()) + 1, len(data.index))
    return csr_matrix((np.ones(len(data.items)), (data.shoppers, data.items)), shape=shape)


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--interactions", type=int, help="so many in place of a share of 50 million")
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.interactions = args.interactions or round(args.scale * WHOLE)
    if args.interactions < (least := SHARDS * PER_SHARD * _ENTRIES + 100_000):
        parser.error(
            f"{args.interactions:,} interactions have too few shoppers; {least:,} are the least (--scale 0.018)."
        )
    data = synthetic(args.interactions, args.items, args.seed)
    numbers = np.random.default_rng(args.seed).integers(0, 2**62, args.interactions)
    begun = time.perf_counter()
    np.sort(numbers, kind="stable")
    limit = time.perf_counter() - begun
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, cpu = time.perf_counter(), time.process_time()
    params = ItemKnnParams()
    model = ItemKnn.fit(data, params, args.seed)
    own, own_cpu = time.perf_counter() - begun, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peer_cpu = peer_seconds(data, params.neighbours or args.items)
    als_cpu, more = als_seconds(data, args.seed), WHOLE / args.interactions
    lists = top_lists(model, data, args.seed, params.neighbours or args.items)
    document = {
        "simulated": True,
        "interactions": args.interactions,
        "items": args.items,
        "item_knn_s": round(own, 3),
        "item_knn_cpu_s": round(own_cpu, 3),
        "item_knn_cpu_s_50m": round(own_cpu * more, 1),
        "als_cpu_s": None if als_cpu is None else round(als_cpu, 1),
        "als_cpu_s_50m": None if als_cpu is None else round(als_cpu * more, 1),
        "peer_cpu_s": None if peer_cpu is None else round(peer_cpu, 3),
        "ratio_peer": None if peer_cpu is None else round(peer_cpu / own_cpu, 2),
        "limit_sort_s": round(limit, 3),
        "neighbours": len(model.arrays()["knn.items"]),
        "peak_mb": round(peak / 1024),
        "data_mb": round(before / 1024),
        **lists,
        "seed": args.seed,
    }
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
