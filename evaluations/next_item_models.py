"""The models of `next_item.py`, each fitted as one configuration says for all data of a protocol."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from evaluations.next_item_hybrid import fit_hybrid, told_back
from evaluations.protocols import Case

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.evaluation.metrics import ndcg
from shopkeeper.recommendations.evaluation.ranking import rank_targets
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.als import Als, AlsParams
from shopkeeper.recommendations.models.ease import Ease, EaseParams
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.mixture import learnt_mixture
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.parameters import (
    ITEM_KNN_DEFAULTS,
    ITEM_KNN_SPACE,
    SESSION_KNN_DEFAULTS,
    SESSION_KNN_SPACE,
    item_knn_params,
    session_knn_params,
)
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.session.fit import Round, Share, fit_session
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.training.ports import Parameters, SearchRange, Trial
from shopkeeper.training.trying import one_by_one
from shopkeeper.training.tune import best_of

SESSION: Mapping[str, SessionParams] = {
    "leave-one-out": SessionParams(
        width=64, dropout=0.5, rate=0.002, epochs=12, tokens=512, full_products=0, averaged=2.0
    ),
    "session": SessionParams(
        width=128,
        dropout=0.4,
        temperature=0.07,
        rate=0.003,
        epochs=10,
        tokens=2_048,
        full_products=0,
        history=20,
        recency=1.0,
        pairs_first=True,
        averaged=2.0,
    ),
}
"""How the encoder is trained, by protocol."""

NEIGHBOURS: Mapping[str, Mapping[str, Parameters]] = {
    "leave-one-out": {ItemKnn.name: {"records": 0.1}},
    "session": {
        ItemKnn.name: {
            "window": 6,
            "gap_decay": 1.0,
            "gap_power": 0.95,
            "backward": 0.8,
            "had_power": 0.6,
            "with_power": 0.4,
            "shrink": 40.0,
            "age_decay": 0.9,
            "age_power": 1.1,
            "history": 20,
        },
        SessionKnn.name: {
            "neighbours": 300,
            "sample": 600,
            "half_life_days": 70.0,
            "length_power": 0.33,
            "frequency_power": 0.53,
            "reach": 2.5,
            "backward": 0.75,
            "age_decay": 0.6,
            "history": 15,
            "again": 0.3,
        },
    },
}
"""Parameters of the kNN models that neither trials nor `--parameters` say, by protocol; others keep their defaults.

Those of sessions lie between what trials (60 for session-knn, 30 for item-knn) found best on the validation sessions of
two shops; each gives up .6 points of P@20 at most."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "leave-one-out": (Session.name, ItemKnn.name),
    "session": (Session.name, ItemKnn.name, SessionKnn.name),
}
"""Models of the blend, by protocol: session-knn where there are sessions."""

SEARCHED: Mapping[str, tuple[Mapping[str, SearchRange], Parameters]] = {
    name: (
        {one: space[one] for one in space if "popular" not in one and (name, one) != (ItemKnn.name, "neighbours")},
        defaults,
    )
    for name, space, defaults in (
        (ItemKnn.name, ITEM_KNN_SPACE, ITEM_KNN_DEFAULTS),
        (SessionKnn.name, SESSION_KNN_SPACE, SESSION_KNN_DEFAULTS),
    )
}
"""Parameters that `--trials` searches; item-knn keeps all neighbours of a product."""

UNTUNED: Mapping[str, Callable[[Interactions, int, PopularParams], RecommendationModel]] = {
    Popular.name: lambda data, seed, counted: Popular.fit(data, counted, seed),
    Als.name: lambda data, seed, counted: Als.fit(data, AlsParams(), seed, counted),
    Ease.name: lambda data, seed, counted: Ease.fit(data, EaseParams(), seed, counted),
}
"""Models that keep their defaults."""

CHANCE = (Als.name, Hybrid.name, Session.name, Blend.name)
"""Models that draw by chance, so that seeds are averaged."""


