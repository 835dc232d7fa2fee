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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from evaluations.folder_warehouse import FolderWarehouse

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.errors import NotEnoughData, UnknownModel
from shopkeeper.recommendations.als import Als
from shopkeeper.recommendations.extract import extract_interactions
from shopkeeper.recommendations.history import HistoryBatch
from shopkeeper.recommendations.hybrid import Hybrid
from shopkeeper.recommendations.hybrid_space import HYBRID_DEFAULTS, HYBRID_SPACE, hybrid_params
from shopkeeper.recommendations.interactions import PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.item_knn import ItemKnn
from shopkeeper.recommendations.learn import LEARNABLE
from shopkeeper.recommendations.metrics import coverage
from shopkeeper.recommendations.parameters import (
    ALS_DEFAULTS,
    ALS_SPACE,
    ITEM_KNN_DEFAULTS,
    ITEM_KNN_SPACE,
    POPULAR_DEFAULTS,
    POPULAR_SPACE,
    als_params,
    item_knn_params,
    popular_params,
)  # fmt: skip
from shopkeeper.recommendations.popular import Popular
from shopkeeper.training.comparison import intervals
from shopkeeper.training.ports import Parameters, SearchRange, Trial
from shopkeeper.training.split import moment_of
from shopkeeper.training.trying import one_by_one
from shopkeeper.training.tune import best_of

DAYS = 28
DAY = 86_400 * SECOND
DEPTH = 20
ENOUGH = 400
"""Questions from which on no earlier weeks are asked as well."""
MOST_CUTS = 3
REPEATED = 0.05
"""Share of purchases that are repeats from which on repeats count."""
CELLS = 20_000_000


class Ranks(Protocol):
    """What is asked of a model here."""

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]: ...

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Weeks:
    """One cut: what came before, and what shoppers took after.

    Attributes:
        past: Everything before the cut.
        told: History of each shopper asked.
        taken: Item codes each took, rising.
        shoppers: Code of each.
        repeats: Whether what was met before competes.
    """

    cut: int
    past: Interactions
    told: HistoryBatch
    taken: tuple[npt.NDArray[np.int64], ...]
    shoppers: npt.NDArray[np.int64]
    repeats: bool

    @property
    def cold(self) -> npt.NDArray[np.bool_]:
        """Which shoppers have no past."""
        cold: npt.NDArray[np.bool_] = np.diff(self.told.starts) == 0
        return cold


