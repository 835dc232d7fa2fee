"""The ranker: a weighed sum, and LambdaRank by LightGBM on top of it; what comes out are plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_linear import STRANGER, Weights, learn_weights, weighed
from shopkeeper.recommendations.hybrid.rank_lists import RankLists
from shopkeeper.recommendations.hybrid.rank_questions import BANDS
from shopkeeper.recommendations.model import Arrays
from shopkeeper.registry.trees import NO_TREES, Trees

if TYPE_CHECKING:
    import lightgbm

_MANY = 500_000
"""Rows from which on it pays to learn with a second thread."""
_FEWEST = 30
"""Lists there must be on both sides to say how many trees help."""


@dataclass(frozen=True)
class Ranker:
    """A weighed sum of features and a sum of trees over them.

    Attributes:
        weights: Of each feature, first for shoppers with a past or a page, then for strangers; shape (2, features).
        stranger: Column that is 0 for strangers alone.
        trees: What the weighed sum leaves unsaid.
        gains: How much each feature brought to the trees, as a share of all; shape (features,).
    """

    weights: Weights
    stranger: int
    trees: Trees
    gains: npt.NDArray[np.float64]

    def scores(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the score of each row."""
        return weighed(rows, self.weights, self.stranger) + self.trees.scores(rows)

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the ranker as plain arrays under `name`."""
        return {
            f"{name}.weights": self.weights,
            f"{name}.stranger": np.array([self.stranger]),
            f"{name}.gains": self.gains,
            **self.trees.arrays(name),
        }

    @staticmethod
    def from_arrays(name: str, arrays: Arrays) -> Ranker:
        """Return the ranker that `arrays` was made of."""
        weights, gains = (np.asarray(arrays[f"{name}.{part}"], np.float64) for part in ("weights", "gains"))
        return Ranker(weights, int(arrays[f"{name}.stranger"][0]), Trees.from_arrays(name, arrays), gains)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a ranker learnt from the older cuts does on the lists of the newest.

    Attributes:
        rounds: Trees that help there, 0 where that may be chance.
        figures: NDCG@10 of each list with so many.
    """

    rounds: int
    figures: npt.NDArray[np.float64]


def learn_ranker(
    lists: RankLists, columns: Sequence[str], params: HybridParams, seed: int, trial: Trial | None
) -> Ranker:
    """Learn to put what was taken first, what is worth more further up.

    The trees (LambdaRank) start from the weighed sum, and there are as many of them as the trial says; all where there
    was none.

    Raises:
        ConfigError: the library for it is missing.

    Source:
        Burges, From RankNet to LambdaRank to LambdaMART (2010), section 7.
    """
    lists, stranger = lists.among(~lists.alone), columns.index(STRANGER)
    weights = learn_weights(lists, columns, worths(params))
    rounds = params.trees if trial is None else trial.rounds
    if rounds == 0:
        return Ranker(weights, stranger, NO_TREES, np.zeros(len(columns)))
    booster = _boosted(lists, weighed(lists.rows, weights, stranger), rounds, params, seed)
    gains = booster.feature_importance("gain").astype(np.float64)
    return Ranker(weights, stranger, Trees.of_dump(booster.dump_model()), gains / max(float(gains.sum()), 1e-12))


def try_ranker(lists: RankLists, columns: Sequence[str], params: HybridParams, seed: int) -> Trial | None:
    """Learn from the older cuts and judge by the newest; None where there are too few lists on one side.

    As many trees are kept as help, none if the gain is not above its own standard error. Rows marked `alone` teach
    nothing and stand last, but what was taken of them still counts.

    Raises:
        ConfigError: the library for it is missing.
    """
    older, judges = lists.parted()
    older = older.among(~older.alone)
    if min(len(older.lengths), len(judges.lengths)) < _FEWEST:
        return None
    worth, stranger = worths(params), columns.index(STRANGER)
    weights = learn_weights(older, columns, worth)
    plain = weighed(judges.rows, weights, stranger)
    plain[judges.alone] = -np.inf
    booster = _boosted(older, weighed(older.rows, weights, stranger), params.trees, params, seed)
    before = ndcg_of(plain, judges, worth)
    best, rounds = before, 0
    for count in sorted({max(params.trees * step // 10, 1) for step in range(1, 11)}):
        added = np.asarray(booster.predict(judges.rows, num_iteration=count, raw_score=True), dtype=np.float64)
        after = ndcg_of(plain + added, judges, worth)
        if after.mean() > best.mean():
            best, rounds = after, count
    gain = best - before
    if gain.mean() > gain.std() / np.sqrt(len(gain)):
        return Trial(rounds, best)
    return Trial(0, before)


def _boosted(
    lists: RankLists, start: npt.NDArray[np.float64], rounds: int, params: HybridParams, seed: int
) -> lightgbm.Booster:
    """Learn trees over what is scored `start` so far. Raises ConfigError."""
    try:
        import lightgbm  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise ConfigError(
            "hybrid needs the library lightgbm to be trained.", "Install it: `pip install 'shopkeeper[train]'`."
        ) from error
    settings = _settings(lists, params, seed)
    weights = lists.place_weights if len(lists.place_weights) else None
    rows = lightgbm.Dataset(
        lists.rows, label=lists.grades, weight=weights, group=lists.lengths, params=settings, init_score=start
    )  # fmt: skip
    return lightgbm.train(settings, rows, rounds)


def _settings(lists: RankLists, params: HybridParams, seed: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "label_gain": worths(params),
        "lambdarank_truncation_level": 20,
        "num_leaves": params.leaves,
        "learning_rate": params.rate,
        "min_data_in_leaf": params.fewest,
        "lambda_l2": 5.0,
        "feature_fraction": 0.6,
        "max_bin": 127,
        "use_missing": False,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 2 if len(lists.rows) > _MANY else 1,
        "seed": seed,
        "verbosity": -1,
    }


def ndcg_of(scores: npt.NDArray[np.float64], lists: RankLists, worth: Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the NDCG@10 of each list ordered by scores; equal scores stand in the order of the list."""
    owners = np.repeat(np.arange(len(lists.lengths)), lists.lengths)
    starts = np.concatenate([[0], np.cumsum(lists.lengths)[:-1]])
    gains = lists.gains(worth)
    sums = []
    for ordering in (-scores, -gains):
        order = np.lexsort((ordering, owners))
        places = np.arange(len(owners)) - starts[owners]
        counted = np.where(places < 10, gains[order] / np.log2(places + 2.0), 0.0)
        sums.append(np.add.reduceat(counted, starts))
    found: npt.NDArray[np.float64] = sums[0] / sums[1]
    return found


def worths(params: HybridParams) -> list[float]:
    """Return what each grade of `RankLists` is worth."""
    bands = [params.purchase * (1.0 + params.margin * band / (BANDS - 1)) for band in range(BANDS)]
    return [0.0, params.click, params.cart, *bands]
