"""Time to learn item-to-item similarities from a synthetic data set: the last line of stdout is one JSON object.

    python benchmarks/train.py [--interactions N] [--items N] [--seed N]

Items are drawn with Zipf popularity inside clusters of 50 that belong together; a shopper makes about 20 interactions.
`limit_sort_s` is one stable sort of as many 64-bit numbers on the same machine, the yardstick to compare machines by.
`peer_cpu_s` is the item-item cosine of `implicit` (extra `bench`) on the same interactions, with as many neighbours and
one thread; it knows no order, so it does less. null where the package is not installed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from shopkeeper.recommendations.interactions import SECOND, Interactions
from shopkeeper.recommendations.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.items import single_group

try:
    from implicit import nearest_neighbours
except ImportError:
    nearest_neighbours = None

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
        index=single_group([str(code) for code in range(items)]),
        categories=[()] * items,
        shopper_keys=[""] * (int(shoppers.max()) + 1),
        store_names=("shop",),
    )


def peer_seconds(data: Interactions, neighbours: int) -> float | None:
    """Return the CPU seconds of the peer's item-item cosine on one thread; None where it is not installed."""
    if nearest_neighbours is None:
        return None
    shape = (int(data.shoppers.max()) + 1, len(data.index))
    counts = csr_matrix((np.ones(len(data.items)), (data.shoppers, data.items)), shape=shape)
    begun = time.process_time()
    nearest_neighbours.CosineRecommender(K=neighbours, num_threads=1).fit(counts, show_progress=False)
    return time.process_time() - begun


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interactions", type=int, default=10_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
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
    peer_cpu = peer_seconds(data, params.neighbours or args.items)
    document = {
        "simulated": True,
        "interactions": args.interactions,
        "items": args.items,
        "item_knn_s": round(own, 3),
        "item_knn_cpu_s": round(own_cpu, 3),
        "peer_cpu_s": None if peer_cpu is None else round(peer_cpu, 3),
        "ratio_peer": None if peer_cpu is None else round(peer_cpu / own_cpu, 2),
        "limit_sort_s": round(limit, 3),
        "neighbours": len(model.arrays()["knn.items"]),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "data_mb": round(before / 1024),
        "seed": args.seed,
    }
    print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
