"""What each setting of variety does to lists: how right they are, how far they reach, how much they vary.

    python evaluations/variety.py --data DIR [--most N] [--seed N]

Item-knn learns from what came before the validation weeks of `next_weeks.py` and answers the shoppers who come in
them; each list of 10 is chosen from the 50 best by one setting of the recipe, all others off. NDCG@10 of what was taken
with its difference from the plain list (95% by bootstrap over shoppers, paired), `coverage` (share of the products in
some list), `novelty` (bits, see `metrics.novelty`), `diversity` (mean unlikeness of two products of a list by their
categories, Jaccard) and `divergence` (nats between the shopper's own mix of categories and the list's, 0 = alike, of
shoppers with a past). The last weeks, the test, are not looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from evaluations.cold_context import ndcg
from evaluations.folder_warehouse import FolderWarehouse
from evaluations.next_weeks_questions import Weeks, plan

from shopkeeper.commerce.product import Product
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.evaluation.metrics import coverage, novelty
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.recipe import RecommendParams, changed
from shopkeeper.recommendations.variety.diversity import likeness
from shopkeeper.recommendations.variety.own_mix import divergence, mix_of
from shopkeeper.recommendations.variety.rerank import POOL, Taste, reranked
from shopkeeper.serving.catalogue import Card
from shopkeeper.training.comparison import intervals
from shopkeeper.training.split import moment_of

K: Final = 10
PLAIN: Final = "plain"
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    PLAIN: {},
    **{f"mmr {share}": {"diversity": share} for share in (0.1, 0.3, 0.5)},
    **{f"dpp {share}": {"diversity": share, "diversity_by": "dpp"} for share in (0.02, 0.1, 0.3)},
    **{f"own_mix {share}": {"own_mix": share} for share in (0.1, 0.3, 0.5)},
    **{f"novelty {share}": {"novelty": share} for share in (0.1, 0.3, 0.5)},
}


class Asked:
    """The best products of each shopper and what is known of their taste.

    Args:
        weeks: Whose questions are asked.
        most: Shoppers asked at most, drawn by chance.
        seed: Of the draw.
    """

    def __init__(self, weeks: Weeks, most: int, seed: int) -> None:
        past, draw = weeks.past, np.random.default_rng(seed)
        rows = np.arange(len(weeks.taken))
        rows = np.sort(draw.choice(rows, most, replace=False)) if len(rows) > most else rows
        told = weeks.told.take(rows)
        self.taken = [weeks.taken[row] for row in rows.tolist()]
        self.cards = [
            Card(Product(product=name, categories=paths), None, None)
            for name, paths in zip(past.index.products, past.categories, strict=True)
        ]
        knn = ItemKnn.fit(past, ItemKnnParams(), seed)
        order = knn.tie_break(told.stores)
        parts = zip(told.starts.tolist(), told.starts[1:].tolist(), strict=False)
        self.best: list[list[Found]] = []
        self.tastes: list[Taste] = []
        for row, (start, end) in enumerate(parts):
            scores = knn.score_batch(told.part(row, row + 1))[0].astype(np.float64)
            scores += 1e-6 * order[row] / max(float(order[row].max()), 1.0)
            items = told.items[start:end]
            if not weeks.repeats:
                scores[items] = 0.0
            first = np.argsort(-scores, kind="stable")[: K * POOL]
            self.best.append([(item, float(scores[item]), self.cards[item]) for item in first.tolist()])
            counted = zip(
                (self.cards[item] for item in items.tolist()), told.strengths[start:end].tolist(), strict=True
            )
            self.tastes.append(Taste(mix_of(counted), None, order[row]))

    def lists(self, params: RecommendParams) -> list[list[Found]]:
        """Return the list of each shopper by a recipe."""
        asked = zip(self.best, self.tastes, strict=True)
        return [reranked(best, K, params, taste) for best, taste in asked]


def unlike(shown: Sequence[Found]) -> float:
    """Return how unlike two products of a list are on average; 0 of fewer than two."""
    if len(shown) < 2:
        return 0.0
    alike = likeness([card for _, _, card in shown])
    return float(1.0 - alike[np.triu_indices(len(shown), 1)].mean())


def beside_own(shown: Sequence[Found], taste: Taste) -> float:
    """Return how far the mix of a list is from the shopper's own, in nats."""
    mix = mix_of((card, 1.0) for _, _, card in shown)
    return divergence(np.array(list(taste.mix.values())), np.array([mix.get(kind, 0.0) for kind in taste.mix]))


def figures(asked: Asked, weeks: Weeks, seed: int) -> dict[str, dict[str, Any]]:
    """Return the figures of each setting."""
    known = weeks.past.shoppers >= 0
    pairs = np.unique(weeks.past.shoppers[known].astype(np.int64) * len(asked.cards) + weeks.past.items[known])
    met = np.bincount(pairs % len(asked.cards), minlength=len(asked.cards))
    of = len(np.unique(weeks.past.shoppers[known]))
    found: dict[str, dict[str, Any]] = {}
    right: dict[str, npt.NDArray[np.float64]] = {}
    for name, settings in SETTINGS.items():
        lists = asked.lists(changed(RecommendParams(), settings))
        items = [np.array([item for item, _, _ in one], dtype=np.int64) for one in lists]
        right[name] = np.array([ndcg(one, taken) for one, taken in zip(items, asked.taken, strict=True)])
        low, high = intervals((right[name] - right[PLAIN])[:, None], 1_000, seed)
        apart = [beside_own(one, taste) for one, taste in zip(lists, asked.tastes, strict=True) if taste.mix]
        found[name] = {
            "ndcg@10": float(right[name].mean()),
            "over_plain": float((right[name] - right[PLAIN]).mean()),
            "interval": [float(low[0]), float(high[0])],
            "coverage": coverage(np.concatenate(items), len(asked.cards)),
            "novelty": novelty(np.concatenate(items), met, of),
            "diversity": float(np.mean([unlike(one) for one in lists])),
            "divergence": float(np.mean(apart)) if apart else None,
        }
    return found


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Ask everything and return the document."""
    begun = time.perf_counter()
    data = extract_interactions(FolderWarehouse(args.data))
    _, weeks = plan(data)
    asked = Asked(weeks, args.most, args.seed)
    return {
        "data": args.data.name, "cut": moment_of(weeks.cut).isoformat(), "shoppers": len(asked.taken),
        "products": len(asked.cards), "repeats": weeks.repeats, "seed": args.seed,
        "settings": figures(asked, weeks, args.seed), "seconds": round(time.perf_counter() - begun, 1),
    }  # fmt: skip


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--most", type=int, default=1_000, help="shoppers asked at most")
    parser.add_argument("--seed", type=int, default=1)
    print(json.dumps(run(parser.parse_args())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
