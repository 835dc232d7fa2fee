"""How well a model ranks what shoppers took in the weeks after a cut, and how far models are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from evaluations.next_weeks_models import SIMPLE, Ranks
from evaluations.next_weeks_questions import Weeks

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.training.comparison import intervals

DEPTH = 20
CELLS = 20_000_000


def judged(model: Ranks, weeks: Weeks) -> tuple[dict[str, npt.NDArray[np.float64]], npt.NDArray[np.int64]]:
    """Return each question's figures, and the products shown."""
    step = max(CELLS // len(weeks.past.index), 1)
    shown = np.full((len(weeks.taken), DEPTH), -1, dtype=np.int64)
    for start in range(0, len(shown), step):
        batch = weeks.told.part(start, min(start + step, len(shown)))
        found = first_places(model, batch, weeks.repeats)
        shown[start : start + len(batch), : found.shape[1]] = found
    found_right = [np.isin(row, right) for row, right in zip(shown, weeks.taken, strict=True)]
    hits = np.array(found_right, dtype=np.float64).reshape(-1, DEPTH)
    sizes = np.array([len(right) for right in weeks.taken])
    worth = 1.0 / np.log2(np.arange(DEPTH) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(worth)])
    figures: dict[str, npt.NDArray[np.float64]] = {}
    for k in (5, 10, 20):
        figures[f"hr@{k}"] = hits[:, :k].max(axis=1)
        figures[f"ndcg@{k}"] = np.asarray(hits[:, :k] @ worth[:k] / ideal[np.minimum(sizes, k)], dtype=np.float64)
        figures[f"recall@{k}"] = np.asarray(hits[:, :k] @ np.ones(k) / np.minimum(sizes, k), dtype=np.float64)
    first = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1.0, np.inf)
    figures["mrr@20"] = np.asarray(1.0 / first, dtype=np.float64)
    return figures, shown


def first_places(model: Ranks, batch: HistoryBatch, repeats: bool) -> npt.NDArray[np.int64]:
    """Return the best products of each, best first; equal scores in the model's own order, then by code."""
    scores, order = model.score_batch(batch).astype(np.float64), model.tie_break(batch.stores).astype(np.float64)
    silent = scores <= 0
    scores[silent] = order[silent] / (float(order.max(initial=0.0)) or 1.0) - 1.0
    if not repeats:
        scores[batch.rows(), batch.items] = -np.inf
    depth = min(DEPTH, scores.shape[1])
    best = np.sort(np.argpartition(-scores, depth - 1, axis=1)[:, :depth], axis=1)
    values = np.take_along_axis(scores, best, axis=1)
    return np.take_along_axis(best, np.argsort(-values, axis=1, kind="stable"), axis=1)


def by_shopper(values: npt.NDArray[np.float64], shoppers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return each shopper's mean, so that a shopper asked twice counts once."""
    places = np.unique(shoppers, return_inverse=True)[1]
    means: npt.NDArray[np.float64] = np.bincount(places, weights=values) / np.bincount(places)
    return means


def differences(
    models: Mapping[str, Any], values: Mapping[str, npt.NDArray[np.float64]], seed: int
) -> dict[str, dict[str, float | str]]:
    """Return how far NDCG@10 of V2 is above the best simple model and plain V2, and that of V3 above V2.

    The best simple model is picked by the test itself, which is to its advantage.
    """
    pairs = {"plain": ("hybrid", "hybrid-plain"), "V2": ("blend", "hybrid")}
    if simple := [name for name in models if name in SIMPLE]:
        pairs["best simple"] = ("hybrid", max(simple, key=lambda name: float(models[name]["ndcg@10"])))
    found: dict[str, dict[str, float | str]] = {}
    for one, other in pairs.values():
        if one in values and other in values:
            apart = (values[one] - values[other])[:, None]
            low, high = intervals(apart, resamples=2_000, seed=seed)
            figures = {"value": float(apart.mean()), "low": float(low[0]), "high": float(high[0])}
            found[f"{one} over {other}"] = {"one": one, "other": other, **figures}
    return found