@dataclass
class Workshop:
    """Fits models for one case; what several of them need is made once.

    Attributes:
        keep: Folder in which trained encoders are kept for the next run of the same data, parameters and seed.
        tuned: Parameters found by `search`, by model.
    """

    case: Case
    protocol: str
    device: str
    keep: Path | None = None
    tuned: dict[str, Parameters] = field(default_factory=dict)
    _made: dict[tuple[str, int, int], RecommendationModel] = field(default_factory=dict)

    def fit(self, name: str, seed: int) -> RecommendationModel:
        """Return a model fitted on the whole training part."""
        return self._fit(name, self.case.train, seed)

    def told(self, name: str) -> HistoryBatch:
        """Return what a model is told when it is asked the questions of the test part."""
        history = self.case.questions.history
        return told_back(history, self.case) if name == Hybrid.name else history

    def search(self, name: str, trials: int, seed: int) -> Sequence[Trial]:
        """Search a model's parameters on the validation questions and keep the best."""
        case = self.case
        rows = np.arange(len(case.validation))
        parts = [case.validation.take(rows[first::4]) for first in range(4)]

        def judge(parameters: Parameters, give_up: Callable[[float], bool]) -> float:
            model = self._neighbours(name, case.early, parameters, seed)
            total, asked = 0.0, 0
            for part in parts:
                total += float(ndcg(rank_targets(model, part, fill=case.fill).ranks, 10).sum())
                asked += len(part)
                if give_up(total / asked):
                    break
            return total / asked

        def told(trial: Trial) -> None:
            value = "" if trial.value is None else f" {trial.value:.4f}"
            print(f"{name} trial {trial.number} {trial.state}{value} in {trial.seconds:.0f} s", file=sys.stderr)

        space, defaults = SEARCHED[name]
        start = {one: defaults[one] for one in space}
        found = OptunaTuner().search(
            space, start, one_by_one(judge), trials=trials, seconds=None, seed=seed, on_trial=told
        )
        self.tuned[name] = best_of(found).parameters
        return found

    def _fit(self, name: str, data: Interactions, seed: int) -> RecommendationModel:
        key = (name, id(data), seed if name in CHANCE else 0)
        if key not in self._made:
            self._made[key] = self._fitted(name, data, seed)
        return self._made[key]

    def _fitted(self, name: str, data: Interactions, seed: int) -> RecommendationModel:
        if name in UNTUNED:
            return UNTUNED[name](data, seed, self.case.popular)
        if name == Hybrid.name:
            knn = {**NEIGHBOURS[self.protocol].get(ItemKnn.name, {}), **self.tuned.get(ItemKnn.name, {})}
            return fit_hybrid(self.case, knn, self.tuned.get(name, {}), seed)
        if name == Session.name:
            return self._session(data, seed)
        if name == Blend.name:
            return self._blend(data, seed)
        return self._neighbours(name, data, self.tuned.get(name, {}), seed)

    def _neighbours(self, name: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
        chosen = {**NEIGHBOURS[self.protocol].get(name, {}), **parameters}
        if name == ItemKnn.name:
            params = item_knn_params({"neighbours": None, **chosen})[0]
            return ItemKnn.fit(data, params, seed, self.case.popular)
        return SessionKnn.fit(data, session_knn_params(chosen)[0], seed, self.case.popular)

    def _session(self, data: Interactions, seed: int) -> Session:
        """Return the session model, trained now or in an earlier run."""
        params, digest = SESSION[self.protocol], data.fingerprint()
        file = self.keep and self.keep / f"session-{seed}-{hash_of((params, digest, data.runs))}.npz"
        if file and file.is_file():
            with np.load(file) as arrays:
                return Session.from_arrays(data.index, {name: arrays[name] for name in arrays.files})
        told = partial(_told, time.process_time())
        model = fit_session(data, params, seed, self.case.popular, Share(device=self.device, told=told))
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, allow_pickle=False, **model.arrays())
        return model

    def _blend(self, data: Interactions, seed: int) -> RecommendationModel:
        """Return a blend of models fitted on `data`, with weights learnt on the validation questions."""
        names, case = PARTS[self.protocol], self.case
        early = [self._fit(name, case.early, seed) for name in names]
        mixture = learnt_mixture(early, case.validation)
        print(f"blend: {mixture.scale}, {mixture.weights.tolist()}", file=sys.stderr)
        models = tuple(self._fit(name, data, seed) for name in names)
        return Blend(models, mixture, Popular.fit(data, case.popular, seed), 0.0)


def hash_of(what: object) -> str:
    """Return a short hash of how a value is written."""
    return hashlib.sha256(repr(what).encode()).hexdigest()[:16]


def _told(begun: float, one: Round) -> None:
    print(f"session: loss {one.loss:.4f}, {time.process_time() - begun:.0f} CPU s", file=sys.stderr)


def averaged(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the mean of each figure over several seeds, question by question."""
    return {name: np.mean([one[name] for one in values], axis=0) for name in values[0]}
