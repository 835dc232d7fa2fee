"""What every recommendation model must do: subclass, and give a `fit` method.

class TestItemKnn(RecommendationModelSuite):
    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        return ItemKnn.fit(data, ItemKnnParams(), seed)
"""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import VIEW, Interactions
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.evaluation.metrics import ndcg
from shopkeeper.recommendations.evaluation.questions import time_exam
from shopkeeper.recommendations.evaluation.ranking import rank_targets
from shopkeeper.recommendations.loaded import bundle_arrays, load_model
from shopkeeper.recommendations.model import RecommendationModel, Targets, explain_many, score_many
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.testing.planted import END, PRODUCTS, START, STORES, planted_catalogue, planted_interactions
from shopkeeper.training.split import time_split

TRAINED_BY = ("torch", "lightgbm", "implicit", "optuna", "mlflow")
"""Libraries that an image which only serves lacks."""


class RecommendationModelSuite:
    """Every recommendation model passes these, on the planted shop."""

    def fit(self, data: Interactions, seed: int) -> RecommendationModel:
        """Return the model under test, fitted."""
        raise NotImplementedError

    def fitted(self) -> RecommendationModel:
        """Return the model under test, fitted on the planted shop; once for all tests of the class."""
        return self._fitted_once()

    @classmethod
    @cache
    def _fitted_once(cls) -> RecommendationModel:
        return cls().fit(planted_interactions(), seed=7)

    def test_same_seed_same_arrays(self) -> None:
        first, second = self.fitted().arrays(), self.fit(planted_interactions(), seed=7).arrays()
        assert list(first) == list(second)
        for name, array in first.items():
            np.testing.assert_array_equal(second[name], array, err_msg=name)

    def test_a_model_from_its_bundle_answers_the_same_without_what_trained_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = planted_interactions()
        model = self.fitted()
        for library in TRAINED_BY:
            monkeypatch.setitem(sys.modules, library, None)
        loaded = load_model(self.bundle(model, data, tmp_path))
        assert loaded.model.name == model.name
        assert loaded.model.parameters == model.parameters
        batch = self.histories(data)
        np.testing.assert_array_equal(loaded.model.score_batch(batch), model.score_batch(batch))
        np.testing.assert_array_equal(loaded.model.tie_break(batch.stores), model.tie_break(batch.stores))

    def test_scores_are_finite_and_not_negative(self) -> None:
        data = planted_interactions()
        scores = self.fitted().score_batch(self.histories(data))
        assert np.isfinite(scores).all()
        assert (scores >= 0).all()

    def test_one_shopper_is_scored_as_among_many(self) -> None:
        data = planted_interactions()
        model, batch = self.fitted(), self.histories(data)
        weights = model.history_weights(batch.ages, batch.strengths).astype(np.float64)
        together = model.score_batch(batch)
        for row in range(len(batch)):
            part = weights[batch.starts[row] : batch.starts[row + 1]]
            alone = model.score(batch.asked(row, STORES[batch.stores[row]], part))
            dense = np.zeros(len(data.index))
            dense[alone.items] = alone.scores
            np.testing.assert_allclose(dense, together[row], rtol=1e-5, atol=1e-7)

    def test_what_explains_a_score_adds_up_to_it_or_to_nothing(self) -> None:
        model = self.fitted()
        asked = asked_about([0, 1, 8], [0.5, 0.8, 1.0])
        scored = model.score(asked)
        parts = model.explain(scored.items, asked)
        assert parts.shape == (len(scored), len(asked))
        for total, score in zip(parts.sum(axis=1).tolist(), scored.scores.tolist(), strict=True):
            assert total == 0 or np.isclose(total, score, rtol=1e-5)

    def test_several_questions_at_once_are_answered_and_explained_as_one_by_one(self) -> None:
        data = planted_interactions()
        model = self.fitted()
        of_other_group = len(data.index) - 1
        asked = [
            asked_about(items, [1.0] * len(items)) for items in ([0, 1, 2], [5], [], list(range(30)), [of_other_group])
        ]
        wanted, many = np.array([1, 3, 7]), ManyAsked.of(asked)
        together = score_many(model, many)
        targets = Targets(np.repeat(np.arange(len(asked)), len(wanted)), np.tile(wanted, len(asked)))
        explained = explain_many(model, targets, many)
        for place, one in enumerate(asked):
            alone, found = model.score(one), together.one(place)
            np.testing.assert_array_equal(found.items, np.sort(alone.items))
            np.testing.assert_allclose(found.scores, alone.scores[np.argsort(alone.items)], rtol=1e-4)
            parts = explained[place * len(wanted) : (place + 1) * len(wanted)]
            np.testing.assert_allclose(
                parts[:, many.longest - len(one) :], model.explain(wanted, one), rtol=1e-4, atol=1e-9
            )
            assert not parts[:, : many.longest - len(one)].any()

    def test_nothing_crosses_customer_groups(self) -> None:
        model, batch = self.fitted(), self.histories(planted_interactions())
        reached = model.score_batch(batch) > 0
        for row, store in enumerate(batch.stores.tolist()):
            others = np.arange(2 * PRODUCTS) // PRODUCTS != (1 if STORES[store] == "south-1" else 0)
            assert not reached[row, others].any()

    def test_an_empty_history_is_answered(self) -> None:
        model = self.fitted()
        scored = model.score(asked_about([], []))
        assert len(scored.items) == len(scored.scores)

    def test_an_unknown_user_gets_a_full_answer(self, tmp_path: Path) -> None:
        answer = self.system(tmp_path).answer(self.request(user="nobody ever saw me"))
        self.check_shape(answer_products(answer), answer_scores(answer), wanted=10)

    def test_a_known_user_gets_a_full_answer_without_live_events(self, tmp_path: Path) -> None:
        answer = self.system(tmp_path).answer(self.request(user="u0"))
        self.check_shape(answer_products(answer), answer_scores(answer), wanted=10)

    def test_a_product_nobody_saw_before_does_not_stop_an_answer(self, tmp_path: Path) -> None:
        system = self.system(tmp_path, cold="brand-new")
        answer = system.answer(self.request(products=("brand-new",)))
        self.check_shape(answer_products(answer), answer_scores(answer), wanted=10)
        only = system.answer(self.request(candidates=("brand-new", "p001")))
        assert sorted(answer_products(only)) == ["brand-new", "p001"]

    def test_a_whole_catalogue_can_be_asked_for(self, tmp_path: Path) -> None:
        answer = self.system(tmp_path).answer(self.request(user="nobody", k=PRODUCTS + 5))
        self.check_shape(answer_products(answer), answer_scores(answer), wanted=PRODUCTS)

    def test_it_is_better_than_chance_on_a_planted_truth(self) -> None:
        data = planted_interactions()
        split = time_split(data.times, 0.2)
        exam = time_exam(data, split.cutoff, seed=1)
        ranking = rank_targets(self.fit(data.take(split.train), seed=7), exam.questions)
        chance = float(np.mean([1 / np.log2(rank + 1) if rank <= 10 else 0.0 for rank in range(1, PRODUCTS + 1)]))
        assert len(exam.questions) >= 100
        assert ndcg(ranking.ranks, 10).mean() > 1.3 * chance

    def histories(self, data: Interactions) -> HistoryBatch:
        """Return real histories and an empty one."""
        split = time_split(data.times, 0.2)
        questions = time_exam(data, split.cutoff, seed=3, most=30).questions
        history = questions.history
        return HistoryBatch(
            np.append(history.starts, history.starts[-1]),
            history.items,
            history.kinds,
            history.times,
            np.append(history.stores, np.int32(0)),
            np.append(history.moments, history.moments[-1]),
        )

    def bundle(self, model: RecommendationModel, data: Interactions, folder: Path) -> Bundle:
        """Return the model written to disk and opened again."""
        content = BundleContent(
            system="recommendations",
            model=model.name,
            code_version="test",
            parameters=model.parameters,
            seed=7,
            fingerprint=data.fingerprint(),
            metrics={},
            arrays=bundle_arrays(model, ShopperPasts.build(data)),
        )
        manifest = write_bundle(folder, content, START)
        return open_bundle(folder / "recommendations" / manifest.version)

    def system(self, folder: Path, cold: str | None = None) -> RecommendationSystem:
        """Return the system serving the model under test."""
        catalogue = planted_catalogue()
        if cold:
            catalogue.apply([SourcedRow(Product(product=cold, title="Never seen"), START)])
        system = RecommendationSystem(catalogue, Trending())
        system.load(self.bundle(self.fitted(), planted_interactions(), folder))
        return system

    def request(
        self,
        user: str | None = None,
        products: tuple[str, ...] = (),
        candidates: tuple[str, ...] | None = None,
        k: int = 10,
    ) -> RecommendationRequest:
        """Return a request of the first store."""
        body = RecommendationBody(store=STORES[0], user=user, products=products, candidates=candidates, k=k)
        return RecommendationRequest(body, Shopper("north", user=user), FULL_CONSENT, END + timedelta(days=400))

    def check_shape(self, products: list[str], scores: npt.NDArray[np.float64], wanted: int) -> None:
        """Check length, order and that nothing comes twice."""
        assert len(products) == wanted
        assert len(set(products)) == wanted
        assert np.isfinite(scores).all()
        assert (np.diff(scores) <= 0).all()


def asked_about(items: list[int], weights: list[float], store: str = STORES[0]) -> Asked:
    """Return what is asked of a shopper who viewed `items` a minute apart, the last one a minute ago."""
    count, now = len(items), int(END.timestamp())
    times = now - 60 * np.arange(count, 0, -1)
    return Asked(
        store, now, np.array(items, dtype=np.int64), np.array(weights), np.full(count, VIEW, dtype=np.int8), times,
        np.zeros(count, dtype=np.bool_),
    )  # fmt: skip


def answer_products(answer: RecommendationAnswer) -> list[str]:
    """Return the products of an answer, best first."""
    return [item.product for item in answer.items]


def answer_scores(answer: RecommendationAnswer) -> npt.NDArray[np.float64]:
    """Return the scores of an answer."""
    return np.array([item.score for item in answer.items])