def weeks_after(data: Interactions, cut: int, end: int, repeats: bool) -> Weeks:
    """Return the questions of one cut about what happens before `end`."""
    seen, past = data.sequences, data.take(data.times < cut)
    before = past.sequences
    inside = np.flatnonzero((seen.first_times >= cut) & (seen.first_times < end))
    shoppers, firsts = np.unique(seen.shoppers[inside], return_index=True)
    kept, taken, parts = [], [], []
    for shopper, part in zip(shoppers.tolist(), np.split(seen.items[inside], firsts[1:]), strict=True):
        known = slice(int(before.starts[shopper]), int(before.starts[shopper + 1]))
        right = np.unique(part).astype(np.int64)
        if not repeats:
            right = np.setdiff1d(right, before.items[known])
        if len(right):
            kept.append(shopper)
            taken.append(right)
            parts.append(np.arange(known.start, known.stop))
    rows = np.concatenate([np.empty(0, dtype=np.int64), *parts])
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    first_of = dict(zip(shoppers.tolist(), inside[firsts].tolist(), strict=True))
    told = HistoryBatch(
        starts,
        before.items[rows],
        before.kinds[rows],
        before.times[rows] // SECOND,
        np.array([seen.stores[first_of[shopper]] for shopper in kept], dtype=np.int32),
        np.full(len(kept), cut // SECOND),
        tuple(data.traits.of(shopper) for shopper in kept) if len(data.traits.codes) else (),
    )
    return Weeks(cut, past, told, tuple(taken), np.array(kept, dtype=np.int64), repeats)


def plan(data: Interactions) -> tuple[list[Weeks], Weeks]:
    """Return the questions of the test, newest cut first, and those parameters are chosen by."""
    newest, oldest = int(data.times[-1]) + 1, int(data.times[0])
    step = min(DAYS * DAY, (newest - oldest) // 5)
    bought = data.sequences.kinds == PURCHASE
    pairs = data.sequences.shoppers[bought].astype(np.int64) * len(data.index) + data.sequences.items[bought]
    repeats = bool(len(pairs)) and 1.0 - len(np.unique(pairs)) / len(pairs) > REPEATED
    tests: list[Weeks] = []
    while len(tests) < MOST_CUTS and sum(len(one.taken) for one in tests) < ENOUGH:
        cut = newest - (len(tests) + 1) * step
        if cut - step <= oldest:
            break
        tests.append(weeks_after(data, cut, cut + step, repeats))
    if not tests or not len(tests[0].taken):
        raise NotEnoughData("Nobody comes in the last weeks of these data.", "Take data of a longer time.")
    first = tests[-1].cut
    return tests, weeks_after(data.take(data.times < first), first - step, first, repeats)


class Habit:
    """Personal frequency: how often the shopper bought or met each product, the latest first among equals."""

    def __init__(self, popular: Popular) -> None:
        self._popular = popular
        self.parameters: dict[str, Any] = {}

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return counts, and a small part for how lately."""
        scores = np.zeros((len(batch), len(self._popular.index)), dtype=np.float32)
        late = 1.0 / (1.0 + (np.repeat(batch.moments, np.diff(batch.starts)) - batch.times) / 86_400.0)
        rows = batch.rows()
        np.add.at(scores, (rows, batch.items), 1.0)
        np.maximum.at(newest := np.zeros_like(scores), (rows, batch.items), late.astype(np.float32))
        scores += 0.5 * newest
        return scores

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return popularity."""
        return self._popular.tie_break(stores)


class Window:
    """Popularity of the last 30 days alone."""

    def __init__(self, data: Interactions) -> None:
        self.parameters: dict[str, Any] = {"days": 30}
        late = data.times >= int(data.times[-1]) - 30 * DAY
        self._table = np.zeros((len(data.store_names), len(data.index)), dtype=np.float32)
        np.add.at(self._table, (data.stores[late], data.items[late]), 1.0)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the counts of the store."""
        return self.tie_break(batch.stores)

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the counts of the store."""
        rows: npt.NDArray[np.float32] = np.where(stores[:, None] >= 0, self._table[stores], np.float32(0.0))
        return rows


PLAIN = {"content": False, "demographics": False}


def _hybrid(past: Interactions, parameters: Parameters, seed: int) -> Ranks:
    return Hybrid.fit(past, hybrid_params(parameters), seed)


MODELS: Mapping[str, Callable[[Interactions, Parameters, int], Ranks]] = {
    "popular": lambda past, parameters, seed: Popular.fit(past, popular_params(parameters), seed),
    "popular-30d": lambda past, _, __: Window(past),
    "item-knn": lambda past, parameters, seed: ItemKnn.fit(past, item_knn_params(parameters)[0], seed),
    "als": lambda past, parameters, seed: Als.fit(past, als_params(parameters)[0], seed),
    "habit": lambda past, _, seed: Habit(Popular.fit(past, popular_params({}), seed)),
    "hybrid": _hybrid,
    "hybrid-plain": lambda past, parameters, seed: _hybrid(past, {**parameters, **PLAIN}, seed),
    **{name: LEARNABLE[name].fit for name in ("session-knn", "session", "blend")},
}
SIMPLE = ("popular", "popular-30d", "item-knn", "als", "habit")

ASKED_AT_CUTS: Parameters = {"visits": False, "days": float(DAYS), "step": 10.0, "cuts": 4}
"""The questions are asked at a cut about four weeks, so the lists to learn from are too."""

_OF_HYBRID = ("trees", "leaves", "rate", "fewest")
SPACES: Mapping[str, tuple[Mapping[str, SearchRange], Parameters]] = {
    "popular": (POPULAR_SPACE, POPULAR_DEFAULTS),
    "item-knn": (ITEM_KNN_SPACE, ITEM_KNN_DEFAULTS),
    "als": ({name: ALS_SPACE[name] for name in ("regularization", "confidence", "age_decay")}, ALS_DEFAULTS),
    "hybrid": ({name: HYBRID_SPACE[name] for name in _OF_HYBRID}, HYBRID_DEFAULTS),
    "hybrid-plain": ({name: HYBRID_SPACE[name] for name in _OF_HYBRID}, HYBRID_DEFAULTS),
}
"""Where `--trials` looks, and from where."""


def base(name: str, repeats: bool) -> Parameters:
    """Return what a protocol lays down for a model."""
    return {**ASKED_AT_CUTS, "repeats": repeats} if name.startswith("hybrid") else {}


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


def search(name: str, weeks: Weeks, trials: int, seed: int) -> Sequence[Trial]:
    """Search a model's parameters on the weeks before the test."""
    space, defaults = SPACES[name]

    def judge(parameters: Parameters, give_up: Callable[[float], bool]) -> float:  # noqa: ARG001 - a fit is the cost
        model = MODELS[name](weeks.past, {**parameters, **base(name, weeks.repeats)}, seed)
        return float(judged(model, weeks)[0]["ndcg@10"].mean())

    def told(trial: Trial) -> None:
        value = trial.error if trial.value is None else f"{trial.value:.4f}"
        print(f"{name}: trial {trial.number} {value} in {trial.seconds:.0f} s", file=sys.stderr)

    start = {one: defaults[one] for one in space}
    return OptunaTuner().search(space, start, one_by_one(judge), trials=trials, seconds=None, seed=seed, on_trial=told)


def by_shopper(values: npt.NDArray[np.float64], shoppers: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return each shopper's mean, so that a shopper asked twice counts once."""
    places = np.unique(shoppers, return_inverse=True)[1]
    means: npt.NDArray[np.float64] = np.bincount(places, weights=values) / np.bincount(places)
    return means


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Ask every model everything and return the document."""
    begun, seed = time.perf_counter(), int(args.seeds.split(",")[0])
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
        tried = search(name, validation, args.trials, seed) if args.trials and name in SPACES else ()
        trials[name] = [asdict(trial) for trial in tried]
        chosen = {
            **(best_of(tried).parameters if tried else {}),
            **base(name, validation.repeats),
            **args.parameters.get(name, {}),
        }
        models[name], values[name] = _asked(name, tests, shoppers, chosen, seed)
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
        "seed": seed,
        "seconds": round(time.perf_counter() - begun, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "skipped_for_budget": skipped,
        "models": models,
        "differences": differences(models, values, seed),
        "trials": trials,
    }


def _asked(
    name: str, tests: Sequence[Weeks], shoppers: npt.NDArray[np.int64], parameters: Parameters, seed: int
) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Return a model's figures, and each shopper's NDCG@10."""
    fit_seconds, begun, parts, shown = 0.0, time.process_time(), [], []
    made: dict[str, Any] = {}
    for weeks in tests:
        started = time.process_time()
        model = MODELS[name](weeks.past, parameters, seed)
        fit_seconds += time.process_time() - started
        found, places = judged(model, weeks)
        parts.append(found)
        shown.append(places)
        made = getattr(model, "parameters", {})
    whole = {metric: np.concatenate([part[metric] for part in parts]) for metric in parts[0]}
    means = {metric: by_shopper(one, shoppers) for metric, one in whole.items()}
    low, high = intervals(np.column_stack(list(means.values())), resamples=1_000, seed=seed)
    cold = np.concatenate([one.cold for one in tests])
    return {
        **{metric: float(one.mean()) for metric, one in means.items()},
        "coverage": coverage(np.concatenate(shown)[np.concatenate(shown) >= 0], len(tests[0].past.index)),
        "train_seconds": round(fit_seconds, 3),
        "rank_seconds": round(time.process_time() - begun - fit_seconds, 3),
        "intervals": {m: [float(a), float(b)] for m, a, b in zip(means, low, high, strict=True)},
        "ndcg@10_cold": float(whole["ndcg@10"][cold].mean()) if cold.any() else None,
        "ndcg@10_warm": float(whole["ndcg@10"][~cold].mean()) if (~cold).any() else None,
        "parameters": made,
    }, means["ndcg@10"]


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
